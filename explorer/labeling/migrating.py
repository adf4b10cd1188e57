"""Bring a database to the tables of this version, when it is opened."""

from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, inspect, text

from explorer.errors import StoreError
from explorer.labeling.engine import Database
from explorer.labeling.faults import where

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = "0002"
ONE_AT_A_TIME = 4_081_997_220_117_306  # PostgreSQL's advisory lock, any number that nobody else takes

_alembic = Lock()  # its context is one for the whole process


def migrate(database: Database, revision: str = HEAD) -> None:
    """Run the migrations that are missing, all or none of them.

    Of several processes that begin at once one migrates, and the others wait.

    Args:
        database: empty, or of this or an earlier version.
        revision: which to end at.

    Raises:
        StoreError: a database of a later version, or one that cannot be written.
    """
    with database.reading() as connection:
        if _revision(connection) == revision:
            return
    with _alembic, database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
        _upgrade(connection, revision)
        if (found := _revision(connection)) != revision:
            raise StoreError(f"{where(database.url)} has the tables of version {found}, later than {revision}. Update.")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(
            f"{where(connection.engine.url)} was written by a later version of latent-explorer. Update this one."
        ) from error
