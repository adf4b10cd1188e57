"""Distances of many queries to a whole gallery at once: Euclidean, Hamming, and exact rankings of them."""

import numpy as np
from numpy.typing import NDArray

EXACT_DIMS = 16  # up to so many each distance is summed on its own; above, a matrix product is many times faster
ROUNDING = 1e-13  # of the squared norms: below it a distance is a rounding error of the matrix product


def squared_euclidean(queries: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squared Euclidean distances, which rank as the distances do.

    Args:
        queries: shape (q, d).
        gallery: shape (n, d).

    Returns:
        Shape (q, n), in [0, inf); exactly 0 for equal latents.
    """
    from scipy.spatial.distance import cdist  # imports slowly

    queries, gallery = np.asarray(queries, np.float64), np.asarray(gallery, np.float64)
    if gallery.shape[1] <= EXACT_DIMS:
        return np.asarray(cdist(queries, gallery, "sqeuclidean"))
    norms = np.square(queries).sum(axis=1)[:, None] + np.square(gallery).sum(axis=1)
    squared = queries @ gallery.T
    squared *= -2
    squared += norms
    norms *= ROUNDING
    squared[squared < norms] = 0
    return np.asarray(squared)


def hamming(queries: NDArray[np.uint64], gallery: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Hamming distances of packed codes: in how many bits they differ.

    Args:
        queries: shape (q, w), as `pack` makes them.
        gallery: shape (n, w).

    Returns:
        Shape (q, n), whole numbers from 0 to the number of bits.
    """
    differing = np.zeros((len(queries), len(gallery)), np.uint16)
    for word in range(gallery.shape[1]):  # one word at a time: never (q, n, w)
        differing += np.bitwise_count(queries[:, word, None] ^ gallery[None, :, word])
    return differing


def ranked(distances: NDArray[np.floating] | NDArray[np.unsignedinteger]) -> NDArray[np.intp]:
    """Gallery rows of each query, nearest first; equal distances in gallery order.

    Args:
        distances: not negative, no NaN, shape (q, n).

    Returns:
        Shape (q, n). Distances that differ by less than a billionth of themselves may count as equal.
    """
    n = distances.shape[1]
    if distances.dtype.kind == "u" and distances.dtype.itemsize <= np.dtype(np.uint16).itemsize:
        return np.asarray(distances.argsort(axis=1, kind="stable"))  # a radix sort
    # Non-negative floats order as their bits do. The row number in place of the lowest bits breaks ties, and lets
    # whole numbers be sorted, several times faster than an argsort.
    rows = np.uint64((1 << max(1, (n - 1).bit_length())) - 1)
    keys = np.ascontiguousarray(distances, np.float64).view(np.uint64) & ~rows
    keys |= np.arange(n, dtype=np.uint64)
    keys.sort(axis=1)
    keys &= rows
    return keys.astype(np.intp)
