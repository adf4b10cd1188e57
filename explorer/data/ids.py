"""Where items are by their ids."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

ABSENT = -1


@dataclass(frozen=True, eq=False)
class Ids:
    """The row of each item by its id.

    Args:
        ids: all different, in the order of the rows, shape (n,).
    """

    ids: NDArray[np.int64]

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(self.ids)

    @cached_property
    def _ascending(self) -> NDArray[np.int64]:
        return self.ids[self._order]

    def rows(self, wanted: NDArray[np.int64]) -> NDArray[np.intp]:
        """The row of each id, -1 for one that is not there: (m,) to (m,)."""
        if not len(self.ids):
            return np.full(len(wanted), ABSENT, np.intp)
        at = np.minimum(np.searchsorted(self._ascending, wanted), len(self.ids) - 1)
        return np.where(self._ascending[at] == wanted, self._order[at], ABSENT)
