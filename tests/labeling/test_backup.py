"""A backup holds everything, is checked, and comes back whole or not at all."""

import json
import sqlite3

import pytest

from explorer.errors import StoreError
from explorer.labeling.backup import FORM, back_up, dump, restore
from explorer.labeling.engine import FILE
from explorer.labeling.history import walk
from explorer.labeling.migrating import HEAD
from explorer.labeling.schema import Kind
from tests.labeling.databases import label, opened, press


@pytest.fixture
def worked(store, session):
    store.record(session, "ann", [label("a", 5, 0), label("b", (2**63 - 1, -4), 1), press(Kind.UNDO, "u")])
    store.record(session, "bob", [label("a", 5, 2)])
    return session


def log(store, session):
    with store.database.reading() as connection:
        return list(walk(connection, session.id))


def test_backup_comes_back_as_it_was(store, worked, tmp_path):
    before = log(store, worked)
    back_up(store, tmp_path / "copy")
    store.record(worked, "ann", [label("late", 9, 0)])
    if store.database.engine.dialect.name == "sqlite":
        aside = restore(store, tmp_path / "copy")
        assert aside is not None
        assert store.state(worked).labels().ids.tolist() == [5]
        assert restore(store, aside) is not None
        assert store.state(worked).labels().ids.tolist() == [5, 9], "what was there before lies beside"
        restore(store, tmp_path / "copy")
    else:
        with pytest.raises(StoreError, match="has sessions already"):
            restore(store, tmp_path / "copy")
        with store.database.writing() as connection:
            for table in ("leases", "events", "sessions", "annotators"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        restore(store, tmp_path / "copy")
    assert log(store, worked) == before
    assert store.session("digits-1") == worked
    assert not store.record(worked, "new", [label("on", 7, 0)])[0].refusal, "it goes on"


def test_dump_moves_labels_to_another_database(store, worked, tmp_path):
    with open(tmp_path / "dump", "wb") as file:
        dump(store, file)
    (tmp_path / "other").mkdir()
    other = opened(tmp_path / "other")
    assert restore(other, tmp_path / "dump") is None
    assert log(other, worked) == log(store, worked)
    other.close()


@pytest.mark.parametrize("cut", [1, 3, -1])
def test_dump_that_is_cut_off_changes_nothing(store, worked, tmp_path, cut):
    with open(tmp_path / "dump", "wb") as file:
        dump(store, file)
    lines = (tmp_path / "dump").read_text().splitlines(keepends=True)
    (tmp_path / "dump").write_text("".join(lines[:cut]))
    (tmp_path / "other").mkdir()
    other = opened(tmp_path / "other")
    with pytest.raises(StoreError, match="cut off or damaged"):
        restore(other, tmp_path / "dump")
    assert other.sessions() == []
    assert other.annotators() == {}
    assert worked in store.sessions()
    other.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"form": "other"}\n',
        b"SQLite format 3\x00" + b"nonsense" * 1000,
        json.dumps({"form": FORM, "revision": HEAD}).encode() + b'\n{"table": "leases", "row": {}}\n',
        json.dumps({"form": FORM, "revision": HEAD}).encode() + b'\n{"table": "events", "row": 7}\n',
    ],
)
def test_file_that_is_no_backup_is_one_sentence(tmp_path, content):
    (tmp_path / "copy").write_bytes(content)
    store = opened(tmp_path)
    with pytest.raises(StoreError) as caught:
        restore(store, tmp_path / "copy")
    assert "\n" not in str(caught.value)
    assert store.sessions() == []
    store.close()


def test_copy_that_is_damaged_within_is_refused(tmp_path):
    store = opened(tmp_path)
    back_up(store, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy") as connection:
        connection.execute("INSERT INTO events VALUES (9, 1, 9, 1, 1, 0, NULL, NULL, '', 0, 'k')")
    with pytest.raises(StoreError, match="damaged"):
        restore(store, tmp_path / "copy")
    store.close()


def test_backup_that_has_no_place_or_is_not_there_is_told(tmp_path):
    store = opened(tmp_path)
    with pytest.raises(StoreError, match="choose another place"):
        back_up(store, tmp_path / "none" / "copy")
    with pytest.raises(StoreError, match="Name a backup"):
        restore(store, tmp_path / "none")
    assert [file.name for file in tmp_path.iterdir() if "labels" not in file.name] == []
    assert (tmp_path / FILE).exists()
    store.close()
