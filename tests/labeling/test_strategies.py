import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadDataError, BadValueError
from explorer.labeling.strategies import BLOCK, STRATEGIES, margin, random
from tests import reference

SEEDS = st.integers(0, 2**32 - 1)


def test_the_smallest_margin_comes_first():
    scores = np.array([[9.0, 1, 0], [0, 2.5, 3], [5, 5.1, 0], [1, 2, 9]])
    assert margin(scores, 3).tolist() == [2, 1, 3]


@given(SEEDS, st.integers(0, 40), st.integers(2, 6), st.integers(0, 50), st.booleans())
def test_margin_is_the_slow_twins_with_ties_by_row(seed, items, n_classes, n, some):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (items, n_classes)).astype(np.float32)
    candidates = np.flatnonzero(rng.random(items) < 0.5) if some else None
    found = margin(scores, n, candidates=candidates)
    assert found.tolist() == reference.most_uncertain(
        scores.tolist(), n, range(items) if candidates is None else candidates.tolist()
    )


def test_margin_over_several_blocks():
    scores = np.random.default_rng(0).normal(size=(2 * BLOCK + 3, 5))
    highest = np.sort(scores, axis=1)
    assert margin(scores, 50).tolist() == np.argsort(highest[:, -1] - highest[:, -2])[:50].tolist()


def test_candidates_in_any_order_and_twice_are_one_set():
    scores = np.array([[0.0, 1], [0, 1], [0, 0.5], [0, 0]])
    assert margin(scores, 9, candidates=[2, 1, 0, 1]).tolist() == [2, 0, 1]
    assert margin(scores, 9, candidates=[]).tolist() == []


def test_a_class_that_scores_minus_infinity_is_no_rival():
    assert margin(np.array([[-np.inf, 1, 0], [-np.inf, 1, 0.5]]), 1).tolist() == [1]


@pytest.mark.parametrize("column", [0, 1, 2])
def test_nan_is_refused_wherever_it_stands(column):
    scores = np.ones((3, 3))
    scores[1, column] = np.nan
    with pytest.raises(BadDataError, match="NaN"):
        margin(scores, 1)


@pytest.mark.parametrize("scores", [np.zeros((3, 1)), np.zeros(3)])
def test_one_class_has_no_margin(scores):
    with pytest.raises(BadDataError, match="two classes"):
        margin(scores, 1)


@given(SEEDS, st.integers(0, 30), st.integers(0, 40))
def test_random_picks_distinct_candidates(seed, items, n):
    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(rng.random(items) < 0.5)
    found = random(items, n, candidates=candidates, rng=rng)
    assert len(found) == len(set(found.tolist())) == min(n, len(candidates))
    assert set(found.tolist()) <= set(candidates.tolist())


def test_random_is_the_rngs_and_reaches_every_row():
    draws = [random(6, 2, rng=np.random.default_rng(seed)).tolist() for seed in range(60)]
    assert draws[7] == random(6, 2, rng=np.random.default_rng(7)).tolist()
    assert {row for draw in draws for row in draw} == set(range(6))
    assert {draw[0] < draw[1] for draw in draws} == {True, False}  # in the order drawn


@pytest.mark.parametrize("candidates", [[-1], [4], [0.5], [True, False]])
def test_candidates_that_are_no_rows_are_refused(candidates):
    for pick in STRATEGIES.values():
        with pytest.raises(BadValueError, match="rows from 0 to 3"):
            pick.pick(np.zeros((4, 2)), 1, candidates, np.random.default_rng(0))


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_picks_as_many_as_asked_and_never_a_negative_number(name):
    scores, rng = np.random.default_rng(0).normal(size=(20, 3)), np.random.default_rng(0)
    assert STRATEGIES[name].meaning
    assert len(set(STRATEGIES[name].pick(scores, 5, None, rng).tolist())) == 5
    with pytest.raises(BadValueError, match="-1 items"):
        STRATEGIES[name].pick(scores, -1, None, rng)


def test_the_table_names_the_functions():
    scores = np.random.default_rng(0).normal(size=(20, 3))
    by_name = STRATEGIES["margin"].pick(scores, 5, [1, 2, 3, 9, 4, 7], np.random.default_rng(0))
    assert by_name.tolist() == margin(scores, 5, candidates=[1, 2, 3, 9, 4, 7]).tolist()
