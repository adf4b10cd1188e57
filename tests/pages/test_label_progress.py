"""What is always in view beside a labeling session: pace, counts, errors and when to stop."""

import re
from dataclasses import replace
from threading import Event

import numpy as np
from streamlit.testing.v1 import AppTest

from explorer.errors import BadRunError
from explorer.labeling.schema import Kind
from explorer.labeling.stopping import Advice
from explorer.labeling.store import LabelStore
from explorer.ui import labeling_progress, loading
from explorer.ui.state import settings
from explorer.workflows import session_items
from explorer.workflows.desk import Desk
from explorer.workflows.session_progress import SessionProgress, n_learned
from tests.labeling.databases import label, press
from tests.pages import label_views


def shown() -> AppTest:
    """The column once all that it measures is measured."""
    at = AppTest.from_function(label_views.progress, default_timeout=60).run()
    for work in [one for key, one in loading._under_way.items() if key[0].startswith("label-")]:
        assert work.wait(60)
    return at.run()


def said(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html"))


def teach(store: LabelStore, n: int) -> Desk:
    """Ann labels so many more items as they truly are, with a refit after every ten."""
    desk = Desk(store, store.session("first"), settings())
    items = desk.items()
    for at in range(10, 10 + n):
        number = int(items.truth[at])
        assert not desk.record("Ann", [label(f"t{at}", int(items.ids[at]), number)])[0].refusal
        if at % 10 == 9:
            desk.refit("Ann")
    desk.latest(60)
    return desk


def test_counts_and_what_is_still_to_come(store):  # noqa: ARG001 - it is shown
    at = shown()
    assert not at.exception
    text = said(at)
    assert "<b>3</b> labels here, 3 by you" in text
    assert "known before" not in text
    assert "<b>3</b> of 1,438 items" in text
    assert "1 in conflict, 1 skipped, 1 flagged" in text
    assert "labels a minute; all together" in text
    assert "Too early to say" in text
    assert "The error comes here with the next round." in text  # two classes are labelled since the last one
    assert not at.get("plotly_chart")


def test_errors_stand_beside_random_picks_with_how_to_read_them(store):
    teach(store, 60)
    at = shown()
    assert not at.exception
    (chart,) = at.get("plotly_chart")
    for name in ("test items", "random picks"):
        assert name in chart.proto.spec
    assert "held out" not in chart.proto.spec
    assert "359 test items with known labels" in said(at)
    assert "simulated on digits-weight-50" in said(at)
    assert "wrong after 63 labels" in said(at)
    assert "%</b> with as many random picks" in said(at)
    assert "labels." in said(at).split("of the predictions changed with the last")[1]
    assert "24 labels" not in said(at)


def test_after_a_fine_tuning_no_number_of_random_picks_stands_beside_the_error(store):
    teach(store, 60).refit("Ann", "digits-weight-75")
    at = shown()
    assert "wrong after 63 labels" in said(at)
    assert "as many random picks" not in said(at)
    assert "The newest error is that of digits-weight-75" in said(at)
    assert "random picks" in at.get("plotly_chart")[0].proto.spec  # the line stays, for the rounds before


def test_settled_predictions_are_told_as_such(store, monkeypatch):
    monkeypatch.setattr("explorer.labeling.stopping.SETTLED", 1.0)
    monkeypatch.setattr("explorer.labeling.stopping.RISEN", 1.0)
    teach(store, 60)
    text = said(shown())
    assert '<div class="le-verdict">Predictions have settled' in text
    assert "Settled is not right" in text


def test_labels_taken_back_take_their_rounds_with_them(store):
    desk = teach(store, 60)
    shown()
    for n in range(45):
        assert not desk.record("Ann", [press(Kind.UNDO, f"u{n}")])[0].refusal
    n, text = n_learned(desk), said(shown())
    after = int(re.search(r"wrong after (\d+) labels", text)[1])
    assert after <= n < 63
    assert "known before" not in text


def test_what_is_missing_for_an_error_is_told_as_it_is(store, monkeypatch):
    desk = Desk(store, store.session("first"), settings())
    monkeypatch.setattr(
        "explorer.workflows.desk.Desk.tested", lambda *_: session_items.Tested(np.empty((0, 2)), np.empty(0, int))
    )
    found = SessionProgress((), (), Advice("", False), "", 0, True)
    items = desk.items()
    few = replace(items, held_out=np.arange(len(items)) < 8)
    monkeypatch.setattr("explorer.workflows.desk.Desk.items", lambda *_: few)
    assert "8 items are held out, too few for that" in labeling_progress._nothing(desk, found)
    every = replace(few, held_out=np.ones(len(items), bool))
    monkeypatch.setattr("explorer.workflows.desk.Desk.items", lambda *_: every)
    assert "once items of two classes are labelled" in labeling_progress._nothing(desk, found)
    many = replace(few, held_out=np.arange(len(items)) >= len(items) - 100)
    monkeypatch.setattr("explorer.workflows.desk.Desk.items", lambda *_: many)
    assert "once 30 of the 100 items held out are labelled" in labeling_progress._nothing(desk, found)
    waits = replace(found, is_fitted=False)
    assert labeling_progress._nothing(desk, waits) == "The error comes here with the next round."


def test_a_round_that_is_measured_leaves_the_one_before_in_view(store, monkeypatch):
    teach(store, 40)
    shown()
    began, go_on = [], Event()

    def slow(*_: object) -> None:
        began.append(1)
        go_on.wait(60)

    monkeypatch.setattr("explorer.ui.labeling_progress.session_progress", slow)
    Desk(store, store.session("first"), settings()).refit("Ann")
    at = AppTest.from_function(label_views.progress, default_timeout=60).run()
    again = at.run()
    try:
        assert began == [1]  # one at a time
        assert again.get("plotly_chart")
        assert not again.exception
    finally:
        go_on.set()


def test_without_labels_to_draw_from_there_are_no_random_picks(store, monkeypatch):
    teach(store, 20)
    monkeypatch.setattr("explorer.ui.labeling_progress.simulated_labels", lambda _: 0)
    at = shown()
    assert not at.exception
    assert "Random picks are not simulated" in said(at)
    assert "random picks" not in at.get("plotly_chart")[0].proto.spec


def test_what_cannot_be_measured_is_told(store, monkeypatch):  # noqa: ARG001 - it is shown
    def fails(*_: object) -> None:
        raise BadRunError("The run is gone.")

    monkeypatch.setattr("explorer.ui.labeling_progress.session_progress", fails)
    assert "The progress cannot be measured: The run is gone." in said(shown())
