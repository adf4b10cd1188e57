"""Copies of the whole store: of SQLite a database file made while others write, of PostgreSQL a dump in JSON Lines."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from sqlalchemy import Connection, Table, func, insert, select, text

from explorer.errors import StoreError
from explorer.files import telling_of_the_disk, write_atomically
from explorer.labeling.faults import telling_of_the_database
from explorer.labeling.migrating import HEAD
from explorer.labeling.schema import annotators, events, sessions
from explorer.labeling.store import LabelStore

KEPT: tuple[Table, ...] = (sessions, annotators, events)  # leases run out by themselves
FORM = "latent-explorer labels"
MAGIC = b"SQLite format 3\x00"
CHUNK = 5_000  # rows at once
LONGEST_LINE = 1_000_000  # characters
ELSEWHERE = "Make room there, or choose another place: latent-explorer label backup FILE"


def back_up(store: LabelStore, path: Path) -> None:
    """Write a copy of all sessions as of one moment; what is labelled meanwhile is not in it, and waits for nothing.

    Args:
        store: of SQLite, copied to a database file that is checked; or of PostgreSQL, dumped as JSON Lines.
        path: of the copy; a file that is there is replaced once the new one is whole.

    Raises:
        StoreError: the database cannot be read, the copy cannot be written or is not sound.
    """
    if store.database.engine.dialect.name == "sqlite" and path.resolve() == _file_of(store):
        raise StoreError("The backup would take the place of the store itself. Name another file.")
    with telling_of_the_disk(path, ELSEWHERE, StoreError):
        if store.database.engine.dialect.name != "sqlite":
            write_atomically(path, lambda file: dump(store, file))
            return
        with TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
            copy = Path(folder, "labels.sqlite")
            with _driver(store) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
            _check(copy)
            write_atomically(path, lambda file: _pour(copy, file))


def dump(store: LabelStore, file: BinaryIO) -> None:
    """Write sessions, annotators and events as JSON Lines: a line of what it is, a line a row, a line of how many."""

    def line(**said: Any) -> None:
        file.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")

    count = 0
    with store.database.reading() as connection:
        line(form=FORM, revision=HEAD)
        for table in KEPT:
            asked = select(table).order_by(*table.primary_key).execution_options(yield_per=CHUNK)
            for row in connection.execute(asked).mappings():
                line(table=table.name, row=dict(row))
                count += 1
        line(rows=count)


def refuse_what_is_no_backup(path: Path) -> bool:
    """Look at how a file begins, before anybody is asked whether it shall be restored.

    Returns:
        Whether it is a copy of a SQLite store; else it is a dump.

    Raises:
        StoreError: no such file, one that cannot be read, or one that begins as no backup does.
    """
    if not path.is_file():
        raise StoreError(f"There is no file {path}. Name a backup that is there.")
    try:
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                return True
        with open(path, encoding="utf-8", errors="strict") as lines:
            header = next(_lines(lines, path.name), None)
    except OSError as error:
        raise StoreError(f"{path} could not be read: {error.strerror}. Name a backup that you may read.") from None
    if header != {"form": FORM, "revision": HEAD}:
        raise StoreError(f"{path.name} is no backup of labels of this version. Nothing was changed.")
    return False


def restore(store: LabelStore, path: Path) -> Path | None:
    """Put a backup in the place of all that the store holds.

    A copy of a SQLite store takes the place of another; what was there is backed up beside it first. A dump goes into
    a store without sessions alone, of SQLite too: so labels move from PostgreSQL to a file and back. Other programs
    that have the store open must be started again.

    Args:
        store: where to put it.
        path: as `back_up` wrote it.

    Returns:
        Where the copy of what was there before lies, if there was anything.

    Raises:
        StoreError: a file that is no sound backup, or a store that cannot take it; nothing has changed.
    """
    is_database = refuse_what_is_no_backup(path)
    with telling_of_the_disk(_file_of(store), "Nothing was changed.", StoreError):
        if not is_database:
            _load(store, path)
            return None
        if store.database.engine.dialect.name != "sqlite":
            raise StoreError("This backup is of SQLite, and the store is PostgreSQL. Restore it to SQLite, dump that.")
        return _replace(store, path)


def _replace(store: LabelStore, path: Path) -> Path | None:
    _check(path)
    before = None
    if store.sessions():
        beside = _file_of(store).parent
        before = beside / f"labels-before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite"
        back_up(store, before)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source, _driver(store) as target:
        source.backup(target)
    store.reload()
    return before


def _file_of(store: LabelStore) -> Path:
    return Path(str(store.database.url.database)).resolve()


def _check(path: Path) -> None:
    """Refuse a file that is no sound database of labels of this version."""
    reason = "is damaged"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            if sound and not connection.execute("PRAGMA foreign_key_check").fetchall():
                found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
                if found == [(HEAD,)]:
                    return
                reason = f"is of version {found}, not {HEAD}: open it once with this version as the store"
    except sqlite3.Error as error:
        reason = f"is no database of labels ({error})"
    raise StoreError(f"The backup {path.name} {reason}. Nothing was changed.")


@contextmanager
def _driver(store: LabelStore) -> Iterator[sqlite3.Connection]:
    """SQLite's own connection, for its online backup."""
    with telling_of_the_database(store.database.engine), store.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        yield driver


def _pour(source: Path, target: BinaryIO) -> None:
    with open(source, "rb") as file:
        while part := file.read(1 << 20):
            target.write(part)


def _load(store: LabelStore, path: Path) -> None:
    """Read a dump into a store without sessions, all of it or nothing."""
    with open(path, encoding="utf-8", errors="strict") as file, store.database.writing() as connection:
        if connection.execute(select(func.count()).select_from(sessions)).scalar():
            raise StoreError("The store has sessions already, and a dump goes into an empty one alone. Name another.")
        connection.execute(annotators.delete())
        lines = _lines(file, path.name)
        next(lines, None)  # what it is, which was looked at
        _insert(connection, lines, path.name)
        if connection.dialect.name == "postgresql":
            for table in (sessions, annotators):
                newest = f"SELECT coalesce(max(id), 0) + 1 FROM {table.name}"
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), ({newest}), false)")
                )
    store.reload()


def _insert(connection: Connection, lines: Iterator[dict[str, Any]], name: str) -> None:
    tables, count = {table.name: table for table in KEPT}, 0
    rows: list[dict[str, Any]] = []
    filling = None
    for line in lines:
        table = tables.get(str(line.get("table")))
        if rows and (table is not filling or len(rows) == CHUNK):
            connection.execute(insert(filling), rows)  # type: ignore[arg-type]
            rows = []
        if line == {"rows": count}:
            return
        if table is None or set(line["row"]) != set(table.c.keys()):
            break
        filling = table
        rows.append(line["row"])
        count += 1
    raise StoreError(f"The backup {name} is cut off or damaged after {count:,} rows. Nothing was changed.")


def _lines(file: Any, name: str) -> Iterator[dict[str, Any]]:
    try:
        while line := file.readline(LONGEST_LINE):
            found = json.loads(line)
            if not isinstance(found, dict) or not isinstance(found.get("row", {}), dict):
                raise ValueError
            yield found
    except (ValueError, RecursionError):
        raise StoreError(f"{name} is no backup of labels, or is damaged. Nothing was changed.") from None
