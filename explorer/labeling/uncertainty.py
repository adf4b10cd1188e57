"""Strategies that ask about what a classifier is least sure of."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError
from explorer.labeling.pool import Rows, candidate_rows
from explorer.retrieval.index import best

BLOCK = 8192  # rows whose scores stay in the cache
ROUNDING = 0.02  # by which probabilities in half precision may miss the sum 1
LOWEST = -80.0  # exp of it is 0 for every purpose, and a number in single precision


def margin(scores: NDArray[np.floating], n: int, *, candidates: ArrayLike | None = None) -> Rows:
    """Ask about the items whose two best classes score most alike.

    Uncertainty is highest minus second-highest score; the smallest first.

    Args:
        scores: class scores, shape (items, c), c at least 2, no NaN.
        n: how many to pick, at least 0; fewer come where there are fewer candidates.
        candidates: rows to choose from, such as the unlabelled ones; None for all.

    Returns:
        Rows of `scores`, most uncertain first; equally uncertain ones by row.

    Raises:
        BadDataError: scores that are NaN or of fewer than two classes.
        BadValueError: a negative number, or candidates that are no rows.

    Reference:
        Structuring autoencoders, section 4: guided labeling.
    """
    rows = candidate_rows(len(scores), n, candidates)
    return rows[best(margins(_of(scores, rows, candidates)), n, largest=False).rows]


def entropy(scores: NDArray[np.floating], n: int, *, candidates: ArrayLike | None = None) -> Rows:
    """Ask about the items whose class is most open, all classes counted.

    H = - sum over classes of p log p; the largest first.

    Args:
        scores: as `margin` takes them: probabilities, or scores whose softmax is p.
        n: how many to pick, at least 0; fewer come where there are fewer candidates.
        candidates: rows to choose from; None for all.

    Returns:
        Rows of `scores`, most uncertain first; equally uncertain ones by row.

    Raises:
        BadDataError, BadValueError: as `margin`.

    Reference:
        Shannon, A Mathematical Theory of Communication; as a strategy: Settles, Active Learning Literature Survey,
        section 3.1.

    Differs:
        An SVM's scores are no probabilities; their softmax is a reading of them, in units of the margin.
    """
    rows = candidate_rows(len(scores), n, candidates)
    return rows[best(entropies(_of(scores, rows, candidates)), n, largest=True).rows]


def margins(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Highest minus second-highest of each row, shape (n,), by running maxima.

    Raises:
        BadDataError: scores that are NaN or of fewer than two classes.
    """
    _check(scores)
    found = np.empty(len(scores))
    for at in range(0, len(scores), BLOCK):
        columns = np.ascontiguousarray(scores[at : at + BLOCK].T)
        high, second = np.maximum(columns[0], columns[1]), np.minimum(columns[0], columns[1])
        for column in columns[2:]:
            np.maximum(second, np.minimum(high, column), out=second)
            np.maximum(high, column, out=high)
        found[at : at + BLOCK] = high - second
    return _numbers(found)


def entropies(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Entropy of each row's classes, shape (n,), in 0 to log c.

    Raises:
        BadDataError: scores that are NaN or of fewer than two classes.
    """
    _check(scores)
    shares, found = _are_shares(scores), np.empty(len(scores))
    for at in range(0, len(scores), BLOCK):
        logits = np.ascontiguousarray(scores[at : at + BLOCK].T, np.float64)  # (c, block)
        if shares:
            logits = np.log(np.maximum(logits, np.exp(LOWEST)))
        logits = np.maximum(logits - logits.max(axis=0), LOWEST)
        weights = np.exp(logits)
        total = weights.sum(axis=0)
        found[at : at + BLOCK] = np.log(total) - (weights * logits).sum(axis=0) / total
    return _numbers(found)


def _of(scores: NDArray[np.floating], rows: Rows, candidates: ArrayLike | None) -> NDArray[np.floating]:
    """Scores of the candidates, without a copy where these are all."""
    return scores if candidates is None else scores[rows]


def _are_shares(scores: NDArray[np.floating]) -> bool:
    """Whether every row is a distribution over the classes."""
    return bool((scores >= 0).all() and (np.abs(scores.sum(axis=1, dtype=np.float64) - 1) < ROUNDING).all())


def _check(scores: NDArray[np.floating]) -> None:
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise BadDataError(f"Scores have shape {scores.shape}; a margin needs (items, classes) with two classes.")


def _numbers(found: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.isnan(found).any():
        raise BadDataError("Scores hold NaN, which is neither sure nor unsure; fit the classifier again.")
    return found
