"""Tiny trainings that tests share: seconds long, real in every file they leave."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from explorer.data.dataset import Dataset
from explorer.data.mnist import MNIST, MnistConfig
from explorer.data.textures import TEXTURES, TexturesConfig
from explorer.fields import Config
from explorer.method import InputSpec, Method
from explorer.methods.supervised import SUPERVISED, SupervisedConfig
from explorer.networks.autoencoder import Autoencoder
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.training.events import Event
from explorer.workflows import training
from explorer.workflows.planning import Plan
from tests.mirrored import contents, put

CONFIG = SupervisedConfig(width=0.0625, reconstruction_weight=1.0)
TRAINING = TrainingConfig(epochs=2, batch_size=32, precision="32-true", threads=1)


def plan(name: str = "tiny", **changes: Any) -> Plan:
    """A training of two epochs on 120 textures."""
    values: dict[str, Any] = {
        "method": SUPERVISED,
        "config": CONFIG,
        "source": TEXTURES,
        "data": TexturesConfig(n=120),
        "training": TRAINING,
        "command": f"latent-explorer train supervised textures --name {name}",
    }
    return Plan(name=name, **(values | changes))


def train(settings: Settings, name: str = "tiny", **changes: Any) -> Path:
    """Train to the end and return the run's folder."""
    list(training.train_new(plan(name, **changes), settings))
    return settings.runs_root / name


def train_two(root: Path) -> Settings:
    """An installation with `tiny`, whose training saw all labels, and `some`, whose training saw a fifth."""
    settings = Settings(data_root=root / "data", runs_root=root / "runs", device="cpu")
    train(settings)
    train(settings, "some", training=TRAINING.model_copy(update={"label_share": 0.2}))
    return settings


def train_mnist(settings: Settings, name: str = "tiny-mnist") -> Path:
    """Train on a tiny MNIST whose files are then gone, as they are for a run from elsewhere; return its folder."""
    with TemporaryDirectory() as elsewhere:
        put(Path(elsewhere) / "MNIST" / "raw", contents())
        there = settings.model_copy(update={"data_root": Path(elsewhere)})
        return train(there, name, source=MNIST, data=MnistConfig())


def until(events: Iterator[Event], kind: type[Event], times: int = 1) -> Event:
    """Follow a training up to the first (second, ...) event of a kind, and leave it hanging there."""
    for event in events:
        times -= isinstance(event, kind)
        if times == 0:
            return event
    raise AssertionError(f"no further {kind.__name__}")


def items(n: int = 64, shape: tuple[int, int, int] = (1, 16, 16), n_classes: int = 3, seed: int = 0) -> Dataset:
    """Images of which each class is bright in its own rows; all for training but the last eight."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    images = rng.integers(0, 60, (n, *shape))
    for label in range(n_classes):
        images[labels == label, :, label * shape[1] // n_classes : (label + 1) * shape[1] // n_classes] += 160
    is_test = np.arange(n) >= n - 8
    classes = tuple(f"class {label}" for label in range(n_classes))
    return Dataset("rows", images.astype(np.uint8), labels, classes, np.arange(n, dtype=np.int64), is_test)


def vectors(n: int = 64, features: int = 12, n_classes: int = 3, seed: int = 0) -> Dataset:
    """Vectors around a place of their class, on another scale in each feature; the last eight for the test."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    places = rng.normal(0, 3, (n_classes, features))
    values = (places[labels] + rng.normal(0, 1, (n, features))) * np.geomspace(0.01, 100, features) + 5
    is_test = np.arange(n) >= n - 8
    classes = tuple(f"class {label}" for label in range(n_classes))
    return Dataset("dots", values.astype(np.float32), labels, classes, np.arange(n, dtype=np.int64), is_test)


def built(method: Method, config: Config, dataset: Dataset, seed: int = 0) -> Autoencoder:
    """A new network of a method for a data set."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = method.build(config, InputSpec(dataset.shape, len(dataset.classes)))
    network.fit_scale(torch.from_numpy(part) for part in dataset.parts(dataset.rows("train")))
    return network.to(memory_format=torch.channels_last)  # as a loaded one: else rounding differs
