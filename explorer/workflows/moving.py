"""How a run's items moved when it was trained further: the same items on the map before, and on the map now."""

import numpy as np
from numpy.typing import NDArray

from explorer.workflows.beside import items_in_common
from explorer.workflows.maps import LatentMap


def before_and_after(before: LatentMap, laid: LatentMap) -> NDArray[np.float32]:
    """Places of a map's items before and now.

    Args:
        before: the map that stays.
        laid: the map whose items these are, turned onto it (see `lay_beside`).

    Returns:
        Shape (2, n, 2) in the order of `laid`; NaN before for an item that is not on the old map.
    """
    common = items_in_common(before, laid)
    places = np.full((2, len(laid), 2), np.nan, np.float32)
    places[0, common.second] = before.places[common.first]
    places[1] = laid.places
    return places
