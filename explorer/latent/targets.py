"""Where classes should lie in the latent space: centres and radii.

Reference: Gabdullin, Latent space configuration for improved generalization in supervised
autoencoder neural networks, sections 4 and 5.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError

PAPER_CLASSES = 5
PAPER_DISTANCE = 0.85
PAPER_RADIUS = 0.34


@dataclass(frozen=True, init=False, eq=False)
class ClassTargets:
    """Configured class centres and radii in the latent space.

    Args:
        centres: shape (c, d), latent units.
        radii: shape (c,), latent units, positive.

    Raises:
        BadValueError: shapes that do not fit, a radius that is not positive, or a value that is
            not finite.
    """

    centres: NDArray[np.float64]
    radii: NDArray[np.float64]

    def __init__(self, centres: ArrayLike, radii: ArrayLike) -> None:
        centres, radii = np.asarray(centres, np.float64), np.asarray(radii, np.float64)
        if centres.ndim != 2 or radii.shape != centres.shape[:1]:
            raise BadValueError(
                f"Class centres have shape {centres.shape} and radii {radii.shape}; expected (c, d) and (c,)."
            )
        if not (np.isfinite(centres).all() and np.isfinite(radii).all() and (radii > 0).all()):
            raise BadValueError("Class centres must be finite and class radii positive; correct the targets.")
        object.__setattr__(self, "centres", centres)
        object.__setattr__(self, "radii", radii)

    @property
    def neighbour_distances(self) -> NDArray[np.float64]:
        """Distance of each centre to its nearest other centre, R_d, shape (c,); inf for one class."""
        gaps = np.linalg.norm(self.centres[:, None] - self.centres[None], axis=2)
        np.fill_diagonal(gaps, np.inf)
        return np.asarray(gaps.min(axis=1))


def class_circle(n_classes: int, *, distance: float = PAPER_DISTANCE, radius: float = PAPER_RADIUS) -> ClassTargets:
    """Put the classes on a circle around the origin, evenly spaced.

    C_i = d_c * (cos(2*pi*i/c), sin(2*pi*i/c)).

    Args:
        n_classes: number of classes c, at least 1.
        distance: d_c, of every centre from the origin, latent units, positive.
        radius: r_c, of every class, latent units, positive.

    Returns:
        Targets in two dimensions; `neighbour_distances` is eq. 14's R_d for every class.

    Raises:
        BadValueError: no class, or a distance or radius that is not positive.

    Reference:
        Section 5.2 and eq. 14.
    """
    _check(n_classes, distance)
    angles = 2 * np.pi * np.arange(n_classes) / n_classes
    centres = distance * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return ClassTargets(centres, np.full(n_classes, float(radius)))


def simplex(n_classes: int, dims: int, *, distance: float, radius: float) -> ClassTargets:
    """Put the classes on a regular simplex: every two centres equally far apart.

    Args:
        n_classes: number of classes c, at least 1.
        dims: latent dimensions d, at least c - 1.
        distance: of every centre from the origin, latent units, positive.
        radius: of every class, latent units, positive.

    Raises:
        BadValueError: fewer than c - 1 dimensions, no class, or a size that is not positive.

    Differs:
        Beyond the paper, for latents of more than two dimensions.
    """
    _check(n_classes, distance)
    if dims < max(n_classes - 1, 1):
        raise BadValueError(
            f"A simplex of {n_classes} classes needs {n_classes - 1} latent dimensions or more, not {dims}. "
            "Raise latent_dims or use the circle."
        )
    centres = np.zeros((n_classes, dims))
    if n_classes > 1:
        corners = np.eye(n_classes) - 1 / n_classes
        basis = np.linalg.svd(corners)[2][: n_classes - 1]
        flat = corners @ basis.T
        centres[:, : n_classes - 1] = distance * flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return ClassTargets(centres, np.full(n_classes, float(radius)))


def petal_distance(n_classes: int) -> float:
    """Distance from the origin that keeps neighbours on the circle as far apart as the paper's.

    R_d = d_c * sqrt(2 * (1 - cos(2*pi/c))) stays 0.99923, so circles of radius 0.34 never overlap.

    Args:
        n_classes: number of classes c, at least 1.

    Returns:
        d_c in latent units: 0.85 for five classes and fewer, 1.6168 for ten.
    """
    if n_classes <= PAPER_CLASSES:
        return PAPER_DISTANCE
    return PAPER_DISTANCE * float(np.sin(np.pi / PAPER_CLASSES) / np.sin(np.pi / n_classes))


def _check(n_classes: int, distance: float) -> None:
    if n_classes < 1:
        raise BadValueError(f"A layout needs at least one class, not {n_classes}.")
    if not distance > 0:
        raise BadValueError(f"distance = {distance}, but it must be positive.")
