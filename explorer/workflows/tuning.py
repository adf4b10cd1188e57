"""Fine-tuning: a run is trained further with other labels by the structuring loss, into a new run."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from explorer.data.dataset import Dataset
from explorer.data.labels import relabelled
from explorer.errors import BadDataError
from explorer.settings import Settings
from explorer.workflows.taking_over import taken_over
from explorer.zoo.card import OriginPart
from explorer.zoo.own_labels import OwnLabels
from explorer.zoo.run import Run

if TYPE_CHECKING:
    from explorer.training.events import Event

EPOCHS, RATE, LABELLED_PART = 5, 0.0005, 0.5
FEWEST_CLASSES = 2


def tuned(  # noqa: PLR0913 - all but the first five have defaults, and are named
    run: Run,
    dataset: Dataset,
    own: OwnLabels,
    classes: Sequence[str],
    name: str,
    *,
    settings: Settings,
    epochs: int = EPOCHS,
    seed: int = 0,
    learning_rate: float = RATE,
    command: str = "",
    title: str = "",
    session: str = "",
) -> "Generator[Event, None, None]":
    """Train a run further by the structuring loss, into a new run below the runs root that bears its labels.

    Half of each step's items are labelled ones, however few these are; the others have the reconstruction alone.

    Args:
        run: to go on from.
        dataset: its items.
        own: the labels to learn from.
        classes: their names, at least two.
        name: of the new run.
        settings: of the installation.
        epochs: passes over the items.
        seed: of the order of items.
        learning_rate: Adam's.
        command: that trains it, for the card.
        title: of the card; empty for one that says how many labels there are.
        session: whose labels these are, for the card; empty for none's.

    Yields:
        What happens, as `training.train_new` does.

    Raises:
        BadValueError: a run that cannot be gone on from (see `taken_over`), or a name that is taken.
        BadDataError: fewer than two classes with labels.
        TrainingError: see `engine.train`.
    """
    from explorer.data import DATASETS
    from explorer.fields import parse
    from explorer.methods.structuring import STRUCTURING  # imports torch
    from explorer.training.config import TrainingConfig
    from explorer.workflows.planning import Plan
    from explorer.workflows.training import train_from

    if len(classes) < FEWEST_CLASSES:
        raise BadDataError(
            f"Fine-tuning tells classes apart, but {len(classes)} of them have labels that may be learned from; label "
            "items of two classes first."
        )
    card, where = run.card, f"The card of {run.card.name}"
    config, network = taken_over(run, len(classes))
    said = card.training | {"epochs": epochs, "seed": seed, "learning_rate": learning_rate, "label_share": 1}
    training = parse(TrainingConfig, said | {"labelled_part": LABELLED_PART}, where)
    source = DATASETS[card.data.name]
    data = parse(source.config, card.data.settings, where)
    title = title or f"{card.name}, fine-tuned with {len(own.ids):,} labels"
    origin = OriginPart(run=card.name, session=session) if session else None
    plan = Plan(name, STRUCTURING, config, source, data, training, command or "latent-explorer tune", title, origin)
    yield from train_from(network, plan, relabelled(dataset, classes, own.ids, own.labels), settings, own)
