"""Labeling sessions on a run."""

import numpy as np
import pytest

import explorer
from explorer.errors import BadRunError
from explorer.labeling.importing import apply_import
from explorer.labeling.records import Plan
from explorer.labeling.store import open_store
from explorer.settings import load_settings
from explorer.workflows.labels import begin, data_of, look_at_import

PLAN = Plan("first", "", "", held_out=0.2)


@pytest.fixture
def store(installation):
    store = open_store(load_settings().model_copy(update={"data_root": installation}))
    yield store
    store.close()


def test_session_begins_with_the_data_and_the_classes_of_its_run(store):
    run = explorer.load("tiny")
    session = begin(store, run, "ann", PLAN)
    assert (session.plan.dataset, session.plan.run) == (run.card.data.name, "tiny")
    assert session.plan.dataset_settings == run.card.data.settings
    assert session.plan.held_out == 0.2
    assert list(store.state(session).classes.living.values()) == run.card.classes
    again = store.session("first")
    assert np.isin(run.latents("train").ids, data_of(again, run.card, load_settings()).ids).all()


def test_run_on_other_items_is_refused(store):
    run = explorer.load("tiny")
    session = begin(store, run, "ann", PLAN)
    card = run.card.model_copy(update={"data": run.card.data.model_copy(update={"identity": "another"})})
    with pytest.raises(BadRunError, match="other items than the session first"):
        data_of(session, card, load_settings())


def test_import_is_held_against_the_items_of_the_data(store):
    run = explorer.load("tiny")
    session = begin(store, run, "ann", PLAN)
    dataset = data_of(session, run.card, load_settings())
    there, name = int(dataset.ids[0]), run.card.classes[1]
    file = f"id,class\n{there},{name}\n{int(dataset.ids.max()) + 1},{name}\n".encode()
    changes = look_at_import(store, session, file, "csv", "ann", dataset.ids)
    assert [row.item for row in changes.unknown_items] == [int(dataset.ids.max()) + 1]
    assert apply_import(store, session, changes) == 1
    assert store.state(session).labels().ids.tolist() == [there]
