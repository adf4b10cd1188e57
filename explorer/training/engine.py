"""The training loop: a generator of events.

Each epoch draws its shuffling and augmentation from (seed, epoch) alone, so a run that is
resumed at an epoch's boundary goes on exactly as if it had never stopped.
"""

import math
from collections.abc import Callable, Generator, Iterator
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.labels import known_labels
from explorer.errors import BadDataError, TrainingError
from explorer.fields import Config
from explorer.method import Batch, Method, TargetMaker, check_labels
from explorer.networks.autoencoder import Autoencoder
from explorer.training.augment import augment
from explorer.training.config import TrainingConfig
from explorer.training.events import EpochEnded, Event, Started
from explorer.training.items import TrainingItems
from explorer.training.pace import threads
from explorer.training.report import Report
from explorer.training.sampler import Sampler, check_sampling
from explorer.training.trainee import Stepper, Trainee, check_weights

EPOCHS_PER_SEED = 1_000_003
FEWEST_ITEMS = 2
# What torch and its back ends say; "alloc" alone also stands in errors that are defects.
OUT_OF_MEMORY = ("out of memory", "not enough memory", "allocate memory", "bad_alloc", "alloc_failed")


def train(
    trainee: Trainee,
    method: Method,
    config: Config,
    dataset: Dataset,
    run: TrainingConfig,
    *,
    save: Callable[[Trainee], None] = lambda _: None,
) -> Iterator[Event]:
    """Train and yield what happens, as it happens.

    Args:
        trainee: a new one, or one put back from an epoch's boundary; changed in place. It trains
            on the device where its network is.
        method: what to train.
        config: the method's settings.
        dataset: its training split is used.
        run: epochs, batch size, rate, seed, augmentation, labels seen, precision and threads, whose
            "auto" and 0 are taken as float32 and torch's own choice (`pace.settle` measures).
        save: called at each epoch's boundary, before its event is yielded.

    Yields:
        Started, then Progressed and EpochEnded as they come.

    Raises:
        TrainingError: a loss term that is not finite (names term, epoch and step), weights that are
            not, or no memory left (says what to lower). The last saved boundary is then still good.
        BadDataError: fewer than two training items, items that are all the same, or labels from
            which the method cannot learn.
    """
    device = next(trainee.network.parameters()).device
    check_training(method, config, dataset, run)
    try:
        with threads(run.threads):
            labels = training_labels(dataset, run)
            items = TrainingItems(dataset, labels, device)
            known = labels[items.rows]
            sampler = Sampler(method, config, dataset, known, run.batch_size, labelled_part=run.labelled_part)
            stepper = Stepper(trainee, method, config, run.precision)
            make_targets = method.targets(config, len(dataset.classes))
            yield Started(trainee.epoch, run.epochs, len(items), sampler.steps, device.type)
            while trainee.epoch < run.epochs:
                begun = perf_counter()
                targets = _targets(trainee, make_targets, items, run) if make_targets else None
                terms = yield from _epoch(stepper, trainee, items, sampler, targets, run)
                trainee.epoch += 1
                check_weights(trainee)  # what is saved can be gone on with
                save(trainee)
                done = sampler.steps * sampler.items_a_step
                yield EpochEnded(trainee.epoch, terms, done / (perf_counter() - begun))
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(
            f"Out of memory on {device.type} at batch size {run.batch_size}: lower --batch-size or --width, "
            "or train on another --device."
        ) from None


def training_labels(dataset: Dataset, run: TrainingConfig) -> NDArray[np.int64]:
    """Labels that a training may see, -1 for the others, shape (len(dataset),)."""
    return known_labels(dataset.labels, dataset.is_test, share=run.label_share, seed=run.label_seed)


def network_input(network: Autoencoder, items: Tensor, run: TrainingConfig, generator: torch.Generator) -> Tensor:
    """What the network trains on: items normalised and, if they are images and that is wished, varied."""
    x = network.normalise(items)
    return augment(x, run.augmentation, generator) if run.augment and network.is_image else x


def check_training(method: Method, config: Config, dataset: Dataset, run: TrainingConfig) -> None:
    """Raise where there is nothing to learn from.

    Raises:
        BadDataError: fewer than two training items, items that are all the same, or labels from
            which the method cannot learn.
    """
    rows = dataset.rows("train")
    if len(rows) < FEWEST_ITEMS:
        raise BadDataError(
            f"{dataset.name} has {len(rows)} training item{'s' * (len(rows) != 1)}; training needs {FEWEST_ITEMS} or "
            "more. Add some, or lower the share of the test."
        )
    first = dataset.items[rows[0]]
    if all((part == first).all() for part in dataset.parts(rows)):
        raise BadDataError(
            f"All training items of {dataset.name} are the same, so there is nothing to learn from; give others."
        )
    check_labels(method, config, training_labels(dataset, run)[rows], dataset.classes, dataset.name)
    check_sampling(method, config, dataset)


def _targets(trainee: Trainee, make: TargetMaker, items: TrainingItems, run: TrainingConfig) -> Tensor:
    """Targets of the labelled items' latents as the network stands; NaN for the others, shape (n, d)."""
    network = trainee.network.eval()
    labelled = (items.labels >= 0).nonzero().squeeze(1)
    with torch.inference_mode():
        z = torch.cat([network.encode(network.normalise(part)) for part in items.parts(labelled)]).cpu().numpy()
    rng = np.random.default_rng(run.seed)  # the same starts in every epoch: targets do not hop
    targets = torch.full((len(items), z.shape[1]), torch.nan, device=items.device)
    found = make(z, items.labels[labelled].cpu().numpy(), rng)
    targets[labelled] = torch.from_numpy(np.asarray(found, np.float32)).to(items.device)
    return targets


def _epoch(
    stepper: Stepper,
    trainee: Trainee,
    items: TrainingItems,
    sampler: Sampler,
    targets: Tensor | None,
    run: TrainingConfig,
) -> Generator[Event, None, dict[str, float]]:
    """One pass over the items; returns the mean of each loss term."""
    stepper.begin()
    epoch, steps = trainee.epoch, sampler.steps
    generator = torch.Generator(items.device).manual_seed(run.seed * EPOCHS_PER_SEED + epoch)
    report = Report(epoch + 1, sampler.items_a_step)
    for step, chosen in enumerate(sampler.epoch(np.random.default_rng([run.seed, epoch]), generator)):
        x = network_input(trainee.network, items.take(chosen), run, generator)
        of_these = None if targets is None else targets[chosen]
        taken = epoch * steps + step
        batch = Batch(x, items.labels[chosen], generator, of_these, sampler.size, taken / (run.epochs * steps))
        report.add(stepper.step(batch, run.learning_rate * _schedule(taken, steps, run.epochs)))
        if report.due():
            yield report.progress()
    if report.pending:
        yield report.progress()
    return report.means()


def _schedule(step: int, steps: int, epochs: int) -> float:
    """Factor of the learning rate: up in a line over the first epoch, then down to 0 along a cosine."""
    rise = min(1.0, (step + 1) / steps)
    return rise * (1 + math.cos(math.pi * step / (epochs * steps))) / 2


def _is_out_of_memory(error: BaseException) -> bool:
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(words in str(error).lower() for words in OUT_OF_MEMORY)
