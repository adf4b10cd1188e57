"""Sessions that are put away and brought back, by an event each: of an archived session the last event says so.

It is all there still and can be looked at; but nothing is recorded until it is brought back.
"""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import and_, func, select

from explorer.errors import BadValueError
from explorer.labeling import history
from explorer.labeling.records import Event, Press, Session, moment
from explorer.labeling.schema import Kind, events, sessions
from explorer.labeling.store import LabelStore


@dataclass(frozen=True)
class Standing:
    """What the last event of a session tells.

    Args:
        n_events: in its log.
        last: when the last one was, or the session was made.
        is_archived: whether that one put the session away.
    """

    n_events: int
    last: datetime
    is_archived: bool


def standings(store: LabelStore) -> dict[int, Standing]:
    """How each session stands, by its number; no log is read.

    Raises:
        StoreError: the database cannot be read.
    """
    log = events.alias()
    newest = select(func.max(log.c.seq)).where(log.c.session == sessions.c.id).correlate(sessions).scalar_subquery()
    both = sessions.outerjoin(events, and_(events.c.session == sessions.c.id, events.c.seq == newest))
    asked = select(sessions.c.id, sessions.c.created, events.c.seq, events.c.at, events.c.kind).select_from(both)
    with store.database.reading() as connection:
        return {
            row.id: Standing(row.seq or 0, moment(row.at or row.created), row.kind == Kind.ARCHIVED)
            for row in connection.execute(asked)
        }


def archived(store: LabelStore, session: Session) -> Event | None:
    """What put a session away; None of one that is in use.

    Raises:
        StoreError: the database cannot be read.
    """
    with store.database.reading() as connection:
        last = history.newest(connection, session.id)
    return last if last is not None and last.kind == Kind.ARCHIVED else None


def archive(store: LabelStore, session: Session, who: str) -> None:
    """Put a session away.

    Raises:
        BadValueError: it is archived already, or no name.
        StoreError: the database cannot be written.
    """
    _say(store, session, who, Kind.ARCHIVED)


def bring_back(store: LabelStore, session: Session, who: str) -> None:
    """Let an archived session take labels again.

    Raises:
        BadValueError: it is not archived, or no name.
        StoreError: the database cannot be written.
    """
    _say(store, session, who, Kind.BROUGHT_BACK)


def _say(store: LabelStore, session: Session, who: str, kind: Kind) -> None:
    (answer,) = store.record(session, who, [Press(kind, f"archive-{token_hex(12)}")])
    if answer.refusal:
        raise BadValueError(answer.refusal)
