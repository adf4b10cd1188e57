"""What a session's log comes to: who says what of which item, what is skipped and what is flagged.

Of an item each annotator holds at most one opinion: the class of the own label that counts last. An opinion on a
class that was merged means the class it was merged into; one on a deleted class is none. Of several annotators'
opinions the latest is the item's label; where they differ, the item is in conflict. An undone press counts as if it
had never been; a redone one as if it had been made at the moment of the redo.

A conflict is settled by a label that says so, of whomever. It is its annotator's opinion as any label; besides, while
all opinions since then agree with it, the item is not in conflict, whatever was said before. So what is settled is the
item's label, a later opinion that differs opens the conflict anew, and a settlement whose class was deleted is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.labeling.classes import NONE, Classes
from explorer.labeling.log import SETTLING, Column, Log, empty_log
from explorer.labeling.schema import Kind

MOST_ITEMS_MENDED = 50  # more changed items than this, and all are derived anew
FEW = 1024  # items looked through first for free ones


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
        settlements: the newest label of each item that settles, raw classes as values.
    """

    seq: int
    classes: Classes
    opinions: Opinions
    skips: Opinions
    flags: Opinions
    settlements: Opinions

    def labels(self) -> Labels:
        """The label of each labelled item."""
        held, classes = self.held()
        is_last = np.append(held.items[1:] != held.items[:-1], True)[: len(held.items)]
        return Labels(held.items[is_last], classes[is_last], held.annotators[is_last], held.orders[is_last])

    def conflicts(self, items: ArrayLike | None = None) -> tuple[Conflict, ...]:
        """Items on which annotators differ and nobody settled it, by id.

        Args:
            items: ids, only these; None for all.
        """
        held, classes = self.held()
        first, ends, differ = self._differ(held, classes)
        if items is not None:
            differ &= contains(np.unique(np.asarray(items, np.int64)), held.items[first])
        return tuple(
            Conflict(
                int(held.items[start]),
                tuple(zip(held.annotators[start:end].tolist(), classes[start:end].tolist(), strict=True)),
            )
            for start, end in zip(first[differ].tolist(), ends[differ].tolist(), strict=True)
        )

    def in_conflict(self) -> Column:
        """Ids of the items on which annotators differ and nobody settled it, ascending."""
        held, classes = self.held()
        first, _, differ = self._differ(held, classes)
        items: Column = held.items[first[differ]]
        return items

    def settled(self) -> Labels:
        """The items whose conflict is settled: as what, by whom and when."""
        made, classes = self.settlements, self.classes.follow(self.settlements.values)
        if not len(made.items):
            return Labels(made.items, classes, made.annotators, made.orders)
        held, said = self.held()
        rows = np.flatnonzero(contains(made.items, held.items))
        at = np.searchsorted(made.items, held.items[rows])
        since = held.orders[rows] >= made.orders[at]
        agree = said[rows] == classes[at]
        n_agree, n_differ = (np.bincount(at[since & which], minlength=len(made.items)) for which in (agree, ~agree))
        holds = (classes != NONE) & (n_agree > 0) & (n_differ == 0)
        return Labels(made.items[holds], classes[holds], made.annotators[holds], made.orders[holds])

    def _differ(self, held: Opinions, classes: Column) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Where the opinions on each item begin and end, and whether they differ unsettled; shape (items,) each."""
        first = np.flatnonzero(np.append(True, held.items[1:] != held.items[:-1])[: len(held.items)])
        if not len(first):
            return first, first, np.empty(0, bool)
        differ = np.minimum.reduceat(classes, first) != np.maximum.reduceat(classes, first)
        differ &= ~contains(self.settled().ids, held.items[first])
        return first, np.append(first[1:], len(held.items)), differ

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
        for part in ("opinions", "skips", "flags", "settlements")
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
        settlements=_newest(log, rows[log.targets[rows] == SETTLING], log.classes, by_annotator=False),
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


def first_free(items: Column, n: int, taken: Sequence[Column]) -> Column:
    """The first n of `items` that stand in none of `taken`, ascending each: most often they are among the first few."""
    free, at, block = [items[:0]], 0, max(FEW, n)
    while at < len(items) and sum(map(len, free)) < n:
        part = items[at : at + block]
        free.append(part[~np.logical_or.reduce([contains(ids, part) for ids in taken])])
        at, block = at + block, 4 * block
    return np.concatenate(free)[:n]
