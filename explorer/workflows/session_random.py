"""What random picks would have given in a labeling session, simulated with labels that the data set has."""

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.labeling.progress import Known, RandomCurve, random_curve
from explorer.labeling.rounds import SessionItems
from explorer.workflows.desk import Desk

FIRST_COUNT = 10  # labels after which random picks are measured first, then each time after a root of 2 more
SEEDS = (0, 1, 2)


def simulated_labels(desk: Desk) -> int:
    """How many labels the curve of random picks goes up to now; 0 where none can be simulated.

    That takes labels that the data set has and the session does not see.
    """
    items, tested = desk.items(desk.session.plan.run), desk.tested(desk.session.plan.run)
    if not items.is_rehearsal or not (len(tested.truth) or items.held_out.any()):
        return 0
    start, n = _known_before(items), int((items.learned(desk.state()) >= 0).sum())
    return _grid(len(start), min(max(n, len(start) + 4 * FIRST_COUNT), len(items)))[-1]


def random_picks(desk: Desk, most: int, progress: Progress | None = None) -> RandomCurve:
    """The error that random picks would have given on the run that the session began with.

    They begin with what was known before the session. Measured on the test items with known labels, or else on the
    items held out.

    Args:
        desk: of the session.
        most: labels, as `simulated_labels` says.
        progress: called with fits done and fits in all.
    """
    items, tested = desk.items(desk.session.plan.run), desk.tested(desk.session.plan.run)
    classes, start = desk.state().classes, _known_before(items)
    everything = Known(items.z, classes.follow(np.where(items.known >= 0, items.known, items.truth)))
    on = Known(tested.z, classes.follow(tested.truth))
    if not len(tested.truth):
        on = Known(items.z[items.held_out], everything.truth[items.held_out])
    is_known, can_be_drawn = everything.truth >= 0, (items.known < 0) & ~items.held_out
    return random_curve(
        everything,
        np.flatnonzero(is_known & can_be_drawn),
        _grid(len(start), most),
        Known(on.z[on.truth >= 0], on.truth[on.truth >= 0]),
        SEEDS,
        start=start[is_known[start]],
        progress=progress,
    )


def _known_before(items: SessionItems) -> NDArray[np.intp]:
    """Rows that the classifier learned from before the session."""
    return np.flatnonzero(items.known >= 0)


def _grid(start: int, most: int) -> list[int]:
    """start, if any, and start + 10, 14, 20, 28, 40, ... up to the first that is no less than `most`."""
    found = [start, start + FIRST_COUNT]
    while found[-1] < most:
        found.append(start + round(FIRST_COUNT * 2 ** ((len(found) - 1) / 2)))
    return found[start == 0 :]
