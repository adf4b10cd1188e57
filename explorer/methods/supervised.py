"""Supervised autoencoder: a classifier whose latent classes lie where they were configured.

Reference: Gabdullin, Latent space configuration for improved generalization in supervised
autoencoder neural networks, Table 1 and eq. 8 to 10.
"""

from typing import Literal

import torch
from torch import Tensor

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.latent.targets import PAPER_RADIUS, ClassTargets, class_circle, petal_distance, simplex
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.geometric import geometric_loss
from explorer.losses.reconstruction import ERRORS
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network, NetworkConfig, decoder, encoder
from explorer.networks.texture import classifier

NETWORK: Network = "texture"


class SupervisedConfig(NetworkConfig):
    """Settings of the supervised autoencoder."""

    width: float = hyper(
        0.25, low=0.0625, high=2, help="scales the channels of conv, vgg and texture; 1 is the paper's"
    )
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
    """Make the texture network of Table 1 where it fits this input, else the one that does.

    Raises:
        BadValueError: a network or a reconstruction that does not fit the items, or a circle in
            other than two dimensions.
    """
    if config.reconstruction == "pattern" and len(spec.shape) == 1:
        raise BadValueError("The reconstruction pattern is for images; choose pixels for vectors.")
    class_targets(config, spec)
    return Autoencoder(
        encoder(config, spec.shape, outputs=config.latent_dims, auto=NETWORK),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, spec.shape, auto=NETWORK) if config.reconstruction_weight else None,
        classifier=classifier(config.latent_dims, spec.n_classes),
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
    terms = {"cross_entropy": labelled_cross_entropy(logits, batch.labels)}
    targets = class_targets(config, InputSpec(tuple(batch.x.shape[1:]), logits.shape[1]))
    if targets is not None:
        centres, radii = (torch.as_tensor(a, dtype=z.dtype, device=z.device) for a in (targets.centres, targets.radii))
        terms["geometric"] = config.geometric_weight * geometric_loss(z, batch.labels, centres, radii)
    if config.reconstruction_weight:
        error = ERRORS[config.reconstruction](network.decode(z), batch.x)
        terms["reconstruction"] = config.reconstruction_weight * error
    return terms


SUPERVISED = Method(
    name="supervised",
    title="Supervised autoencoder: classes lie where they were configured",
    paper="Gabdullin, Latent space configuration for improved generalization in supervised autoencoder neural networks",
    config=SupervisedConfig,
    build=build,
    loss=loss,
    needs_labels=always,
    network=NETWORK,
    class_targets=class_targets,
)
