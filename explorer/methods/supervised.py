"""Supervised autoencoder: a classifier whose latent classes lie where they were configured.

Reference: Gabdullin, Latent space configuration for improved generalization in supervised
autoencoder neural networks, Table 1 and eq. 8 to 10.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.errors import BadValueError
from explorer.fields import Config, hyper
from explorer.latent.targets import PAPER_RADIUS, ClassTargets, class_circle, petal_distance, simplex
from explorer.losses.geometric import geometric_loss
from explorer.losses.reconstruction import pattern_error, squared_error
from explorer.method import Batch, InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.texture import TextureDecoder, TextureEncoder, classifier

SMALLEST_SIDE = 16


class SupervisedConfig(Config):
    """Settings of the supervised autoencoder."""

    width: float = hyper(0.25, low=0.0625, high=2, help="scales the network's channels; 1 is the paper's")
    latent_dims: int = hyper(2, low=1, high=64, help="dimensions of the latent space", symbol="d")
    geometric_weight: float = hyper(0.2, low=0, help="weight of the geometric loss; 0 leaves it out", symbol="k_g")
    layout: Literal["circle", "simplex"] = hyper(
        "circle", help="where class centres lie; the circle needs 2 dimensions"
    )
    centre_distance: float = hyper(
        0, low=0, help="centres from the origin; 0 keeps neighbours as far apart as the paper's", symbol="d_c"
    )
    class_radius: float = hyper(PAPER_RADIUS, low=0.001, help="radius of every class", symbol="r_c")
    reconstruction_weight: float = hyper(0, low=0, help="weight of the decoder's loss; 0 builds no decoder")
    reconstruction: Literal["pixels", "pattern"] = hyper(
        "pixels", help="what the decoder learns: the pixels, or the pattern wherever it starts (for textures)"
    )


def build(config: SupervisedConfig, spec: InputSpec) -> Autoencoder:
    """Make the texture network of Table 1 for this input.

    Raises:
        BadValueError: images under 16 pixels a side, or a circle in other than two dimensions.
    """
    if min(spec.shape[1:]) < SMALLEST_SIDE:
        raise BadValueError(
            f"The texture network needs images of {SMALLEST_SIDE} pixels a side or more, not {spec.shape[1:]}."
        )
    class_targets(config, spec)
    latent_dims, width = config.latent_dims, config.width
    return Autoencoder(
        TextureEncoder(spec.shape, latent_dims=latent_dims, width=width),
        latent_dims=latent_dims,
        decoder=TextureDecoder(spec.shape, latent_dims=latent_dims, width=width)
        if config.reconstruction_weight
        else None,
        classifier=classifier(latent_dims, spec.n_classes),
    )


def class_targets(config: SupervisedConfig, spec: InputSpec) -> ClassTargets | None:
    """Centres and radii of the configured layout; None without the geometric loss.

    Raises:
        BadValueError: a layout that does not fit the latent dimensions.
    """
    if not config.geometric_weight:
        return None
    distance = config.centre_distance or petal_distance(spec.n_classes)
    if config.layout == "simplex":
        return simplex(spec.n_classes, config.latent_dims, distance=distance, radius=config.class_radius)
    if config.latent_dims != 2:  # noqa: PLR2004
        raise BadValueError(
            f"The class circle lies in 2 dimensions, but latent_dims = {config.latent_dims}. "
            "Choose the layout simplex or latent_dims 2."
        )
    return class_circle(spec.n_classes, distance=distance, radius=config.class_radius)


def loss(network: Autoencoder, batch: Batch, config: SupervisedConfig) -> dict[str, Tensor]:
    """Cross-entropy + k_g * geometric loss (eq. 10) + reconstruction where there is a decoder.

    Unlabelled items have the reconstruction term alone.
    """
    z = network.encode(batch.x)  # (n, d)
    logits = network.classify(z)  # (n, c)
    labelled = (batch.labels >= 0).sum().clamp(min=1)
    summed = F.cross_entropy(logits, batch.labels, ignore_index=-1, reduction="sum")
    terms = {"cross_entropy": summed / labelled}
    spec = InputSpec((batch.x.shape[1], batch.x.shape[2], batch.x.shape[3]), logits.shape[1])
    targets = class_targets(config, spec)
    if targets is not None:
        centres, radii = (torch.as_tensor(a, dtype=z.dtype, device=z.device) for a in (targets.centres, targets.radii))
        terms["geometric"] = config.geometric_weight * geometric_loss(z, batch.labels, centres, radii)
    if config.reconstruction_weight:
        error = pattern_error if config.reconstruction == "pattern" else squared_error
        terms["reconstruction"] = config.reconstruction_weight * error(network.decode(z), batch.x)
    return terms


SUPERVISED = Method(
    name="supervised",
    title="Supervised autoencoder: classes lie where they were configured",
    paper="Gabdullin, Latent space configuration for improved generalization in supervised autoencoder neural networks",
    config=SupervisedConfig,
    build=build,
    loss=loss,
    class_targets=class_targets,
)
