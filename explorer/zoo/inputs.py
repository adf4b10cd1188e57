"""What a person hands to a run, checked and brought to numbers that its network takes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError

WHITE = 255


def as_items(items: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Bring items to floats of shape (n, *shape): images to [0, 1], vectors as they are.

    Raises:
        BadDataError: another shape, values that are NaN or infinite, or pixels outside 0 to 1.
    """
    return as_images(items, shape) if len(shape) > 1 else as_vectors(items, shape[0])


def as_vectors(vectors: ArrayLike, features: int) -> NDArray[np.float32]:
    """Bring vectors to finite floats of shape (n, features); one may come without n.

    Raises:
        BadDataError: another shape, or values that are NaN or infinite.
    """
    x = np.atleast_2d(as_float32(numbers(vectors)))
    if x.ndim != 2 or x.shape[1] != features:
        raise BadDataError(f"Vectors of shape {np.shape(vectors)} do not fit: expected (n, {features}).")
    wrong = int((~np.isfinite(x)).any(axis=1).sum())
    if wrong:
        raise BadDataError(f"{wrong} of {len(x)} vectors hold NaN or infinite values; repair or leave them out.")
    return x


def as_images(images: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Bring images to floats in [0, 1] of shape (n, channels, height, width).

    Raises:
        BadDataError: another shape, pixels that are NaN, or floats outside 0 to 1.
    """
    x = numbers(images)
    if x.ndim >= 2 and shape[0] == 1 and x.shape[-2:] == shape[1:] and x.shape[-3:] != shape:
        x = x[..., None, :, :]
    if x.ndim == 3:
        x = x[None]
    if x.ndim != 4 or x.shape[1:] != shape:
        raise BadDataError(
            f"Images of shape {np.shape(images)} do not fit: expected (n, {', '.join(map(str, shape))}). "
            "Resize them first."
        )
    if x.dtype == np.uint8:
        return x.astype(np.float32) / np.float32(WHITE)
    x = as_float32(x)
    if np.isnan(x).any():
        raise BadDataError(
            f"{int(np.isnan(x).any(axis=(1, 2, 3)).sum())} images have NaN pixels; repair or leave them out."
        )
    if x.size and (x.min() < 0 or x.max() > 1):
        raise BadDataError(f"Pixels run from {x.min():.3g} to {x.max():.3g}; expected 0 to 1, or uint8 in 0 to 255.")
    return x


def as_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    """The same numbers as float32; what it cannot hold becomes infinite, for the caller to tell."""
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def numbers(values: ArrayLike) -> NDArray[Any]:
    """An array of real numbers.

    Raises:
        BadDataError: text, complex numbers, or rows of unequal length.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        raise BadDataError("Expected an array of real numbers whose rows are equally long; correct the values.")
    return array
