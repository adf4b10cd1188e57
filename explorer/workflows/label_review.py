"""What was said in a labeling session, to look through: which items, in which order, and what of each in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.labeling.classes import NONE, Classes
from explorer.labeling.records import Event
from explorer.labeling.schema import Kind
from explorer.labeling.state import State, contains

Which = Literal["labelled", "conflicts", "settled", "flagged", "skipped"]
Column = NDArray[np.int64]
VERBS = {Kind.SKIP: "skipped it", Kind.FLAG: "flagged it", Kind.UNFLAG: "took the flag off"}


@dataclass(frozen=True, eq=False)
class Listing:
    """Items of a session of which something was said, shape (n,) each.

    Args:
        ids: of the items.
        classes: the label of each, or the opinion of the annotator who is asked for; -1 for none.
        annotators: numbers of those who said so, -1 for none.
        moments: in the log, since when what they are listed for counts.
    """

    ids: Column
    classes: Column
    annotators: Column
    moments: Column

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> "Listing":
        """Some of them, in the order given."""
        return Listing(self.ids[rows], self.classes[rows], self.annotators[rows], self.moments[rows])


def listed(state: State, which: Which, *, annotator: int | None = None, number: int | None = None) -> Listing:
    """The items of a session of which something was said, the newest first.

    Args:
        state: of the session.
        which: "labelled"; "conflicts", on which annotators differ; "settled" ones, listed for whoever settled them;
            "flagged" or "skipped" ones.
        annotator: only what this one said: with the class of this one's opinion, also where another's is the label.
        number: only items of this class.
    """
    said = _said(state, annotator)
    if which == "labelled":
        found = said
    elif which == "conflicts":
        found = said.at(contains(state.in_conflict(), said.ids))
    elif which == "settled":
        done = state.settled()
        found = Listing(done.ids, done.classes, done.annotators, done.seqs)
        if annotator is not None:
            found = said.at(contains(done.ids, said.ids))
    else:
        found = _marked(state, which, annotator, said)
    if number is not None:
        found = found.at(found.classes == number)
    return found.at(np.argsort(-found.moments, kind="stable"))


def by_sureness(found: Listing, rows: NDArray[np.integer], scores: NDArray[np.floating]) -> Listing:
    """The same items, those first whose label the classifier finds least likely.

    Sureness is the score of the label minus the highest of another class; of an item without one, the highest minus
    the second.

    Args:
        found: the items.
        rows: of `scores` for each item, -1 for one that it does not have; shape (n,).
        scores: of each class, shape (items, c); (items, 0) without a classifier.
    """
    sure = np.full(len(found), np.inf)
    knows = (rows >= 0) & (found.classes < scores.shape[1])
    if scores.shape[1] > 1 and knows.any():
        own = scores[rows[knows]].astype(np.float64)
        labels = found.classes[knows]
        labels = np.where(labels == NONE, own.argmax(axis=1), labels)
        given = np.take_along_axis(own, labels[:, None], axis=1)[:, 0]
        np.put_along_axis(own, labels[:, None], -np.inf, axis=1)
        best = own.max(axis=1)
        sure[knows] = np.where(np.isfinite(best) | np.isfinite(given), given - best, np.inf)
    return found.at(np.argsort(sure, kind="stable"))


def readable(events: Sequence[Event], classes: Classes) -> list[tuple[Event, str]]:
    """What each event of an item's history says, in words.

    Args:
        events: as `LabelStore.history` gives them.
        classes: of the session now.
    """
    said: dict[int, str] = {}
    found = []
    for event in events:
        if event.kind in (Kind.UNDO, Kind.REDO):
            does = "took back" if event.kind == Kind.UNDO else "repeated"
            words = f"{does}: {said.get(event.target or 0, 'an earlier press')}"
        else:
            words = _label(event, classes) if event.kind == Kind.LABEL else VERBS[event.kind]
            said[event.target or event.seq] = words
        found.append((event, words))
    return found


def _label(event: Event, classes: Classes) -> str:
    number = event.class_number or 0
    name, fate = classes.names[number], classes.fates[number]
    does = "settled it as" if event.settles else "labelled it"
    if fate == NONE:
        return f"{does} {name}, a class that was deleted since"
    return f"{does} {name}" + ("" if fate == number else f", which counts as {classes.names[fate]} now")


def _said(state: State, annotator: int | None) -> Listing:
    """Each item's label, or this annotator's opinion on it; by id."""
    if annotator is None:
        labels = state.labels()
        return Listing(labels.ids, labels.classes, labels.annotators, labels.seqs)
    held, classes = state.held()
    own = held.annotators == annotator
    return Listing(held.items[own], classes[own], held.annotators[own], held.orders[own])


def _marked(state: State, which: Which, annotator: int | None, said: Listing) -> Listing:
    """Flagged or skipped items, with the label that each has all the same."""
    marks = state.flags if which == "flagged" else state.skips
    own = marks.values == (Kind.FLAG if which == "flagged" else Kind.SKIP)
    own &= True if annotator is None else marks.annotators == annotator
    items, moments = marks.items[own], marks.orders[own]
    is_last = np.append(items[1:] != items[:-1], True)[: len(items)]  # several may have skipped one
    items, moments = items[is_last], moments[is_last]
    classes, annotators = np.full(len(items), NONE), np.full(len(items), NONE)
    has = contains(said.ids, items)
    at = np.searchsorted(said.ids, items[has])
    classes[has], annotators[has] = said.classes[at], said.annotators[at]
    return Listing(items, classes, annotators, moments)
