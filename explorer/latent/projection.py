"""A two-dimensional map of a latent space that is linear, so that a place on it has a latent."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from explorer.latent.alignment import RigidMotion

MAP_DIMS = 2


@dataclass(frozen=True)
class Projection:
    """A linear map of latents (n, d) to the plane (n, 2).

    Args:
        mean: the latent that lies at `origin`, shape (d,); what the map does not show stays as it is there.
        axes: two directions, shape (2, d), orthonormal rows (orthonormal columns where d < 2).
        is_latent: the map is the latent itself, turned or not: nothing is lost.
        variance: share of the latents' variance that the map shows, 0 to 1.
        origin: place of the mean on the map, shape (2,).
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    is_latent: bool
    variance: float = 1.0
    origin: NDArray[np.float64] = field(default_factory=lambda: np.zeros(MAP_DIMS))

    def apply(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places on the map: (n, d) to (n, 2)."""
        return np.asarray((z - self.mean) @ self.axes.T + self.origin)

    def invert(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Latents of places: (n, 2) to (n, d); exact where the map is the latent itself."""
        return np.asarray((places - self.origin) @ self.axes + self.mean)

    def turned(self, motion: RigidMotion) -> "Projection":
        """The projection to the same map after a motion of it: apply gives motion.apply(self.apply(z))."""
        origin = motion.apply(self.origin[None])[0]
        return replace(self, axes=motion.turn.T @ self.axes, origin=origin)

    def ellipse(self, std: NDArray[np.floating]) -> tuple[float, float, float]:
        """One standard deviation, on the map, of a normal distribution with independent dimensions.

        Semi-axes and direction are those of the covariance A diag(std^2) A^T, A the axes.

        Args:
            std: standard deviations, shape (d,).

        Returns:
            Semi-axes a >= b >= 0, and the angle from the x axis to a, radians, above -pi/2 and up to pi/2.
        """
        spread = self.axes * std.astype(np.float64)
        squares, directions = np.linalg.eigh(spread @ spread.T)  # ascending
        b, a = np.sqrt(squares.clip(0))
        x, y = directions[:, 1] if directions[0, 1] > 0 else -directions[:, 1]  # one of the two ways along the axis
        return float(a), float(b), float(np.arctan2(y, x) if x > 0 else np.pi / 2)


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
    return Projection(
        mean, directions[:, ::-1][:, :MAP_DIMS].T, is_latent=False, variance=_share(variances, variances[-MAP_DIMS:])
    )


def of_dimensions(z: NDArray[np.floating], across: int, up: int) -> Projection:
    """Two dimensions of the latent as they are: place (z_across, z_up); the others stay at their mean on the way back.

    Args:
        z: latents, shape (n, d).
        across, up: two different dimensions, counted from 0.
    """
    mean, variances = z.mean(axis=0, dtype=np.float64), z.var(axis=0, dtype=np.float64)
    shown = [across, up]
    mean[shown] = 0
    return Projection(mean, np.eye(z.shape[1])[shown], is_latent=False, variance=_share(variances, variances[shown]))


def of_part(z: NDArray[np.floating], dims: slice) -> Projection:
    """Some dimensions alone: as they are, or their two principal components; the others stay at their mean.

    Args:
        z: latents, shape (n, d).
        dims: which, one or more; fewer than d.
    """
    part = fit(z[:, dims])
    mean, axes = z.mean(axis=0, dtype=np.float64), np.zeros((MAP_DIMS, z.shape[1]))
    mean[dims], axes[:, dims] = part.mean, part.axes
    variances = z.var(axis=0, dtype=np.float64)
    share = part.variance * _share(variances, variances[dims])
    return Projection(mean, axes, is_latent=False, variance=share)


def _share(variances: NDArray[np.float64], shown: NDArray[np.float64]) -> float:
    """The part of all variance that is shown; all of none."""
    total = variances.sum()
    return min(1.0, float(shown.sum() / total)) if total > 0 else 1.0
