"""Databases of earlier versions are brought to this one's tables when they are opened."""

from threading import Thread

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, text

from explorer.errors import StoreError
from explorer.labeling.engine import database_of
from explorer.labeling.migrating import HEAD, SCRIPTS, migrate
from explorer.labeling.schema import annotators, events, metadata, sessions
from tests.labeling.databases import opened, settings_at

OLD_SESSION = {
    "id": 1, "name": "old", "dataset": "mnist", "dataset_settings": {}, "dataset_identity": "", "run": "r",
    "strategy": "margin", "batch_size": 10, "refit_every": 10, "held_out": 0.0, "seed": 0, "created": 0,
}  # fmt: skip
OLD_EVENT = {"session": 1, "annotator": 1, "target": None, "run": "r", "at": 5}


def differences(database):
    with database.reading() as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata)


def test_empty_database_gets_the_tables_of_the_schema(tmp_path, url):
    database = database_of(settings_at(tmp_path, url))
    assert differences(database)
    migrate(database)
    assert differences(database) == []
    migrate(database)  # again changes nothing
    database.engine.dispose()


def test_database_of_the_first_version_keeps_its_labels(tmp_path, url):
    database = database_of(settings_at(tmp_path, url))
    migrate(database, "0001")
    with database.writing() as connection:
        assert not inspect(connection).has_table("leases")
        connection.execute(insert(sessions).values(OLD_SESSION))
        connection.execute(insert(annotators).values(id=1, name="ann"))
        added = {"seq": 1, "kind": 7, "class": 0, "text": "zero", "item": None, "key": "a"}
        labelled = {"seq": 2, "kind": 1, "class": 0, "text": None, "item": 42, "key": "b"}
        connection.execute(insert(events), [OLD_EVENT | added, OLD_EVENT | labelled])
    database.engine.dispose()
    store = opened(tmp_path, url)
    assert differences(store.database) == []
    session = store.session("old")
    assert store.state(session).labels().ids.tolist() == [42]
    assert store.lease(session, "ann", [42, 43], 2, 60).tolist() == [43]
    store.close()


def test_database_of_a_later_version_is_left_alone(tmp_path, url):
    store = opened(tmp_path, url)
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="later version of latent-explorer"):
        opened(tmp_path, url)
    store.close()


def test_several_that_open_an_empty_database_at_once_all_can(tmp_path, url):
    stores, errors = [], []

    def begin():
        try:
            stores.append(opened(tmp_path, url))
        except StoreError as error:
            errors.append(error)

    threads = [Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(stores) == 6
    for store in stores:
        store.close()


def test_head_is_the_newest_script():
    assert max(file.stem[1:5] for file in (SCRIPTS / "versions").glob("r*.py")) == HEAD
