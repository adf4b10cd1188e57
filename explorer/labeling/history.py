"""The log of a session as it stands, for a person to read."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from explorer.labeling.records import Event, moment
from explorer.labeling.schema import Kind, annotators, events

CHUNK = 10_000  # events in memory at once
NEWEST = 2000  # presses of labels that tell how fast it goes
CHUNK_ASKED = 500  # places asked for at once


def of_item(connection: Connection, session: int, item: int) -> list[Event]:
    """All that was ever said of an item, undos and redos of it too, in order."""
    c = events.c
    said = [*connection.execute(_events(session).where(c.item == item).order_by(c.seq))]
    firsts = [row.target or row.seq for row in said]
    back = _events(session).where(c.kind.in_([int(Kind.UNDO), int(Kind.REDO)]), c.target.in_(firsts))
    return sorted((_event(row) for row in [*said, *connection.execute(back)]), key=lambda event: event.seq)


def at(connection: Connection, session: int, seqs: Sequence[int]) -> list[Event]:
    """The events at these places of the log, in order."""
    found: list[Any] = []
    for start in range(0, len(seqs), CHUNK_ASKED):
        part = seqs[start : start + CHUNK_ASKED]
        found += connection.execute(_events(session).where(events.c.seq.in_(part)).order_by(events.c.seq)).all()
    return [_event(row) for row in found]


def walk(connection: Connection, session: int, after: int = 0) -> Iterator[Event]:
    """Every event of a session behind `after`, in order, a part of them in memory at a time."""
    asked = _events(session).order_by(events.c.seq).limit(CHUNK)
    while rows := connection.execute(asked.where(events.c.seq > after)).all():
        yield from map(_event, rows)
        after = rows[-1].seq


def newest_refit(connection: Connection, session: int, after: int) -> tuple[int, str] | None:
    """Seq and run of the newest refit behind `after`; None where there is none."""
    c = events.c
    asked = select(c.seq, c.run).where(c.session == session, c.kind == int(Kind.REFIT), c.seq > after)
    row = connection.execute(asked.order_by(c.seq.desc()).limit(1)).first()
    return None if row is None else (row.seq, row.run)


def newest(connection: Connection, session: int) -> Event | None:
    """The last event of a session; None before the first one. The log itself is not read."""
    row = connection.execute(_events(session).order_by(events.c.seq.desc()).limit(1)).first()
    return None if row is None else _event(row)


def newest_labels(connection: Connection, session: int) -> list[tuple[int, int]]:
    """Annotator's number and time, microseconds since 1970, of the newest presses of labels; a lasso is one."""
    c = events.c
    asked = select(c.annotator, c.at).where(c.session == session, c.kind == int(Kind.LABEL), c.target.is_(None))
    return [(row.annotator, row.at) for row in connection.execute(asked.order_by(c.seq.desc()).limit(NEWEST))]


def names(connection: Connection) -> dict[int, str]:
    """Every annotator's name by number."""
    return {row.id: row.name for row in connection.execute(select(annotators))}


def _events(session: int) -> Select[Any]:
    who = annotators.c.name.label("who")
    return select(events, who).join(annotators).where(events.c.session == session)


def _event(row: Any) -> Event:
    found = row._mapping
    same = {name: found[name] for name in ("seq", "who", "item", "target", "run")}
    return Event(
        **same,
        kind=Kind(found["kind"]),
        class_number=found["class"],
        text=found["text"] or "",
        at=moment(found["at"]),
        key=found["key"] or "",
    )
