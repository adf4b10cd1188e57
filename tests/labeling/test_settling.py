"""A settled conflict: what counts, what opens it anew, and how it goes into files and copies and comes back."""

import json
from dataclasses import replace
from itertools import count

import pytest

from explorer.errors import BadValueError
from explorer.labeling.backup import dump, restore
from explorer.labeling.decoding import Given, decode
from explorer.labeling.exporting import ENCODINGS, export_labels
from explorer.labeling.importing import apply_import, plan_import
from explorer.labeling.recording import record
from explorer.labeling.records import Press
from explorer.labeling.schema import SETTLES, Kind
from explorer.labeling.state import derive
from tests.labeling.databases import CLASSES, PLAN, label, opened, press

ITEM = 5
_keys = count()


def settles(item: int, number: int) -> Press:
    return Press(Kind.LABEL, f"settle-{next(_keys)}", (item,), number, text=SETTLES)


def says(store, session, who, number, item=ITEM):
    store.record(session, who, [label(f"says-{next(_keys)}", item, number)])


def decides(store, session, who, number, item=ITEM):
    store.record(session, who, [settles(item, number)])


def undoes(store, session, who, kind=Kind.UNDO):
    (answer,) = store.record(session, who, [press(kind, f"turn-{next(_keys)}")])
    assert not answer.refusal


def changes_class(store, session, kind, number, into=None):
    store.record(session, "ann", [Press(kind, f"class-{next(_keys)}", class_number=number, into=into)])


def settled(store, session):
    """Who settled which item as what; the log read anew says the same as the state that grew."""
    state, names = store.state(session), store.annotators()
    done, labels = state.settled(), state.labels()
    counted = dict(zip(labels.ids.tolist(), labels.classes.tolist(), strict=True))
    found = {
        item: (names[who], number)
        for item, who, number in zip(done.ids.tolist(), done.annotators.tolist(), done.classes.tolist(), strict=True)
    }
    assert all(counted[item] == number for item, (_, number) in found.items())
    assert not {*found} & {*state.in_conflict().tolist()}
    anew = derive(store._known[session.id][0]).settled()
    assert (anew.ids.tolist(), anew.seqs.tolist()) == (done.ids.tolist(), done.seqs.tolist())
    return found


def is_open(store, session):
    state = store.state(session)
    every = state.conflicts()
    assert [one.item for one in every] == state.in_conflict().tolist()
    for asked in ([], [6, ITEM, 4, ITEM]):
        assert state.conflicts(asked) == tuple(one for one in every if one.item in asked)
    return ITEM in state.in_conflict()


@pytest.fixture
def differing(store, session):
    """Ann says 0 and Bob says 1."""
    says(store, session, "ann", 0)
    says(store, session, "bob", 1)
    assert is_open(store, session)
    return session


def test_third_person_settles_and_every_opinion_stays(store, differing):
    decides(store, differing, "lead", 0)
    state = store.state(differing)
    assert not is_open(store, differing)
    assert settled(store, differing) == {ITEM: ("lead", 0)}
    assert state.labels().classes.tolist() == [0]
    assert state.held()[1].tolist() == [0, 1, 0], "three opinions, as they were given"
    assert [event.settles for event in store.history(differing, ITEM)] == [False, False, True]


def test_one_of_those_who_differ_can_settle(store, differing):
    decides(store, differing, "ann", 1)
    assert settled(store, differing) == {ITEM: ("ann", 1)}
    assert [event.class_number for event in store.history(differing, ITEM)] == [0, 1, 1]


def test_plain_label_of_a_third_person_counts_and_settles_nothing(store, differing):
    says(store, differing, "lead", 0)
    assert is_open(store, differing)
    assert settled(store, differing) == {}


@pytest.mark.parametrize("who", ["ann", "bob", "lead", "cem"])
def test_later_label_that_differs_opens_it_anew_whoever_gives_it(store, differing, who):
    decides(store, differing, "lead", 0)
    says(store, differing, who, 0)
    assert settled(store, differing) == {ITEM: ("lead", 0)}, "who agrees changes nothing"
    says(store, differing, who, 2)
    assert is_open(store, differing)
    assert settled(store, differing) == {}
    undoes(store, differing, who)
    assert settled(store, differing) == {ITEM: ("lead", 0)}


def test_it_can_be_settled_anew_and_the_newest_holds(store, differing):
    decides(store, differing, "lead", 0)
    decides(store, differing, "boss", 2)
    assert settled(store, differing) == {ITEM: ("boss", 2)}
    undoes(store, differing, "boss")
    assert settled(store, differing) == {ITEM: ("lead", 0)}


def test_settlement_is_undone_and_redone_by_whoever_made_it(store, differing):
    decides(store, differing, "lead", 0)
    undoes(store, differing, "lead")
    assert is_open(store, differing)
    undoes(store, differing, "lead", Kind.REDO)
    assert settled(store, differing) == {ITEM: ("lead", 0)}
    (answer,) = store.record(differing, "bob", [press(Kind.UNDO, "bobs")])
    assert not answer.refusal
    assert settled(store, differing) == {ITEM: ("lead", 0)}, "what others did is not undone"


def test_classes_that_are_renamed_merged_or_deleted_are_followed(store, differing):
    decides(store, differing, "lead", 2)
    changes_class(store, differing, Kind.CLASS_MERGED, 2, into=0)
    assert settled(store, differing) == {ITEM: ("lead", 0)}
    says(store, differing, "cem", 1)
    assert is_open(store, differing)
    changes_class(store, differing, Kind.CLASS_MERGED, 1, into=0)
    assert not is_open(store, differing)
    assert settled(store, differing) == {ITEM: ("lead", 0)}


def test_settlement_on_a_class_that_was_deleted_is_none_and_is_replaced_by_no_older_one(store, differing):
    decides(store, differing, "boss", 0)
    decides(store, differing, "lead", 2)
    changes_class(store, differing, Kind.CLASS_DELETED, 2)
    assert settled(store, differing) == {}
    assert is_open(store, differing)


def test_settlement_whose_annotator_has_no_opinion_left_holds_no_more(store, differing):
    decides(store, differing, "lead", 0)
    says(store, differing, "lead", 2)
    changes_class(store, differing, Kind.CLASS_DELETED, 2)
    assert settled(store, differing) == {}
    assert is_open(store, differing), "Bob's 1 counts, as the later one of two who differ"


def test_settlement_is_a_label_of_one_item_and_nothing_else():
    for kind, items, text in [
        (Kind.LABEL, (1, 2), SETTLES),
        (Kind.LABEL, (1,), "words"),
        (Kind.SKIP, (1,), SETTLES),
        (Kind.FLAG, (1,), "words"),
    ]:
        with pytest.raises(BadValueError):
            Press(kind, "k", items, 0 if kind == Kind.LABEL else None, text=text)


def test_settlement_sent_again_counts_once_and_one_on_a_class_that_went_is_refused(store, differing):
    said = settles(ITEM, 0)
    (first,) = store.record(differing, "lead", [said])
    (again,) = store.record(differing, "lead", [said])
    assert again.again
    assert again.seq == first.seq
    changes_class(store, differing, Kind.CLASS_DELETED, 2)
    (answer,) = store.record(differing, "lead", [settles(ITEM, 2)])
    assert "was deleted meanwhile" in answer.refusal


@pytest.fixture
def full(store, differing):
    """A settled item, an open one, one that was opened anew, one settled and said again, and one on which all agree."""
    decides(store, differing, "lead", 0)
    for item in (6, 7, 8):
        says(store, differing, "ann", 0, item)
        says(store, differing, "bob", 1, item)
    decides(store, differing, "lead", 0, 7)
    says(store, differing, "cem", 2, 7)
    decides(store, differing, "lead", 2, 8)
    says(store, differing, "lead", 2, 8)
    says(store, differing, "ann", 1, 9)
    says(store, differing, "bob", 1, 9)
    return differing


def test_file_says_which_opinion_settles_and_which_counts(store, full):
    rows = [json.loads(line) for line in export_labels(store, full, "jsonl").decode().splitlines()]
    assert {(row["id"], row["annotator"], row["class"]) for row in rows if row["settles"]} == {
        (5, "lead", "zero"), (7, "lead", "zero"), (8, "lead", "two"),
    }  # fmt: skip
    assert {(row["id"], row["annotator"], row["class"]) for row in rows if row["counts"]} == {
        (5, "lead", "zero"), (6, "bob", "one"), (7, "cem", "two"), (8, "lead", "two"), (9, "bob", "one"),
    }  # fmt: skip
    tasks = {
        task["data"]["item"]: task["annotations"] for task in json.loads(export_labels(store, full, "label-studio"))
    }
    assert [said.get("ground_truth", False) for said in tasks["5"]] == [False, False, True]


@pytest.mark.parametrize("kind", ENCODINGS)
def test_file_brings_settlements_back(store, full, kind):
    file = export_labels(store, full, kind)
    other = store.create(replace(PLAN, name="other"), "ann", CLASSES)
    changes = plan_import(store, other, decode(file, kind), "ann", range(10))
    assert {row.item for row in changes.added} == {9}
    assert apply_import(store, other, changes, with_conflicts=True) == sum(
        len(getattr(changes, pile)) for pile in ("added", "conflicts")
    )
    ours, theirs = store.state(full), store.state(other)
    assert settled(store, other) == settled(store, full) == {5: ("lead", 0), 8: ("lead", 2)}
    assert theirs.conflicts() == ours.conflicts()
    assert theirs.labels().classes.tolist() == ours.labels().classes.tolist()
    again = plan_import(store, other, decode(file, kind), "ann", range(10))
    assert len(again.same) == len(decode(file, kind)), "also what a later label opened anew"


def test_import_differs_from_what_was_settled_and_not_from_what_was_said_before(store, full):
    rows = [Given(5, "zero", "dan"), Given(5, "one", "eve"), Given(5, "one", "bob"), Given(8, "one", "lead")]
    changes = plan_import(store, full, rows, "ann")
    assert changes.added == (rows[0],)
    assert changes.conflicts == (rows[1], rows[3])
    assert changes.same == (rows[2],)


def test_settlement_of_a_file_is_one_only_where_somebody_differs(store, full):
    rows = [Given(1, "zero", "dan", settles=True), Given(6, "two", "dan", settles=True)]
    changes = plan_import(store, full, rows, "ann")
    assert changes.added == (Given(1, "zero", "dan"),)
    assert changes.conflicts == (rows[1],)
    apply_import(store, full, changes)
    assert is_open_at(store, full, 6), "a settlement is taken only when that is asked for"
    changes = plan_import(store, full, rows, "ann")
    apply_import(store, full, changes, with_conflicts=True)
    assert settled(store, full)[6] == ("dan", 2)
    undoes(store, full, "dan")
    assert is_open_at(store, full, 6)


def test_import_writes_the_settlements_of_one_annotator_at_once(store, session, monkeypatch):
    items = range(20)
    for who, number in (("ann", 0), ("bob", 1)):
        store.record(session, who, [label(who, tuple(items), number)])
    rows = [Given(item, "two", ("lead", "boss")[item % 2], settles=True) for item in items]
    rows += [Given(0, "zero", "cem", settles=True)]
    calls = []

    def counted(connection, number, who, presses, **more):
        calls.append((who, len(presses)))
        return record(connection, number, who, presses, **more)

    monkeypatch.setattr("explorer.labeling.importing.record", counted)
    apply_import(store, session, plan_import(store, session, rows, "ann"), with_conflicts=True)
    assert calls == [("lead", 10), ("boss", 10), ("cem", 1)]
    assert settled(store, session) == {item: (("lead", "boss")[item % 2], 2) for item in items} | {0: ("cem", 0)}


def is_open_at(store, session, item):
    return item in store.state(session).in_conflict()


@pytest.mark.parametrize("word", ["yes", "", None, 2, [True], "settles"])
def test_other_words_in_the_column_settle_nothing(word):
    line = json.dumps({"id": 1, "class": "zero", "settles": word})
    assert decode(line.encode(), "jsonl") == (Given(1, "zero", ""),)


def test_settlements_come_back_from_a_copy(store, full, tmp_path):
    with open(tmp_path / "dump", "wb") as file:
        dump(store, file)
    (tmp_path / "other").mkdir()
    other = opened(tmp_path / "other")
    restore(other, tmp_path / "dump")
    assert settled(other, full) == settled(store, full) != {}
    other.close()
