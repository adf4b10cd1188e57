"""Spread over the latent space, beside the labelled items and among the uncertain ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explorer.labeling import diversity
from explorer.labeling.diversity import diverse_margin, k_centre
from explorer.labeling.uncertainty import BLOCK, margin
from tests import reference

SEEDS = st.integers(0, 2**32 - 1)


def test_the_farthest_from_what_is_labelled_comes_first():
    z = np.array([[0.0], [1], [2], [7], [10]])
    assert k_centre(z, 3, labelled=np.array([0]), rng=np.random.default_rng(0)).tolist() == [4, 3, 2]


@given(SEEDS, st.integers(2, 25), st.integers(0, 30), st.integers(1, 3))
def test_k_centre_is_the_slow_twins_with_ties_by_row(seed, items, n, dims):
    rng = np.random.default_rng(seed)
    z = rng.integers(-3, 4, (items, dims)).astype(np.float32)
    is_labelled = rng.random(items) < 0.3
    is_labelled[0] = True
    labelled, candidates = np.flatnonzero(is_labelled), np.flatnonzero(~is_labelled)
    found = k_centre(z, n, candidates=candidates, labelled=labelled, rng=rng)
    assert found.tolist() == reference.farthest_first(z.tolist(), n, candidates.tolist(), labelled.tolist())


@given(SEEDS, st.integers(1, 25), st.integers(1, 30))
def test_with_nothing_labelled_the_first_is_drawn_and_the_rest_is_the_slow_twins(seed, items, n):
    z = np.random.default_rng(seed).integers(-3, 4, (items, 2)).astype(np.float32)
    first, *rest = k_centre(z, n, rng=np.random.default_rng(seed)).tolist()
    others = [row for row in range(items) if row != first]
    assert rest == reference.farthest_first(z.tolist(), n - 1, others, [first])


def test_every_item_may_be_drawn_first():
    z = np.zeros((4, 2))
    assert {int(k_centre(z, 1, rng=np.random.default_rng(seed))[0]) for seed in range(60)} == set(range(4))


def test_over_several_blocks_no_item_is_far_from_a_pick():
    z = np.random.default_rng(0).random((2 * BLOCK + 5, 1))
    found = np.sort(z[k_centre(z, 9, rng=np.random.default_rng(0)), 0])
    assert np.diff(found).max() <= 2 / 8  # the best nine would lie 1 / 8 apart


def test_of_very_many_a_fair_sample_is_looked_at(monkeypatch):
    monkeypatch.setattr(diversity, "MOST_CANDIDATES", 10)
    z = np.arange(100, dtype=np.float32)[:, None]
    draws = [
        k_centre(z, 3, labelled=np.array([0]), candidates=np.arange(1, 100), rng=np.random.default_rng(seed))
        for seed in range(40)
    ]
    assert len({int(draw[0]) for draw in draws}) > 5  # the farthest of another sample each time
    assert len(k_centre(z, 30, rng=np.random.default_rng(0))) == 30  # more than the sample are there when asked for


def test_diverse_margin_spreads_over_the_uncertain_alone():
    rng = np.random.default_rng(0)
    z, scores = rng.normal(size=(500, 2)).astype(np.float32), rng.normal(size=(500, 4))
    labelled, candidates = np.arange(20), np.arange(20, 500)
    found = diverse_margin(scores, z, 6, candidates=candidates, labelled=labelled, rng=rng)
    uncertain = margin(scores, 60, candidates=candidates).tolist()
    assert found.tolist() == reference.farthest_first(z.tolist(), 6, uncertain, labelled.tolist())
    assert found.tolist() != uncertain[:6]
