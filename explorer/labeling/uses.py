"""Which sessions need a run: those that began with it, label with it, or fitted a round on it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, select

from explorer.labeling.engine import FILE, Database, database_of
from explorer.labeling.history import newest_refit
from explorer.labeling.schema import Kind, events, sessions
from explorer.settings import Settings

PATIENCE = 1.0  # seconds: who only looks waits for nobody


@dataclass(frozen=True)
class Use:
    """A session that needs a run.

    Args:
        session: its name.
        first: the run that it began with.
        how: "began" with it, "labels" with it now, or a "past" round needs it to be made again.
    """

    session: str
    first: str
    how: Literal["began", "labels", "past"]


def uses(connection: Connection, run: str) -> list[Use]:
    """Every session that needs a run, the newest first.

    The database looks through all logs for refits, which takes longer the more labels there are: ask on a click, not
    at each run of a page.
    """
    c = sessions.c
    fitted = select(events.c.session).where(events.c.kind == int(Kind.REFIT), events.c.run == run)
    asked = select(c.id, c.name, c.run).where((c.run == run) | c.id.in_(fitted)).order_by(c.id.desc())
    found = []
    for number, name, first in connection.execute(asked).all():
        newest = newest_refit(connection, number, 0)
        is_used = newest is not None and newest[1] == run
        found.append(Use(name, first, "began" if first == run else "labels" if is_used else "past"))
    return found


def needed_runs(connection: Connection) -> set[str]:
    """Every run that some session needs; as slow as `uses`, however many there are."""
    fitted = select(events.c.run).where(events.c.kind == int(Kind.REFIT))
    return set(connection.execute(select(sessions.c.run).union(fitted)).scalars())


def existing_database(settings: Settings) -> Database | None:
    """The database that the settings name; None where it is a file that is not there, and looking makes none.

    Raises:
        StoreError: an address that is none, or PostgreSQL without its driver.
    """
    is_default = not settings.database_url.get_secret_value()
    if is_default and not (settings.data_root / FILE).is_file():
        return None
    database = database_of(settings, PATIENCE)
    file = Path(str(database.url.database or "").removeprefix("file:").split("?")[0])
    return None if database.engine.dialect.name == "sqlite" and not file.is_file() else database
