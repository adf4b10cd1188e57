"""The training loop: a generator of events over data kept in memory.

Each epoch draws its shuffling and augmentation from (seed, epoch) alone, so a run that is
resumed at an epoch's boundary goes on exactly as if it had never stopped.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from explorer.data.dataset import Dataset
from explorer.errors import BadValueError, TrainingError
from explorer.fields import Config
from explorer.method import Batch, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.training.augment import augment
from explorer.training.config import TrainingConfig
from explorer.training.events import EpochEnded, Event, Progressed, Started

if TYPE_CHECKING:
    from lightning_fabric import Fabric

REPORT_SECONDS = 0.25
EPOCHS_PER_SEED = 1_000_003
FEWEST_ITEMS = 2
# What torch and its back ends say; "alloc" alone also stands in errors that are defects.
OUT_OF_MEMORY = ("out of memory", "not enough memory", "allocate memory", "bad_alloc", "alloc_failed")


@dataclass
class Trainee:
    """What a training changes: it can be saved at an epoch's boundary and put back.

    Args:
        network: under training.
        optimizer: its Adam.
        epoch: epochs done.
    """

    network: Autoencoder
    optimizer: torch.optim.Adam
    epoch: int = 0


class _Objective(nn.Module):
    """Network and loss as one module, so that Fabric sees one forward pass."""

    def __init__(self, network: Autoencoder, method: Method, config: Config) -> None:
        super().__init__()
        self.network, self.method, self.config = network, method, config

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The loss terms of one batch, float32."""
        terms = self.method.loss(self.network, Batch(x, labels), self.config)
        return {name: term.float() for name, term in terms.items()}


def pick_device(name: str) -> str:
    """Turn "auto" into the best device there is; check any other.

    Raises:
        BadValueError: a device that is not known or not here.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    if name not in available:
        raise BadValueError(f"device = {name!r}, but it must be auto, {', '.join(available)}.")
    if not available[name]:
        raise BadValueError(f"This machine has no {name} device; use --device cpu or auto.")
    return name


def start(network: Autoencoder, run: TrainingConfig, *, device: str = "cpu") -> Trainee:
    """Move a network to the device and give it an Adam, fused: its whole step is one kernel."""
    network.to(torch.device(device)).to(memory_format=torch.channels_last)
    return Trainee(network, torch.optim.Adam(network.parameters(), lr=run.learning_rate, fused=True))


def put_back(trainee: Trainee, moments: Mapping[int, Mapping[str, Tensor]], epoch: int) -> None:
    """Give a new trainee the state of an epoch's boundary.

    Args:
        trainee: of the network as it was then.
        moments: Adam's state by parameter number, as in its `state_dict()["state"]`.
        epoch: epochs done.
    """
    groups = trainee.optimizer.state_dict()["param_groups"]
    trainee.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    for parameter, state in trainee.optimizer.state.items():
        for key, value in state.items():
            if value.shape == parameter.shape:
                # Fused Adam walks parameters and moments in memory order: another order mixes them up silently.
                state[key] = torch.empty_like(parameter, requires_grad=False).copy_(value)
    trainee.epoch = epoch


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
        dataset: its training split is used, kept in memory as it is (uint8).
        run: epochs, batch size, rate, seed, augmentation, precision.
        save: called at each epoch's boundary, before its event is yielded.

    Yields:
        Started, then Progressed and EpochEnded as they come.

    Raises:
        TrainingError: a loss term that is not finite (names term, epoch and step), weights that are
            not, or no memory left (says what to lower). The last saved boundary is then still good.
        BadValueError: fewer than two training items.
    """
    device = next(trainee.network.parameters()).device
    rows = dataset.rows("train")
    if len(rows) < FEWEST_ITEMS:
        raise BadValueError(f"{dataset.name} has {len(rows)} training items; training needs {FEWEST_ITEMS} or more.")
    try:
        items = _Items(
            torch.from_numpy(dataset.items[rows]).to(device), torch.from_numpy(dataset.labels[rows]).to(device)
        )
        fabric = _fabric(device.type, run.precision)
        objective, optimizer = fabric.setup(_Objective(trainee.network, method, config), trainee.optimizer)
        steps = max(1, len(rows) // run.batch_size)  # the rest has its turn in another epoch's shuffle
        yield Started(trainee.epoch, run.epochs, len(rows), steps, device.type)
        while trainee.epoch < run.epochs:
            begun = perf_counter()
            terms = yield from _epoch(fabric, objective, optimizer, trainee.epoch, items, run)
            trainee.epoch += 1
            _check_weights(trainee)  # what is saved can be gone on with
            save(trainee)
            yield EpochEnded(trainee.epoch, terms, steps * min(run.batch_size, len(rows)) / (perf_counter() - begun))
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(
            f"Out of memory on {device.type} at batch size {run.batch_size}: lower --batch-size or --width, "
            "or train on another --device."
        ) from None


def _check_weights(trainee: Trainee) -> None:
    """Raise TrainingError where a finite loss had a gradient that was not."""
    for name, tensor in trainee.network.state_dict().items():
        if not tensor.isfinite().all():
            raise TrainingError(
                f"The weights {name} became infinite or NaN in epoch {trainee.epoch}. Lower --learning-rate; "
                "the run is kept as it was after its last whole epoch."
            )


@dataclass(frozen=True)
class _Items:
    """The training split on the device: images uint8 (n, channels, height, width), labels (n,)."""

    images: Tensor
    labels: Tensor


def _fabric(device: str, precision: str) -> "Fabric":
    from lightning_fabric import Fabric  # imports slowly

    return Fabric(accelerator=device, devices=1, precision=precision)  # type: ignore[arg-type]


def _epoch(
    fabric: "Fabric",
    objective: nn.Module,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    items: _Items,
    run: TrainingConfig,
) -> Generator[Event, None, dict[str, float]]:
    """One pass over the items; returns the mean of each loss term."""
    objective.train()
    n = len(items.images)
    generator = torch.Generator(items.images.device).manual_seed(run.seed * EPOCHS_PER_SEED + epoch)
    order = torch.randperm(n, generator=generator, device=items.images.device)
    steps = max(1, n // run.batch_size)
    report = _Report(epoch + 1, min(run.batch_size, n))
    for step, chosen in enumerate(torch.split(order, min(run.batch_size, n))[:steps]):
        for group in optimizer.param_groups:
            group["lr"] = run.learning_rate * _schedule(epoch * steps + step, steps, run.epochs)
        x = (items.images[chosen].float() / 255).contiguous(memory_format=torch.channels_last)
        if run.augment:
            x = augment(x, run.augmentation, generator)
        terms = objective(x, items.labels[chosen])
        optimizer.zero_grad()
        fabric.backward(sum(terms.values()))
        optimizer.step()
        report.add(terms)
        if report.due():
            yield report.progress()
    if report.pending:
        yield report.progress()
    return report.means()


def _schedule(step: int, steps: int, epochs: int) -> float:
    """Factor of the learning rate: up in a line over the first epoch, then down to 0 along a cosine."""
    rise = min(1.0, (step + 1) / steps)
    return rise * (1 + math.cos(math.pi * step / (epochs * steps))) / 2


@dataclass
class _Report:
    """Adds the loss terms of an epoch up without waiting for the device at every step."""

    epoch: int
    batch_size: int
    step: int = 0
    names: tuple[str, ...] = ()
    pending: list[Tensor] = field(default_factory=list)
    sums: Tensor | None = None
    since: float = field(default_factory=perf_counter)

    def add(self, terms: dict[str, Tensor]) -> None:
        self.names = tuple(terms)
        self.pending.append(torch.stack([term.detach() for term in terms.values()]))

    def due(self) -> bool:
        return perf_counter() - self.since >= REPORT_SECONDS

    def progress(self) -> Progressed:
        """Empty what is pending into one event; raises TrainingError at the first term that is not finite."""
        new = torch.stack(self.pending).double().cpu()  # (steps, terms); this waits for the device
        bad = (~new.isfinite()).nonzero()
        if len(bad):
            step, term = (int(value) for value in bad[0])
            raise TrainingError(
                f"The {self.names[term]} loss became {new[step, term].item()} in epoch {self.epoch}, step "
                f"{self.step + step + 1}. Lower --learning-rate or that term's weight; "
                "the run is kept as it was after its last whole epoch."
            )
        rate = len(new) * self.batch_size / max(perf_counter() - self.since, 1e-9)
        self.sums = new.sum(dim=0) + (0 if self.sums is None else self.sums)
        self.step += len(new)
        self.pending, self.since = [], perf_counter()
        means = dict(zip(self.names, new.mean(dim=0).tolist(), strict=True))
        return Progressed(self.epoch, self.step, means, rate)

    def means(self) -> dict[str, float]:
        """Mean of each loss term over the steps so far."""
        if self.sums is None:
            return {}
        return dict(zip(self.names, (self.sums / self.step).tolist(), strict=True))


def _is_out_of_memory(error: BaseException) -> bool:
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or any(words in str(error).lower() for words in OUT_OF_MEMORY)
