"""What a method is: a record of functions that the engine, the CLI and the pages share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.errors import BadDataError
from explorer.fields import Config
from explorer.latent.targets import ClassTargets
from explorer.networks.autoencoder import Autoencoder

FEWEST_CLASSES = 2
Sampling = Literal["single", "pairs", "groups"]


@dataclass(frozen=True)
class InputSpec:
    """What a network has to fit.

    Args:
        shape: of one item: (channels, height, width) of an image, (features,) of a vector.
        n_classes: number of classes c of the data set; 0 without labels.
    """

    shape: tuple[int, ...]
    n_classes: int


@dataclass(frozen=True)
class Batch:
    """Items of one training step.

    Args:
        x: network input (see `Autoencoder`), shape (n, *shape).
        labels: class of each item, shape (n,), or -1 for an unlabelled one.
        generator: randomness of the loss, on the device of `x`.
        targets: of the items' latents, shape (n, d), NaN for unlabelled ones; None where the method
            has no targets.
        group_size: k, where the items come in pairs or groups: those of one stand side by side, n = g * k.
        progress: share of the training that is done, 0 to 1.
    """

    x: Tensor
    labels: Tensor
    generator: torch.Generator
    targets: Tensor | None = None
    group_size: int = 1
    progress: float = 0.0

    def between(self, first: float, last: float) -> float:
        """A setting that goes in a line from the training's start to its end."""
        return first + (last - first) * self.progress


TargetMaker = Callable[[NDArray[np.float32], NDArray[np.int64], np.random.Generator], NDArray[np.floating]]
"""(latents (m, d), labels (m,), randomness) of all labelled training items to their targets (m, d)."""


def always(config: Config) -> bool:  # noqa: ARG001 - the record's signature
    """For methods that learn from labels whatever their settings."""
    return True


def never(config: Config) -> bool:  # noqa: ARG001 - the record's signature
    """For methods that learn without labels."""
    return False


def no_class_targets(config: Config, spec: InputSpec) -> ClassTargets | None:  # noqa: ARG001 - the record's signature
    """For methods that leave it to the training where classes lie."""
    return None


def one_by_one(config: Config) -> int:  # noqa: ARG001 - the record's signature
    """For methods that take each item on its own."""
    return 1


def in_pairs(config: Config) -> int:  # noqa: ARG001 - the record's signature
    """For methods that take two items of a group at a time."""
    return 2


def no_targets(config: Config, n_classes: int) -> TargetMaker | None:  # noqa: ARG001 - the record's signature
    """For methods whose latents have no targets."""
    return None


@dataclass(frozen=True)
class Method:
    """A way to train an autoencoder. Adding one is one file and one line in METHODS.

    Args:
        name: as typed on the command line.
        title: one sentence for people.
        paper: where it comes from.
        config: its settings; flags, forms and cards are read off it.
        build: (config, spec) to a new network; initial weights come from torch's random state.
        loss: (network, batch, config) to the loss terms by name, already weighted; their sum is
            minimised.
        needs_labels: config to whether it can be trained only where two classes or more have labelled items.
        class_targets: (config, spec) to configured centres and radii, or None where the method
            (or this configuration of it) has none.
        targets: (config, number of classes) to what makes the targets of labelled items' latents at the start of each
            epoch, or None where the method (or this configuration of it) has none.
        sampling: how a step takes its items: one by one, in pairs of the same and of other classes, or as members of
            groups of the data set.
        group_size: config to how many items of a group a step takes; 2 for pairs.
    """

    name: str
    title: str
    paper: str
    config: type[Config]
    build: Callable[[Any, InputSpec], Autoencoder]
    loss: Callable[[Autoencoder, Batch, Any], dict[str, Tensor]]
    needs_labels: Callable[[Any], bool] = never
    class_targets: Callable[[Any, InputSpec], ClassTargets | None] = no_class_targets
    targets: Callable[[Any, int], TargetMaker | None] = no_targets
    sampling: Sampling = "single"
    group_size: Callable[[Any], int] = one_by_one


def check_labels(
    method: Method, config: Config, labels: NDArray[np.int64], classes: tuple[str, ...], data: str
) -> None:
    """Raise where a method cannot learn from these training labels.

    Args:
        method, config: what is to be trained.
        labels: of the training items, -1 for unlabelled ones, shape (n,).
        classes: the class names.
        data: name of the data set, for the message.

    Raises:
        BadDataError: fewer than two classes, no labelled item, or a class without one.
    """
    if not method.needs_labels(config):
        return
    other = "Label some, or train a method that needs no labels, such as ae or vae."
    if len(classes) < FEWEST_CLASSES:
        found = f"one class, {classes[0]!r}" if classes else "no classes"
        raise BadDataError(f"{method.name} tells classes apart, but {data} has {found}; it needs two or more. {other}")
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    if not counts.all():
        missing = ", ".join(repr(classes[label]) for label in np.flatnonzero(counts == 0)[:5])
        raise BadDataError(
            f"{method.name} learns from labelled items, but {data} has none to train on of the class {missing}. {other}"
        )
