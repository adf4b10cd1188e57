"""Which items to ask a person about next. To add a strategy: write its function, then add its line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError, BadValueError
from explorer.retrieval.index import best

Rows = NDArray[np.intp]
BLOCK = 8192  # rows whose scores stay in the cache


@dataclass(frozen=True)
class Strategy:
    """One line of STRATEGIES.

    Args:
        meaning: what it asks for, in words for a person.
        pick: of (scores (n, c), number, candidates, rng), the rows to ask about.
    """

    meaning: str
    pick: Callable[[NDArray[np.floating], int, ArrayLike | None, np.random.Generator], Rows]


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
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise BadDataError(f"Scores have shape {scores.shape}; a margin needs (items, classes) with two classes.")
    rows = _rows(len(scores), n, candidates)
    margins = _margins(scores if candidates is None else scores[rows])
    if np.isnan(margins).any():
        raise BadDataError("Scores hold NaN, which is neither sure nor unsure; fit the classifier again.")
    return rows[best(margins, n, largest=False).rows]


def random(n_items: int, n: int, *, candidates: ArrayLike | None = None, rng: np.random.Generator) -> Rows:
    """Ask about items drawn by chance, each equally likely: what a guided pick is compared with.

    Args:
        n_items: number of items.
        n: how many to pick, at least 0; fewer come where there are fewer candidates.
        candidates: rows to choose from; None for all.
        rng: draws.

    Returns:
        Distinct rows in the order drawn.

    Raises:
        BadValueError: a negative number, or candidates that are no rows.
    """
    rows = _rows(n_items, n, candidates)
    return rng.choice(rows, min(n, len(rows)), replace=False)


STRATEGIES: dict[str, Strategy] = {
    "margin": Strategy(
        "items whose two likeliest classes are hardest to tell apart",
        lambda scores, n, candidates, _: margin(scores, n, candidates=candidates),
    ),
    "random": Strategy(
        "items drawn by chance, to compare with",
        lambda scores, n, candidates, rng: random(len(scores), n, candidates=candidates, rng=rng),
    ),
}


def _rows(n_items: int, n: int, candidates: ArrayLike | None) -> Rows:
    """The distinct rows to choose from, ascending."""
    if n < 0:
        raise BadValueError(f"{n} items cannot be picked; ask for 0 or more.")
    if candidates is None:
        return np.arange(n_items)
    rows = np.unique(np.asarray(candidates))
    if len(rows) and not (np.issubdtype(rows.dtype, np.integer) and rows[0] >= 0 and rows[-1] < n_items):
        raise BadValueError(f"Candidates must be rows from 0 to {n_items - 1}; give the positions of items.")
    return rows.astype(np.intp)


def _margins(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Highest minus second-highest of each row, shape (n,), by running maxima; NaN where a score is NaN."""
    margins = np.empty(len(scores))
    for at in range(0, len(scores), BLOCK):
        columns = np.ascontiguousarray(scores[at : at + BLOCK].T)
        high, second = np.maximum(columns[0], columns[1]), np.minimum(columns[0], columns[1])
        for column in columns[2:]:
            np.maximum(second, np.minimum(high, column), out=second)
            np.maximum(high, column, out=high)
        margins[at : at + BLOCK] = high - second
    return margins
