"""Polar beams: a classifier whose latents lie in sectors around the origin, with gaps between.

Reference: Gabdullin, Latent space configuration, eq. 4 to 7.
"""

import math
from typing import Literal

from torch import Tensor

from explorer.fields import hyper
from explorer.latent.sectors import default_class_width, default_rotation
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.reconstruction import ERRORS
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.heads import PolarHead
from explorer.networks.labelled import LabelledConfig, labelled_autoencoder


class PolarConfig(LabelledConfig):
    """Settings of the polar beams."""

    latent_dims: int = hyper(2, low=2, high=2, help="dimensions of the latent space: beams lie in a plane", symbol="d")
    class_width: float = hyper(
        0, low=0, high=360, help="of a class's sector; 0 takes 5/6 of a class's share of the circle", unit="degrees"
    )
    fold_rotation: float = hyper(
        0,
        low=0,
        high=360,
        help="of points in a forbidden sector; 0 takes half a class's share",
        symbol="\u03c1",
        unit="degrees",
    )
    rule: Literal["guaranteed", "printed"] = hyper(
        "guaranteed", help="which points turn: the text's rule, or the printed condition (6 classes) for comparison"
    )


def build(config: PolarConfig, spec: InputSpec) -> Autoencoder:
    """Make the texture network where it fits, with the fold as the encoder's last step.

    Raises:
        BadValueError: angles that leave points between the sectors, or a network or a
            reconstruction that does not fit the items.
    """
    c = spec.n_classes
    head = PolarHead(
        n_classes=c,
        class_width=math.radians(config.class_width) or default_class_width(c),
        rotation=math.radians(config.fold_rotation) or default_rotation(c),
        rule=config.rule,
    )
    return labelled_autoencoder(config, spec.shape, c, head=head)


def loss(network: Autoencoder, batch: Batch, config: PolarConfig) -> dict[str, Tensor]:
    """Cross-entropy on folded latents over labelled items + reconstruction where there is a decoder."""
    z = network.encode(batch.x)  # (n, 2)
    terms = {"cross_entropy": labelled_cross_entropy(network.classify(z), batch.labels)}
    if config.reconstruction_weight:
        error = ERRORS[config.reconstruction](network.decode(z), batch.x)
        terms["reconstruction"] = config.reconstruction_weight * error
    return terms


POLAR = Method(
    name="polar",
    title="Polar beams: classes lie in sectors around the origin, with gaps between",
    paper="Gabdullin, Latent space configuration for improved generalization in supervised autoencoder neural networks",
    config=PolarConfig,
    build=build,
    loss=loss,
    needs_labels=always,
)
