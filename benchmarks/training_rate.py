"""Training speed of the engine, and what it costs to vary the images.

On textures with the method `supervised`, in turn and for some seconds each:
- ours against a plain DataLoader whose images pass one by one through PIL transforms;
- ours without augmentation against the bare loop (forward, backward, step) on random tensors;
- ours with against without augmentation, and augmentation alone.
`--accuracy` trains both for the same few epochs instead and compares their test accuracies.

All have the same network, loss, fused Adam, batch size and memory format: what differs is the
loop around them and how images reach it.
"""

import argparse
import math
import time
from itertools import cycle
from typing import Any

import torch
from harness import table
from harness.training import Contestant, PilImages, Task, endless, engine, in_turn, loader, repeat, stepping

from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.fields import parse
from explorer.methods import METHODS
from explorer.settings import load_settings
from explorer.training.augment import AugmentConfig, augment
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.trainee import Trainee

METHOD = METHODS["supervised"]
BATCH = TrainingConfig().batch_size
BATCHES_IN_MEMORY = 16
PLAIN = TrainingConfig(precision="32-true")


def task_of(dataset: Dataset) -> Task:
    """The method with its default settings."""
    return Task(METHOD, METHOD.config(), dataset, BATCH)


def bare(dataset: Dataset) -> Contestant:
    """Forward, backward and step on random tensors that lie ready: the most that any loop can reach."""
    shape = (BATCH, *dataset.shape)
    ready = [torch.rand(shape).contiguous(memory_format=torch.channels_last) for _ in range(BATCHES_IN_MEMORY)]
    labels = [torch.randint(len(dataset.classes), (BATCH,)) for _ in ready]
    return stepping(task_of(dataset), cycle(zip(ready, labels, strict=True)))


def varied(dataset: Dataset) -> PilImages:
    """The peer's images, each varied by itself."""
    return PilImages(dataset, transforms(AugmentConfig()))


def augmentation_alone(dataset: Dataset) -> Contestant:
    """Our augmentation without any training."""
    x, generator = torch.rand(BATCH, *dataset.shape), torch.Generator().manual_seed(0)
    return repeat(lambda _: augment(x, AugmentConfig(), generator), cycle([None]), BATCH)


def pil_alone(dataset: Dataset) -> Contestant:
    """The peer's transforms without any training, in this process."""
    return repeat(lambda _: None, endless(loader(varied(dataset), BATCH)), BATCH)


def transforms(config: AugmentConfig) -> Any:
    """The same kinds of augmentation, equally strong, by torchvision on one PIL image."""
    from torchvision import transforms as tv

    how: dict[str, Any] = {"interpolation": tv.InterpolationMode.BILINEAR, "fill": 128}
    scale, area = (1 - config.scale, 1 + config.scale), (config.erase, config.erase)
    return tv.Compose(
        [
            tv.RandomHorizontalFlip(),
            tv.RandomVerticalFlip(),
            tv.RandomRotation(config.rotation, **how),
            tv.RandomPerspective(2 * config.perspective, p=1, **how),
            tv.RandomAffine(0, (config.shift,) * 2, scale, config.shear, **how),
            tv.ColorJitter(brightness=config.jitter, contrast=config.jitter),
            tv.ToTensor(),
            tv.RandomErasing(config.erase_share, scale=area, ratio=(1 / 1.5**2, 1.5**2), value=0.5),
        ]
    )


def rates(dataset: Dataset, rounds: int, seconds: float, workers: int) -> None:
    """Let the contestants run in turn and print the table."""
    task = task_of(dataset)
    contestants = {
        "augmented": engine(task, PLAIN),
        "PIL": stepping(task, endless(loader(varied(dataset), BATCH))),
        "PIL workers": stepping(task, endless(loader(varied(dataset), BATCH, workers))),
        "plain": engine(task, PLAIN.model_copy(update={"augment": False})),
        "bare": bare(dataset),
        "augment": augmentation_alone(dataset),
        "PIL alone": pil_alone(dataset),
    }
    found = in_turn(contestants, rounds, seconds)
    for what, ours, peer in (
        ("augmented: ours / PIL DataLoader", "augmented", "PIL"),
        (f"augmented: ours / the same, {workers} workers", "augmented", "PIL workers"),
        ("not augmented: ours / bare loop", "plain", "bare"),
        ("ours: augmented / not augmented", "augmented", "plain"),
        ("augmentation alone: ours / PIL", "augment", "PIL alone"),
    ):
        table.row(what, found[ours], found[peer], "im/s", best="high")
    table.note("Aim: not augmented, ours reaches 0.90 of the bare loop or more.")


def accuracies(dataset: Dataset, epochs: int, seeds: int) -> None:
    """Train ours and the peer alike and print what they get right on the test split."""
    task = task_of(dataset)
    for contestant in (engine(task, PLAIN), stepping(task, endless(loader(varied(dataset), BATCH)))):
        contestant(0.5)  # imports and first steps are slow; they are not what is compared
    ours: list[float] = []
    peer: list[float] = []
    seconds: tuple[list[float], list[float]] = [], []
    for seed in range(seeds):
        run = PLAIN.model_copy(update={"epochs": epochs, "seed": seed})
        for into, taken, learn in ((ours, seconds[0], by_engine), (peer, seconds[1], by_loader)):
            begun = time.perf_counter()
            trainee = task.trainee(run)
            learn(trainee, dataset, run)
            taken.append(time.perf_counter() - begun)
            into.append(100 * accuracy(trainee, dataset))
    table.row(f"test accuracy after {epochs} epochs", ours, peer, "%", best="high")
    table.row("time for them", seconds[0], seconds[1], "s", best="low")
    for seed, pair in enumerate(zip(ours, peer, strict=True)):
        table.note(f"seed {seed}: ours {pair[0]:.1f} %, peer {pair[1]:.1f} % of {dataset.is_test.sum():,} test images")


def by_engine(trainee: Trainee, dataset: Dataset, run: TrainingConfig) -> None:
    """Train by our engine."""
    for _ in train(trainee, METHOD, METHOD.config(), dataset, run):
        pass


def by_loader(trainee: Trainee, dataset: Dataset, run: TrainingConfig) -> None:
    """Train by the peer's loop, its rate rising and falling like the engine's."""
    batches, task = loader(varied(dataset), BATCH), task_of(dataset)
    steps, generator = len(batches), torch.Generator()
    trainee.network.train()
    for epoch in range(run.epochs):
        for i, (x, labels) in enumerate(batches):
            done = epoch * steps + i
            fall = (1 + math.cos(math.pi * done / (run.epochs * steps))) / 2
            trainee.optimizer.param_groups[0]["lr"] = run.learning_rate * fall * min(1, (done + 1) / steps)
            task.step(trainee, x, labels, generator)


@torch.inference_mode()
def accuracy(trainee: Trainee, dataset: Dataset) -> float:
    """Share of test images whose class is found."""
    network, rows = trainee.network.eval(), dataset.rows("test")
    items = torch.split(torch.from_numpy(dataset.items[rows]), 256)
    found = torch.cat([network.classify(network.encode(network.normalise(part))).argmax(dim=1) for part in items])
    return float((found.numpy() == dataset.labels[rows]).mean())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--accuracy", action="store_true", help="compare test accuracies instead of rates")
    parser.add_argument("--rounds", type=int, default=5, help="of each contestant")
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--items", type=int, default=10_000, help="images of the data set")
    parser.add_argument("--epochs", type=int, default=6, help="with --accuracy")
    parser.add_argument("--seeds", type=int, default=1, help="with --accuracy: trainings of each")
    parser.add_argument("--workers", type=int, default=2, help="of the peer's second DataLoader")
    flags = parser.parse_args()
    if flags.quick:
        flags.items, flags.rounds, flags.seconds, flags.epochs = 1000, 2, 0.4, 1
    source = DATASETS["textures"]
    dataset = source.prepare(parse(source.config, {"n": flags.items}, "The data"), load_settings().data_root)
    if flags.accuracy:
        table.header(f"Accuracy, supervised on textures of {flags.items:,}", flags.seeds)
        accuracies(dataset, flags.epochs, flags.seeds)
    else:
        table.header(f"Training rate, supervised on textures of {flags.items:,}, batches of {BATCH}", flags.rounds)
        rates(dataset, flags.rounds, flags.seconds, flags.workers)


if __name__ == "__main__":
    main()
