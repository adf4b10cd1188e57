"""Turn one set of points onto another: orthogonal Procrustes.

Reference: Schönemann, A generalized solution of the orthogonal Procrustes problem, 1966.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError

FLAT = 1e-12  # of the largest singular value: along this direction points say nothing about a turn


@dataclass(frozen=True, eq=False)
class RigidMotion:
    """A rotation, with or without a reflection, and a shift: (y - pivot) turn + target.

    Args:
        pivot: what is moved to the target, shape (d,).
        turn: orthogonal, shape (d, d), applied from the right.
        target: shape (d,).
    """

    pivot: NDArray[np.float64]
    turn: NDArray[np.float64]
    target: NDArray[np.float64]

    def apply(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Moved points: (n, d) to (n, d)."""
        return np.asarray((points - self.pivot) @ self.turn + self.target)

    @property
    def is_mirrored(self) -> bool:
        """Whether left and right are exchanged."""
        return bool(np.linalg.det(self.turn) < 0)

    @property
    def degrees(self) -> float:
        """How far a motion of the plane turns, counter-clockwise, -180 to 180; a mirrored one first mirrors y."""
        return float(np.degrees(np.arctan2(self.turn[0, 1], self.turn[0, 0])))


def align(source: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Turn points, row by row, as near as possible onto others: rotation, reflection and shift, no scaling.

    (Y - mean Y) R + mean Z, R = U V^T of the SVD U S V^T of (Y - mean Y)^T (Z - mean Z).

    Args:
        source: points Y, shape (n, d).
        target: points Z, shape (n, d), row i for row i of the source.

    Returns:
        Shape (n, d); distances within are those of the source, its mean is the target's.

    Raises:
        BadValueError: shapes that differ, no row, or a value that is not finite.

    Reference:
        Structuring autoencoders, section 3: step 4 of the targets.
    Differs:
        The paper takes the SVD of pinv(Y) Z, which is least squares only where Y^T Y is a multiple
        of I, and centres its targets at 0; this is the least-squares rotation, around the target's mean.
    """
    source = np.asarray(source, np.float64)
    return align_weighted(source, target, np.ones(source.shape[:1]))


def align_weighted(source: ArrayLike, target: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Turn points onto others like `align`, each row counted by its weight, around the weighted means.

    Args:
        source, target: shape (n, d).
        weights: shape (n,), not negative, with a positive sum.

    Returns:
        Shape (n, d).

    Raises:
        BadValueError: as `rigid_motion`.
    """
    return rigid_motion(source, target, weights).apply(np.asarray(source, np.float64))


def rigid_motion(source: ArrayLike, target: ArrayLike, weights: ArrayLike) -> RigidMotion:
    """Find the motion that brings points as near as possible to others.

    Minimises sum_i w_i * ||result_i - target_i||^2 over rotations, reflections and shifts.

    Args:
        source, target: shape (n, d).
        weights: shape (n,), not negative, with a positive sum.

    Returns:
        The motion; of two that bring them equally near, as for points on a line, the one that does not mirror.

    Raises:
        BadValueError: shapes that do not fit, a value that is not finite, or weights without a positive sum.
    """
    source, target, weights = (np.asarray(values, np.float64) for values in (source, target, weights))
    if source.ndim != 2 or source.shape != target.shape or weights.shape != source.shape[:1]:
        raise BadValueError(
            f"Points of shape {source.shape} cannot be aligned to {target.shape} with weights {weights.shape}; "
            "give (n, d) twice and (n,)."
        )
    if not all(np.isfinite(values).all() for values in (source, target, weights)):
        raise BadValueError("Points and weights to align must be finite; leave out rows that are not.")
    if (weights < 0).any() or not weights.sum() > 0:
        raise BadValueError("Weights to align by must not be negative and at least one must be positive.")
    share = weights / weights.sum()
    pivot, centre = share @ source, share @ target
    left, sizes, right = np.linalg.svd(((source - pivot) * share[:, None]).T @ (target - centre))
    if sizes[-1] <= FLAT * sizes[0] and np.linalg.det(left) * np.linalg.det(right) < 0:
        left[:, -1] *= -1
    return RigidMotion(pivot, left @ right, centre)
