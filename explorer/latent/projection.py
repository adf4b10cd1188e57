"""A two-dimensional map of a latent space, with the way back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAP_DIMS = 2


@dataclass(frozen=True)
class Projection:
    """A linear map of latents (n, d) to the plane (n, 2).

    Args:
        mean: shape (d,).
        axes: two directions, shape (2, d), orthonormal rows (or zero rows where d < 2).
        is_latent: the map is the latent itself: nothing is lost.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    is_latent: bool

    def apply(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places on the map: (n, d) to (n, 2)."""
        return np.asarray((z - self.mean) @ self.axes.T)

    def invert(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Latents of places: (n, 2) to (n, d); exact where the map is the latent itself."""
        return np.asarray(places @ self.axes + self.mean)


def fit(z: NDArray[np.floating]) -> Projection:
    """The latent itself where it has one or two dimensions, else its two principal components.

    Args:
        z: latents, shape (n, d).
    """
    dims = z.shape[1]
    if dims <= MAP_DIMS:
        return Projection(np.zeros(dims), np.eye(MAP_DIMS, dims), is_latent=True)
    mean = z.mean(axis=0, dtype=np.float64)
    covariance = np.cov((z - mean).T)
    return Projection(mean, np.linalg.eigh(covariance)[1][:, ::-1][:, :MAP_DIMS].T, is_latent=False)
