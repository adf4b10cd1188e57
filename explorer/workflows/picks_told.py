"""Why each item is asked about: its likeliest classes, and the labelled items that lie nearest."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.labeling.rounds import Round, SessionItems
from explorer.labeling.state import State
from explorer.retrieval.index import best, euclidean_distances

NEAREST = 6
LOOKED_AT = 12  # items that come with their nearest labelled ones: no more of them are near the screen


@dataclass(frozen=True)
class Pick:
    """An item to ask about, and why.

    Args:
        item: its id.
        row: in the session's items.
        likeliest: its two likeliest classes, -1 for one that was deleted since; empty before there is a classifier.
        shares: of the two between them, 1 / (1 + exp(-margin)) of the likelier: a half each where it is undecided.
        margin: between their scores; NaN without a classifier.
        nearest: rows of the labelled items that lie nearest, the nearest first; empty behind the first 12 picks.
        is_held_out: its label measures progress and is not learned from.
        origin: "picked" in this round; "before" it, and kept since it was on its way to the screen; or drawn by
            "chance", since the picks are used up.
        is_cold: whether picks are not guided by scores yet; see `Round`.
    """

    item: int
    row: int
    likeliest: tuple[int, ...]
    shares: tuple[float, ...]
    margin: float
    nearest: tuple[int, ...]
    is_held_out: bool
    origin: Literal["picked", "before", "chance"]
    is_cold: bool


def picks_told(latest: Round, items: SessionItems, state: State, ids: NDArray[np.int64]) -> list[Pick]:
    """Why each of these items is asked about.

    Args:
        latest: the round that asks about them.
        items: of the session, as the round's run sees them.
        state: of the session now.
        ids: of the items, the first one next, shape (n,).
    """
    rows = items.by_id.rows(ids)
    labels = items.labels(state)
    nearest = nearest_labelled(items, labels, rows[:LOOKED_AT])
    nearest += [()] * (len(rows) - len(nearest))
    are_open = (labels[items.by_id.rows(latest.picks)] < 0).any()
    is_picked = np.isin(ids, latest.picks)
    found = []
    for place, (row, item) in enumerate(zip(rows.tolist(), ids.tolist(), strict=True)):
        two, margin = latest.two_likeliest(row)
        share = 1 / (1 + np.exp(-margin))
        found.append(
            Pick(
                item,
                row,
                tuple(state.classes.follow(np.array(two, np.int64)).tolist()),
                (float(share), float(1 - share)) if two else (),
                margin,
                nearest[place],
                bool(items.held_out[row]),
                "picked" if is_picked[place] else "before" if are_open else "chance",
                latest.is_cold,
            )
        )
    return found


def nearest_labelled(items: SessionItems, labels: NDArray[np.int64], rows: NDArray[np.intp]) -> list[tuple[int, ...]]:
    """Rows of the labelled items nearest to each of these, the nearest first."""
    labelled = np.flatnonzero(labels >= 0)
    if not len(labelled):
        return [()] * len(rows)
    z = items.z[labelled]
    hits = (best(euclidean_distances(items.z[row], z), NEAREST, largest=False) for row in rows)
    return [tuple(labelled[one.rows].tolist()) for one in hits]
