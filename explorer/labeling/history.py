"""The log of a session as it stands, for a person to read."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from explorer.labeling.records import Event, moment
from explorer.labeling.schema import Kind, annotators, events

CHUNK = 10_000  # events in memory at once


def of_item(connection: Connection, session: int, item: int) -> list[Event]:
    """All that was ever said of an item, undos and redos of it too, in order."""
    c = events.c
    said = [*connection.execute(_events(session).where(c.item == item).order_by(c.seq))]
    firsts = [row.target or row.seq for row in said]
    back = _events(session).where(c.kind.in_([int(Kind.UNDO), int(Kind.REDO)]), c.target.in_(firsts))
    return sorted((_event(row) for row in [*said, *connection.execute(back)]), key=lambda event: event.seq)


def walk(connection: Connection, session: int, after: int = 0) -> Iterator[Event]:
    """Every event of a session behind `after`, in order, a part of them in memory at a time."""
    asked = _events(session).order_by(events.c.seq).limit(CHUNK)
    while rows := connection.execute(asked.where(events.c.seq > after)).all():
        yield from map(_event, rows)
        after = rows[-1].seq


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
