import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from explorer.errors import BadDataError, BadValueError
from explorer.evaluation.ranking import (
    average_precision,
    average_precision_at,
    mean_over_queries,
    ndcg,
    nearest_neighbour,
    precision_at,
    precision_recall,
)
from tests import reference

RANKING = st.lists(st.integers(0, 1), min_size=1, max_size=30)
GRADES = st.lists(st.integers(0, 5), min_size=2, max_size=30)


def rankings(queries: int = 40, items: int = 25) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.random((queries, items)) < rng.random((queries, 1))).astype(int)


@pytest.mark.parametrize(("labels", "expected"), [([5, 3, 5, 3, 8], 0.8333), ([3, 3, 5, 5, 5], 0.4778)])
def test_average_precision_at_five_is_the_papers_example(labels, expected):
    assert average_precision_at(np.array(labels) == 5, 5) == pytest.approx(expected, abs=5e-5)


def test_average_precision_at_k_is_zero_without_a_hit_among_the_k():
    assert average_precision_at([0, 0, 1], 2) == 0


def test_average_precision_at_k_divides_by_the_relevant_ones_among_the_k():
    assert average_precision_at([1, 0, 1, 1], 2) == 1
    assert average_precision([1, 0, 1, 1]) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_average_precision_at_more_ranks_than_there_are_takes_all():
    assert average_precision_at([0, 1], 10) == 0.5


@given(RANKING, st.integers(1, 40))
def test_average_precision_at_k_equals_slow_loop(relevance, k):
    assert average_precision_at(relevance, k) == pytest.approx(reference.average_precision_at(relevance, k))


@given(RANKING)
def test_average_precision_equals_slow_loop(relevance):
    assert average_precision(relevance) == pytest.approx(reference.average_precision(relevance), nan_ok=True)


@given(GRADES)
def test_ndcg_equals_slow_loop(grades):
    assert ndcg(grades) == pytest.approx(reference.ndcg(grades), nan_ok=True)


@given(st.lists(st.lists(st.integers(0, 1), min_size=7, max_size=7), min_size=1, max_size=6))
def test_precision_recall_equals_slow_loop(marks):
    curve = precision_recall(marks)
    assert curve.left_out == sum(not any(row) for row in marks)
    if curve.left_out < len(marks):
        assert curve.precision == pytest.approx(reference.precision_recall(marks))
    else:
        assert np.isnan(curve.precision).all()


@pytest.mark.parametrize("total", range(1, 30))
def test_recall_level_that_is_reached_exactly_counts(total):
    found = precision_recall([1] * total + [0] * total).precision
    assert found.tolist() == [1.0] * 11


def test_average_precision_agrees_with_scikit_learn():
    marks = rankings()
    scores = -np.arange(marks.shape[1])
    expected = [average_precision_score(row, scores) if row.any() else np.nan for row in marks]
    assert average_precision(marks) == pytest.approx(expected, nan_ok=True)


def test_graded_ndcg_agrees_with_scikit_learn():
    grades = np.random.default_rng(5).integers(0, 4, (30, 20))
    scores = -np.arange(20)
    expected = [ndcg_score([2.0**row - 1], [scores]) for row in grades]
    assert ndcg(grades) == pytest.approx(expected)


@pytest.mark.parametrize(
    "measure",
    [average_precision, ndcg, nearest_neighbour, lambda r: precision_at(r, 3), lambda r: average_precision_at(r, 4)],
)
def test_batch_gives_the_values_of_its_rows(measure):
    marks = rankings()
    assert measure(marks).shape == (40,)
    assert measure(marks) == pytest.approx([float(measure(row)) for row in marks], nan_ok=True)


@pytest.mark.parametrize("measure", [average_precision, ndcg, nearest_neighbour])
def test_perfect_ranking_is_exactly_one_and_query_without_relevant_item_is_nan(measure):
    assert measure([1, 1, 1, 0, 0, 0]) == 1
    assert np.isnan(measure([0, 0, 0]))
    assert np.isnan(measure([]))


def test_ndcg_prefers_the_higher_grade_first():
    assert ndcg([3, 1, 0]) == 1
    assert ndcg([1, 3, 0]) == pytest.approx((1 + 7 / np.log2(3)) / (7 + 1 / np.log2(3)))


def test_precision_at_counts_ranks_beyond_a_small_gallery_as_misses():
    assert precision_at([1, 0, 1, 1], 2) == 0.5
    assert precision_at([1, 1], 4) == 0.5
    assert nearest_neighbour([0, 1]) == 0


@given(GRADES)
def test_moving_the_best_item_to_the_front_never_lowers_ndcg(grades):
    moved = sorted(grades, reverse=True)[:1] + [g for i, g in enumerate(grades) if i != int(np.argmax(grades))]
    if any(grades):
        assert 0 < ndcg(grades) <= ndcg(moved) + 1e-12 <= 1 + 2e-12


def test_precision_recall_falls_and_leaves_out_queries_without_relevant_items():
    curve = precision_recall([[1, 0, 1, 0], [0, 0, 0, 0]])
    assert curve.recall[[0, 5, 10]].tolist() == [0, 0.5, 1]
    assert curve.precision[:6].tolist() == [1.0] * 6
    assert curve.precision[6:] == pytest.approx([2 / 3] * 5)
    assert curve.left_out == 1


def test_mean_leaves_out_and_counts_queries_without_relevant_items():
    found = mean_over_queries(average_precision([[1, 0], [0, 0], [0, 1]]))
    assert (found.mean, found.left_out) == (0.75, 1)


def test_mean_of_no_query_is_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mean_over_queries([np.nan, np.nan])
    assert np.isnan(found.mean)
    assert found.left_out == 2


@pytest.mark.parametrize("relevance", [[0, 2], [0.5], [np.nan], [-1, 1], [[[1]]], 1])
def test_relevance_that_is_no_mark_is_refused(relevance):
    with pytest.raises(BadDataError, match="Relevance"):
        average_precision(relevance)


@pytest.mark.parametrize("grades", [[-1, 1], [np.nan, 1], [np.inf], [31], [[[1]]]])
def test_grades_that_cannot_be_gains_are_refused(grades):
    with pytest.raises(BadDataError, match="Relevance"):
        ndcg(grades)


@pytest.mark.parametrize("measure", [precision_at, average_precision_at])
def test_depth_below_one_is_refused(measure):
    with pytest.raises(BadValueError, match="= 0, but"):
        measure([1, 0], 0)
