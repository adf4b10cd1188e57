"""Nearest neighbours, exact, with ties broken by gallery index."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLED = 64  # one score of so many says which are worth a look
FEW_NUMBERS = 1 << 20  # up to so many NumPy takes some 10 ms; SciPy, several times faster, a second to import
NUMBERS_AT_ONCE = 1 << 17  # as many in double precision as stay in the cache


@dataclass(frozen=True)
class Hits:
    """Gallery rows that answer one query, best first.

    Args:
        rows: positions in the gallery, shape (k,).
        scores: what they were ranked by, shape (k,): distances (ascending) or similarities
            (descending).
    """

    rows: NDArray[np.intp]
    scores: NDArray[np.float64]


def best(scores: NDArray[np.floating], k: int, *, largest: bool, leave_out: int | None = None) -> Hits:
    """Pick the k best of one query's scores.

    Args:
        scores: one score a gallery item, shape (n,), no NaN.
        k: how many; fewer are returned from a smaller gallery.
        largest: True for similarities, False for distances.
        leave_out: gallery row of the query itself, which it never retrieves.

    Returns:
        Hits, best first; equal scores come in gallery order.
    """
    keys = -np.asarray(scores, np.float64) if largest else np.array(scores, np.float64)
    if leave_out is not None:
        keys[leave_out] = np.inf
    k = min(k, len(keys) - (leave_out is not None))
    if k <= 0:
        return Hits(np.empty(0, np.intp), np.empty(0))
    some = keys[:: max(1, min(SAMPLED, len(keys) // k))]  # its k best are no better than those of all
    near = np.flatnonzero(keys <= np.partition(some, k - 1)[k - 1])
    near = near[keys[near] <= np.partition(keys[near], k - 1)[k - 1]]  # ascending: a stable sort breaks ties by index
    if leave_out is not None:
        near = near[near != leave_out]
    rows = near[np.argsort(keys[near], kind="stable")[:k]]
    return Hits(rows, np.asarray(scores, np.float64)[rows])


def euclidean_distances(query: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distance of one latent to each of the gallery's.

    Args:
        query: shape (d,).
        gallery: shape (n, d).

    Returns:
        Shape (n,), in [0, inf).
    """
    if gallery.size <= FEW_NUMBERS:
        return np.asarray(np.linalg.norm(gallery.astype(np.float64) - query.astype(np.float64), axis=1))
    from scipy.spatial.distance import cdist

    place, found = np.asarray(query, np.float64)[None], np.empty(len(gallery))
    step = max(1, NUMBERS_AT_ONCE // gallery.shape[1])
    for start in range(0, len(gallery), step):
        part = slice(start, start + step)
        cdist(place, gallery[part].astype(np.float64), out=found[None, part])
    return found
