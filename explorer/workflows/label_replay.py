"""A labeling session rebuilt from its log alone: every round with its picks, then the state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError, StoreError
from explorer.labeling.history import walk
from explorer.labeling.records import Event
from explorer.labeling.replaying import Rebuilt, differences
from explorer.labeling.schema import Kind
from explorer.workflows.desk import Desk


@dataclass(frozen=True, eq=False)
class Replayed:
    """A round of a session, rebuilt.

    Args:
        number: from 1.
        refit: its event.
        n_labels: labels that it learned from; 0 where it could not be rebuilt.
        picks: ids, in their order, shape (n,).
        n_after: labels that were given until the next round,
        n_picked: and how many of those were of the picks.
        problem: why it could not be rebuilt, such as a run that is gone; empty if it was.
    """

    number: int
    refit: Event
    n_labels: int
    picks: NDArray[np.int64]
    n_after: int
    n_picked: int
    problem: str = ""


def rounds(desk: Desk, progress: Callable[[int, int], None] | None = None) -> Iterator[Replayed]:
    """Every round of a session in order, each rebuilt from the log before it.

    Args:
        desk: of the session.
        progress: of rounds.

    Raises:
        StoreError: the database cannot be read.
    """
    refits = desk.store.refits(desk.session)
    given = _given(desk, [event.seq for event in refits])
    for number, (refit, items) in enumerate(zip(refits, given, strict=True), 1):
        if progress is not None:
            progress(number, len(refits))
        try:
            made = desk.round_of(refit)
        except StoreError:
            raise
        except ExplorerError as error:
            yield Replayed(number, refit, 0, np.empty(0, np.int64), len(items), 0, str(error))
        else:
            n_picked = int(np.isin(items, made.picks).sum())
            yield Replayed(number, refit, made.n_labels, made.picks, len(items), n_picked)


def rebuilt(desk: Desk) -> tuple[Rebuilt, list[str]]:
    """What a walk over the log comes to, and in what the store's derived state differs from it: in nothing."""
    found = Rebuilt()
    with desk.store.database.reading() as connection:
        for event in walk(connection, desk.session.id):
            found.take(event)
        state = desk.store.state_at(connection, desk.session)
    return found, differences(found, state, desk.store.annotators())


def _given(desk: Desk, starts: list[int]) -> list[NDArray[np.int64]]:
    """The items of the labels that were given after each of these events and before the next one."""
    items: list[list[int]] = [[] for _ in starts]
    with desk.store.database.reading() as connection:
        for event in walk(connection, desk.session.id):
            at = int(np.searchsorted(starts, event.seq)) - 1
            if at >= 0 and event.kind == Kind.LABEL and event.item is not None:
                items[at].append(event.item)
    return [np.array(some, np.int64) for some in items]
