"""A two-dimensional map of a latent space: the linear one, with the way back, and how faithful any map is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAP_DIMS = 2
NEIGHBOURS = 10
SAMPLE = 2000


@dataclass(frozen=True)
class Projection:
    """A linear map of latents (n, d) to the plane (n, 2).

    Args:
        mean: shape (d,).
        axes: two directions, shape (2, d), orthonormal rows (or zero rows where d < 2).
        is_latent: the map is the latent itself: nothing is lost.
        variance: share of the latents' variance that the map shows, 0 to 1.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    is_latent: bool
    variance: float = 1.0

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
    variances, directions = np.linalg.eigh(np.cov((z - mean).T))  # ascending
    total = variances.sum()
    shown = float(variances[-MAP_DIMS:].sum() / total) if total > 0 else 1.0
    return Projection(mean, directions[:, ::-1][:, :MAP_DIMS].T, is_latent=False, variance=min(1.0, shown))


def trustworthiness(z: NDArray[np.floating], places: NDArray[np.floating]) -> float:
    """How far neighbours on a map are neighbours in the latent space, over a sample of at most 2,000 items.

    T = 1 - 2 / (n k (2 n - 3 k - 1)) sum_i sum_(j in U_i) (r(i, j) - k), where U_i are the items that are among
    the k = 10 nearest of i on the map but not in the latent space, and r(i, j) is j's rank there.

    Args:
        z: latents, shape (n, d).
        places: on the map, shape (n, 2), in the same order.

    Returns:
        0 to 1; 1 exactly where no neighbour is false; NaN with fewer than three items.

    Reference: Venna and Kaski, Neighborhood preservation in nonlinear projection methods.
    Differs: neighbours are looked for within the sample, so that 1,000,000 items cost no more than 2,000.
    """
    from sklearn.manifold import trustworthiness as of_sample

    rows = np.random.default_rng(0).permutation(len(z))[:SAMPLE]
    k = min(NEIGHBOURS, (len(rows) - 1) // 2)
    if k < 1:
        return float("nan")
    return float(of_sample(z[rows].astype(np.float64), places[rows].astype(np.float64), n_neighbors=k))
