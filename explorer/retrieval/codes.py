"""Shorter codes of a latent: clipped, binary, quantised or one-hot, and binary ones packed into bits.

Reference: Torres Fernández, Designing variational autoencoders for image retrieval, chapter 3.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError, BadValueError

LOW, HIGH = -4.0, 4.0
FEWEST_LEVELS, MOST_LEVELS = 2, 1 << 16


def clip(z: ArrayLike) -> NDArray[np.float64]:
    """Cut each entry of a latent off at -1 and 1.

    app(z) = min(1, max(-1, z))

    Args:
        z: latents, shape (n, d).

    Returns:
        Shape (n, d), in [-1, 1].

    Raises:
        BadDataError: latents that are not numbers.
    """
    return np.asarray(_finite(z).clip(-1, 1))


def binarise(z: ArrayLike) -> NDArray[np.int8]:
    """The sign of each entry of a latent.

    Args:
        z: latents, shape (n, d).

    Returns:
        Shape (n, d), -1 or 1; 0 maps to -1.

    Raises:
        BadDataError: latents that are not numbers.
    """
    return np.where(_finite(z) > 0, 1, -1).astype(np.int8)


def quantise(z: ArrayLike, *, levels: int, low: float = LOW, high: float = HIGH) -> NDArray[np.float64]:
    """Each entry of a latent at the nearest of so many uniform levels.

    The middles of `levels` equal parts of [low, high]; of 4 between -4 and 4: -3, -1, 1, 3.

    Args:
        z: latents, shape (n, d).
        levels: L, 2 to 65,536.
        low, high: ends of the range, latent units; entries outside go to the nearest level.

    Returns:
        Shape (n, d), each entry one of L values; an entry between two levels takes the upper one.

    Raises:
        BadValueError: levels outside 2 to 65,536, or a range without room.
        BadDataError: latents that are not numbers.

    Differs:
        For two levels the paper lists -1 and 1, where the middles are -2 and 2; the ranking is the same.
    """
    if not FEWEST_LEVELS <= levels <= MOST_LEVELS:
        raise BadValueError(f"levels = {levels}, but it must lie in {FEWEST_LEVELS} to {MOST_LEVELS:,}.")
    if not (np.isfinite([low, high]).all() and low < high):
        raise BadValueError(f"The range {low} to {high} has no room for levels; give low below high.")
    width = (high - low) / levels
    part = np.floor((_finite(z).clip(low, high) - low) / width).clip(0, levels - 1)
    return np.asarray(low + (part + 0.5) * width)


def one_hot(z: ArrayLike, *, classes: int) -> NDArray[np.int8]:
    """The likeliest class of each of a latent's categoricals, as one 1 among 0s.

    Args:
        z: scores of N_d categoricals of N_c classes each, side by side, shape (n, N_d * N_c).
        classes: N_c, at least 2.

    Returns:
        Shape (n, N_d * N_c), 0 or 1; of equal scores the first counts.

    Raises:
        BadValueError: fewer than two classes, or a latent that is not made of categoricals of so many.
        BadDataError: latents that are not numbers.
    """
    z = _finite(z)
    if classes < FEWEST_LEVELS or z.shape[1] % classes:
        raise BadValueError(
            f"A latent of {z.shape[1]} dimensions is not made of categoricals of {classes} classes; "
            "give a number of classes, 2 or more, that divides it."
        )
    scores = z.reshape(len(z), -1, classes)
    hot = scores.argmax(axis=2)[:, :, None] == np.arange(classes)
    return np.asarray(hot.reshape(z.shape), np.int8)


def pack(code: ArrayLike) -> NDArray[np.uint64]:
    """Pack a binary or one-hot code into whole words of 64 bits.

    Args:
        code: entries above 0 become set bits, shape (n, d).

    Returns:
        Shape (n, ceil(d / 64)); bits beyond d are not set.
    """
    bits = np.packbits(np.asarray(code) > 0, axis=1, bitorder="little")
    words = np.zeros((len(bits), -(-bits.shape[1] // 8) * 8), np.uint8)
    words[:, : bits.shape[1]] = bits
    return words.view("<u8").astype(np.uint64, copy=False)


def _finite(z: ArrayLike) -> NDArray[np.float64]:
    z = np.asarray(z, np.float64)
    if z.ndim != 2 or not np.isfinite(z).all():
        raise BadDataError(f"Latents have shape {z.shape} or hold NaN; a code needs numbers of shape (n, d).")
    return z
