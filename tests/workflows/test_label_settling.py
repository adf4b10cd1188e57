"""Who says what of an item in conflict, what can be settled, and what that does to lists and changes of classes."""

import pytest

from explorer.errors import BadValueError, StoreError
from explorer.labeling.records import Session
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore
from explorer.workflows.label_classes import effect, press, told
from explorer.workflows.label_review import listed, readable
from explorer.workflows.label_settling import newest, opinions_on, settle, settled_on, settlement
from tests.labeling.databases import CLASSES, PLAN, label, opened


@pytest.fixture
def session(store: LabelStore) -> Session:
    """Ann: 1 is 0, 2 is 0; Bob: 1 is 1; Cem settled 2, on which Bob had said 1, as 2."""
    session = store.create(PLAN, "Ann", CLASSES)
    store.record(session, "Ann", [label("a", 1, 0), label("b", 2, 0)])
    store.record(session, "Bob", [label("a", 1, 1), label("b", 2, 1)])
    settle(store, session, "Cem", settlement(2, 2))
    return session


def test_opinions_are_told_with_who_when_and_which_counts(store, session):
    state = store.state(session)
    said = opinions_on(store, session, state, 2)
    assert [(one.who, one.number, one.counts, one.settles) for one in said] == [
        ("Ann", 0, False, False), ("Bob", 1, False, False), ("Cem", 2, True, True),
    ]  # fmt: skip
    assert [one.at for one in said] == [event.at for event in store.history(session, 2)]
    assert opinions_on(store, session, state, 9) == ()


def test_who_settled_it_is_told(store, session):
    state = store.state(session)
    done = settled_on(store, session, state, 2)
    assert done is not None
    assert (done.item, done.who, done.number) == (2, "Cem", 2)
    assert done.at == store.history(session, 2)[-1].at
    assert settled_on(store, session, state, 1) is None
    assert [words for _, words in readable(store.history(session, 2), state.classes)] == [
        "labelled it zero", "labelled it one", "settled it as two",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "filters", "ids", "classes"),
    [
        ("conflicts", {}, [1], [1]),
        ("settled", {}, [2], [2]),
        ("settled", {"annotator": 2}, [2], [1]),
        ("settled", {"annotator": 3}, [2], [2]),
        ("settled", {"number": 1}, [], []),
        ("labelled", {}, [2, 1], [2, 1]),
    ],
)
def test_settled_items_are_a_list_of_their_own(store, session, which, filters, ids, classes):
    found = listed(store.state(session), which, **filters)
    assert found.ids.tolist() == ids
    assert found.classes.tolist() == classes


def test_settled_list_names_who_settled_also_where_another_agreed_since(store, session):
    store.record(session, "Ann", [label("agrees", 2, 2)])
    found = listed(store.state(session), "settled")
    assert [store.annotators()[who] for who in found.annotators.tolist()] == ["Cem"]


def test_nothing_to_settle_is_refused(store, session):
    store.record(session, "Ann", [label("c", 3, 0)])
    for item in (3, 4):
        with pytest.raises(BadValueError, match="nothing to settle"):
            settle(store, session, "Cem", settlement(item, 0))
        assert len(store.history(session, item)) == (item == 3), "nothing was written"


def test_settlement_of_opinions_that_were_not_seen_is_refused(store, session):
    seen = newest(store.state(session), 1)
    store.record(session, "Dan", [label("d", 1, 2)])
    with pytest.raises(BadValueError, match="Look again"):
        settle(store, session, "Eve", settlement(1, 0), seen=seen)
    assert [event.who for event in store.history(session, 1)] == ["Ann", "Bob", "Dan"], "nothing was written"
    assert "Eve" not in store.annotators().values()
    settle(store, session, "Eve", settlement(1, 0), seen=newest(store.state(session), 1))
    assert store.state(session).settled().ids.tolist() == [1, 2]


def test_nobody_labels_between_the_check_and_the_decision(tmp_path, monkeypatch, store, session):
    another = opened(tmp_path, patience=0.1)
    read = store.state_at

    def state_at(*args):
        state = read(*args)
        with pytest.raises(StoreError):
            another.record(session, "Dan", [label("d", 1, 2)])
        return state

    monkeypatch.setattr(store, "state_at", state_at)
    settle(store, session, "Eve", settlement(1, 0), seen=newest(another.state(session), 1))
    assert [event.who for event in another.history(session, 1)] == ["Ann", "Bob", "Eve"]
    another.close()


def test_settlement_that_is_sent_again_counts_once(store, session):
    said, seen = settlement(1, 0), newest(store.state(session), 1)
    for _ in range(2):
        settle(store, session, "Eve", said, seen=seen)
    assert [event.who for event in store.history(session, 1)] == ["Ann", "Bob", "Eve"]


def test_settlement_on_a_class_that_went_is_refused(store, session):
    store.record(session, "Ann", [press(Kind.CLASS_DELETED, 2)])
    with pytest.raises(BadValueError, match="was deleted meanwhile"):
        settle(store, session, "Eve", settlement(1, 2))


def test_deleting_the_class_of_a_settlement_says_that_the_conflict_is_open_again(store, session):
    change = press(Kind.CLASS_DELETED, 2)
    state = store.state(session)
    assert (effect(state, change).opened, effect(state, change).ended) == (1, 0)
    assert "1 conflict more, settled so far." in told(state, change)
    store.record(session, "Ann", [change])
    assert store.state(session).in_conflict().tolist() == [1, 2]


def test_conflict_that_a_deletion_opens_is_told_beside_one_that_it_ends(store, session):
    store.record(session, "Ann", [label("c", 3, 0)])
    store.record(session, "Bob", [label("c", 3, 2)])
    change = press(Kind.CLASS_DELETED, 2)
    state = store.state(session)
    assert state.in_conflict().tolist() == [1, 3]
    assert (effect(state, change).opened, effect(state, change).ended) == (1, 1)
    assert "1 conflict less. 1 conflict more, settled so far." in told(state, change)
    store.record(session, "Ann", [change])
    assert store.state(session).in_conflict().tolist() == [1, 2]
