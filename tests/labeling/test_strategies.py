import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.labeling import active
from explorer.labeling.pool import Pool
from explorer.labeling.strategies import STRATEGIES, margin, picks, problem, random
from explorer.labeling.uncertainty import BLOCK
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
    for pick in (margin, lambda scores, n, **how: random(len(scores), n, rng=np.random.default_rng(0), **how)):
        with pytest.raises(BadValueError, match="rows from 0 to 3"):
            pick(np.zeros((4, 2)), 1, candidates=candidates)
    with pytest.raises(BadValueError, match="rows from 0 to 3"):
        picks("diversity", pool_of(4, candidates=np.array(candidates)), 1, np.random.default_rng(0))


def pool_of(n: int, *, n_classes: int = 3, labelled: float = 0.2, seed: int = 0, **changes) -> Pool:
    """Items in clusters, some of them labelled, that all may be asked about."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    z = rng.normal(size=(3, 4))[truth] * 3 + rng.normal(size=(n, 4))
    scores = -np.abs(z[:, :1] - np.arange(n_classes))
    labels = np.where(rng.random(n) < labelled, truth, -1)
    given = {"candidates": np.arange(n), "labels": labels, "strangeness": lambda: rng.permutation(n) / n}
    return Pool(z.astype(np.float32), scores, **(given | changes))


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("n_classes", [0, 3])
def test_every_strategy_picks_unlabelled_candidates_once_and_the_same_again(name, n_classes):
    rng = np.random.default_rng(3)
    candidates = np.flatnonzero(rng.random(60) < 0.7)
    strange = rng.random(60)
    pool = pool_of(60, n_classes=n_classes, candidates=candidates, strangeness=lambda: strange)
    found = picks(name, pool, 9, np.random.default_rng(5))
    assert len(set(found.tolist())) == len(found) == 9
    assert set(found.tolist()) <= set(candidates.tolist())
    assert (pool.labels[found] == -1).all()
    assert found.tolist() == picks(name, pool, 9, np.random.default_rng(5)).tolist()


@pytest.mark.parametrize("name", STRATEGIES)
def test_no_strategy_picks_more_than_there_are_or_fewer_than_none(name):
    pool, rng = pool_of(12), np.random.default_rng(0)
    free = np.flatnonzero(pool.labels < 0)
    assert set(picks(name, pool, 40, rng).tolist()) == set(free.tolist())
    assert picks(name, pool, 0, rng).tolist() == []
    assert picks(name, pool_of(12, candidates=np.empty(0, int)), 4, rng).tolist() == []
    with pytest.raises(BadValueError, match="-1 items"):
        picks(name, pool, -1, rng)
    assert STRATEGIES[name].meaning


@given(SEEDS, st.integers(1, 30), st.integers(0, 35), st.integers(0, 3))
def test_own_strategies_hold_the_contract_on_any_pool(seed, items, n, n_classes):
    rng = np.random.default_rng(seed)
    z = rng.integers(0, 3, (items, 2)).astype(np.float32)  # doubled places too
    labels, scores = rng.integers(-1, 2, items), rng.integers(0, 3, (items, n_classes)).astype(np.float32)
    candidates = rng.permutation(np.flatnonzero(rng.random(items) < 0.6))
    pool = Pool(z, scores, candidates, labels, lambda: z[:, 0])
    allowed = set(candidates.tolist()) & set(np.flatnonzero(labels < 0).tolist())
    for name, strategy in STRATEGIES.items():
        if not strategy.extra:
            found = picks(name, pool, n, np.random.default_rng(seed)).tolist()
            assert len(set(found)) == len(found) == min(n, len(allowed))
            assert set(found) <= allowed


def test_the_table_names_the_functions():
    pool = pool_of(40, labels=np.full(40, -1))
    rng = np.random.default_rng
    assert picks("margin", pool, 5, rng(0)).tolist() == margin(pool.scores, 5).tolist()
    assert picks("random", pool, 5, rng(0)).tolist() == random(40, 5, rng=rng(0)).tolist()


def test_what_needs_scores_gives_way_to_diversity_until_two_classes_have_some():
    for n_classes in (0, 1):
        pool = pool_of(40, n_classes=n_classes)
        spread = picks("diversity", pool, 6, np.random.default_rng(1)).tolist()
        for name, strategy in STRATEGIES.items():
            if strategy.needs_scores:
                assert picks(name, pool, 6, np.random.default_rng(1)).tolist() == spread


def test_decoder_asks_about_the_strangest_once_and_says_when_it_cannot():
    asked = []

    def strangeness():
        asked.append(1)
        return np.array([0.1, 0.9, 0.5, 0.9, 1.0])

    pool = pool_of(5, labels=np.array([-1, -1, -1, -1, 0]), strangeness=strangeness)
    assert picks("decoder", pool, 3, np.random.default_rng(0)).tolist() == [1, 3, 2]
    assert len(asked) == 1
    picks("margin", pool, 3, np.random.default_rng(0))
    assert len(asked) == 1
    with pytest.raises(BadDataError, match="choose another strategy"):
        picks("decoder", pool_of(5, strangeness=None), 3, np.random.default_rng(0))


def test_without_the_extra_its_strategies_say_what_to_install(monkeypatch):
    monkeypatch.setattr(active, "find_spec", lambda _: None)
    for name, strategy in STRATEGIES.items():
        assert ("latent-explorer[active]" in problem(name)) == bool(strategy.extra)
        if strategy.extra:
            with pytest.raises(BadValueError, match=r"pip install 'latent-explorer\[active\]'"):
                picks(name, pool_of(20), 3, np.random.default_rng(0))


def test_a_name_that_is_none_is_told():
    with pytest.raises(UnknownNameError, match="margin-diversity"):
        picks("margin-diverse", pool_of(5), 1, np.random.default_rng(0))
    with pytest.raises(UnknownNameError):
        problem("margins")


def test_arrays_that_do_not_fit_are_no_pool():
    with pytest.raises(BadDataError, match=r"\(5, 4\).*\(4,\)"):
        pool_of(5, labels=np.zeros(4, int))
