"""How far apart classes are wanted."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError

ROUNDING = 1e-9  # relative; two entries that a person means to be equal


def check_class_distances(class_distances: ArrayLike, n_classes: int | None = None) -> NDArray[np.float64]:
    """Make a matrix of wanted distances between classes of what a person gave.

    Args:
        class_distances: one row and one column a class, latent units.
        n_classes: c; None takes it from the matrix.

    Returns:
        Shape (c, c), finite, not negative, exactly symmetric, zero diagonal.

    Raises:
        BadValueError: anything else; the sentence names the classes, counted from 0.
    """
    try:
        wanted = np.asarray(class_distances, np.float64)
    except (TypeError, ValueError):
        raise BadValueError(
            "Class distances are no matrix of numbers; give one row and one column a class, all equally long."
        ) from None
    if n_classes is None:
        n_classes = len(np.atleast_1d(wanted))
    if wanted.shape != (n_classes, n_classes):
        raise BadValueError(
            f"Class distances have shape {wanted.shape}, but {n_classes} classes need "
            f"{n_classes} rows of {n_classes} numbers; give one row and one column a class."
        )
    _refuse(~np.isfinite(wanted) | (wanted < 0), wanted, "it must be a finite number and not negative")
    _refuse(np.diag(np.diag(wanted)) != 0, wanted, "a class has distance 0 to itself: set the diagonal to 0")
    uneven = np.abs(wanted - wanted.T) > ROUNDING * wanted.max(initial=0)
    _refuse(uneven, wanted, "the matrix must be symmetric: give both directions the same distance")
    return np.asarray((wanted + wanted.T) / 2)


def _refuse(wrong: NDArray[np.bool_], wanted: NDArray[np.float64], why: str) -> None:
    """Name the first wrong entry, and the one across where it differs."""
    if not wrong.any():
        return
    a, b = (int(index) for index in np.argwhere(wrong)[0])
    back = f" and from {b} to {a} {wanted[b, a]:g}" if wanted[a, b] != wanted[b, a] else ""
    raise BadValueError(f"The distance from class {a} to {b} is {wanted[a, b]:g}{back}; {why}.")
