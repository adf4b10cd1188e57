"""What a database says when it cannot go on, as one sentence for a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as OutOfConnections

from explorer.errors import StoreError

SAFE = "Everything acknowledged so far is kept."

# Words of SQLite's own messages, or PostgreSQL's and its codes, since its words are of its own language; what to tell.
TOLD = (
    (
        ("database or disk is full", "no space left", "53100"),
        "is full. {safe} Make room on its disk, then press again.",
    ),
    (
        ("readonly database", "read-only transaction", "permission denied", "25006", "42501"),
        "can be read but not written. {safe} Give this account the right to write there, then press again.",
    ),
    (
        ("database is locked", "database table is locked", "lock timeout", "lock_timeout", "55p03"),
        "was held by another program for too long. {safe} Press again; if it stays so, end the other program.",
    ),
    (
        ("unable to open database file", "disk i/o error"),
        "cannot be opened or read. {safe} See that its folder and its disk are there, then press again.",
    ),
    (
        ("malformed", "not a database"),
        "is damaged or no database of labels. Move it away, and put a backup in its place.",
    ),
    (
        ("password authentication", "no password supplied", "no pg_hba.conf entry", "3d000", "28p01"),
        "refuses the account or does not know the database. Correct the setting database_url.",
    ),
)
AWAY = "does not answer. {safe} See that it runs and can be reached, then press again."
OTHER = "could not do it ({reason}). {safe} Press again; if it stays so, restore a backup."


def where(url: URL) -> str:
    """The database in words, without account or password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {str(url.database or '').removeprefix('file:').split('?')[0]}"
    return f"The database {url.database or ''} on {url.host or url.query.get('host') or 'this machine'}"


@contextmanager
def telling_of_the_database(engine: Engine) -> Iterator[None]:
    """Turn what the database or its driver says into one `StoreError`."""
    driver: Any = engine.dialect.loaded_dbapi
    try:
        yield
    except (DBAPIError, OutOfConnections, driver.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        away = engine.dialect.name == "postgresql" and isinstance(cause, driver.OperationalError)
        said = f"{getattr(cause, 'sqlstate', None) or ''} {cause}"
        told = _told(said, away or isinstance(cause, OutOfConnections))
        raise StoreError(f"{where(engine.url)} {told}") from error


def _told(said: str, is_away: bool) -> str:
    for words, told in TOLD:
        if any(word in said.lower() for word in words):
            return told.format(safe=SAFE)
    if is_away:
        return AWAY.format(safe=SAFE)
    return OTHER.format(reason=" ".join(said.split())[:200], safe=SAFE)
