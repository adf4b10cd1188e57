"""A round is a function of what was labelled before it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.labeling.records import Press
from explorer.labeling.rounds import SessionItems, drawn, is_due, make_round
from explorer.labeling.schema import Kind
from tests.labeling.databases import PLAN, label, press

PAIR = replace(PLAN, strategy="margin", held_out=0.0, batch_size=2)


def items(n: int = 40, held_out: float = 0.0, known: dict[int, int] | None = None) -> SessionItems:
    """Items on a line, in any order: row i lies at z = i and has the id 100 - i."""
    found = np.full(n, -1)
    for row, number in (known or {}).items():
        found[row] = number
    ids = 100 - np.arange(n)
    z = np.arange(n, dtype=np.float32)[:, None]
    return SessionItems(ids, z, found, np.full(n, -1), drawn(ids, held_out, 7))


def test_without_two_classes_picks_lie_far_from_each_other(store, session):
    store.record(session, "ann", [label("a", 100, 0)])  # row 0
    found = make_round(items(), store.state(session), PAIR, 3, "run")
    assert found.svm is None
    assert found.two_likeliest(5)[0] == ()
    assert found.picks[0] == 100 - 39  # the farthest from what is labelled
    assert found.n_labels == 1


def test_margin_asks_first_between_the_classes(store, session):
    merged = Press(Kind.CLASS_MERGED, "m", class_number=1, into=0)
    store.record(session, "ann", [label("a", 100, 0), label("b", 100 - 39, 2), merged])
    found = make_round(items(), store.state(session), PAIR, 3, "run")
    assert abs(100 - found.picks[0] - 19.5) < 2
    assert set(found.two_likeliest(0)[0]) == {0, 2}
    assert found.predicted[[0, 39]].tolist() == [0, 2]
    assert found.scores[:, 1].tolist() == [-np.inf] * 40


def test_all_that_is_open_is_asked_about_once_and_nothing_else(store, session):
    store.record(session, "ann", [label("a", 100, 0), label("b", 61, 2)])
    found = make_round(items(held_out=0.3), store.state(session), replace(PAIR, held_out=0.3), 3, "run")
    asked = np.concatenate([found.picks, found.rest])
    assert sorted(asked) == sorted(set(range(62, 100)))


def test_held_out_items_come_at_their_share_and_are_not_learned_from(store, session):
    here, plan = items(1000, 0.25), replace(PAIR, held_out=0.25, batch_size=50)
    some = here.ids[here.held_out][:2]
    store.record(session, "ann", [label("a", int(some[0]), 0), label("b", int(some[1]), 1)])
    found = make_round(here, store.state(session), plan, 3, "run")
    assert found.svm is None
    is_held_out = np.isin(found.picks[:200], here.ids[here.held_out])
    assert is_held_out.sum() == 50
    assert np.diff(np.flatnonzero(is_held_out)).tolist() == [4] * 49
    assert not np.isin(some, found.picks).any()


def test_rounds_that_end_early_ask_about_held_out_items_at_their_share(store, session):
    here, plan, state = items(400, 0.1), replace(PAIR, held_out=0.1, strategy="random"), store.state(session)
    first = [make_round(here, state, plan, seq, "run").picks[:5] for seq in range(1, 201)]
    assert np.isin(np.concatenate(first), here.ids[here.held_out]).mean() == pytest.approx(0.1, abs=0.03)


def test_what_was_known_before_counts_until_somebody_says_otherwise(store, session):
    here = items(known={0: 0, 39: 2})
    assert here.labels(store.state(session))[[0, 39]].tolist() == [0, 2]
    store.record(session, "ann", [label("a", 100, 1), Press(Kind.CLASS_DELETED, "b", class_number=2)])
    assert here.labels(store.state(session))[[0, 39]].tolist() == [1, -1]


def test_same_log_gives_the_same_round_and_another_seed_another(store, session):
    store.record(session, "ann", [label("a", 100, 0), label("b", 61, 2)])
    state = store.state(session)
    plan = replace(PAIR, strategy="random")
    first, again = (make_round(items(), state, plan, 3, "run") for _ in range(2))
    assert first.picks.tolist() == again.picks.tolist()
    assert first.picks.tolist() != make_round(items(), state, plan, 4, "run").picks.tolist()
    assert first.picks.tolist() != make_round(items(), state, replace(plan, seed=8), 3, "run").picks.tolist()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=50), st.integers(0, 2**63 - 1))
def test_item_is_drawn_or_not_whatever_others_there_are(ids, seed):
    every = drawn(np.array(ids, np.int64), 0.5, seed)
    alone = [bool(drawn(np.array([one], np.int64), 0.5, seed)[0]) for one in ids]
    assert every.tolist() == alone


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_share_is_drawn(share):
    assert drawn(np.arange(20_000), share, 3).mean() == pytest.approx(share, abs=0.02)


def test_round_is_due_when_so_many_labels_came_or_went(store, session):
    plan, here = replace(PAIR, refit_every=3), items()
    first = make_round(here, store.state(session), plan, 1, "run")

    def due(made):
        return is_due(made, here, store.state(session), plan)

    store.record(session, "ann", [label("a", 100, 0), label("b", 99, 1)])
    assert not due(first)
    store.record(session, "ann", [label("c", 98, 1)])
    assert due(first)
    seq, before = store.refit(session, "ann", "r", run="run")
    second = make_round(here, before, plan, seq, "run")
    assert not due(second)
    store.record(session, "ann", [press(Kind.UNDO, "u1"), press(Kind.UNDO, "u2")])
    assert not due(second)
    store.record(session, "ann", [press(Kind.UNDO, "u3")])
    assert due(second)  # all three are gone again


def test_scores_guide_once_each_class_has_a_label_or_there_are_enough(store, session):
    here = items()
    store.record(session, "ann", [label("a", 100, 0), label("b", 61, 2)])
    cold = make_round(here, store.state(session), PAIR, 3, "run")
    assert cold.is_cold  # class 1 has no label
    assert cold.svm is not None
    far = make_round(here, store.state(session), replace(PAIR, strategy="diversity"), 3, "run")
    assert cold.picks.tolist() == far.picks.tolist()
    store.record(session, "ann", [label(f"c{row}", 100 - row, 0) for row in range(1, 8)])
    assert not make_round(here, store.state(session), PAIR, 3, "run").is_cold  # nine labels, three a class
