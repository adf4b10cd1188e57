"""Labeling sessions on a run."""

from dataclasses import replace

import numpy as np
import pytest

import explorer
from explorer.errors import BadRunError, BadValueError, MissingDataError
from explorer.labeling import active
from explorer.labeling.importing import apply_import
from explorer.labeling.records import Plan
from explorer.labeling.schema import Kind
from explorer.labeling.store import open_store
from explorer.settings import load_settings
from explorer.workflows import labels as module
from explorer.workflows.label_classes import change_classes, press
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


def test_changes_from_elsewhere_bear_the_run_in_use(store):
    run = explorer.load("tiny")
    session = begin(store, run, "ann", PLAN)
    store.refit(session, "ann", "tuned", run="tiny-1")
    change_classes(store, session, "ann", press(Kind.CLASS_ADDED, text="more"))
    there, name = int(run.latents("train").ids[0]), run.card.classes[1]
    changes = look_at_import(store, session, f"id,class\n{there},{name}\n".encode(), "csv", "ann", np.array([there]))
    apply_import(store, session, changes)
    last = store.state(session).seq
    assert [event.run for event in store.events(session, [last - 1, last])] == ["tiny-1", "tiny-1"]


def test_strategy_whose_extra_is_missing_begins_no_session(store, monkeypatch):
    monkeypatch.setattr(active, "is_installed", lambda: False)
    with pytest.raises(BadValueError, match="need the extra"):
        begin(store, explorer.load("tiny"), "ann", replace(PLAN, strategy="activeml-badge"))
    assert store.sessions() == []


def test_decoder_without_errors_or_items_begins_no_session(store, monkeypatch):
    run, plan = explorer.load("tiny"), replace(PLAN, strategy="decoder")

    def away(*_, **__):
        raise MissingDataError("not here")

    monkeypatch.setattr(module, "load_dataset", away)
    begin(store, run, "ann", plan)  # its errors are kept
    kept = run.latents("train")
    monkeypatch.setattr(run, "latents", lambda _: replace(kept, error=np.empty((len(kept.ids), 0), np.float32)))
    with pytest.raises(MissingDataError, match="not here"):
        begin(store, run, "ann", replace(plan, name="second"))
    assert [session.plan.name for session in store.sessions()] == ["first"]
