"""What a method is: a record of functions that the engine, the CLI and the pages share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.fields import Config
from explorer.latent.targets import ClassTargets
from explorer.networks.autoencoder import Autoencoder


@dataclass(frozen=True)
class InputSpec:
    """What a network has to fit.

    Args:
        shape: (channels, height, width) of one item.
        n_classes: number of classes c of the data set.
    """

    shape: tuple[int, int, int]
    n_classes: int


@dataclass(frozen=True)
class Batch:
    """Items of one training step.

    Args:
        x: images in [0, 1], shape (n, channels, height, width).
        labels: class of each item, shape (n,), or -1 for an unlabelled one.
    """

    x: Tensor
    labels: Tensor


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
        class_targets: (config, spec) to configured centres and radii, or None where the method
            (or this configuration of it) has none.
    """

    name: str
    title: str
    paper: str
    config: type[Config]
    build: Callable[[Any, InputSpec], Autoencoder]
    loss: Callable[[Autoencoder, Batch, Any], dict[str, Tensor]]
    class_targets: Callable[[Any, InputSpec], ClassTargets | None]
