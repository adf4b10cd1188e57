"""How far a labeling session is: labels per minute, error over labels, and the same for random picks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import BadDataError
from explorer.latent.confidence import fit_svm

WINDOW = 300.0  # seconds
SHORTEST = 10.0  # seconds over which labels are counted at least


@dataclass(frozen=True)
class Measured:
    """An error with its interval.

    Args:
        n_labels: that the classifier learned from.
        error: share of wrong predictions, 0 to 1; NaN for none measured.
        low, high: 95 % Wilson interval.
        items: on which it was measured.
    """

    n_labels: int
    error: float
    low: float
    high: float
    items: int


@dataclass(frozen=True, eq=False)
class Known:
    """Items whose classes are known.

    Args:
        z: latents, shape (n, d).
        truth: classes, shape (n,).
    """

    z: NDArray[np.floating]
    truth: NDArray[np.integer]


@dataclass(frozen=True)
class RandomCurve:
    """The error that random picks give, shape (m,) each.

    Args:
        counts: numbers of labels.
        mean, low, high: over the seeds, lowest and highest.
    """

    counts: NDArray[np.intp]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def per_minute(times: NDArray[np.floating], now: float, *, began: float | None = None, window: float = WINDOW) -> float:
    """Labels a minute of late.

    Presses within the window over its minutes, or over those since the first press where that was later.

    Args:
        times: of presses, seconds, shape (n,); a lasso is one.
        now: seconds, of the same clock.
        began: time of the first press, also of another person with whom this one is compared; the first of `times`
            where it is not said.
        window: seconds looked back.

    Returns:
        0 after a pause as long as the window.
    """
    recent = times[(times > now - window) & (times <= now)]
    if not len(recent):
        return 0.0
    since = max(float(times.min()) if began is None else began, now - window)
    return 60 * len(recent) / max(now - since, SHORTEST)


def measured(n_labels: int, wrong: int, items: int) -> Measured:
    """The error of a classifier with its 95 % interval.

    Args:
        n_labels: that it learned from.
        wrong: predictions that are wrong.
        items: predictions in all, 0 for none.

    Reference:
        Wilson, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    from scipy.stats import binomtest

    if not items:
        return Measured(n_labels, float("nan"), 0.0, 1.0, 0)
    low, high = binomtest(wrong, items).proportion_ci(0.95, method="wilson")
    return Measured(n_labels, wrong / items, float(low), float(high), items)


def random_curve(
    items: Known,
    candidates: NDArray[np.integer],
    counts: Sequence[int],
    on: Known,
    seeds: Sequence[int],
    *,
    start: NDArray[np.integer] | None = None,
    progress: Progress | None = None,
) -> RandomCurve:
    """What random picks would have given: the SVM's error after so many labels, simulated with known ones.

    Args:
        items: n of them, those of `candidates` and `start` with a class of at least 0.
        candidates: rows that may be picked.
        counts: numbers of labels, those of `start` among them; such as there cannot be are left out.
        on: the items to measure on, at least one.
        seeds: each draws an order of its own; within it more labels are the fewer ones and some more.
        start: rows that are labelled from the beginning.
        progress: called with fits done and fits in all.

    Returns:
        Mean, lowest and highest over the seeds. Before two classes are labelled, the class that is known is predicted.

    Raises:
        BadDataError: nothing to measure on.
    """
    if not len(on.truth):
        raise BadDataError("There are no items to measure the random picks' error on; give some with known labels.")
    first = np.empty(0, np.intp) if start is None else start
    most = len(first) + len(candidates)
    kept = np.unique([count for count in counts if max(len(first), 1) <= count <= most]).astype(np.intp)
    errors = np.empty((len(seeds), len(kept)))
    for i, seed in enumerate(seeds):
        order = np.concatenate([first, np.random.default_rng(seed).permutation(candidates)])
        for j, count in enumerate(kept.tolist()):
            errors[i, j] = _error(items, order[:count], on)
            if progress is not None:
                progress(i * len(kept) + j + 1, errors.size)
    if not errors.size:
        return RandomCurve(kept, *(np.empty(0) for _ in range(3)))
    return RandomCurve(kept, errors.mean(axis=0), errors.min(axis=0), errors.max(axis=0))


def _error(items: Known, rows: NDArray[np.integer], on: Known) -> float:
    """Share of wrong predictions of the classifier that learned from these rows."""
    labels = items.truth[rows]
    if (labels == labels[0]).all():
        return float((on.truth != labels[0]).mean())
    predicted = fit_svm(items.z[rows], labels, int(labels.max()) + 1).predict(on.z)
    return float((predicted != on.truth).mean())
