"""A database that is full, read-only, held or away is told in one sentence, loses nothing, and goes on by itself."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import event

from explorer.errors import StoreError
from explorer.labeling.engine import FILE
from explorer.labeling.store import open_store
from tests.labeling.databases import CLASSES, PLAN, label, opened, settings_at


def told(act) -> str:
    with pytest.raises(StoreError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


@pytest.fixture
def file(tmp_path: Path):
    """A store in SQLite with one label, and its session."""
    store = opened(tmp_path, patience=0.2)
    session = store.create(PLAN, "ann", CLASSES)
    store.record(session, "ann", [label("first", 1, 0)])
    yield store, session
    store.close()


def items(store, session):
    return store.state(session).labels().ids.tolist()


def test_full_database_keeps_what_it_has_and_goes_on_when_there_is_room(file):
    store, session = file
    pages = []

    @event.listens_for(store.database.engine, "checkout")
    def limit(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {pages[0] if pages else 1073741823}")

    with store.database.reading() as connection:
        pages.append(connection.exec_driver_sql("PRAGMA page_count").scalar() + 2)
    lasso = label("lasso", tuple(range(10, 3_000)), 1)
    assert "is full" in told(lambda: store.record(session, "ann", [label("second", 2, 0), lasso]))
    assert items(store, session) == [1]
    pages.clear()
    assert [answer.again for answer in store.record(session, "ann", [label("second", 2, 0), lasso])] == [False, False]
    assert items(store, session) == [1, 2, *range(10, 3_000)]


def test_read_only_database_is_read_and_says_why_it_keeps_nothing(file, tmp_path):
    store, session = file
    url = f"sqlite:///file:{tmp_path / FILE}?mode=ro&uri=true"
    reader = opened(tmp_path, url)
    assert items(reader, session) == [1]
    assert "can be read but not written" in told(lambda: reader.record(session, "ann", [label("a", 2, 0)]))
    store.record(session, "ann", [label("a", 2, 0)])
    assert items(reader, session) == [1, 2]
    reader.close()


def test_database_that_another_program_holds_is_told_and_written_later(file, tmp_path):
    store, session = file
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "held by another program" in told(lambda: store.record(session, "ann", [label("a", 2, 0)]))
    assert items(store, session) == [1], "reading waits for nobody"
    other.execute("ROLLBACK")
    store.record(session, "ann", [label("a", 2, 0)])
    assert items(store, session) == [1, 2]
    other.close()


def test_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / FILE).write_bytes(b"labels, once" * 1000)
    assert "no database of labels" in told(lambda: opened(tmp_path))


def test_data_root_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    assert "could not be written" in told(lambda: opened(tmp_path / "file" / "below"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a:secret@b/c", "begins with 'mysql'"),
        ("nonsense", "is no address"),
        ("sqlite://", "begins with 'sqlite'"),
    ],
)
def test_address_that_is_none_is_told_without_its_password(tmp_path, url, words):
    message = told(lambda: opened(tmp_path, url))
    assert words in message
    assert "secret" not in message


def test_server_that_nobody_runs_is_told_without_its_password(tmp_path):
    message = told(lambda: opened(tmp_path, "postgresql://ann:secret@127.0.0.1:1/labels", patience=0.2))
    assert "The database labels on 127.0.0.1 does not answer" in message
    assert "secret" not in message


def test_password_is_not_shown_with_the_settings(tmp_path):
    assert "secret" not in repr(settings_at(tmp_path, "postgresql://ann:secret@host/labels"))
    assert settings_at(tmp_path, "x").database_url == SecretStr("x")


def test_missing_driver_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.labeling.engine.find_spec", lambda _: None)
    assert "latent-explorer[postgres]" in told(lambda: opened(tmp_path, "postgresql://host/labels"))


def test_server_that_crashes_and_comes_back_loses_nothing(server, tmp_path):
    store = opened(tmp_path, server.fresh("crash"), patience=1.0)
    session = store.create(PLAN, "ann", CLASSES)
    store.record(session, "ann", [label("a", 1, 0)])
    server.crash()
    try:
        assert "does not answer" in told(lambda: store.record(session, "ann", [label("b", 2, 0)]))
        assert "does not answer" in told(lambda: store.state(session))
    finally:
        server.start()
    assert items(store, session) == [1]
    assert not store.record(session, "ann", [label("b", 2, 0)])[0].again
    assert items(store, session) == [1, 2]
    store.close()


def test_server_that_goes_in_the_middle_of_a_write_leaves_none_of_it(server, tmp_path):
    store = opened(tmp_path, url := server.fresh("cut"), patience=1.0)
    session = store.create(PLAN, "ann", CLASSES)

    @event.listens_for(store.database.engine, "commit", once=True)
    def cut(_):
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    assert "does not answer" in told(lambda: store.record(session, "ann", [label("a", 1, 0)]))
    assert items(store, session) == []
    assert not store.record(session, "ann", [label("a", 1, 0)])[0].again
    assert items(store, session) == [1]
    store.close()


def test_session_that_another_holds_is_told_and_written_later(server, tmp_path):
    store = opened(tmp_path, url := server.fresh("held"), patience=0.2)
    session = store.create(PLAN, "ann", CLASSES)
    with psycopg.connect(url) as other:
        other.execute("SELECT id FROM sessions FOR UPDATE")
        assert "held by another program" in told(lambda: store.record(session, "ann", [label("a", 1, 0)]))
    store.record(session, "ann", [label("a", 1, 0)])
    assert items(store, session) == [1]
    store.close()


def test_account_that_may_only_read_is_told(server, tmp_path):
    store = opened(tmp_path, url := server.fresh("reading"))
    session = store.create(PLAN, "ann", CLASSES)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("ALTER DATABASE reading SET default_transaction_read_only = on")
    reader = open_store(settings_at(tmp_path, url))
    assert "can be read but not written" in told(lambda: reader.record(session, "ann", [label("a", 1, 0)]))
    reader.close()
    store.close()
