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
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import torch
from harness import table
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.fields import parse
from explorer.method import Batch, InputSpec
from explorer.methods import METHODS
from explorer.settings import load_settings
from explorer.training.augment import AugmentConfig, augment
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.events import EpochEnded, Progressed
from explorer.training.trainee import Trainee, start

METHOD = METHODS["supervised"]
CONFIG = METHOD.config()
BATCH = TrainingConfig().batch_size
ENDLESS = 100_000  # epochs
BATCHES_IN_MEMORY = 16
GENERATOR = torch.Generator()

Contestant = Callable[[float], float]  # runs for about so many seconds, returns images a second


def new_trainee(dataset: Dataset, run: TrainingConfig) -> Trainee:
    """The same untrained network each time, with its Adam."""
    torch.manual_seed(run.seed)
    network = METHOD.build(CONFIG, InputSpec(dataset.shape, len(dataset.classes)))
    return start(network, run)


def step(trainee: Trainee, x: Tensor, labels: Tensor) -> None:
    """Forward, backward, step."""
    loss = sum(METHOD.loss(trainee.network, Batch(x, labels, GENERATOR), CONFIG).values())
    trainee.optimizer.zero_grad()
    loss.backward()  # type: ignore[union-attr]
    trainee.optimizer.step()


def engine(dataset: Dataset, *, augmented: bool) -> Contestant:
    """Ours: one long training, of which each round takes the next events."""
    run = TrainingConfig(epochs=ENDLESS, augment=augmented)
    events = train(new_trainee(dataset, run), METHOD, CONFIG, dataset, run)
    last = 0

    def go(seconds: float) -> float:
        nonlocal last
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            event = next(events)
            if isinstance(event, Progressed):
                images += (event.step - last) * BATCH
                last = event.step
            elif isinstance(event, EpochEnded):
                last = 0
        return images / (time.perf_counter() - begun)

    return go


def bare(dataset: Dataset) -> Contestant:
    """Forward, backward and step on random tensors that lie ready: the most that any loop can reach."""
    trainee = new_trainee(dataset, TrainingConfig())
    trainee.network.train()
    shape = (BATCH, *dataset.shape)
    ready = [torch.rand(shape).contiguous(memory_format=torch.channels_last) for _ in range(BATCHES_IN_MEMORY)]
    labels = [torch.randint(len(dataset.classes), (BATCH,)) for _ in ready]
    return repeat(lambda pair: step(trainee, *pair), cycle(zip(ready, labels, strict=True)))


def pil_loader(dataset: Dataset, workers: int) -> Contestant:
    """The peer: a DataLoader over PIL images."""
    trainee = new_trainee(dataset, TrainingConfig())
    trainee.network.train()
    return repeat(lambda pair: step(trainee, *pair), endless(loader(PilImages(dataset), workers)))


def augmentation_alone(dataset: Dataset) -> Contestant:
    """Our augmentation without any training."""
    x, generator = torch.rand(BATCH, *dataset.shape), torch.Generator().manual_seed(0)
    return repeat(lambda _: augment(x, AugmentConfig(), generator), cycle([None]))


def pil_alone(dataset: Dataset) -> Contestant:
    """The peer's transforms without any training, in this process."""
    return repeat(lambda _: None, endless(loader(PilImages(dataset), 0)))


def repeat(act: Callable[[Any], Any], batches: Iterator[Any]) -> Contestant:
    """Act on batch after batch until the time is over."""

    def go(seconds: float) -> float:
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            act(next(batches))
            images += BATCH
        return images / (time.perf_counter() - begun)

    return go


def endless(batches: DataLoader[Any]) -> Iterator[Any]:
    """Epoch after epoch."""
    while True:
        yield from batches


def loader(images: "PilImages", workers: int) -> DataLoader[Any]:
    """A DataLoader as most people write it."""
    return DataLoader(images, BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0)


class PilImages(TorchDataset[tuple[Tensor, int]]):
    """The training split as PIL images, each varied by itself with torchvision's transforms."""

    def __init__(self, dataset: Dataset) -> None:
        from PIL import Image

        rows = dataset.rows("train")
        self.images = [Image.fromarray(image[0]) for image in dataset.items[rows]]
        self.labels = dataset.labels[rows].tolist()
        self.vary = transforms(AugmentConfig())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.vary(self.images[index]), self.labels[index]


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
    contestants = {
        "augmented": engine(dataset, augmented=True),
        "PIL": pil_loader(dataset, 0),
        "PIL workers": pil_loader(dataset, workers),
        "plain": engine(dataset, augmented=False),
        "bare": bare(dataset),
        "augment": augmentation_alone(dataset),
        "PIL alone": pil_alone(dataset),
    }
    for contestant in contestants.values():
        contestant(min(1.5, seconds))  # the first steps are slow
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for i in range(rounds):
        # Every other round backwards, so that nobody always runs after the same neighbour.
        for name in list(contestants)[:: -1 if i % 2 else 1]:
            found[name].append(contestants[name](seconds))
            if name == "PIL workers":
                time.sleep(min(1.0, seconds))  # its workers fill their queues before they rest
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
    for contestant in (engine(dataset, augmented=True), pil_loader(dataset, 0)):
        contestant(0.5)  # imports and first steps are slow; they are not what is compared
    ours: list[float] = []
    peer: list[float] = []
    seconds: tuple[list[float], list[float]] = [], []
    for seed in range(seeds):
        run = TrainingConfig(epochs=epochs, seed=seed)
        for into, taken, learn in ((ours, seconds[0], by_engine), (peer, seconds[1], by_loader)):
            begun = time.perf_counter()
            trainee = new_trainee(dataset, run)
            learn(trainee, dataset, run)
            taken.append(time.perf_counter() - begun)
            into.append(100 * accuracy(trainee, dataset))
    table.row(f"test accuracy after {epochs} epochs", ours, peer, "%", best="high")
    table.row("time for them", seconds[0], seconds[1], "s", best="low")
    for seed, pair in enumerate(zip(ours, peer, strict=True)):
        table.note(f"seed {seed}: ours {pair[0]:.1f} %, peer {pair[1]:.1f} % of {dataset.is_test.sum():,} test images")


def by_engine(trainee: Trainee, dataset: Dataset, run: TrainingConfig) -> None:
    """Train by our engine."""
    for _ in train(trainee, METHOD, CONFIG, dataset, run):
        pass


def by_loader(trainee: Trainee, dataset: Dataset, run: TrainingConfig) -> None:
    """Train by the peer's loop, its rate rising and falling like the engine's."""
    batches = loader(PilImages(dataset), 0)
    steps = len(batches)
    trainee.network.train()
    for epoch in range(run.epochs):
        for i, (x, labels) in enumerate(batches):
            done = epoch * steps + i
            fall = (1 + math.cos(math.pi * done / (run.epochs * steps))) / 2
            trainee.optimizer.param_groups[0]["lr"] = run.learning_rate * fall * min(1, (done + 1) / steps)
            step(trainee, x, labels)


@torch.inference_mode()
def accuracy(trainee: Trainee, dataset: Dataset) -> float:
    """Share of test images whose class is found."""
    network, rows = trainee.network.eval(), dataset.rows("test")
    x = torch.from_numpy(dataset.items[rows]).float() / 255
    found = torch.cat([network.classify(network.encode(part)).argmax(dim=1) for part in torch.split(x, 1024)])
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
    dataset = source.load(parse(source.config, {"n": flags.items}, "The data"), load_settings().data_root, None)
    if flags.accuracy:
        table.header(f"Accuracy, supervised on textures of {flags.items:,}", flags.seeds)
        accuracies(dataset, flags.epochs, flags.seeds)
    else:
        table.header(f"Training rate, supervised on textures of {flags.items:,}, batches of {BATCH}", flags.rounds)
        rates(dataset, flags.rounds, flags.seconds, flags.workers)


if __name__ == "__main__":
    main()
