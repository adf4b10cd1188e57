"""Train a method on a data set into a run folder, go on with one, and measure what came out."""

from collections.abc import Generator
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadRunError, BadValueError, ExplorerError, TrainingError
from explorer.fields import parse
from explorer.files import telling_of_the_disk
from explorer.method import InputSpec
from explorer.methods import METHODS
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import with_network
from explorer.networks.pretrained import beginning, load_pretrained, with_pretrained
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.training.engine import check_training, train
from explorer.training.events import Ended, Event, Started, append_event, keep_epochs
from explorer.training.pace import settle
from explorer.training.trainee import Trainee, encode, pick_device, put_back, start
from explorer.workflows.measuring import between_seeds, embed, fit_classifier, measure
from explorer.workflows.planning import Plan, begun, first_card, settled
from explorer.workflows.runs import check_free, load_dataset, run_roots
from explorer.zoo.card import Card
from explorer.zoo.classifier import write_svm
from explorer.zoo.lock import training_alone
from explorer.zoo.own_labels import OwnLabels, write_labels
from explorer.zoo.run import Run
from explorer.zoo.snapshots import FOLDER as SNAPSHOTS
from explorer.zoo.snapshots import begin_snapshots, followed_rows, snapshots_digest, write_snapshot
from explorer.zoo.store import (
    EVENTS,
    LABELS,
    LATENTS,
    SPLITS,
    STATE,
    SVM,
    WEIGHTS,
    find_run,
    read_bytes,
    read_card,
    write_bytes,
    write_card,
    write_latents,
)
from explorer.zoo.weights import dump_network, dump_state, load_state


def train_new(plan: Plan, settings: Settings, progress: Progress | None = None) -> Generator[Event, None, None]:
    """Train a new run below the runs root and yield its events; see `_drive` for how it ends.

    Raises:
        BadValueError: a name that is taken or is no plain name, or settings that do not fit.
        TrainingError: see `engine.train`.
    """
    _free_folder(plan.name, settings)
    device = pick_device(settings.device)
    dataset = plan.source.prepare(plan.data, settings.data_root, progress)
    check_training(plan.method, plan.config, dataset, plan.training)
    spec = InputSpec(dataset.shape, len(dataset.classes))
    plan = begun(plan, with_pretrained(with_network(plan.config, spec.shape), settings.data_root))
    with torch.random.fork_rng():
        torch.manual_seed(plan.training.seed)
        network = plan.method.build(plan.config, spec)
    load_pretrained(network, plan.config, settings.data_root)
    network.fit_scale(torch.from_numpy(part) for part in dataset.parts(dataset.rows("train")))
    plan = settled(plan, settle(network, plan.method, plan.config, dataset, plan.training, device))
    yield from train_from(network, plan, dataset, settings)


def train_from(
    network: Autoencoder, plan: Plan, dataset: Dataset, settings: Settings, own: OwnLabels | None = None
) -> Generator[Event, None, None]:
    """Train a network as it stands into a new run below the runs root; see `_drive` for how it ends.

    Args:
        network: that the plan's method would build.
        plan: all of it settled.
        dataset: what to train on.
        settings: of the installation.
        own: the labels of the training items, where they are not those of the plan's data set.

    Raises:
        BadValueError: a name that is taken or is no plain name.
        TrainingError: see `engine.train`.
    """
    folder, device = _free_folder(plan.name, settings), pick_device(settings.device)
    card = first_card(plan, dataset, InputSpec(dataset.shape, len(dataset.classes)), network, device)
    trainee = start(network, plan.training, device=device)
    with _telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with training_alone(folder):
            _free_folder(plan.name, settings)  # another may have taken the name while the data were loading
            rows = _followed(dataset, card)
            begin_snapshots(folder, dataset.ids[rows])
            if own is not None:
                card = card.model_copy(update={"files": {LABELS: write_labels(folder, own)}})
            _save(folder, trainee, dataset, rows)
            write_card(folder, card)
            yield from _drive(folder, card, trainee, dataset, settings)


def _free_folder(name: str, settings: Settings) -> Path:
    """Folder of a run to come; raises BadValueError for a name that is taken or is no plain name."""
    check_free(
        name,
        settings,
        "Choose another --name, or go on with it if it is unfinished: latent-explorer train --resume " + name,
    )
    return settings.runs_root / name


def _telling(folder: Path) -> AbstractContextManager[None]:
    """Tell of a disk that cannot be written in one sentence; files already there stay whole."""
    return telling_of_the_disk(
        folder,
        "Make room or choose another runs root; a run that has begun goes on from its last whole epoch: "
        f"latent-explorer train --resume {folder.name}",
        TrainingError,
    )


def resume(name: str, settings: Settings, progress: Progress | None = None) -> Generator[Event, None, None]:
    """Go on with a run from its last whole epoch, to the same result as if it had never stopped.

    Raises:
        UnknownNameError: no such run.
        BadRunError: a run that is finished, whose training state is missing or damaged, or whose data are
            no longer those that it began with.
    """
    folder = find_run(name, run_roots(settings))
    card = read_card(folder)
    try:
        state = read_bytes(folder / STATE)
    except OSError:
        why = "is finished" if card.status == "finished" else "has lost its training state"
        raise BadRunError(f"{name} {why}, so it cannot go on. Train a new run under another --name.") from None
    dataset = load_dataset(card, settings, progress, folder=folder)
    _check_data(card, dataset)
    training = parse(TrainingConfig, card.training, f"The card of {name}")
    network, moments, epoch = load_state(card, state)
    trainee = start(network.requires_grad_(True), training, device=pick_device(settings.device))
    put_back(trainee, moments, epoch)
    with _telling(folder), training_alone(folder):
        # From here on the old weights and latents are no longer the run's: the card stops vouching for them.
        # It is read again: a note may have been written while the data were loading.
        card = read_card(folder)
        if not (folder / STATE).is_file():
            raise BadRunError(f"{name} has been finished by another process meanwhile, so it need not go on.")
        card = card.model_copy(update={"status": "training", "files": _given(card), "metrics": {}})
        write_card(folder, card)
        begin_snapshots(folder, dataset.ids[_followed(dataset, card)])  # a run of an earlier version has none
        yield from _drive(folder, card, trainee, dataset, settings)


def _check_data(card: Card, dataset: Dataset) -> None:
    """Raise BadRunError where an import of the same name has taken the place of a run's data."""
    began = card.data.train_items, card.data.test_items, tuple(card.shape), tuple(card.classes)
    found = len(dataset.rows("train")), len(dataset.rows("test")), dataset.shape, dataset.classes
    if began != found:
        what = ("training items", "test items", "shape", "classes")
        changed = next(name for name, a, b in zip(what, began, found, strict=True) if a != b)
        raise BadRunError(
            f"The data of {card.name} have other {changed} than when its training began, so it cannot go on. Import "
            "them as they were, or train a new run under another --name."
        )


def _given(card: Card) -> dict[str, str]:
    """Those of a run's files that its training does not change."""
    return {name: digest for name, digest in card.files.items() if name == LABELS}


def _drive(
    folder: Path, card: Card, trainee: Trainee, dataset: Dataset, settings: Settings
) -> Generator[Event, None, None]:
    """Train to the end; whatever ends it, the run is left loadable as of its last whole epoch."""
    method = lookup(METHODS, card.method, "method")
    config = parse(method.config, card.config, f"The card of {card.name}")
    training = parse(TrainingConfig, card.training, f"The card of {card.name}")
    rows = _followed(dataset, card)
    weights = "" if trainee.epoch else beginning(config)
    end = Ended("failed", "The program stopped at a defect of its own.")  # unless something below says better
    try:
        for told in train(
            trainee, method, config, dataset, training, save=lambda done: _save(folder, done, dataset, rows)
        ):
            event = replace(told, run=card.name, weights=weights) if isinstance(told, Started) else told
            append_event(folder / EVENTS, event)
            yield event
        end = Ended("finished")
    except (KeyboardInterrupt, GeneratorExit):
        end = Ended("interrupted")
        raise
    except (ExplorerError, OSError) as error:
        end = Ended("failed", str(error))
        raise
    finally:
        end = _finish(folder, card, dataset, settings, end)
        append_event(folder / EVENTS, end)  # last: who reads it finds everything in place
    if end.status == "failed":
        raise TrainingError(end.message)
    yield end


def _followed(dataset: Dataset, card: Card) -> NDArray[np.intp]:
    """Positions in the data set of the items that the replay follows."""
    splits = dataset.rows("train"), dataset.rows("test")
    training = parse(TrainingConfig, card.training, f"The card of {card.name}")
    rows = followed_rows(len(splits[0]), len(splits[1]), card.latent_dims, training.kept, epochs=training.epochs)
    return np.concatenate(splits)[rows]


def _save(folder: Path, trainee: Trainee, dataset: Dataset, rows: NDArray[np.intp]) -> None:
    """Keep what the training goes on from, and where the followed items lie."""
    if len(rows):
        write_snapshot(folder, trainee.epoch, encode(trainee.network, dataset.parts(rows)))
    write_bytes(folder, STATE, dump_state(trainee.network, trainee.optimizer, trainee.epoch))


def _finish(folder: Path, card: Card, dataset: Dataset, settings: Settings, end: Ended) -> Ended:
    """Write weights, latents, metrics and the card that vouches for them, as of the last whole epoch.

    Returns:
        How it ended: as it was said, or failed, and then without latents, where these are no numbers.
    """
    network, _, epoch = load_state(card, (folder / STATE).read_bytes())
    kept = str(card.training.get("kept", "all"))
    files = _given(card) | {WEIGHTS: write_bytes(folder, WEIGHTS, dump_network(network, half=kept != "all"))}
    card = card.model_copy(update={"status": end.status, "epochs_done": epoch, "files": files})
    write_card(folder, card)
    run = Run(folder)
    try:
        latents = {split: embed(run, dataset, split) for split in SPLITS}
        svm = fit_classifier(run, dataset, latents["train"].z)
        metrics = measure(run, latents, svm, settings)
    except TrainingError as error:
        write_card(folder, card.model_copy(update={"status": "failed"}))
        return end if end.status == "failed" else Ended("failed", str(error))
    files[LATENTS] = write_latents(folder, latents, kept)
    if svm:
        files[SVM] = write_svm(folder, svm)
    if snapshots := snapshots_digest(folder, epoch):
        files[SNAPSHOTS] = snapshots
    write_card(folder, card.model_copy(update={"files": files, "metrics": metrics}))
    if end.status == "finished":
        (folder / STATE).unlink()
        if kept != "all":
            with suppress(OSError):  # a full disk: the longer file does no harm
                keep_epochs(folder / EVENTS)
    return end


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
    if repeats < 1:
        raise BadValueError(f"repeats = {repeats}, but it must be 1 or more.")
    first = plan.training.seed
    names = [plan.name, *(f"{plan.name}-seed-{first + i}" for i in range(1, repeats))]
    for name in names:  # a name that is taken is told now, not after hours
        _free_folder(name, settings)
    training = plan.training
    for seed, name in enumerate(names, first):
        training = training.model_copy(update={"seed": seed})
        yield from train_new(replace(plan, name=name, training=training), settings, progress)
        # The others take what was measured for the first, or they would differ by more than the seed.
        training = parse(TrainingConfig, read_card(settings.runs_root / name).training, f"The card of {name}")
    if repeats > 1:
        folder = settings.runs_root / plan.name
        card = read_card(folder)
        compared = between_seeds([Run(settings.runs_root / name) for name in names])
        write_card(folder, card.model_copy(update={"metrics": {**card.metrics, **compared}}))
