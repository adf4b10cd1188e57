"""What a session's log comes to: who says what of which item, what is skipped and what is flagged.

Of an item each annotator holds at most one opinion: the class of the own label that counts last. An opinion on a
class that was merged means the class it was merged into; one on a deleted class is none. Of several annotators'
opinions the latest is the item's label; where they differ, the item is in conflict. An undone press counts as if it
had never been; a redone one as if it had been made at the moment of the redo.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.labeling.classes import NONE, Classes
from explorer.labeling.log import Column, Log, empty_log
from explorer.labeling.schema import Kind

MOST_ITEMS_MENDED = 50  # more changed items than this, and all are derived anew


@dataclass(frozen=True)
class Labels:
    """The label of each labelled item, shape (n,) each.

    Args:
        ids: of the items, ascending.
        classes: numbers of living classes.
        annotators: numbers of those who gave them.
        seqs: the moments in the log since when they count.
    """

    ids: Column
    classes: Column
    annotators: Column
    seqs: Column


@dataclass(frozen=True)
class Conflict:
    """An item on which annotators differ.

    Args:
        item: id.
        opinions: annotator's number and class, the latest last.
    """

    item: int
    opinions: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Opinions:
    """Rows of the log that stand, by item and then by moment.

    Args:
        items, annotators, values, orders: columns of shape (n,).
    """

    items: Column
    annotators: Column
    values: Column
    orders: Column

    def without(self, items: Column) -> "Opinions":
        """Those of other items."""
        kept = ~np.isin(self.items, items)
        return Opinions(self.items[kept], self.annotators[kept], self.values[kept], self.orders[kept])

    def with_rows(self, more: "Opinions") -> "Opinions":
        """These and those of items that are not here."""
        at = np.searchsorted(self.items, more.items, side="right")
        return Opinions(
            np.insert(self.items, at, more.items),
            np.insert(self.annotators, at, more.annotators),
            np.insert(self.values, at, more.values),
            np.insert(self.orders, at, more.orders),
        )


@dataclass(frozen=True)
class State:
    """What a session's log comes to.

    Args:
        seq: the last event that it knows.
        classes: the session's classes.
        opinions: the newest label of each annotator for each item, raw classes as values.
        skips: who skipped which item.
        flags: the newest flag or unflag of each item, kinds as values.
    """

    seq: int
    classes: Classes
    opinions: Opinions
    skips: Opinions
    flags: Opinions

    def labels(self) -> Labels:
        """The label of each labelled item."""
        held, classes = self.held()
        is_last = np.append(held.items[1:] != held.items[:-1], True)[: len(held.items)]
        return Labels(held.items[is_last], classes[is_last], held.annotators[is_last], held.orders[is_last])

    def conflicts(self) -> tuple[Conflict, ...]:
        """Items on which annotators differ, by id."""
        held, classes = self.held()
        first = np.flatnonzero(np.append(True, held.items[1:] != held.items[:-1])[: len(held.items)])
        if not len(first):
            return ()
        differ = np.minimum.reduceat(classes, first) != np.maximum.reduceat(classes, first)
        ends = np.append(first[1:], len(held.items))
        return tuple(
            Conflict(
                int(held.items[start]),
                tuple(zip(held.annotators[start:end].tolist(), classes[start:end].tolist(), strict=True)),
            )
            for start, end in zip(first[differ].tolist(), ends[differ].tolist(), strict=True)
        )

    def counts(self) -> dict[int, int]:
        """Items of each living class by its number, those without any too."""
        found = np.bincount(self.labels().classes, minlength=len(self.classes.names))
        return {number: int(found[number]) for number in self.classes.living}

    def skipped(self, annotator: int | None = None) -> Column:
        """Ids of the items that this annotator skipped, or that anybody did; ascending."""
        if annotator is None:
            return np.unique(self.skips.items)
        return np.unique(self.skips.items[self.skips.annotators == annotator])

    def flagged(self) -> Column:
        """Ids of the items whose newest flag was not taken back, ascending."""
        items: Column = self.flags.items[self.flags.values == Kind.FLAG]
        return items

    def held(self) -> tuple[Opinions, Column]:
        """The opinions on classes that live, by item and then by moment, and those classes."""
        classes = self.classes.follow(self.opinions.values)
        lives = classes != NONE
        if lives.all():
            return self.opinions, classes
        kept = self.opinions
        return Opinions(kept.items[lives], kept.annotators[lives], kept.values[lives], kept.orders[lives]), classes[
            lives
        ]


def derive(log: Log) -> State:
    """All of a log at once."""
    return _derive(log, np.arange(len(log)))


def advance(state: State, log: Log) -> State:
    """The state after a longer log, mending only the items of which something was added.

    Args:
        state: of the same log when it was shorter.
        log: as it is now.
    """
    new = slice(state.seq, len(log))
    refers = np.isin(log.kinds[new], (Kind.UNDO, Kind.REDO))
    acts = log.kinds[new] <= Kind.UNFLAG
    touched = [log.items[new][acts]]
    for first in np.unique(log.targets[new][refers]).tolist():
        touched += [log.items[first - 1 : first], log.items[log.targets == first]]
    items = np.unique(np.concatenate(touched))
    if len(items) > MOST_ITEMS_MENDED:
        return derive(log)
    mended = _derive(log, np.flatnonzero(np.isin(log.items, items)))
    parts = {
        part: getattr(state, part).without(items).with_rows(getattr(mended, part))
        for part in ("opinions", "skips", "flags")
    }
    return replace(state, seq=len(log), classes=log.known, **parts)


def start() -> State:
    """The state of a session in which nothing happened."""
    return derive(empty_log())


def _derive(log: Log, rows: NDArray[np.intp]) -> State:
    """The state that these rows alone come to."""
    rows = rows[log.orders[rows] > 0]
    kinds = log.kinds[rows]
    return State(
        len(log),
        log.known,
        opinions=_newest(log, rows[kinds == Kind.LABEL], log.classes, by_annotator=True),
        skips=_newest(log, rows[kinds == Kind.SKIP], log.kinds, by_annotator=True),
        flags=_newest(log, rows[(kinds == Kind.FLAG) | (kinds == Kind.UNFLAG)], log.kinds, by_annotator=False),
    )


def _newest(log: Log, rows: NDArray[np.intp], values: Column, *, by_annotator: bool) -> Opinions:
    """Of rows of one item, or of one item and annotator, the newest; by item and then by moment."""
    if (np.diff(log.orders[rows]) < 0).any():
        rows = rows[np.argsort(log.orders[rows])]
    rows = rows[np.argsort(log.items[rows], kind="stable")]
    items = log.items[rows]
    is_last = np.append(items[1:] != items[:-1], True)[: len(rows)]
    if by_annotator:  # of items of which more than one row speaks, each annotator's last too
        again = np.flatnonzero(~is_last)
        several = np.union1d(again, again + 1)
        newest = several[np.lexsort((several, log.annotators[rows[several]], items[several]))]
        who, what = log.annotators[rows[newest]], items[newest]
        is_last[newest] |= np.append((who[1:] != who[:-1]) | (what[1:] != what[:-1]), True)[: len(newest)]
    rows = rows[is_last]
    return Opinions(log.items[rows], log.annotators[rows], values[rows], log.orders[rows])


def contains(ascending: Column, items: Column) -> NDArray[np.bool_]:
    """Which of `items` stand in `ascending`, shape as items."""
    if not len(ascending):
        return np.zeros(len(items), bool)
    at = np.minimum(np.searchsorted(ascending, items), len(ascending) - 1)
    found: NDArray[np.bool_] = ascending[at] == items
    return found
