import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.retrieval.index import FEW_NUMBERS, NUMBERS_AT_ONCE, best, euclidean_distances
from tests import reference

SCORES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0]), min_size=1, max_size=30)  # few values: many ties


@given(SCORES, st.integers(0, 40), st.booleans(), st.data())
def test_best_equals_sorting_everything(scores, k, largest, data):
    leave_out = data.draw(st.none() | st.integers(0, len(scores) - 1))
    hits = best(np.array(scores), k, largest=largest, leave_out=leave_out)
    expected = reference.best(scores, k, largest=largest, leave_out=leave_out)
    assert hits.rows.tolist() == expected
    assert hits.scores.tolist() == [scores[row] for row in expected]


@pytest.mark.parametrize("largest", [True, False])
def test_ties_come_in_gallery_order(largest):
    assert best(np.ones(50), 7, largest=largest).rows.tolist() == list(range(7))


@pytest.mark.parametrize("largest", [True, False])
def test_query_is_left_out_even_among_ties(largest):
    assert best(np.ones(5), 9, largest=largest, leave_out=2).rows.tolist() == [0, 1, 3, 4]


def test_smaller_gallery_gives_fewer_hits():
    assert best(np.array([2.0, 1.0]), 12, largest=False).rows.tolist() == [1, 0]
    assert len(best(np.empty(0), 12, largest=False).rows) == 0
    assert len(best(np.array([1.0]), 12, largest=False, leave_out=0).rows) == 0


@pytest.mark.parametrize("largest", [True, False])
def test_scores_of_the_caller_stay_as_they_are(largest):
    scores = np.array([3.0, 1.0, 2.0])
    best(scores, 2, largest=largest, leave_out=0)
    assert scores.tolist() == [3, 1, 2]


def test_infinite_distances_come_last_in_gallery_order():
    assert best(np.array([np.inf, 1.0, np.inf]), 3, largest=False).rows.tolist() == [1, 0, 2]


def test_infinite_distance_is_a_hit_but_the_query_is_not():
    assert best(np.array([0.0, np.inf, 1.0]), 3, largest=False, leave_out=0).rows.tolist() == [2, 1]


def test_distances_are_euclidean():
    assert euclidean_distances(np.array([1.0, 1.0]), np.array([[4.0, 5.0], [1.0, 1.0]])).tolist() == [5, 0]


def test_distances_of_float32_latents_far_from_the_origin_stay_exact():
    query, gallery = np.array([1e4, 1e4], np.float32), np.array([[1e4 + 0.0078125, 1e4]], np.float32)
    assert euclidean_distances(query, gallery).tolist() == [float(gallery[0, 0]) - 1e4]


@pytest.mark.parametrize("few", [0, FEW_NUMBERS])
def test_distances_to_many_latents_are_those_to_each(monkeypatch, few):
    monkeypatch.setattr("explorer.retrieval.index.FEW_NUMBERS", few)
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=64), rng.normal(size=(NUMBERS_AT_ONCE // 64 * 2 + 7, 64)).astype(np.float32)
    expected = [np.linalg.norm(query - latent) for latent in gallery]
    np.testing.assert_allclose(euclidean_distances(query, gallery), expected, rtol=1e-14)


@pytest.mark.parametrize("values", [3, 1000, 10**9])
@pytest.mark.parametrize("k", [1, 12, 100, 4999])
def test_best_of_many_equals_sorting_everything(values, k):
    scores = np.random.default_rng(k).integers(0, values, 5000).astype(float)
    assert best(scores, k, largest=False, leave_out=7).rows.tolist() == reference.best(
        scores.tolist(), k, largest=False, leave_out=7
    )
