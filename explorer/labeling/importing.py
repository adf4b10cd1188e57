"""Take labels of a file into a session: first what would change, then the change."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike
from sqlalchemy import Connection

from explorer.errors import BadValueError
from explorer.labeling.decoding import Given
from explorer.labeling.recording import hold, record
from explorer.labeling.records import Press, Session, person
from explorer.labeling.schema import SETTLES, Kind
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
        conflicts: labels from which another annotator differs, in the session or in the file, or which settle that.
            Where the session has settled an item, only what differs from that. They are taken only when asked for.
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
    rows = [replace(row, who=row.who or name) for row in given]
    state = store.state(session)
    names = store.annotators()
    numbers = {text: number for number, text in state.classes.living.items()}
    held, classes = state.held()
    said: dict[int, dict[str, int]] = defaultdict(dict)
    for item, annotator, number in zip(held.items.tolist(), held.annotators.tolist(), classes.tolist(), strict=True):
        said[item][names[annotator]] = number
    done = state.settled()
    settled = dict(zip(done.ids.tolist(), done.classes.tolist(), strict=True))
    made = state.settlements
    settlers = {(item, names[one]) for item, one in zip(made.items.tolist(), made.annotators.tolist(), strict=True)}
    return _sorted(state.seq, rows, numbers, said, settled, settlers, _unknown(rows, items))


def _unknown(rows: Sequence[Given], items: ArrayLike | None) -> set[int]:
    """Ids that the data set does not have."""
    if items is None:
        return set()
    ids = np.array([row.item for row in rows], np.int64)
    return set(ids[~contains(np.sort(np.asarray(items, np.int64)), ids)].tolist())


def _sorted(  # noqa: PLR0913 - the file, and what the session says
    seq: int,
    rows: Sequence[Given],
    numbers: dict[str, int],
    said: dict[int, dict[str, int]],
    settled: dict[int, int],
    settlers: set[tuple[int, str]],
    unknown: set[int],
) -> Changes:
    """Each row once, in the pile where it belongs; a row settles only where somebody differs.

    A settlement that the session has already, but a later label opened anew, settles nothing again.
    """
    piles: dict[str, list[Given]] = defaultdict(list)
    offered: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        offered[row.item][row.who].add(row.name)
    for row in dict.fromkeys(rows):
        own = said.get(row.item, {}).get(row.who)
        others = _others(row, numbers, said, offered) if row.item not in settled else {settled[row.item]}
        differ = others - {numbers.get(row.name, -1)}
        if row.item in unknown:
            pile = "unknown_items"
        elif row.name not in numbers:
            pile = "unknown_classes"
        elif len(offered[row.item][row.who]) > 1:
            pile = "contradictions"
        elif own == numbers[row.name] and not (row.settles and differ and (row.item, row.who) not in settlers):
            pile = "same"
        elif differ:
            pile = "conflicts"
        else:
            pile = "added" if own is None else "changed"
        piles[pile].append(replace(row, settles=row.settles and bool(differ)))
    every = [name for name in Changes.__dataclass_fields__ if name != "seq"]
    return Changes(seq, **{name: tuple(piles[name]) for name in every})


def _others(
    row: Given, numbers: dict[str, int], said: dict[int, dict[str, int]], offered: dict[int, dict[str, set[str]]]
) -> set[int]:
    """The classes that other annotators give its item, in the session or in the file; -1 for an unknown one."""
    found = {number for who, number in said.get(row.item, {}).items() if who != row.who}
    names = {name for who, names in offered[row.item].items() if who != row.who for name in names}
    return found | {numbers.get(name, -1) for name in names}


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
        _write(connection, session, state, rows, store.run_at(connection, session), store.now())
    return len(rows)


def _write(connection: Connection, session: Session, state: State, rows: Sequence[Given], run: str, at: int) -> None:
    """Labels in few presses: the first row of each item, then the second of each, so that its last one counts.

    What settles a conflict is a press of its own. All of one annotator go at once: others wait for this transaction.
    """
    piles: dict[tuple[int, str, str, int | None], list[int]] = defaultdict(list)
    times: Counter[int] = Counter()
    for row in rows:
        piles[times[row.item], row.who, row.name, row.item if row.settles else None].append(row.item)
        times[row.item] += 1
    presses: dict[tuple[int, str], list[Press]] = defaultdict(list)
    for (time, who, name, settled), items in sorted(piles.items(), key=lambda pile: pile[0][0]):
        key = sha256(repr((state.seq, time, who, name, settled)).encode()).hexdigest()[:50]
        text = "" if settled is None else SETTLES
        press = Press(Kind.LABEL, f"import-{key}", tuple(items), state.classes.number(name), text=text)
        presses[time, who].append(press)
    for (_, who), said in presses.items():
        for answer in record(connection, session.id, who, said, run=run, at=at):
            if answer.refusal:
                raise BadValueError(answer.refusal)
