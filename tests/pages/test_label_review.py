"""The review of a labeling session: filters, an item in full, its label anew, and the classes."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.labeling.state import State
from explorer.labeling.store import LabelStore
from explorer.ui.labeling_pressing import BUTTONS
from explorer.workflows.desk import Desk
from explorer.workflows.label_classes import press
from tests.labeling.databases import label
from tests.pages import label_views


@pytest.fixture
def open_review(store: LabelStore) -> Callable[..., AppTest]:  # noqa: ARG001 - it is looked through
    def start(**query: str) -> AppTest:
        at = AppTest.from_function(label_views.review, default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    return start


def cells(at: AppTest) -> list[str]:
    """The pictures of the grid, as the browser gets them."""
    shown = [json.loads(one.proto.json)[0] for one in at.get("bidi_component")]
    return next((one["cells"] for one in shown if one.get("name") == "Items"), [])


def said(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html")) + " ".join(one.value for one in at.markdown)


def choose(at: AppTest, index: int, seq: int = 1) -> AppTest:
    shown = next(found for found in map(_data, at.get("bidi_component")) if found.get("name") == "Items")
    at.session_state["reviewed"] = {"picked": {"identity": shown["identity"], "seq": seq, "index": index}}
    return at.run()


def _data(element: Any) -> dict[str, Any]:
    return json.loads(element.proto.json)[0]


def label_of(store: LabelStore, item: int) -> str | None:
    state = store.state(store.session("first"))
    labels = state.labels()
    found = labels.classes[labels.ids == item].tolist()
    return state.classes.names[found[0]] if found else None


def test_labelled_items_are_shown_the_newest_first_with_class_and_annotator(open_review):
    at = open_review()
    assert not at.exception
    assert "3 items" in said(at)
    assert ["Bob" in cell for cell in cells(at)] == [True, False, False]
    assert "conflict" in cells(at)[0]
    assert "flagged" in cells(at)[1]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"which": "Conflicts"}, [1]),
        ({"which": "Settled"}, []),
        ({"which": "Flagged"}, [2]),
        ({"which": "Skipped"}, [3]),
        ({"class": "2"}, [2]),
        ({"class": "1"}, [1]),
        ({"by": "Bob"}, [1]),
        ({"by": "Ann", "class": "0"}, [1, 0]),
        ({"which": "Skipped", "by": "Bob"}, []),
        ({"class": "9"}, []),
    ],
)
def test_filters_of_the_address_leave_what_they_say(open_review, ids, query, places):
    at = open_review(**query)
    assert not at.exception
    assert len(cells(at)) == len(places)
    for index, place in enumerate(places):
        assert choose(at, index, index + 1).query_params["open"] == str(ids[place])
    if not places:
        assert at.info


def test_filters_of_the_page_stand_in_the_address(open_review):
    at = open_review()
    at.selectbox(key="which").select("Flagged").run()
    assert len(cells(at)) == 1
    assert at.selectbox(key="which").value == "Flagged"


def test_chosen_item_is_shown_with_opinions_and_history(open_review, ids):
    at = choose(open_review(which="Conflicts"), 0)
    assert not at.exception
    told = said(at)
    assert f"item {ids[1]}" in told
    assert "2 opinions" in told
    assert "They differ." in told
    assert "Ann labelled it 0" in told
    assert "Bob labelled it 1" in told
    assert told.index("Ann labelled it 0") < told.index("Bob labelled it 1")


def test_conflict_ends_when_those_who_differ_agree(open_review, store, ids):
    at = open_review(which="Conflicts", open=str(ids[1]))
    at.button(key="relabel-1").click().run()
    assert not at.exception
    assert label_of(store, ids[1]) == "1"
    assert store.state(store.session("first")).conflicts() == ()
    assert cells(at) == []
    assert f"item {ids[1]}" in said(at), "the item stays beside"


def test_conflict_is_settled_leaves_the_open_ones_and_is_listed_with_who_settled_it(open_review, store, ids):
    at = open_review(which="Conflicts", open=str(ids[1]))
    assert "1 open conflict" in said(at)
    assert "0: Ann" in cells(at)[0]
    assert "1: Bob" in cells(at)[0]
    at.button(key=f"settle-{ids[1]}-7").click().run()
    assert not at.exception
    assert at.toast[0].value == f"Item {ids[1]} is settled as 7. Undo takes that back."
    assert label_of(store, ids[1]) == "7"
    assert cells(at) == []
    assert "Ann settled it as 7, 20" in said(at)
    assert "Ann settled it as 7" in said(at)[said(at).index("History") :]
    at = open_review(which="Settled")
    assert "1 settled conflict" in said(at)
    assert "Ann" in cells(at)[0]
    assert "settled" in cells(at)[0]
    assert "conflict" not in cells(open_review())[0]


def test_undo_opens_the_conflict_anew_and_the_item_with_it(open_review, store, ids):
    at = open_review(which="Conflicts", open=str(ids[1]))
    at.button(key=f"settle-{ids[1]}-7").click().run()
    at = open_review(which="Conflicts", open=str(ids[0]))
    at.button(key="undo").click().run()
    assert not at.exception
    assert at.query_params["open"] == str(ids[1])
    assert len(cells(at)) == 1
    assert "Ann took back: settled it as 7" in said(at)
    assert label_of(store, ids[1]) == "1"


def test_undo_of_nothing_is_one_sentence(open_review):
    for _ in range(5):
        at = open_review()
        at.button(key="undo").click().run()
    assert not at.error
    at.button(key="undo").click().run()
    assert "nothing to undo" in at.error[0].value


def test_next_conflict_is_opened_once_one_is_settled(open_review, store, ids):
    store.record(store.session("first"), "Bob", [label("more", (ids[0], ids[2]), 1)])
    at = choose(open_review(which="Conflicts"), 0)
    seen = []
    for left in (2, 1, 0):
        seen.append(at.query_params["open"])
        at.button(key=f"settle-{seen[-1]}-0").click().run()
        assert len(cells(at)) == left
    assert len(set(seen)) == 3
    assert store.state(store.session("first")).settled().ids.tolist() == sorted([ids[0], ids[1], ids[2]])


def test_what_somebody_said_meanwhile_is_looked_at_before_it_is_settled(open_review, store, ids):
    at = open_review(which="Conflicts", open=str(ids[1]))
    store.record(store.session("first"), "Cem", [label("late", ids[1], 3)])
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert "Look again" in at.error[0].value
    assert label_of(store, ids[1]) == "3"
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert not at.error
    assert label_of(store, ids[1]) == "0"


def test_what_somebody_says_at_the_moment_of_the_decision_is_looked_at_before_it_is_settled(
    open_review, store, ids, monkeypatch
):
    at, session = open_review(which="Conflicts", open=str(ids[1])), store.session("first")
    read = Desk.state

    def labelled_meanwhile(desk):
        state = read(desk)
        store.record(session, "Cem", [label("late", ids[1], 3)])  # once: its key is known afterwards
        return state

    monkeypatch.setattr(Desk, "state", labelled_meanwhile)
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert "Look again" in at.error[0].value
    assert label_of(store, ids[1]) == "3"


def test_settlement_begins_a_round_where_one_is_due(open_review, ids, monkeypatch):
    at, noticed = open_review(which="Conflicts", open=str(ids[1])), []
    monkeypatch.setattr(Desk, "_refit_when_due", lambda _, who: noticed.append(who))
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert noticed == ["Ann"]


def test_label_instead_says_what_it_does_to_an_open_and_to_a_settled_conflict(open_review, ids):
    at = open_review(which="Conflicts", open=str(ids[1]))
    assert "a conflict stays open until all who differ agree" in said(at)
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert "If it differs from what was settled, the conflict is open anew." in said(at)
    assert "stays open" not in said(at)


def test_only_the_conflicts_that_are_shown_are_put_into_words(open_review, store, ids, monkeypatch):
    store.record(store.session("first"), "Bob", [label("more", (ids[0], ids[2]), 1)])
    asked, read = [], State.conflicts

    def conflicts(state, items=None):
        found = read(state, items)
        asked.append(len(found))
        return found

    monkeypatch.setattr(State, "conflicts", conflicts)
    monkeypatch.setattr("explorer.ui.labeling_review.SHOWN", 2)
    assert len(cells(open_review(which="Conflicts"))) == 2
    assert asked == [2]


def test_settled_conflict_can_be_settled_otherwise_and_is_opened_by_a_label_that_differs(open_review, store, ids):
    session = store.session("first")
    at = open_review(which="Conflicts", open=str(ids[1]))
    at.button(key=f"settle-{ids[1]}-7").click().run()
    at.button(key=f"settle-{ids[1]}-0").click().run()
    assert label_of(store, ids[1]) == "0"
    store.record(session, "Bob", [label("late", ids[1], 3)])
    at = open_review(which="Conflicts", open=str(ids[1]))
    assert "Ann settled it as 0, and a later label differs." in said(at)
    assert len(cells(at)) == 1


def test_conflict_among_many_classes_is_settled_from_a_list(open_review, store, ids):
    session = store.session("first")
    store.record(session, "Ann", [press(Kind.CLASS_ADDED, text=f"more {n}") for n in range(BUTTONS)])
    at = open_review(which="Conflicts", open=str(ids[1]))
    assert at.button(key=f"settle-{ids[1]}-as").disabled
    at.selectbox(key=f"settle-{ids[1]}-class-{ids[1]}").select(15).run()
    at.button(key=f"settle-{ids[1]}-as").click().run()
    assert store.state(session).settled().classes.tolist() == [15]


def test_item_without_a_conflict_offers_nothing_to_settle(open_review, ids):
    at = open_review(open=str(ids[0]))
    assert not [button.key for button in at.button if button.key and button.key.startswith("settle")]


def test_flag_is_set_and_taken_off(open_review, store, ids):
    at = open_review(open=str(ids[0]))
    at.button(key="flag").click().run()
    assert ids[0] in store.state(store.session("first")).flagged()
    at.button(key="unflag").click().run()
    assert ids[0] not in store.state(store.session("first")).flagged()
    assert "Ann took the flag off" in said(at)


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 30, "<b>"])
def test_item_that_is_not_there_is_one_sentence(open_review, asked):
    at = open_review(open=asked)
    assert not at.exception
    assert "which this session does not have" in at.error[0].value


def test_press_on_a_class_that_went_meanwhile_is_refused_in_a_sentence(open_review, store, ids):
    at = open_review(open=str(ids[0]))
    store.record(store.session("first"), "Bob", [press(Kind.CLASS_DELETED, 5)])
    at.button(key="relabel-5").click().run()
    assert "was deleted meanwhile" in at.error[0].value
    assert label_of(store, ids[0]) == "0"


def test_foreign_names_are_shown_as_they_are(open_review, store, ids):
    session = store.session("first")
    store.record(session, "<b>Eve", [press(Kind.CLASS_ADDED, text="[x](http://a) <i>")])
    store.record(session, "<b>Eve", [label("e", ids[5], 10)])
    at = open_review(open=str(ids[5]))
    assert not at.exception
    assert "<i>" not in said(at)
    assert "<b>Eve" not in said(at) + "".join(cells(at))


def test_many_items_come_in_pages(open_review, store):
    many = label_views.ids()[10:80]
    store.record(store.session("first"), "Ann", [label("m", tuple(many), 4)])
    at = open_review(**{"class": "4"})
    assert len(cells(at)) == 48
    (pages,) = at.get("pagination")
    assert len(cells(pages.set_value(2).run())) == 70 - 48
    assert not at.warning
    at.selectbox(key="class").select("0").run()
    assert len(cells(at)) == 1, "other filters begin at the first page"


def test_more_classes_than_buttons_are_a_list(open_review, store, ids):
    session = store.session("first")
    store.record(session, "Ann", [press(Kind.CLASS_ADDED, text=f"more {n}") for n in range(BUTTONS)])
    at = open_review(open=str(ids[0]))
    assert at.button(key="relabel-as").disabled, "nothing is chosen yet"
    at.selectbox(key=f"relabel-class-{ids[0]}").select(15).run()
    at.button(key="relabel-as").click().run()
    assert label_of(store, ids[0]) == "more 5"


def test_names_that_the_filters_have_already_are_filters_too(open_review, store, ids):
    session = store.session("first")
    store.record(session, "Everybody", [press(Kind.CLASS_ADDED, text="All classes"), label("e", ids[5], 10)])
    at = open_review()
    assert len(cells(at)) == 4
    assert len(cells(open_review(**{"class": "All classes (10)"}))) == 1
    everybody = next(one for one in at.selectbox(key="by").options if one.startswith("Everybody ("))
    assert len(cells(at.selectbox(key="by").select(everybody).run())) == 1


def test_classifier_of_before_a_merge_says_the_class_of_now(open_review, store, ids):
    desk, session = label_views.desk(store), store.session("first")
    items = desk.items()
    desk.record("Ann", [label(f"t{row}", ids[row], int(items.truth[row])) for row in range(40, 90)])
    desk.refit("Ann")
    number = int(desk.latest(60).predicted[0])
    into = (number + 5) % 10
    store.record(session, "Bob", [press(Kind.CLASS_MERGED, number, into=into)])
    assert f"the classifier says {into}" in said(open_review(listed="Least sure first", open=str(items.ids[0])))
    store.record(session, "Bob", [press(Kind.CLASS_DELETED, into)])
    assert "the classifier says" not in said(open_review(listed="Least sure first", open=str(items.ids[0])))


def test_class_is_added_and_renamed(open_review, store):
    at = open_review()
    at.text_input(key="class-new").set_value("ten").run()
    at.button(key="class-sure").click().run()
    assert not at.exception
    assert "ten" in store.state(store.session("first")).classes.living.values()
    at.button_group(key="class-action").set_value("Rename").run()
    at.selectbox(key="class-changed").select(2).run()
    at.text_input(key="class-name").set_value("two").run()
    assert "1 item has the label 2; it stays, and is called two" in said(at)
    at.button(key="class-sure").click().run()
    assert store.state(store.session("first")).classes.names[2] == "two"


def test_class_is_merged_or_deleted_after_it_is_said_what_that_does(open_review, store, ids):
    at = open_review()
    at.button_group(key="class-action").set_value("Merge").run()
    at.selectbox(key="class-changed").select(1).run()
    at.selectbox(key="class-into").select(0).run()
    assert "1 item has the label 1 and will count as 0" in said(at)
    assert "1 conflict less" in said(at)
    at.button(key="class-sure").click().run()
    assert label_of(store, ids[1]) == "0"
    at.button_group(key="class-action").set_value("Delete").run()
    at.selectbox(key="class-changed").select(2).run()
    assert "1 item will have no label" in said(at)
    at.button(key="class-sure").click().run()
    assert label_of(store, ids[2]) is None
    assert "labelled it 2, a class that was deleted since" in said(open_review(open=str(ids[2])))
    assert "which counts as 0 now" in said(open_review(open=str(ids[1])))


@pytest.mark.parametrize("name", ["3", "'x", "\u202e"])
def test_name_that_cannot_be_is_one_sentence(open_review, name):
    at = open_review()
    at.text_input(key="class-new").set_value(name).run()
    assert not at.exception
    assert len(at.error) == 1
    assert "class-sure" not in [button.key for button in at.button]


def test_undo_is_told_in_words(open_review, store, ids):
    session = store.session("first")
    store.record(session, "Ann", [label("n", ids[6], 3), Press(Kind.UNDO, "u"), Press(Kind.REDO, "r")])
    told = said(open_review(open=str(ids[6])))
    assert "Ann took back: labelled it 3" in told
    assert "Ann repeated: labelled it 3" in told


def test_label_that_the_classifier_finds_least_likely_comes_first(open_review, store, ids):
    desk = label_views.desk(store)
    items = desk.items()
    rows = np.arange(40, 90)
    presses = [label(f"t{row}", ids[row], int(items.truth[row])) for row in rows]
    wrong = int((items.truth[100] + 5) % 10)
    desk.record("Ann", [*presses, label("wrong", ids[100], wrong), label("right", ids[101], int(items.truth[101]))])
    desk.refit("Ann")
    at = open_review(listed="Least sure first")
    assert not at.exception
    first = choose(at, 0).query_params["open"]
    latest = label_views.desk(store).latest(60)
    labels = store.state(store.session("first")).labels()
    scores = latest.scores[desk.items().by_id.rows(labels.ids)]
    given = scores[np.arange(len(labels.ids)), labels.classes]
    scores[np.arange(len(labels.ids)), labels.classes] = -np.inf
    assert first == str(labels.ids[(given - scores.max(axis=1)).argmin()])
    assert "the classifier says" in said(at)


def test_order_by_sureness_without_a_classifier_says_why_it_is_by_time(open_review, store):
    session = store.session("first")
    store.record(session, "Ann", [press(Kind.CLASS_MERGED, number, into=0) for number in range(1, 10)])
    desk = label_views.desk(store)
    desk.refit("Ann")
    at = open_review(listed="Least sure first")
    assert "Two classes need labels." in said(at)
    assert len(cells(at)) == 3


def test_database_that_is_away_is_one_sentence_and_back_when_it_is(open_review, monkeypatch):
    at = open_review()
    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "state", label_views.away)
        at.run()
    assert not at.exception
    assert at.error[0].value == "It is away."
    assert not at.run().error


def test_items_that_the_run_in_use_does_not_have_are_counted_and_not_shown(open_review, store):
    store.record(store.session("first"), "Bob", [label("x", (2**60, -5), 0)])
    at = open_review()
    assert not at.exception
    assert len(cells(at)) == 3
    assert "2 more are no items of digits-weight-50" in said(at)
