"""What a strategy may look at when it picks the items to ask about."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError, BadValueError

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pool:
    """The items of a session as they stand when a round of picks begins.

    Args:
        z: latents, shape (n, d), finite.
        scores: of each class, shape (n, c); (n, 0) before two classes have labels.
        candidates: rows that may be asked about.
        labels: class number of each labelled item, else -1, shape (n,).
        strangeness: gives how strange each item is to the decoder, shape (n,); called at most once, and only by
            strategies that need it.
    """

    z: NDArray[np.floating]
    scores: NDArray[np.floating]
    candidates: Rows
    labels: NDArray[np.integer]
    strangeness: Callable[[], NDArray[np.floating]] | None = None

    def __post_init__(self) -> None:
        n = len(self.z)
        if self.z.ndim != 2 or self.scores.ndim != 2 or len(self.scores) != n or self.labels.shape != (n,):
            raise BadDataError(
                f"Latents of shape {self.z.shape}, scores of shape {self.scores.shape} and labels of shape "
                f"{self.labels.shape} do not fit together; give (n, d), (n, c) and (n,)."
            )

    @property
    def has_scores(self) -> bool:
        """Whether there are two classes to be uncertain between."""
        return bool(self.scores.shape[1] >= 2)

    @property
    def labelled(self) -> Rows:
        """Rows of the labelled items, ascending."""
        return np.flatnonzero(self.labels >= 0)


def candidate_rows(n_items: int, n: int, candidates: ArrayLike | None) -> Rows:
    """The distinct rows to choose from, ascending.

    Args:
        n_items: rows that there are.
        n: how many will be picked.
        candidates: in any order; None for all.

    Raises:
        BadValueError: a negative number, or candidates that are no rows.
    """
    if n < 0:
        raise BadValueError(f"{n} items cannot be picked; ask for 0 or more.")
    if candidates is None:
        return np.arange(n_items)
    rows = np.asarray(candidates)
    if not (rows[1:] > rows[:-1]).all():  # else they are in order already, and a million is not sorted again
        rows = np.unique(rows)
    if len(rows) and not (np.issubdtype(rows.dtype, np.integer) and rows[0] >= 0 and rows[-1] < n_items):
        raise BadValueError(f"Candidates must be rows from 0 to {n_items - 1}; give the positions of items.")
    return rows.astype(np.intp)
