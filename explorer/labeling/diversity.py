"""Strategies that spread what is asked over the latent space."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.labeling.pool import Rows, candidate_rows
from explorer.labeling.uncertainty import BLOCK, margin

MOST_CANDIDATES = 100_000  # of more, a fair sample of so many is looked at
PICKED = -1.0  # a distance below all: never again
PREFILTER = 10  # times as many uncertain items as are picked are looked at


def k_centre(
    z: NDArray[np.floating],
    n: int,
    *,
    candidates: ArrayLike | None = None,
    labelled: Rows | None = None,
    rng: np.random.Generator,
) -> Rows:
    """Ask about the item farthest from all that are labelled or picked, again and again.

    Next is argmax over candidates i of min over labelled and picked j of |z_i - z_j|.

    Args:
        z: latents, shape (items, d), finite.
        n: how many to pick, at least 0; fewer come where there are fewer candidates.
        candidates: rows to choose from; None for all.
        labelled: rows from which it starts; with none, the first pick is drawn.
        rng: draws the first pick, and the sample.

    Returns:
        Rows in the order picked; of equally far ones the first. No item's nearest pick is more than twice as far as
        it would be with the best possible n picks.

    Raises:
        BadValueError: a negative number, or candidates that are no rows.

    Reference:
        Gonzalez, Clustering to Minimize the Maximum Intercluster Distance; as a strategy: Sener and Savarese, Active
        Learning for Convolutional Neural Networks: A Core-Set Approach.

    Differs:
        Of more than 100,000 candidates a fair sample of so many is looked at. Distances are Euclid's between the
        coordinates, whatever the run's space.
    """
    rows = candidate_rows(len(z), n, candidates)
    if len(rows) > MOST_CANDIDATES:
        rows = np.sort(rng.choice(rows, max(n, MOST_CANDIDATES), replace=False))
    n = min(n, len(rows))
    if n == 0:
        return rows[:0]
    places = z[rows].astype(np.float32)
    if labelled is not None and len(labelled):
        nearest = _to_nearest(places, z[labelled].astype(np.float32))
        return rows[_farthest(places, nearest, n)]
    first = int(rng.integers(len(rows)))
    nearest = _squares(places, first)
    nearest[first] = PICKED
    return rows[[first, *_farthest(places, nearest, n - 1)]]


def diverse_margin(
    scores: NDArray[np.floating],
    z: NDArray[np.floating],
    n: int,
    *,
    candidates: ArrayLike | None = None,
    labelled: Rows | None = None,
    rng: np.random.Generator,
) -> Rows:
    """Ask about items that are uncertain, and far from each other and from what is labelled.

    The 10 n candidates with the smallest margins, and among them `k_centre`.

    Args:
        scores: as `margin` takes them.
        z, n, candidates, labelled, rng: as `k_centre` takes them.

    Returns:
        Rows in the order picked.

    Raises:
        BadDataError, BadValueError: as `margin`.

    Reference:
        Zhdanov, Diverse mini-batch Active Learning: the most informative first, then a spread among them.

    Differs:
        The spread is k-centre's instead of weighted k-means', so that it begins at the labelled items and the picks
        have an order.
    """
    uncertain = margin(scores, PREFILTER * n, candidates=candidates)
    return k_centre(z, n, candidates=uncertain, labelled=labelled, rng=rng)


def _farthest(places: NDArray[np.float32], nearest: NDArray[np.float32], n: int) -> list[int]:
    """Greedy picks: positions in `places`; `nearest` holds squared distances to what is there, and is changed."""
    picks = []
    for _ in range(n):
        picks.append(int(nearest.argmax()))
        np.minimum(nearest, _squares(places, picks[-1]), out=nearest)
        nearest[picks[-1]] = PICKED
    return picks


def _squares(places: NDArray[np.float32], at: int) -> NDArray[np.float32]:
    """Squared distance of each place to one of them, shape (n,), a block in the cache at a time."""
    found = np.empty(len(places), np.float32)
    for start in range(0, len(places), BLOCK):
        offsets = places[start : start + BLOCK] - places[at]
        np.einsum("nd,nd->n", offsets, offsets, out=found[start : start + BLOCK])
    return found


def _to_nearest(places: NDArray[np.float32], labelled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Squared distance of each place to the nearest labelled one, shape (n,)."""
    from sklearn.metrics import pairwise_distances_argmin_min

    return np.asarray(pairwise_distances_argmin_min(places, labelled, metric="sqeuclidean")[1], np.float32)
