"""How strange each item is to a run: badly drawn by its decoder, and where few others lie."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadRunError
from explorer.workflows.retrieving import rows_of
from explorer.workflows.runs import Items
from explorer.zoo.run import Run

NEIGHBOUR = 10  # the k of the k-th neighbour
MOST_BESIDE = 10_000  # of more training items, a fair sample of so many stands for where the others lie
AT_ONCE = 4096  # items between two calls of a progress
SEED = 0


def strangeness(
    run: Run, data: Callable[[], Dataset], ids: NDArray[np.int64], progress: Progress | None = None
) -> NDArray[np.float64]:
    """Rank items by reconstruction error and by distance to their 10th neighbour, and average the two ranks.

    Seconds for a run's items, so it is computed once a run. A run without a decoder has the distance alone.

    Args:
        run: whose latents and decoder.
        data: gives what it was trained on, images or vectors; called only where `needs_data` says so.
        ids: of training items whose latents the run keeps, shape (n,).
        progress: called with items looked at and items in all.

    Returns:
        Shape (n,), in (0, 1]: 1 for the item that is the worst of these in both; equal ones have equal ranks.

    Raises:
        BadRunError: items whose latents the run does not keep, or that the data set does not have.

    Reference:
        Ramaswamy, Rastogi and Shim, Efficient Algorithms for Mining Outliers from Large Data Sets (distance to the
        k-th neighbour).

    Differs:
        Neighbours are looked for among at most 10,000 training items, by Euclid's distance between coordinates.
    """
    from scipy.stats import rankdata

    kept = run.latents("train")
    rows = rows_of(kept.ids, ids) if len(kept.ids) else np.empty(0, np.intp)
    if len(rows) < len(ids) or (rows < 0).any():
        raise BadRunError(f"{run.card.name} keeps no latents of some of these items; ask about its training items.")
    measures = [kth_distances(kept.z, rows, progress)]
    if kept.error.shape[1]:
        measures.append(kept.error[rows, 0].astype(np.float64))
    elif needs_data(run):
        measures.append(_errors(run, data(), ids, kept.z[rows], progress))
    return np.asarray(np.mean([rankdata(measure) for measure in measures], axis=0) / max(len(ids), 1))


def needs_data(run: Run) -> bool:
    """Whether the errors must be measured on the items: a run with a decoder that did not keep them."""
    return run.card.has_decoder and not run.latents("train").error.shape[1]


def kth_distances(
    z: NDArray[np.floating], rows: NDArray[np.intp], progress: Progress | None = None
) -> NDArray[np.float64]:
    """Distance from each of these rows to its 10th nearest other latent, among at most 10,000, shape (n,)."""
    from sklearn.neighbors import NearestNeighbors

    beside = np.arange(len(z))
    if len(z) > MOST_BESIDE:
        beside = np.sort(np.random.default_rng(SEED).choice(len(z), MOST_BESIDE, replace=False))
    k = min(NEIGHBOUR, len(z) - 1)
    if k < 1:
        return np.zeros(len(rows))
    search = NearestNeighbors(n_neighbors=k + 1).fit(z[beside])
    found = np.empty(len(rows))
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        distances, _ = search.kneighbors(z[some])
        is_among = np.isin(some, beside)  # then its nearest is itself
        found[start : start + AT_ONCE] = np.where(is_among, distances[:, k], distances[:, k - 1])
        if progress is not None:
            progress(min(start + AT_ONCE, len(rows)), len(rows))
    return found


def _errors(
    run: Run, dataset: Dataset, ids: NDArray[np.int64], z: NDArray[np.float32], progress: Progress | None
) -> NDArray[np.float64]:
    """Mean squared error of each item's reconstruction, shape (n,), a part of them in memory at a time."""
    found, done = np.empty(len(ids)), 0
    for part in dataset.parts(Items(dataset).rows(ids)):
        here = slice(done, done + len(part))
        found[here] = run.reconstruction_error(part, z[here])
        done += len(part)
        if progress is not None:
            progress(done, len(ids))
    return np.nan_to_num(found, nan=np.inf)  # a reconstruction that is no number is the worst
