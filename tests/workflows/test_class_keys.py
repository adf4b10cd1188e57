"""Keys of classes: in order, a digit or letter is its own, and none ever stands for another class."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.labeling.records import Plan
from explorer.labeling.schema import Kind
from explorer.workflows.class_keys import class_keys, keys_of
from explorer.workflows.label_classes import press
from tests.labeling.databases import opened

BATCHES = st.lists(st.lists(st.text("ab1 9\u0130", max_size=2), max_size=20), min_size=1, max_size=6)


def test_keys_go_in_order_but_a_digit_or_letter_is_its_own():
    assert keys_of([["bag", "coat", "dress"]]) == ("1", "2", "3")
    assert keys_of([[str(i) for i in range(10)]]) == tuple("0123456789")
    assert keys_of([["bag", "1", "B", "b", "coat", "é"]]) == ("2", "1", "b", "3", "4", "5")
    many = keys_of([[f"class {i}" for i in range(254)]])
    assert "".join(many) == "123456789abcdefghijklmnopqrstuvwxyz"
    assert len(many) == 254


def test_class_that_comes_later_takes_no_key_that_is_given():
    assert keys_of([["bag", "coat"], ["1"], ["x"]]) == ("1", "2", "3", "x")


@given(BATCHES)
def test_what_comes_later_changes_no_key_and_no_two_classes_have_one(batches):
    whole = keys_of(batches)
    for n in range(len(batches)):
        assert whole[: sum(map(len, batches[:n]))] == keys_of(batches[:n])
    given_keys = [key for key in whole if key]
    assert len(set(given_keys)) == len(given_keys)
    assert len(whole) == sum(map(len, batches))


@pytest.mark.parametrize(
    "change",
    [
        press(Kind.CLASS_DELETED, 0),
        press(Kind.CLASS_MERGED, 0, into=2),
        press(Kind.CLASS_RENAMED, 0, text="3"),
        press(Kind.CLASS_ADDED, text="2"),
    ],
)
def test_no_change_of_the_classes_gives_a_key_to_another_one(tmp_path: Path, change):
    store = opened(tmp_path)
    session = store.create(Plan("first", "mnist", "a-run"), "Ann", ["bag", "coat", "dress"])
    store.refit(session, "Ann", "begin", run="a-run")
    assert class_keys(store, session) == ("1", "2", "3")
    assert not store.record(session, "Bob", [change])[0].refusal
    assert class_keys(store, session)[:3] == ("1", "2", "3")
    store.record(session, "Bob", [press(Kind.CLASS_ADDED, text="late")])
    assert class_keys(store, session)[-1] == ("5" if change.kind == Kind.CLASS_ADDED else "4")
