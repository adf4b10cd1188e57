"""Train a method on a data set into a run folder, go on with one, and measure what came out."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import explorer
from explorer.data import DATASETS
from explorer.data.dataset import Dataset, DatasetSource, Progress, Split
from explorer.errors import BadRunError, BadValueError, ExplorerError
from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.structure import centroid_offsets, centroid_spread, class_centroids
from explorer.fields import Config, parse
from explorer.method import InputSpec, Method
from explorer.methods import METHODS
from explorer.networks.autoencoder import Autoencoder
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.training.engine import Trainee, pick_device, start, train
from explorer.training.events import Ended, Event, append_event
from explorer.workflows.runs import load_dataset, run_roots
from explorer.zoo.card import NAME, Card, DataPart, Measurement, TargetsPart
from explorer.zoo.run import Run, as_images
from explorer.zoo.store import (
    CARD,
    EVENTS,
    LATENTS,
    SPLITS,
    STATE,
    WEIGHTS,
    Latents,
    find_run,
    read_card,
    write_bytes,
    write_card,
    write_latents,
)
from explorer.zoo.weights import dump_network, dump_state, load_state

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
    """

    name: str
    method: Method
    config: Config
    source: DatasetSource
    data: Config
    training: TrainingConfig
    command: str
    title: str = ""


def train_new(plan: Plan, settings: Settings, progress: Progress | None = None) -> Generator[Event, None, None]:
    """Train a new run below the runs root and yield its events; see `_drive` for how it ends.

    Raises:
        BadValueError: a name that is taken or is no plain name, or settings that do not fit.
        TrainingError: see `engine.train`.
    """
    if not NAME.fullmatch(plan.name):
        raise BadValueError(f"{plan.name!r} is no run name; use letters, digits, dot, dash and underscore.")
    folder = settings.runs_root / plan.name
    if (folder / CARD).exists():
        raise BadValueError(
            f"There is a run {plan.name!r} already. Choose another --name, or go on with it: "
            f"latent-explorer train --resume {plan.name}"
        )
    device = pick_device(settings.device)
    dataset = plan.source.load(plan.data, settings.data_root, progress)
    spec = InputSpec(dataset.shape, len(dataset.classes))
    with torch.random.fork_rng():
        torch.manual_seed(plan.training.seed)
        network = plan.method.build(plan.config, spec)
    card = _first_card(plan, dataset, spec, network, device)
    trainee = start(network, plan.training, device=device)
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder, trainee)
    write_card(folder, card)
    yield from _drive(folder, card, trainee, dataset, settings)


def resume(name: str, settings: Settings, progress: Progress | None = None) -> Generator[Event, None, None]:
    """Go on with a run from its last whole epoch, to the same result as if it had never stopped.

    Raises:
        UnknownNameError: no such run.
        BadRunError: a run that is finished, or whose training state is missing or damaged.
    """
    folder = find_run(name, run_roots(settings)[:1])
    card = read_card(folder)
    try:
        state = (folder / STATE).read_bytes()
    except OSError:
        why = "is finished" if card.status == "finished" else "has lost its training state"
        raise BadRunError(f"{name} {why}, so it cannot go on. Train a new run under another --name.") from None
    dataset = load_dataset(card, settings, progress)
    training = parse(TrainingConfig, card.training, f"The card of {name}")
    network, moments, epoch = load_state(card, state)
    trainee = start(network.requires_grad_(True), training, device=pick_device(settings.device))
    groups = trainee.optimizer.state_dict()["param_groups"]
    trainee.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    trainee.epoch = epoch
    # From here on the old weights and latents are no longer the run's: the card stops vouching for them.
    card = card.model_copy(update={"status": "training", "files": {}, "metrics": {}})
    write_card(folder, card)
    yield from _drive(folder, card, trainee, dataset, settings)


def _drive(
    folder: Path, card: Card, trainee: Trainee, dataset: Dataset, settings: Settings
) -> Generator[Event, None, None]:
    """Train to the end; whatever ends it, the run is left loadable as of its last whole epoch."""
    method = lookup(METHODS, card.method, "method")
    config = parse(method.config, card.config, f"The card of {card.name}")
    training = parse(TrainingConfig, card.training, f"The card of {card.name}")
    end = Ended("finished")
    try:
        for event in train(trainee, method, config, dataset, training, save=lambda done: _save(folder, done)):
            append_event(folder / EVENTS, event)
            yield event
    except (KeyboardInterrupt, GeneratorExit):
        end = Ended("interrupted")
        raise
    except ExplorerError as error:
        end = Ended("failed", str(error))
        raise
    finally:
        append_event(folder / EVENTS, end)
        _finish(folder, card, dataset, settings, end.status)
    yield end


def _save(folder: Path, trainee: Trainee) -> None:
    write_bytes(folder, STATE, dump_state(trainee.network, trainee.optimizer, trainee.epoch))


def _first_card(plan: Plan, dataset: Dataset, spec: InputSpec, network: Autoencoder, device: str) -> Card:
    """The card of a run that has not begun."""
    targets = plan.method.class_targets(plan.config, spec)
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
        ),
        classes=list(dataset.classes),
        shape=spec.shape,
        latent_dims=network.latent_dims,
        has_decoder=network.decoder is not None,
        targets=TargetsPart(centres=targets.centres.tolist(), radii=targets.radii.tolist()) if targets else None,
        training=plan.training.model_dump(),
        epochs_done=0,
        device=device,
        command=plan.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"latent-explorer": explorer.__version__} | {name: version(name) for name in LIBRARIES},
    )


def _finish(folder: Path, card: Card, dataset: Dataset, settings: Settings, status: str) -> None:
    """Write weights, latents, metrics and the card that vouches for them, as of the last whole epoch."""
    network, _, epoch = load_state(card, (folder / STATE).read_bytes())
    files = {WEIGHTS: write_bytes(folder, WEIGHTS, dump_network(network))}
    card = card.model_copy(update={"status": status, "epochs_done": epoch, "files": files})
    write_card(folder, card)
    run = Run(folder)
    latents = {split: embed(run, dataset, split) for split in SPLITS}
    files = {**files, LATENTS: write_latents(folder, latents)}
    write_card(folder, card.model_copy(update={"files": files, "metrics": measure(run, dataset, latents, settings)}))
    if status == "finished":
        (folder / STATE).unlink()


def embed(run: Run, dataset: Dataset, split: Split) -> Latents:
    """Encode and classify a split's items."""
    rows = dataset.rows(split)
    z = run.encode(dataset.images[rows])
    has_classifier = run.network.classifier is not None
    probabilities = run.probabilities(z) if has_classifier else np.empty((len(rows), 0), np.float32)
    return Latents(dataset.ids[rows], z, dataset.labels[rows], probabilities)


def measure(run: Run, dataset: Dataset, latents: dict[Split, Latents], settings: Settings) -> dict[str, Measurement]:
    """Every metric that applies to a run: on its splits, and on data sets that it never saw."""
    measured: dict[str, Measurement] = {}
    for split, part in latents.items():
        measured |= _measured(run, split, part, dataset.images[dataset.rows(split)])
    source = lookup(DATASETS, run.card.data.name, "data set")
    config = parse(source.config, run.card.data.settings, f"The data of {run.card.name}")
    for name, shifted in source.shifts.items():
        other = source.load(shifted(config), settings.data_root, None)
        measured |= _measured(run, name, embed(run, other, "test"), other.images[other.rows("test")])
    return measured


def _measured(run: Run, where: str, latents: Latents, images: NDArray[np.uint8]) -> dict[str, Measurement]:
    """Every metric that applies, on one set of items; `where` begins its name."""
    evidence = Evidence(
        z=latents.z,
        labels=latents.labels,
        predicted=latents.probabilities.argmax(axis=1) if latents.probabilities.shape[1] else None,
        targets=run.card.class_targets,
        squared_error=_squared_error(run, latents.z, images) if run.card.has_decoder else None,
    )
    values = {name: metric.compute(evidence) for name, metric in METRICS.items()}
    return {
        f"{where}_{name}": Measurement(value=value, items=len(latents.ids), meaning=METRICS[name].meaning)
        for name, value in values.items()
        if value is not None and np.isfinite(value)
    }


def _squared_error(run: Run, z: NDArray[np.float32], images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean squared pixel error of each item's reconstruction, pixels in 0 to 1."""
    difference = run.decode(z) - as_images(images, run.card.shape)
    return np.asarray(np.square(difference, dtype=np.float64).mean(axis=(1, 2, 3)))


def train_repeats(
    plan: Plan, repeats: int, settings: Settings, progress: Progress | None = None
) -> Generator[Event, None, None]:
    """Train the same with successive seeds, then note in the first run's card how far results move.

    Args:
        plan: of the first run; the others are called NAME-seed-1, NAME-seed-2, ...
        repeats: runs in all, at least 1.
        settings: of the installation.
        progress: of loading the data.

    Raises:
        BadValueError, TrainingError: as `train_new`.
    """
    first = plan.training.seed
    names = [plan.name, *(f"{plan.name}-seed-{first + i}" for i in range(1, repeats))]
    for seed, name in enumerate(names, first):
        training = plan.training.model_copy(update={"seed": seed})
        yield from train_new(replace(plan, name=name, training=training), settings, progress)
    if repeats > 1:
        folder = settings.runs_root / plan.name
        card = read_card(folder)
        compared = between_seeds([Run(settings.runs_root / name) for name in names])
        write_card(folder, card.model_copy(update={"metrics": {**card.metrics, **compared}}))


def between_seeds(runs: Sequence[Run]) -> dict[str, Measurement]:
    """How far class centroids of the training latents move between runs that differ by seed alone."""
    parts = [run.latents("train") for run in runs]
    n_classes, targets = len(runs[0].card.classes), runs[0].card.class_targets
    centroids = np.stack([class_centroids(part.z, part.labels, n_classes) for part in parts])
    found = {"seeds_centroid_spread": (centroid_spread(centroids), "distance of class centroids from their mean")}
    if targets is not None:
        offsets = np.stack([centroid_offsets(part.z, part.labels, targets) for part in parts])
        found["seeds_centroid_offset"] = float(offsets.mean()), METRICS["centroid_offset"].meaning
        found["seeds_farthest_centroid"] = float(offsets.max()), METRICS["farthest_centroid"].meaning
    return {
        name: Measurement(value=value, items=len(parts[0].ids), meaning=f"{meaning}, over {len(runs)} seeds")
        for name, (value, meaning) in found.items()
    }
