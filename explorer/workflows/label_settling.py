"""Settle a conflict between annotators: who says what of an item, and the decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

import numpy as np

from explorer.errors import BadValueError
from explorer.labeling.recording import hold, record
from explorer.labeling.records import Press, Session, person
from explorer.labeling.schema import SETTLES, Kind
from explorer.labeling.state import Labels, State
from explorer.labeling.store import LabelStore


@dataclass(frozen=True)
class Opinion:
    """What an annotator says of an item.

    Args:
        who: the annotator's name.
        number: of the class.
        at: since when it counts, UTC.
        counts: whether it is the item's label.
        settles: whether it settled a conflict, also one that a later opinion opened anew.
    """

    who: str
    number: int
    at: datetime
    counts: bool
    settles: bool


@dataclass(frozen=True)
class Settled:
    """A conflict that was settled.

    Args:
        item: id.
        who: settled it.
        number: of the class that counts.
        at: when, UTC.
    """

    item: int
    who: str
    number: int
    at: datetime


def opinions_on(store: LabelStore, session: Session, state: State, item: int) -> tuple[Opinion, ...]:
    """What each annotator says of an item, the latest last.

    Raises:
        StoreError: the database cannot be read.
    """
    held, classes = state.held()
    rows = np.flatnonzero(held.items == item)
    orders, names = held.orders[rows].tolist(), store.annotators()
    times = {event.seq: event.at for event in store.events(session, orders)}
    settling = state.settlements.orders[state.settlements.items == item]
    return tuple(
        Opinion(names[who], number, times[order], order == orders[-1], bool(order in settling))
        for who, number, order in zip(held.annotators[rows].tolist(), classes[rows].tolist(), orders, strict=True)
    )


def settled_on(store: LabelStore, session: Session, state: State, item: int) -> Settled | None:
    """Who settled the conflict on an item, and as what; None while it is open, or where there never was one.

    Raises:
        StoreError: the database cannot be read.
    """
    done = state.settled()
    at = np.flatnonzero(done.ids == item)
    return named(store, session, done, at[:1].tolist())[0] if len(at) else None


def named(store: LabelStore, session: Session, done: Labels, rows: Sequence[int]) -> list[Settled]:
    """Some of what `State.settled` gives, with names and times; raises as `settled_on`."""
    names, seqs = store.annotators(), done.seqs[list(rows)].tolist()
    times = {event.seq: event.at for event in store.events(session, seqs)}
    return [
        Settled(int(done.ids[row]), names[int(done.annotators[row])], int(done.classes[row]), times[seq])
        for row, seq in zip(rows, seqs, strict=True)
    ]


def newest(state: State, item: int) -> int:
    """The moment in the log since when the newest opinion on an item counts; 0 for none."""
    held, _ = state.held()
    return int(held.orders[held.items == item].max(initial=0))


def settlement(item: int, number: int) -> Press:
    """The press that settles the conflict on an item as a class, under a key of its own."""
    return Press(Kind.LABEL, f"settle-{token_hex(12)}", (item,), number, text=SETTLES)


def settle(store: LabelStore, session: Session, who: str, said: Press, *, seen: int | None = None) -> None:
    """Settle the conflict on an item; one that was settled already can be settled anew.

    Nobody can label the item between the check of what was said of it and the decision. Sent twice, it counts once.

    Args:
        store: where the session is.
        session: which.
        who: decides.
        said: as `settlement` gives it.
        seen: what `newest` said when a person looked at the opinions; None for whatever they are.

    Raises:
        BadValueError: nobody differs, somebody labelled the item since it was looked at, or the class is gone; nothing
            was written.
        StoreError: the database cannot be written; nothing was.
    """
    name = person(who)
    with store.database.writing() as connection:
        hold(connection, session.id)
        state, run = store.state_at(connection, session), store.run_at(connection, session)
        (answer,) = record(connection, session.id, name, [said], run=run, at=store.now())
        if answer.refusal:
            raise BadValueError(answer.refusal)
        if not answer.again:  # what is raised here takes back what was written above
            _check(state, said.items[0], seen)


def _check(state: State, item: int, seen: int | None) -> None:
    """Refuse to settle an item on which nobody differs, or which was labelled since it was looked at."""
    held, classes = state.held()
    said = set(classes[held.items == item].tolist())
    if len(said) < 2 and item not in state.settled().ids:  # noqa: PLR2004 - two differ
        raise BadValueError(f"Nobody differs on item {item}, so there is nothing to settle. Label it instead.")
    if seen is not None and newest(state, item) != seen:
        raise BadValueError(f"Somebody labelled item {item} since you looked at it. Look again, then settle it.")
