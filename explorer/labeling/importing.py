"""Take labels of a file into a session: first what would change, then the change."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike
from sqlalchemy import Connection

from explorer.errors import BadValueError
from explorer.labeling.decoding import Given
from explorer.labeling.recording import hold, record
from explorer.labeling.records import Press, Session, person
from explorer.labeling.schema import Kind
from explorer.labeling.state import State, contains
from explorer.labeling.store import LabelStore


@dataclass(frozen=True)
class Changes:
    """What an import would do; nothing is done yet.

    Args:
        seq: the last event that was known when it was looked at.
        added: labels of items on which nobody differs.
        changed: labels that replace another one of the same annotator.
        same: labels that are there already.
        conflicts: labels from which another annotator differs, in the session or in the file. They are taken only
            when asked for.
        contradictions: labels of items of which the file says two things of one annotator. Never taken.
        unknown_items: labels of ids that the data set does not have. Never taken.
        unknown_classes: labels of classes that the session does not have, by name. Never taken.
    """

    seq: int
    added: tuple[Given, ...]
    changed: tuple[Given, ...]
    same: tuple[Given, ...]
    conflicts: tuple[Given, ...]
    contradictions: tuple[Given, ...]
    unknown_items: tuple[Given, ...]
    unknown_classes: tuple[Given, ...]


def plan_import(
    store: LabelStore, session: Session, given: Sequence[Given], who: str, items: ArrayLike | None = None
) -> Changes:
    """What these labels would change.

    Args:
        store: where the session is.
        session: which.
        given: of a file, as `decode` reads it.
        who: the annotator of rows that name none.
        items: every id of the data set; None believes the file.

    Raises:
        BadValueError: no name.
        StoreError: the database cannot be read.
    """
    name = person(who)
    rows = [Given(row.item, row.name, row.who or name) for row in given]
    state = store.state(session)
    names = store.annotators()
    numbers = {text: number for number, text in state.classes.living.items()}
    held, classes = state.held()
    said: dict[int, dict[str, int]] = defaultdict(dict)
    for item, annotator, number in zip(held.items.tolist(), held.annotators.tolist(), classes.tolist(), strict=True):
        said[item][names[annotator]] = number
    return _sorted(state.seq, rows, numbers, said, _unknown(rows, items))


def _unknown(rows: Sequence[Given], items: ArrayLike | None) -> set[int]:
    """Ids that the data set does not have."""
    if items is None:
        return set()
    ids = np.array([row.item for row in rows], np.int64)
    return set(ids[~contains(np.sort(np.asarray(items, np.int64)), ids)].tolist())


def _sorted(
    seq: int, rows: Sequence[Given], numbers: dict[str, int], said: dict[int, dict[str, int]], unknown: set[int]
) -> Changes:
    """Each row once, in the pile where it belongs."""
    piles: dict[str, list[Given]] = defaultdict(list)
    offered: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        offered[row.item][row.who].add(row.name)
    for row in dict.fromkeys(rows):
        own = said.get(row.item, {}).get(row.who)
        others = {number for who, number in said.get(row.item, {}).items() if who != row.who}
        others |= {
            numbers.get(name, -1) for who, names in offered[row.item].items() if who != row.who for name in names
        }
        if row.item in unknown:
            pile = "unknown_items"
        elif row.name not in numbers:
            pile = "unknown_classes"
        elif len(offered[row.item][row.who]) > 1:
            pile = "contradictions"
        elif own == numbers[row.name]:
            pile = "same"
        elif others - {numbers[row.name]}:
            pile = "conflicts"
        else:
            pile = "added" if own is None else "changed"
        piles[pile].append(row)
    every = [name for name in Changes.__dataclass_fields__ if name != "seq"]
    return Changes(seq, **{name: tuple(piles[name]) for name in every})


def apply_import(store: LabelStore, session: Session, changes: Changes, *, with_conflicts: bool = False) -> int:
    """Make the changes, in one transaction, as labels of the annotators whom the file names.

    Args:
        store: where the session is.
        session: which.
        changes: as looked at.
        with_conflicts: take those too: both labels are kept, and the later one counts.

    Returns:
        How many labels were written.

    Raises:
        BadValueError: something was recorded since the changes were looked at; nothing was written.
        StoreError: the database cannot be written; nothing was.
    """
    rows = [*changes.added, *changes.changed, *(changes.conflicts if with_conflicts else ())]
    with store.database.writing() as connection:
        hold(connection, session.id)
        state = store.state_at(connection, session)
        if state.seq != changes.seq:
            raise BadValueError("Somebody labelled since the import was looked at. Look again at what it would change.")
        _write(connection, session, state, rows, store.now())
    return len(rows)


def _write(connection: Connection, session: Session, state: State, rows: Sequence[Given], at: int) -> None:
    """Labels in few presses: the first row of each item, then the second of each, so that its last one counts."""
    piles: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    times: Counter[int] = Counter()
    for row in rows:
        piles[times[row.item], row.who, row.name].append(row.item)
        times[row.item] += 1
    for (time, who, name), items in sorted(piles.items(), key=lambda pile: pile[0][0]):
        key = sha256(repr((state.seq, time, who, name)).encode()).hexdigest()[:50]
        press = Press(Kind.LABEL, f"import-{key}", tuple(items), state.classes.number(name))
        for answer in record(connection, session.id, who, [press], run=session.plan.run, at=at):
            if answer.refusal:
                raise BadValueError(answer.refusal)
