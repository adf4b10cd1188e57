"""Simulated campaigns: how many labels guided picks need for what random ones reach, where all labels are known."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.data import DATASETS
from explorer.data.dataset import UNLABELLED, Dataset
from explorer.errors import BadDataError, BadValueError
from explorer.labeling.strategies import random
from explorer.labeling.uncertainty import margin
from explorer.latent.confidence import fit_svm
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.background import Job, Report
from explorer.workflows.campaign_records import FOLDER, GUIDED, STRATEGIES, Campaign, Setup, kept, write
from explorer.workflows.taking_over import class_distance

if TYPE_CHECKING:
    from explorer.methods.structuring import StructuringConfig
    from explorer.networks.autoencoder import Autoencoder

GROUPED: dict[str, dict[str, Any]] = {  # what the classes of a campaign are, where they are not the data set's own
    "mnist": {"grouping": "random"},
    "digits": {"grouping": "random"},
    "fashion-mnist": {"grouping": "seasons"},
}
BATCH = 64
PRETRAINED_AT, LABELLED_PART = 0.002, 0.5


def run_campaign(setup: Setup, settings: Settings, command: str = "", report: Report = lambda *_: None) -> Campaign:
    """Make a campaign in this process, or go on with one that was cut off; its record is kept below the data root.

    Each seed trains an autoencoder without labels, which both strategies go on from. In each round the known labels
    train it further by the structuring loss, a linear SVM is fitted on the labelled latents, its error is measured on
    all test items, and the strategy picks what is labelled next.

    Args:
        setup: how.
        settings: of the installation.
        command: that makes it, for the record.
        report: called with stage, steps done and steps in all.

    Raises:
        UnknownNameError: no such data set.
        BadValueError: more labels than items, or another process that is at it.
        BadDataError: data without labels.
        ExplorerError: a data root that cannot be written.
    """
    source = lookup(DATASETS, setup.data, "data set")
    job = job_of(setup, settings)
    with job.working(report) as told:
        whole = source.prepare(source.config(**GROUPED.get(setup.data, {})), settings.data_root)
        if len(whole.classes) < 2 or (whole.labels == UNLABELLED).any():  # noqa: PLR2004 - classes
            raise BadDataError(f"{setup.data} does not have a label for every item, so nobody can be simulated.")
        items = min(setup.items, len(whole.rows("train")))
        if setup.labels[-1] > items:
            raise BadValueError(f"{setup.labels[-1]:,} labels of {items:,} items; ask for fewer rounds or labels.")
        found = kept(setup, settings) or Campaign(
            setup=setup,
            errors={strategy: [] for strategy in STRATEGIES},
            classes=list(whole.classes),
            test_items=len(whole.rows("test")),
            command=command,
        )
        for so_far in _to_the_end(found, whole, told):
            write(so_far, settings)
            found = so_far
    return found


def _to_the_end(found: Campaign, whole: Dataset, report: Report) -> Iterator[Campaign]:
    """The campaign after each strategy of each seed that is missing."""
    from time import monotonic

    setup, began, before = found.setup, monotonic(), found.seconds
    per_walk = setup.rounds + 1
    total = setup.seeds * len(STRATEGIES) * per_walk
    for seed in range(setup.seeds):
        missing = [strategy for strategy in STRATEGIES if len(found.errors[strategy]) <= seed]
        if not missing:
            continue
        report(f"seed {seed}: training without labels", sum(map(len, found.errors.values())) * per_walk, total)
        dataset = _drawn(whole, setup, seed)
        network, config = _pretrained(dataset, setup, seed)
        for strategy in missing:
            done = sum(map(len, found.errors.values())) * per_walk

            def told(rounds: int, done: int = done, strategy: str = strategy, seed: int = seed) -> None:
                report(f"seed {seed}: {strategy} picks", done + rounds, total)

            walked = _walk(dataset, network, config, setup, strategy, seed, told)
            errors = found.errors | {strategy: [*found.errors[strategy], walked]}
            is_over = all(len(rows) == setup.seeds for rows in errors.values())
            created = datetime.now(UTC).isoformat(timespec="seconds") if is_over else ""
            seconds = round(before + monotonic() - began, 1)
            found = found.model_copy(update={"errors": errors, "created": created, "seconds": seconds})
            yield found


def _drawn(whole: Dataset, setup: Setup, seed: int) -> Dataset:
    """A seed's training items, in memory, and all test items behind them."""
    train = whole.rows("train")
    rng = np.random.default_rng([seed, 0])
    rows = np.concatenate([rng.permutation(train)[: setup.items], whole.rows("test")])
    return replace(
        whole,
        items=np.ascontiguousarray(whole.items[rows]),
        labels=whole.labels[rows],
        ids=whole.ids[rows],
        is_test=whole.is_test[rows],
        factors={},
        group="",
    )


def _pretrained(dataset: Dataset, setup: Setup, seed: int) -> "tuple[Autoencoder, StructuringConfig]":
    """An autoencoder that saw no label, and the settings with which it is trained on."""
    import torch

    from explorer.method import InputSpec
    from explorer.methods.ae import AE
    from explorer.methods.structuring import StructuringConfig
    from explorer.networks.backbone import with_network
    from explorer.training.config import TrainingConfig
    from explorer.training.engine import train
    from explorer.training.trainee import encode, start

    same = {"latent_dims": setup.latent_dims, "width": setup.width, "pretrained": "none"}
    config = with_network(AE.config(**same), dataset.shape)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = AE.build(config, InputSpec(dataset.shape, len(dataset.classes)))
    network.fit_scale(torch.from_numpy(part) for part in dataset.parts(dataset.rows("train")))
    how = TrainingConfig(
        epochs=setup.pretraining, batch_size=BATCH, learning_rate=PRETRAINED_AT, seed=seed, augment=False,
        precision="32-true", threads=1,
    )  # fmt: skip
    for _ in train(start(network, how), AE, config, dataset, how):
        pass
    z = encode(network, dataset.parts(dataset.rows("train")))
    found = with_network(
        StructuringConfig(
            **same,
            structural_weight=setup.structural_weight,
            class_distance=class_distance(z, len(dataset.classes)),
        ),
        dataset.shape,
    )
    assert isinstance(found, StructuringConfig)
    return network, found


def _walk(
    dataset: Dataset,
    network: "Autoencoder",
    config: "StructuringConfig",
    setup: Setup,
    strategy: str,
    seed: int,
    told: Callable[[int], None],
) -> list[float]:
    """Error after each round of one strategy; the network is left as it was."""
    import copy

    from explorer.training.trainee import encode

    network = copy.deepcopy(network)
    n, c = len(dataset.rows("train")), len(dataset.classes)
    rng = np.random.default_rng([seed, 1])
    known = _first_labels(dataset.labels[:n], setup.start, rng)
    errors: list[float] = []
    for number in range(setup.rounds + 1):
        told(number)
        labels = np.where(known, dataset.labels[:n], UNLABELLED)
        _train_on(network, dataset, labels, config, setup, 1000 * seed + number)
        z = encode(network, dataset.parts(np.arange(len(dataset))))
        svm = fit_svm(z[:n], labels, c)
        errors.append(float((svm.predict(z[n:]) != dataset.labels[n:]).mean()))
        candidates = np.flatnonzero(~known)
        if strategy == GUIDED:
            known[margin(svm.scores(z[:n]), setup.per_round, candidates=candidates)] = True
        else:
            known[random(n, setup.per_round, candidates=candidates, rng=rng)] = True
    told(setup.rounds + 1)
    return errors


def _first_labels(labels: NDArray[np.int64], start: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw items to begin with, of two classes at least, shape (n,)."""
    order = rng.permutation(len(labels))
    other = np.flatnonzero(labels[order] != labels[order[0]])[0]
    known = np.zeros(len(labels), np.bool_)
    known[[*order[: start - 1], order[max(other, start - 1)]]] = True
    return known


def _train_on(
    network: "Autoencoder",
    dataset: Dataset,
    labels: NDArray[np.int64],
    config: "StructuringConfig",
    setup: Setup,
    seed: int,
) -> None:
    """Train the network further by the structuring loss with these labels of the training items."""
    from explorer.methods.structuring import STRUCTURING
    from explorer.training.config import TrainingConfig
    from explorer.training.engine import train
    from explorer.training.trainee import start

    how = TrainingConfig(
        epochs=setup.epochs, batch_size=BATCH, learning_rate=setup.learning_rate, seed=seed, augment=False,
        labelled_part=LABELLED_PART, precision="32-true", threads=1,
    )  # fmt: skip
    there = np.unique(labels[labels != UNLABELLED])  # a class that nobody has met yet cannot be trained
    numbers = np.full(len(dataset.classes) + 1, UNLABELLED, np.int64)
    numbers[there] = np.arange(len(there))
    known = np.concatenate([numbers[labels], np.full(len(dataset) - len(labels), UNLABELLED)])
    seen = replace(dataset, labels=known, classes=tuple(dataset.classes[i] for i in there))
    for _ in train(start(network, how), STRUCTURING, config, seen, how):
        pass


def job_of(setup: Setup, settings: Settings) -> Job:
    """The making of a campaign, at most once at a time on all processes."""
    return Job(settings.data_root / FOLDER / setup.key, f"The campaign on {setup.data}")
