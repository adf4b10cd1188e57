"""Turn one set of points onto another: orthogonal Procrustes.

Reference: Schönemann, A generalized solution of the orthogonal Procrustes problem, 1966.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError


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

    Minimises sum_i w_i * ||result_i - target_i||^2 over rotations, reflections and shifts.

    Args:
        source, target: shape (n, d).
        weights: shape (n,), not negative, with a positive sum.

    Returns:
        Shape (n, d).

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
    around, centre = source - share @ source, share @ target
    left, _, right = np.linalg.svd((around * share[:, None]).T @ (target - centre))
    return np.asarray(around @ (left @ right) + centre)
