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
from explorer.networks.labelled import LabelledConfig, labelled_autoencoder


class SupervisedConfig(LabelledConfig):
    """Settings of the supervised autoencoder."""

    geometric_weight: float = hyper(0.2, low=0, help="weight of the geometric loss; 0 leaves it out", symbol="k_g")
    layout: Literal["circle", "simplex"] = hyper(
        "circle", help="where class centres lie; the circle needs 2 dimensions"
    )
    centre_distance: float = hyper(
        0, low=0, help="centres from the origin; 0 keeps neighbours as far apart as the paper's", symbol="d_c"
    )
    class_radius: float = hyper(PAPER_RADIUS, low=0.001, help="radius of every class", symbol="r_c")


def build(config: SupervisedConfig, spec: InputSpec) -> Autoencoder:
    """Make the texture network of Table 1 where it fits this input, else the one that does.

    Raises:
        BadValueError: a network or a reconstruction that does not fit the items, or a circle in
            other than two dimensions.
    """
    class_targets(config, spec)
    return labelled_autoencoder(config, spec.shape, spec.n_classes)


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
    class_targets=class_targets,
)
