"""How good a ranking is: one 0/1 mark a rank, best rank first.

A query with no relevant item in the gallery has no score: its value is NaN, and
`mean_over_queries` leaves it out and counts it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError, BadValueError

RECALL_LEVELS = 11
HIGHEST_GRADE = 30


@dataclass(frozen=True)
class QueryMean:
    """A measure over queries.

    Args:
        mean: over the queries that have a relevant item; NaN without any.
        left_out: how many queries have none.
    """

    mean: float
    left_out: int


@dataclass(frozen=True)
class PrecisionRecall:
    """A precision-recall curve, averaged over queries.

    Args:
        recall: the levels, 0 to 1, shape (11,).
        precision: interpolated, 0 to 1, shape (11,), never rising; NaN without any query.
        left_out: how many queries have no relevant item.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    left_out: int


def mean_over_queries(values: ArrayLike) -> QueryMean:
    """Average a measure over the queries that have a relevant item.

    Args:
        values: one a query, shape (q,); NaN for a query without relevant items.
    """
    scores = np.asarray(values, np.float64)
    kept = scores[~np.isnan(scores)]
    return QueryMean(float(kept.mean()) if kept.size else float("nan"), scores.size - kept.size)


def average_precision(relevance: ArrayLike) -> NDArray[np.float64]:
    """Average the precision at the ranks of the relevant items.

    AP = sum over relevant ranks k of precision(k) / number of relevant items in the gallery.

    Args:
        relevance: 0 or 1 for each item of the whole gallery, best rank first, shape (n,) or (q, n).

    Returns:
        Shape () or (q,), in (0, 1]: 1 when all relevant items come first; NaN without any.

    Raises:
        BadDataError: another shape, or entries that are neither 0 nor 1.

    Reference:
        The usual measure; its mean over queries is MAP.
    """
    hits = _marks(relevance)
    return _ratio((_precision(hits) * hits).sum(axis=-1), hits.sum(axis=-1))


def average_precision_at(relevance: ArrayLike, k: int) -> NDArray[np.float64]:
    """Average the precision at the relevant ones among the first k ranks.

    AP@k = sum over relevant ranks i <= k of precision(i) / number of relevant items in the first k.

    Args:
        relevance: 0 or 1, best rank first, shape (n,) or (q, n); a shorter ranking counts whole.
        k: how many ranks, at least 1.

    Returns:
        Shape () or (q,), in [0, 1]; exactly 0 where none of the k is relevant.

    Raises:
        BadDataError: as `average_precision`.
        BadValueError: k below 1.

    Reference:
        Variational autoencoders for image retrieval, its MAP@K.
    Differs:
        From `average_precision`: divided by the relevant ones among the k, not in the gallery, so
        no query is left out.
    """
    _check_depth("k", k)
    return np.asarray(np.nan_to_num(average_precision(_marks(relevance)[..., :k]), nan=0.0))


def ndcg(relevance: ArrayLike) -> NDArray[np.float64]:
    """Normalised discounted cumulative gain.

    NDCG = DCG / DCG of a perfect ranking,  DCG = sum over ranks i of (2^rel_i - 1) / log2(i + 1).

    Args:
        relevance: a grade of 0 to 30 (0 or 1, or finer) for each item of the whole gallery, best
            rank first, shape (n,) or (q, n).

    Returns:
        Shape () or (q,), in (0, 1]: 1 for a ranking by falling grade; NaN where all grades are 0.

    Raises:
        BadDataError: another shape, or grades outside 0 to 30.

    Reference:
        The usual measure with exponential gain.
    """
    grades = np.asarray(relevance, np.float64, order="C")
    _check_shape(grades)
    if not ((grades >= 0) & (grades <= HIGHEST_GRADE)).all():  # NaN fails it too
        raise BadDataError(f"Relevance grades must lie in 0 to {HIGHEST_GRADE}; scale them first.")
    gains = np.exp2(grades) - 1
    discounts = 1 / np.log2(np.arange(2, grades.shape[-1] + 2))
    # Not a matrix product: its last bits change with the number of queries, and a perfect ranking is exactly 1.
    return _ratio((gains * discounts).sum(axis=-1), (-np.sort(-gains, axis=-1) * discounts).sum(axis=-1))


def precision_at(relevance: ArrayLike, n: int) -> NDArray[np.float64]:
    """Share of relevant items among the first n ranks.

    Args:
        relevance: 0 or 1 for each item of the whole gallery, best rank first, shape (m,) or (q, m).
        n: how many ranks, at least 1; missing ranks of a smaller gallery count as not relevant.

    Returns:
        Shape () or (q,), in [0, 1]; NaN without relevant items in the gallery.

    Raises:
        BadDataError: as `average_precision`.
        BadValueError: n below 1.
    """
    _check_depth("n", n)
    hits = _marks(relevance)
    share = hits[..., :n].sum(axis=-1) / n
    return np.asarray(np.where(hits.any(axis=-1), share, np.nan))


def nearest_neighbour(relevance: ArrayLike) -> NDArray[np.float64]:
    """Whether the first rank is relevant: `precision_at(relevance, 1)`, NN in the papers."""
    return precision_at(relevance, 1)


def precision_recall(relevance: ArrayLike) -> PrecisionRecall:
    """Precision at each level of recall, averaged over queries.

    p(r) = max over ranks k with recall(k) >= r of precision(k), at r = 0, 0.1, ..., 1.

    Args:
        relevance: 0 or 1 for each item of the whole gallery, best rank first, shape (n,) or (q, n).

    Returns:
        The curve; precision is 1 throughout when all relevant items come first.

    Raises:
        BadDataError: as `average_precision`.

    Reference:
        The usual eleven-point interpolation.
    """
    hits = np.atleast_2d(_marks(relevance))
    kept = hits[hits.any(axis=1)]
    found, total = kept.cumsum(axis=1), kept.sum(axis=1, keepdims=True)
    # From here to the last rank, the best precision: maximum.accumulate from the right.
    ahead = np.maximum.accumulate(_precision(kept)[:, ::-1], axis=1)[:, ::-1]
    rows, precision = np.arange(len(kept)), np.full(RECALL_LEVELS, np.nan)
    for level in range(RECALL_LEVELS if len(kept) else 0):
        # In whole numbers, as 0.1 * total in floats would miss a level by its last bit.
        first = (found * (RECALL_LEVELS - 1) >= level * total).argmax(axis=1)
        precision[level] = ahead[rows, first].mean()
    return PrecisionRecall(np.linspace(0, 1, RECALL_LEVELS), precision, len(hits) - len(kept))


def _marks(relevance: ArrayLike) -> NDArray[np.bool_]:
    marks = np.asarray(relevance)
    _check_shape(marks)
    if marks.dtype != np.bool_ and not ((marks == 0) | (marks == 1)).all():
        raise BadDataError("Relevance must be 0 or 1 at each rank; compare the ranked labels with the query's first.")
    return marks.astype(np.bool_, copy=False)


def _check_shape(relevance: NDArray[np.generic]) -> None:
    if relevance.ndim not in (1, 2):
        raise BadDataError(f"Relevance has shape {relevance.shape}; expected (n,) or (q, n), best rank first.")


def _check_depth(name: str, depth: int) -> None:
    if depth < 1:
        raise BadValueError(f"{name} = {depth}, but at least one rank must be looked at; give 1 or more.")


def _precision(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Precision at each rank, same shape."""
    return np.asarray(hits.cumsum(axis=-1) / np.arange(1, hits.shape[-1] + 1))


def _ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Part of the whole; NaN where the whole is 0."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))
