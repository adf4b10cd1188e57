"""Which items of a session are listed, in which order, and what a change of the classes would do to labels."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.errors import BadDataError, BadValueError
from explorer.labeling.importing import Changes
from explorer.labeling.records import Press, Session
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore
from explorer.workflows.label_classes import Effect, effect, press
from explorer.workflows.label_files import FILE_KINDS, PILES, kind_of, piles
from explorer.workflows.label_review import Listing, by_sureness, listed
from tests.labeling.databases import CLASSES, PLAN, label
from tests.labeling.databases import press as marks


@pytest.fixture
def session(store: LabelStore) -> Session:
    """Ann: 1 is 0, 2 is 0, 3 is 2; Bob: 2 is 1, 1 is 0; 3 and 9 flagged, 9 by Bob; 4 skipped by both, 5 by Bob."""
    session = store.create(PLAN, "Ann", CLASSES)
    store.record(session, "Ann", [label("a", 1, 0), label("b", 2, 0), label("c", 3, 2), marks(Kind.FLAG, "f", 3)])
    store.record(session, "Bob", [label("a", 2, 1), label("b", 1, 0), marks(Kind.FLAG, "f", 9)])
    store.record(session, "Ann", [marks(Kind.SKIP, "s", 4)])
    store.record(session, "Bob", [marks(Kind.SKIP, "s", 5), marks(Kind.SKIP, "t", 4)])
    return session


ANN, BOB = 1, 2


@pytest.mark.parametrize(
    ("which", "filters", "ids", "classes"),
    [
        ("labelled", {}, [1, 2, 3], [0, 1, 2]),
        ("labelled", {"annotator": ANN}, [3, 2, 1], [2, 0, 0]),
        ("labelled", {"annotator": BOB}, [1, 2], [0, 1]),
        ("labelled", {"number": 0}, [1], [0]),
        ("labelled", {"annotator": ANN, "number": 0}, [2, 1], [0, 0]),
        ("conflicts", {}, [2], [1]),
        ("conflicts", {"annotator": ANN}, [2], [0]),
        ("conflicts", {"number": 0}, [], []),
        ("flagged", {}, [9, 3], [-1, 2]),
        ("flagged", {"annotator": BOB}, [9], [-1]),
        ("flagged", {"number": 2}, [3], [2]),
        ("skipped", {}, [4, 5], [-1, -1]),
        ("skipped", {"annotator": ANN}, [4], [-1]),
        ("skipped", {"number": 0}, [], []),
    ],
)
def test_items_are_listed_as_asked_the_newest_first(store, session, which, filters, ids, classes):
    found = listed(store.state(session), which, **filters)
    assert found.ids.tolist() == ids
    assert found.classes.tolist() == classes


@pytest.mark.parametrize("which", ["labelled", "conflicts", "flagged", "skipped"])
def test_session_in_which_nothing_happened_lists_nothing(store, which):
    assert len(listed(store.state(store.create(PLAN, "Ann", CLASSES)), which)) == 0


def listing(ids: list[int], classes: list[int]) -> Listing:
    numbers = np.arange(len(ids))
    return Listing(np.array(ids), np.array(classes), numbers, numbers)


def test_label_that_the_classifier_finds_least_likely_comes_first():
    scores = np.array([[2.0, 0.0, -1.0], [0.0, 3.0, -np.inf], [1.0, 0.9, 0.0], [0.0, 0.1, 0.2]])
    found = listing([10, 11, 12, 13, 14, 15], [0, 0, 0, -1, 0, 3])
    rows = np.array([0, 1, 2, 3, -1, 2])  # 14 is no item of the run; class 3 came later than the classifier
    assert by_sureness(found, rows, scores).ids.tolist() == [11, 12, 13, 10, 14, 15]
    unseen = listing([10, 11], [0, 2])  # 11 was labelled with a class without a label at that time
    assert by_sureness(unseen, np.array([0, 1]), scores).ids.tolist() == [11, 10]


def test_order_by_sureness_without_a_classifier_changes_nothing():
    found = listing([3, 1, 2], [0, 1, -1])
    for scores in (np.empty((4, 0)), np.zeros((4, 1))):
        assert by_sureness(found, np.array([0, 1, 2]), scores).ids.tolist() == [3, 1, 2]


def test_effect_of_a_change_is_what_the_store_then_says(store, session):
    state = store.state(session)
    changes = {
        press(Kind.CLASS_MERGED, 1, into=0): Effect(labels=1, opinions=1, lost=0, handed=0, opened=0, ended=1),
        press(Kind.CLASS_DELETED, 1): Effect(labels=1, opinions=1, lost=0, handed=1, opened=0, ended=1),
        press(Kind.CLASS_DELETED, 0): Effect(labels=1, opinions=3, lost=1, handed=0, opened=0, ended=1),
        press(Kind.CLASS_DELETED, 2): Effect(labels=1, opinions=1, lost=1, handed=0, opened=0, ended=0),
        press(Kind.CLASS_RENAMED, 2, text="x"): Effect(labels=1, opinions=1, lost=0, handed=0, opened=0, ended=0),
    }
    for n, (change, expected) in enumerate(changes.items()):
        found = effect(state, change)
        assert found == expected
        copy = store.create(replace(PLAN, name=f"copy-{n}"), "Ann", CLASSES)
        for who, said in (("Ann", [(1, 0), (2, 0), (3, 2)]), ("Bob", [(2, 1), (1, 0)])):
            store.record(copy, who, [label(f"{item}", item, number) for item, number in said])
        store.record(copy, "Ann", [replace(change)])
        after = store.state(copy)
        assert len(after.labels().ids) == len(state.labels().ids) - found.lost
        assert len(after.conflicts()) == len(state.conflicts()) + found.opened - found.ended


def test_change_that_cannot_be_has_no_effect_to_tell(store, session):
    for change in (press(Kind.CLASS_DELETED, 7), press(Kind.CLASS_MERGED, 1, into=1), press(Kind.CLASS_ADDED, text="")):
        with pytest.raises(BadValueError):
            effect(store.state(session), change)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_kind_of_a_file_is_read_off_its_ending(kind):
    assert kind_of(f"some.thing.{FILE_KINDS[kind].ending.upper()}") == kind


@pytest.mark.parametrize("name", ["", "csv", ".csv", "a.xlsx", "a.csv.exe"])
def test_other_endings_are_refused(name):
    with pytest.raises(BadDataError, match="Rename it"):
        kind_of(name)


def test_every_pile_of_an_import_has_its_words():
    assert {*PILES} == {*Changes.__dataclass_fields__} - {"seq"}
    assert piles(Changes(1, (), (), (), (), (), (), ())) == []


def test_press_of_a_change_has_a_key_of_its_own():
    first, second = (press(Kind.CLASS_ADDED, text="x") for _ in range(2))
    assert isinstance(first, Press)
    assert first.key != second.key
