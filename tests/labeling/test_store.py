"""What a store of labels keeps, and what becomes of each press."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import numpy as np
import pytest

from explorer.errors import BadValueError
from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore
from tests.labeling.databases import CLASSES, PLAN, label, opened, press

FAR = 2**63 - 1


def labelled(store, session):
    labels = store.state(session).labels()
    return dict(zip(labels.ids.tolist(), labels.classes.tolist(), strict=True))


def refusals(answers):
    return [answer.refusal for answer in answers if answer.refusal]


def test_session_is_found_again_as_it_was_made(store, session):
    assert store.session("digits-1") == session
    assert session.plan == PLAN
    assert abs(datetime.now(UTC) - session.created) < timedelta(minutes=1)
    other = store.create(replace(PLAN, name="b"), "ann")
    assert [one.plan.name for one in store.sessions()] == ["b", "digits-1"]
    assert store.state(other).classes.living == {}


@pytest.mark.usefixtures("session")
def test_name_that_is_taken_or_no_name_is_told(store):
    with pytest.raises(BadValueError, match="session called digits-1 already"):
        store.create(PLAN, "ann")
    with pytest.raises(BadValueError, match="no labeling session called 'other'"):
        store.session("other")


@pytest.mark.parametrize(
    "wrong", [{"name": "../x"}, {"batch_size": 0}, {"refit_every": 0}, {"held_out": 1.0}, {"seed": -1}]
)
def test_plan_out_of_range_is_refused(wrong):
    with pytest.raises(BadValueError):
        Plan(**{"name": "a", "dataset": "mnist", "run": "r", **wrong})


def test_session_with_a_class_twice_is_not_made(store):
    with pytest.raises(BadValueError, match="class called zero already"):
        store.create(PLAN, "ann", ["zero", "zero"])
    assert store.sessions() == []


def test_labels_are_there_for_whoever_opens_the_store_next(store, session, tmp_path, url):
    store.record(session, "ann", [label("a", 5, 1), label("b", -FAR - 1, 2), label("c", FAR, 0)])
    again = opened(tmp_path, url)
    assert labelled(again, session) == {5: 1, -FAR - 1: 2, FAR: 0}
    assert again.state(session).counts() == {0: 1, 1: 1, 2: 1}
    again.close()


def test_press_that_is_sent_twice_counts_once(store, session):
    first = store.record(session, "ann", [label("a", 5, 1)])
    both = store.record(session, "ann", [label("a", 5, 1), label("b", 6, 1), label("b", 6, 1)])
    assert [answer.seq for answer in both] == [first[0].seq, first[0].seq + 1, first[0].seq + 1]
    assert [answer.again for answer in both] == [True, False, True]
    assert len(store.history(session, 5)) == len(store.history(session, 6)) == 1


def test_key_of_another_press_is_refused_and_of_another_person_free(store, session):
    store.record(session, "ann", [label("a", 5, 1)])
    assert "used for another press" in refusals(store.record(session, "ann", [label("a", 6, 1)]))[0]
    assert refusals(store.record(session, "bob", [label("a", 6, 1)])) == []


def test_undo_sent_twice_takes_one_press_back(store, session):
    store.record(session, "ann", [label("a", 5, 1), label("b", 6, 1)])
    for _ in range(2):
        store.record(session, "ann", [press(Kind.UNDO, "u")])
    assert labelled(store, session) == {5: 1}


def test_undo_and_redo_of_a_lasso_are_of_all_its_items(store, session):
    store.record(session, "ann", [label("a", 5, 1), label("l", (5, 6, 7, 6), 2)])
    assert labelled(store, session) == {5: 2, 6: 2, 7: 2}
    store.record(session, "ann", [press(Kind.UNDO, "u")])
    assert labelled(store, session) == {5: 1}
    store.record(session, "ann", [press(Kind.REDO, "r")])
    assert labelled(store, session) == {5: 2, 6: 2, 7: 2}
    assert [event.kind for event in store.history(session, 6)] == [Kind.LABEL, Kind.UNDO, Kind.REDO]


def test_undo_is_of_ones_own_presses_alone(store, session):
    store.record(session, "ann", [label("a", 5, 1)])
    assert "nothing to undo" in refusals(store.record(session, "bob", [press(Kind.UNDO, "u")]))[0]
    assert labelled(store, session) == {5: 1}


def test_redo_is_over_after_another_press(store, session):
    store.record(session, "ann", [label("a", 5, 1), press(Kind.UNDO, "u"), label("b", 6, 1)])
    assert "nothing to redo" in refusals(store.record(session, "ann", [press(Kind.REDO, "r")]))[0]


def test_undo_goes_back_over_more_presses_than_are_read_at_once(store, session):
    n = 1_100
    store.record(session, "ann", [label(f"a{i}", i, 1) for i in range(n)])
    store.record(session, "ann", [press(Kind.UNDO, f"u{i}") for i in range(n - 1)])
    assert labelled(store, session) == {0: 1}


def test_two_annotators_differ_and_the_latest_counts(store, session):
    store.record(session, "ann", [label("a", 5, 1), label("b", 6, 1)])
    store.record(session, "bob", [label("a", 5, 2), label("b", 6, 1)])
    numbers = {name: number for number, name in store.annotators().items()}
    assert labelled(store, session) == {5: 2, 6: 1}
    (conflict,) = store.state(session).conflicts()
    assert (conflict.item, conflict.opinions) == (5, ((numbers["ann"], 1), (numbers["bob"], 2)))
    store.record(session, "ann", [press(Kind.UNDO, "u1"), press(Kind.UNDO, "u2"), press(Kind.REDO, "r")])
    assert labelled(store, session)[5] == 1, "a redo counts from its own moment"
    store.record(session, "bob", [label("c", 5, 1)])
    assert store.state(session).conflicts() == ()


def test_label_follows_a_merge_and_is_refused_after_a_deletion(store, session):
    store.record(session, "ann", [label("a", 5, 0), label("b", 6, 1), label("c", 7, 2)])
    merge = Press(Kind.CLASS_MERGED, "m", class_number=0, into=1)
    delete = Press(Kind.CLASS_DELETED, "d", class_number=2)
    answers = store.record(session, "bob", [merge, delete, label("e", 8, 0), label("f", 9, 2), label("g", 10, 1)])
    assert refusals(answers) == ["The class two was deleted meanwhile, so the label was not kept. Choose another."]
    assert labelled(store, session) == {5: 1, 6: 1, 8: 1, 10: 1}
    assert store.state(session).classes.living == {1: "one"}
    assert store.history(session, 5)[0].class_number == 0, "what was pressed stands in the log"


def test_opinion_on_a_deleted_class_leaves_the_others(store, session):
    store.record(session, "ann", [label("a", 5, 0), label("b", 6, 0), label("c", 6, 2)])
    store.record(session, "bob", [label("a", 5, 2), Press(Kind.CLASS_DELETED, "d", class_number=2)])
    assert labelled(store, session) == {5: 0}, "an own earlier label is not guessed back"


def test_classes_are_renamed_and_added_and_never_doubled(store, session):
    asked = [
        Press(Kind.CLASS_RENAMED, "r", class_number=0, text=" nought "),
        Press(Kind.CLASS_ADDED, "a", text="zero"),
        Press(Kind.CLASS_ADDED, "b", text="one"),
        Press(Kind.CLASS_RENAMED, "c", class_number=1, text="two"),
        Press(Kind.CLASS_MERGED, "d", class_number=1, into=1),
        Press(Kind.CLASS_DELETED, "e", class_number=9),
        Press(Kind.CLASS_ADDED, "f", text="'=1"),
        Press(Kind.CLASS_ADDED, "g", text="a\nb"),
    ]
    assert len(refusals(store.record(session, "ann", asked))) == 6
    assert store.state(session).classes.living == {0: "nought", 1: "one", 2: "two", 3: "zero"}


def test_chain_of_merges_is_followed_and_its_end_deleted(store, session):
    store.record(session, "ann", [label("a", 5, 0)])
    for number, into in ((0, 1), (1, 2)):
        store.record(session, "ann", [Press(Kind.CLASS_MERGED, f"m{number}", class_number=number, into=into)])
    assert labelled(store, session) == {5: 2}
    store.record(session, "ann", [Press(Kind.CLASS_DELETED, "d", class_number=2)])
    assert labelled(store, session) == {}


def test_flags_and_skips(store, session):
    store.record(session, "ann", [press(Kind.FLAG, "a", 5, 6), press(Kind.SKIP, "b", 7)])
    store.record(session, "bob", [press(Kind.UNFLAG, "a", 5)])
    state = store.state(session)
    assert state.flagged().tolist() == [6]
    assert state.skipped().tolist() == [7]
    numbers = {name: number for number, name in store.annotators().items()}
    assert state.skipped(numbers["bob"]).tolist() == []


def test_lease_keeps_items_from_others_until_it_runs_out(store, session):
    now = [datetime(2030, 1, 1, tzinfo=UTC)]
    store = LabelStore(store.database, clock=lambda: now[0])
    items = range(10)
    store.record(session, "cem", [label("a", 0, 1), press(Kind.SKIP, "s", 1)])
    assert store.lease(session, "ann", items, 3, 60).tolist() == [1, 2, 3]
    assert store.lease(session, "cem", items, 2, 60).tolist() == [4, 5]
    assert store.lease(session, "ann", items, 2, 60, tab="other").tolist() == [6, 7]
    assert store.lease(session, "ann", items, 3, 60).tolist() == [1, 2, 3], "renewed"
    assert store.candidates(session, "new", items).tolist() == [8, 9]
    now[0] += timedelta(seconds=61)
    assert store.lease(session, "bob", items, 9, 60).tolist() == list(range(1, 10))
    store.release(session, "bob")
    assert store.candidates(session, "cem", items).tolist() == list(range(2, 10))


def test_order_of_the_candidates_is_kept(store, session):
    store.record(session, "ann", [label("a", 9, 1)])
    assert store.candidates(session, "ann", [7, 9, 3, 8]).tolist() == [7, 3, 8]


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": "x" * 65},
        {"key": "\n"},
        {"items": ()},
        {"items": (2**63,)},
        {"class_number": None},
        {"into": 1},
        {"text": "x" * 101},
        {"kind": Kind.SKIP},
        {"kind": Kind.UNDO},
    ],
)
def test_press_that_says_nothing_whole_is_refused(wrong):
    with pytest.raises(BadValueError):
        Press(**{"kind": Kind.LABEL, "key": "a", "items": (1,), "class_number": 0, **wrong})


def test_label_of_a_class_that_never_was_is_refused(store, session):
    assert "no such class" in refusals(store.record(session, "ann", [label("a", 5, 3)]))[0]
    assert "no such class" in refusals(store.record(session, "ann", [label("a", 5, -1)]))[0]


def test_session_that_is_gone_and_nameless_annotators_are_told(store, session):
    with pytest.raises(BadValueError, match="no labeling session of number 99"):
        store.record(replace(session, id=99), "ann", [])
    with pytest.raises(BadValueError, match="annotator's name"):
        store.record(session, " ", [])


def test_eight_at_once_lose_nothing_and_are_never_given_the_same_item(store, session):
    given: dict[str, list[int]] = {f"p{i}": [] for i in range(8)}

    def work(who: str) -> None:
        for turn in range(10):
            (item,) = store.lease(session, who, range(1_000), 1, 60).tolist()
            given[who].append(item)
            store.record(session, who, [label(f"k{turn}", item, turn % 3)])

    threads = [Thread(target=work, args=(who,)) for who in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item for items in given.values() for item in items) == list(range(80))
    assert labelled(store, session) == {item: turn % 3 for items in given.values() for turn, item in enumerate(items)}


def test_state_that_grew_is_the_state_read_at_once(store, session, tmp_path, url):
    rng = np.random.default_rng(0)
    for turn in range(60):
        number = int(rng.integers(len(CLASSES)))
        items = tuple(rng.integers(0, 20, rng.integers(1, 4)).tolist())
        what = rng.choice([Kind.LABEL, Kind.LABEL, Kind.SKIP, Kind.FLAG, Kind.UNFLAG, Kind.UNDO, Kind.REDO])
        kind = Kind(int(what))
        one = Press(kind, str(turn), () if kind in (Kind.UNDO, Kind.REDO) else items, number if kind == 1 else None)
        store.record(session, str(rng.choice(["ann", "bob"])), [one])
        store.state(session)
    fresh = opened(tmp_path, url)
    ours, theirs = store.state(session), fresh.state(session)
    assert labelled(store, session) == labelled(fresh, session) != {}
    assert ours.conflicts() == theirs.conflicts() != ()
    assert ours.skipped().tolist() == theirs.skipped().tolist()
    assert ours.flagged().tolist() == theirs.flagged().tolist()
    fresh.close()


def test_refit_learns_from_the_log_before_it(store, session):
    store.record(session, "ann", [label("a", 1, 0)])
    seq, before = store.refit(session, "ann", "fit", run="tuned", note="why")
    store.record(session, "bob", [label("b", 2, 1), Press(Kind.CLASS_DELETED, "c", class_number=0)])
    assert before.labels().ids.tolist() == [1]
    assert before.seq == seq - 1
    (event,) = store.refits(session)
    assert (event.seq, event.run, event.text, event.kind) == (seq, "tuned", "why", Kind.REFIT)


def test_refit_sent_twice_counts_once(store, session):
    first, _ = store.refit(session, "ann", "fit", run="r")
    store.record(session, "ann", [label("a", 1, 0)])
    again, before = store.refit(session, "ann", "fit", run="r")
    assert (first, len(store.refits(session))) == (again, 1)
    assert before.labels().ids.tolist() == []


def test_run_in_use_is_that_of_the_newest_refit_at_the_moment_of_writing(tmp_path, url, store, session):
    other = opened(tmp_path, url)  # another server
    store.record(session, "ann", [label("a", 1, 0)])
    store.refit(session, "ann", "same")
    other.refit(session, "bob", "tuned", run="tuned")
    store.record(session, "ann", [label("b", 2, 0)])
    store.refit(session, "ann", "again")
    runs = [event.run for event in store.events(session, range(len(CLASSES) + 1, len(CLASSES) + 6))]
    assert runs == [PLAN.run, PLAN.run, "tuned", "tuned", "tuned"]
    other.close()


def test_refit_after_one_that_is_no_longer_the_newest_is_not_written(store, session):
    first, _ = store.refit(session, "ann", "fit", after=0)
    store.record(session, "ann", [label("a", 1, 0)])
    found, before = store.refit(session, "bob", "b", after=0)
    assert (found, before.seq, before.labels().ids.tolist()) == (first, first - 1, [])
    assert len(store.refits(session)) == 1
    found, before = store.refit(session, "bob", "b", after=first)
    assert (found, before.labels().ids.tolist()) == (store.refits(session)[-1].seq, [1])


def test_state_before_an_event_is_what_it_was_then(store, session):
    presses = [
        label("a", 1, 0),
        label("b", 2, 1),
        press(Kind.UNDO, "u"),
        press(Kind.REDO, "r"),
        Press(Kind.CLASS_MERGED, "m", class_number=1, into=2),
        label("c", 1, 2),
        Press(Kind.CLASS_DELETED, "d", class_number=0),
    ]
    then = [store.state(session)]
    for one in presses:
        store.record(session, "ann", [one])
        then.append(store.state(session))
    for state in then:
        found = store.state_before(session, state.seq + 1)
        assert found.classes == state.classes
        assert found.labels().ids.tolist() == state.labels().ids.tolist()
        assert found.labels().classes.tolist() == state.labels().classes.tolist()
