"""What the colours of a session's map say: its labels so far, what its classifier predicts, and how sure that is."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from explorer.errors import UnknownNameError
from explorer.figures import class_colours
from explorer.labeling.rounds import Round, SessionItems
from explorer.labeling.state import State
from explorer.workflows.columns import Column, of_groups, of_values

TITLES = {"labels": "Labels so far", "predicted": "Predicted class", "margin": "Margin"}


def session_column(
    what: str, ids: NDArray[np.int64], items: SessionItems, state: State, latest: Round | None
) -> Column:
    """One colouring of a map's items.

    Args:
        what: a name in TITLES.
        ids: of the map's items, in its order, shape (n,).
        items: of the session; others on the map, such as test items, are not known.
        state: of the session.
        latest: its newest round; None before there is one.

    Raises:
        UnknownNameError: no such colouring.
    """
    if what not in TITLES:
        raise UnknownNameError(f"There is no colouring {what[:40]!r} of a session; there are: {', '.join(TITLES)}.")
    rows = items.by_id.rows(ids)
    if what == "margin":
        margins = np.full(len(ids), np.nan)
        if latest is not None and latest.svm is not None:
            best = np.partition(latest.scores, -2, axis=1)[:, -2:]
            margins[rows >= 0] = (best[:, 1] - best[:, 0])[rows[rows >= 0]]
        return of_values("margin", "Margin between the two best scores", margins)
    if what == "labels":
        members = items.labels(state)
    else:
        members = np.full(len(items), -1) if latest is None else state.classes.follow(latest.predicted)
    found = np.where(rows >= 0, members[rows], -1)
    living, colours = state.classes.living, class_colours(len(state.classes.names))
    place = np.full(len(state.classes.names) + 1, -1)
    place[list(living)] = np.arange(len(living))
    column = of_groups(what, TITLES[what], place[found], tuple(living.values()))
    return replace(column, own_colours=tuple(colours[number] for number in living))
