"""What the benchmarks of training share: the task, our engine and the peers' loops as contestants."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from explorer.data.dataset import Dataset
from explorer.fields import Config
from explorer.method import Batch, InputSpec, Method
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.events import EpochEnded, Progressed
from explorer.training.trainee import Trainee, start

ENDLESS = 100_000  # epochs
Contestant = Callable[[float], float]  # runs for about so many seconds, returns images a second


@dataclass(frozen=True)
class Task:
    """What is trained, by whichever loop.

    Args:
        method, config: the method and its settings.
        dataset: its training split is used.
        batch: images a step.
    """

    method: Method
    config: Config
    dataset: Dataset
    batch: int

    def trainee(self, run: TrainingConfig) -> Trainee:
        """The same untrained network each time, with its Adam."""
        torch.manual_seed(run.seed)
        network = self.method.build(self.config, InputSpec(self.dataset.shape, len(self.dataset.classes)))
        return start(network, run)

    def step(self, trainee: Trainee, x: Tensor, labels: Tensor, generator: torch.Generator) -> None:
        """Forward, backward, step."""
        terms = self.method.loss(trainee.network, Batch(x, labels, generator), self.config)
        trainee.optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        trainee.optimizer.step()


def engine(task: Task, run: TrainingConfig) -> Contestant:
    """Ours: one long training, of which each round takes the next events."""
    run = run.model_copy(update={"epochs": ENDLESS, "batch_size": task.batch})
    events = train(task.trainee(run), task.method, task.config, task.dataset, run)
    last = 0

    def go(seconds: float) -> float:
        nonlocal last
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            event = next(events)
            if isinstance(event, Progressed):
                images += (event.step - last) * task.batch
                last = event.step
            elif isinstance(event, EpochEnded):
                last = 0
        return images / (time.perf_counter() - begun)

    return go


def stepping(task: Task, batches: Iterator[Any], optimizer: type[torch.optim.Optimizer] | None = None) -> Contestant:
    """A peer's loop: the task's steps over these batches of (images, labels), with our Adam or another."""
    trainee = task.trainee(TrainingConfig())
    if optimizer is not None:
        trainee.optimizer = optimizer(trainee.network.parameters())  # type: ignore[assignment]
    trainee.network.train()
    generator = torch.Generator().manual_seed(0)
    return repeat(lambda pair: task.step(trainee, *pair, generator), batches, task.batch)


def repeat(act: Callable[[Any], Any], batches: Iterator[Any], size: int) -> Contestant:
    """Act on batch after batch until the time is over."""

    def go(seconds: float) -> float:
        begun, images = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            act(next(batches))
            images += size
        return images / (time.perf_counter() - begun)

    return go


def endless(batches: DataLoader[Any]) -> Iterator[Any]:
    """Epoch after epoch."""
    while True:
        yield from batches


def loader(images: "PilImages", batch: int, workers: int = 0) -> DataLoader[Any]:
    """A DataLoader as most people write it."""
    return DataLoader(images, batch, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0)


class PilImages(TorchDataset[tuple[Tensor, int]]):
    """The training split as PIL images, each passed through torchvision's transforms by itself."""

    def __init__(self, dataset: Dataset, transform: Any) -> None:
        from PIL import Image

        rows = dataset.rows("train")
        self.images = [Image.fromarray(image[0]) for image in dataset.items[rows]]
        self.labels = dataset.labels[rows].tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


def in_turn(contestants: dict[str, Contestant], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Let all run in turn, every other round backwards, so that nobody always follows the same neighbour.

    Returns:
        Images a second of each, one value a round.
    """
    for contestant in contestants.values():
        contestant(min(1.5, seconds))  # the first steps are slow
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for i in range(rounds):
        for name in list(contestants)[:: -1 if i % 2 else 1]:
            found[name].append(contestants[name](seconds))
            if "workers" in name:
                time.sleep(min(1.0, seconds))  # its workers fill their queues before they rest
    return found
