"""The database of labels: SQLite below the data root, or PostgreSQL by its address."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from explorer.errors import StoreError
from explorer.files import telling_of_the_disk
from explorer.labeling.faults import telling_of_the_database, where
from explorer.settings import Settings

FILE = "labels.sqlite"
PATIENCE = 5.0  # seconds that a write waits for others
DRIVER = "postgresql+psycopg"
READING = "reading"  # the execution option of a transaction that only reads


class Database:
    """An engine whose writes wait for each other in turn.

    SQLite lets one write at a time and makes the others poll; within a process the turn is handed on at once.

    Args:
        engine: as `database_of` makes it.
        patience: seconds that a write waits for others.
    """

    def __init__(self, engine: Engine, patience: float = PATIENCE) -> None:
        self.engine = engine
        self.url = engine.url
        self._patience = patience
        self._turn = Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable once the block has ended, and undone if it fails.

        Raises:
            StoreError: the database is full, read-only, locked or away; nothing was kept of the block.
        """
        if self._turn is not None and not self._turn.acquire(timeout=self._patience):
            raise StoreError(f"{where(self.url)} was busy for {self._patience:g} seconds. Press again.")
        try:
            with telling_of_the_database(self.engine), self.engine.begin() as connection:
                yield connection
        finally:
            if self._turn is not None:
                self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database and holds nobody up.

        Raises:
            StoreError: the database cannot be read.
        """
        options = {READING: True} | ({} if self._turn else {"isolation_level": "REPEATABLE READ"})
        with (
            telling_of_the_database(self.engine),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection


def database_of(settings: Settings, patience: float = PATIENCE) -> Database:
    """The database that the settings name.

    Args:
        settings: of the installation.
        patience: seconds that a write waits for others.

    Raises:
        StoreError: an address that is none, or PostgreSQL without its driver.
    """
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite(url, patience), patience)
    milliseconds = int(1000 * patience)
    limits = f"-c lock_timeout={milliseconds} -c synchronous_commit=on"
    engine = create_engine(
        url,
        pool_pre_ping=True,  # a server that was restarted meanwhile is met with new connections
        pool_size=10,
        max_overflow=20,
        pool_timeout=patience,
        connect_args={"options": limits, "connect_timeout": max(2, int(patience))},
    )
    return Database(engine, patience)


def _url(settings: Settings) -> URL:
    text = settings.database_url.get_secret_value()
    if not text:
        with telling_of_the_disk(settings.data_root, "Choose another data_root.", StoreError):
            settings.data_root.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(Path(settings.data_root, FILE).absolute()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError("database_url is no address; it looks like postgresql://user:password@host/name.") from None
    if url.drivername == "sqlite" and url.database:
        return url
    if url.drivername not in ("postgresql", "postgres", DRIVER):
        raise StoreError(
            f"database_url begins with {url.drivername[:40]!r}, but labels are kept in postgresql:// or sqlite:///; "
            "correct it, or leave it empty for a file of the data root."
        )
    if find_spec("psycopg") is None:
        raise StoreError("database_url names PostgreSQL, whose driver is missing: install latent-explorer[postgres].")
    return url.set(drivername=DRIVER)


def _sqlite(url: URL, patience: float) -> Engine:
    """SQLite whose transactions hold, and end on the disk.

    The driver's own way of beginning reads outside the transaction, and so loses updates (DESIGN.md, section 5).
    """
    engine = create_engine(url, pool_size=10, max_overflow=20, pool_timeout=patience, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        ask = connection.execute
        ask(f"PRAGMA busy_timeout = {int(1000 * patience)}")
        if ask("PRAGMA journal_mode").fetchone()[0] != "wal":
            _patiently(lambda: ask("PRAGMA journal_mode = WAL").fetchone(), patience)
        ask("PRAGMA synchronous = FULL")
        ask("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READING) else "BEGIN IMMEDIATE")

    return engine


def _patiently(change: Callable[[], object], patience: float) -> None:
    """Change the journal's mode, for which SQLite itself does not wait while another connection does the same."""
    from sqlite3 import OperationalError

    until = time.monotonic() + patience
    while True:
        try:
            change()
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
