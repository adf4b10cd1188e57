"""What is to be trained, and the card of a run that has not begun."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

from pydantic import ValidationError

import explorer
from explorer.data.dataset import Dataset, DatasetSource
from explorer.errors import BadValueError
from explorer.fields import Config, explain
from explorer.method import InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import NetworkConfig
from explorer.training.config import TrainingConfig
from explorer.zoo.card import Card, DataPart, OriginPart, TargetsPart

LIBRARIES = ("torch", "numpy", "lightning-fabric")


@dataclass(frozen=True)
class Plan:
    """What to train.

    Args:
        name: of the run's folder.
        method, config: the method and its settings.
        source, data: the data set and its settings.
        training: epochs, batch size, rate, seed, augmentation, precision.
        command: the command line that trains it, for the card.
        title: one line for people; empty takes the method's.
        origin: the run and the session that a fine-tuning goes on from.
    """

    name: str
    method: Method
    config: Config
    source: DatasetSource
    data: Config
    training: TrainingConfig
    command: str
    title: str = ""
    origin: OriginPart | None = None


def begun(plan: Plan, config: Config) -> Plan:
    """The plan with settings that were chosen to fit, and in its command those weights that this machine decided on."""
    if isinstance(config, NetworkConfig) and config.network == "googlenet" and "--pretrained" not in plan.command:
        plan = replace(plan, command=f"{plan.command} --pretrained {config.pretrained}")
    return replace(plan, config=config)


def settled(plan: Plan, training: TrainingConfig) -> Plan:
    """The plan with what was measured, in its command too: that is what trains the same again."""
    said = {"--precision": plan.training.precision != "auto", "--threads": plan.training.threads > 0}
    found = {"--precision": training.precision, "--threads": training.threads}
    added = [f"{flag} {found[flag]}" for flag, already in said.items() if not already]
    return replace(plan, training=training, command=" ".join([plan.command, *added]))


def first_card(plan: Plan, dataset: Dataset, spec: InputSpec, network: Autoencoder, device: str) -> Card:
    """The card of a run that has not begun."""
    targets = plan.method.class_targets(plan.config, spec)
    try:
        return Card(
            name=plan.name,
            title=plan.title or plan.method.title,
            status="training",
            method=plan.method.name,
            config=plan.config.model_dump(),
            paper=plan.method.paper,
            data=DataPart(
                name=plan.source.name,
                settings=plan.data.model_dump(),
                train_items=len(dataset.rows("train")),
                test_items=len(dataset.rows("test")),
                leak=dataset.leak,
                identity=dataset.identity,
            ),
            classes=list(dataset.classes),
            shape=spec.shape,
            latent_dims=network.latent_dims,
            has_decoder=network.decoder is not None,
            targets=TargetsPart(centres=targets.centres.tolist(), radii=targets.radii.tolist()) if targets else None,
            origin=plan.origin,
            training=plan.training.model_dump(),
            epochs_done=0,
            device=device,
            command=plan.command,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={"latent-explorer": explorer.__version__} | {name: version(name) for name in LIBRARIES},
        )
    except ValidationError as error:  # a title too long, too many classes
        raise BadValueError(
            f"The run {plan.name} cannot have a card: {explain(error, list(Card.model_fields))}"
        ) from None
