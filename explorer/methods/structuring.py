"""Structuring autoencoder: an autoencoder whose classes keep the distances that a person sets.

Reference: Rudolph, Wandt and Rosenhahn, Structuring autoencoders, eq. 1 to 3 and algorithm 1.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.latent.class_distances import check_class_distances
from explorer.latent.mds import converged_targets, step_targets
from explorer.losses.reconstruction import squared_error
from explorer.losses.structural import structural_loss
from explorer.method import Batch, InputSpec, Method, TargetMaker
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import NetworkConfig, decoder, encoder

LARGEST_DISTANCE = 1e6  # its square and the sums over items stay far within float32


class StructuringConfig(NetworkConfig):
    """Settings of the structuring autoencoder."""

    structural_weight: float = hyper(
        0.5,
        low=0,
        high=1,
        help="balance of structural against reconstruction loss; 0 is the plain autoencoder",
        symbol="a",
    )
    class_distance: float = hyper(
        1, low=0.001, high=LARGEST_DISTANCE, help="distance between any two classes, latent units"
    )
    class_distances: str = hyper(
        "",
        help="a distance for each two classes instead, in the order of their names: rows as in '0 1 2; 1 0 1; 2 1 0'",
    )
    target: Literal["steps", "converged"] = hyper(
        "steps", help="steps keep the structure within classes; converged makes each class one point"
    )
    mds_steps: int = hyper(5, low=1, high=30, help="SMACOF steps from the current latents, where target is steps")


def distance_matrix(config: StructuringConfig, n_classes: int) -> NDArray[np.float64]:
    """Wanted distances between classes, shape (c, c).

    Raises:
        BadValueError: a matrix that is not numbers, of another size, not symmetric, negative, too
            large, or with a diagonal that is not zero.
    """
    if not config.class_distances.strip():
        return config.class_distance * (1 - np.eye(n_classes))
    rows = [row.replace(",", " ").split() for row in config.class_distances.split(";")]
    try:
        matrix = np.array([[float(value) for value in row] for row in rows])
    except ValueError:
        raise BadValueError(
            f"class_distances = {config.class_distances[:80]!r}, but it must be {n_classes} rows of {n_classes} "
            "numbers, the rows parted by ';', as in '0 1 2; 1 0 1; 2 1 0'."
        ) from None
    if check_class_distances(matrix, n_classes).max() > LARGEST_DISTANCE:
        raise BadValueError(
            f"class_distances go up to {matrix.max():g}, but at most to {LARGEST_DISTANCE:,.0f}; give smaller ones."
        )
    return matrix


def build(config: StructuringConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder and mirrored decoder for this input, the plain autoencoder's.

    Raises:
        BadValueError: a network that does not fit the items, or distances that do not fit the classes.
    """
    if config.structural_weight:
        distance_matrix(config, spec.n_classes)
    return Autoencoder(
        encoder(config, spec.shape, outputs=config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, spec.shape),
    )


def targets(config: StructuringConfig, n_classes: int) -> TargetMaker | None:
    """What places the labelled items at the start of each epoch; None where they have no weight."""
    if not config.structural_weight:
        return None
    distances = distance_matrix(config, n_classes)

    def make(z: NDArray[np.float32], labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.floating]:
        if config.target == "converged":
            return converged_targets(z, labels, distances, rng=rng)
        return step_targets(z, labels, distances, steps=config.mds_steps)

    return make


def loss(network: Autoencoder, batch: Batch, config: StructuringConfig) -> dict[str, Tensor]:
    """(1 - a) * L_rec + a * L_struct (eq. 1); an unlabelled item has the first term alone."""
    a = config.structural_weight
    z = network.encode(batch.x)  # (n, d)
    terms = {"reconstruction": (1 - a) * squared_error(network.decode(z), batch.x)}
    if batch.targets is not None:
        terms["structural"] = a * structural_loss(z, batch.targets, batch.labels)
    return terms


STRUCTURING = Method(
    name="structuring",
    title="Structuring autoencoder: classes keep the distances that you set",
    paper="Rudolph, Wandt and Rosenhahn, Structuring Autoencoders",
    config=StructuringConfig,
    build=build,
    loss=loss,
    needs_labels=lambda config: config.structural_weight > 0,
    targets=targets,
)
