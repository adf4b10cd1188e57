from dataclasses import fields

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from explorer.errors import BadDataError
from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.galleries import DEPTH, class_retrieval, majority_class, retrieval, retrievals
from explorer.evaluation.ranking import average_precision_at
from explorer.retrieval.codes import pack
from explorer.retrieval.distances import hamming, squared_euclidean
from tests import reference


def scattered(n: int = 60, dims: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Latents on a coarse grid, so that there are ties, and some of them unlabelled."""
    rng = np.random.default_rng(11)
    return rng.integers(0, 3, (n, dims)).astype(np.float32), rng.integers(-1, 4, n)


def test_class_retrieval_equals_brute_force_with_ties_and_unlabelled_items():
    z, labels = scattered()
    found, slow = class_retrieval(z, labels), reference.class_rankings(z, labels)
    assert len(found.nearest) == (labels >= 0).sum()
    assert found.nearest.tolist() == [row[0] for row in slow]
    assert found.average_precision == pytest.approx([reference.average_precision(row) for row in slow])
    assert found.ndcg == pytest.approx([reference.ndcg(row) for row in slow])


def test_blocks_of_queries_change_nothing(monkeypatch):
    z, labels = scattered()
    whole = class_retrieval(z, labels)
    monkeypatch.setattr("explorer.evaluation.galleries.DISTANCES_AT_ONCE", 150)
    parts = class_retrieval(z, labels)
    assert parts.ndcg.tolist() == whole.ndcg.tolist()
    assert parts.average_precision.tolist() == whole.average_precision.tolist()


def test_queries_are_evenly_spaced_labelled_items():
    z, labels = scattered()
    whole = class_retrieval(z, labels).ndcg
    spaced = np.arange(7) * len(whole) // 7
    assert spaced[-1] > 7
    assert class_retrieval(z, labels, most_queries=7).ndcg.tolist() == whole[spaced].tolist()


def test_query_never_retrieves_itself_nor_its_own_copy_as_itself():
    z = np.zeros((3, 2), np.float32)  # all at one place: the nearest other is the first other
    assert class_retrieval(z, np.array([0, 1, 0])).nearest[[0, 2]].tolist() == [0, 1]


@pytest.mark.parametrize("name", ["retrieval_nn", "retrieval_map", "retrieval_ndcg"])
def test_retrieval_metric_is_one_for_classes_apart_and_lower_for_mixed_ones(name):
    labels = np.repeat([0, 1, 2], 20)
    noise = np.random.default_rng(0).normal(size=(60, 2))
    apart = METRICS[name].compute(Evidence(z=noise + 100 * labels[:, None], labels=labels))
    mixed = METRICS[name].compute(Evidence(z=noise, labels=labels))
    assert apart == 1
    assert mixed is not None
    assert mixed < 0.9


@pytest.mark.parametrize("labels", [[], [-1, -1, -1], [0], [0, 1, 2], [0, -1, -1]])
@pytest.mark.parametrize("name", ["retrieval_nn", "retrieval_map", "retrieval_ndcg"])
def test_retrieval_metric_does_not_apply_where_no_item_has_another_of_its_class(name, labels):
    evidence = Evidence(z=np.zeros((len(labels), 2)), labels=np.array(labels, np.int64))
    assert METRICS[name].compute(evidence) is None


def test_items_are_ranked_once_for_all_retrieval_metrics(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "explorer.evaluation.class_retrieval",
        lambda *given, **named: calls.append(1) or class_retrieval(*given, **named),
    )
    z, labels = scattered()
    evidence = Evidence(z=z, labels=labels)
    for metric in METRICS.values():
        metric.compute(evidence)
    assert calls == [1]


def test_card_says_how_many_items_are_queries():
    assert all("up to 1,000 as queries" in METRICS[f"retrieval_{name}"].meaning for name in ("nn", "map", "ndcg"))


def apart(queries: int = 30, gallery: int = 150) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Queries and another gallery, with their labels; some of both are unlabelled."""
    rng = np.random.default_rng(2)
    return (
        rng.normal(size=(queries, 3)),
        rng.integers(-1, 4, queries),
        rng.normal(size=(gallery, 3)),
        rng.integers(-1, 4, gallery),
    )


def test_queries_of_another_set_agree_with_scikit_learn():
    z, labels, gallery, gallery_labels = apart()
    found = retrieval(lambda rows: squared_euclidean(z[rows], gallery), labels, gallery_labels)
    nearness = -np.linalg.norm(z[:, None] - gallery, axis=2)
    known = np.flatnonzero(labels >= 0)
    marks = gallery_labels == labels[known, None]
    expected = [average_precision_score(*pair) for pair in zip(marks, nearness[known], strict=True)]
    assert found.average_precision[known] == pytest.approx(expected)
    assert found.ndcg[known] == pytest.approx(
        [ndcg_score([m], [s]) for m, s in zip(marks, nearness[known], strict=True)]
    )
    assert np.isnan(found.average_precision[labels < 0]).all()
    assert found.first.tolist() == (-nearness).argsort(axis=1)[:, :DEPTH].tolist()


def test_precision_at_levels_of_recall_equals_slow_loop():
    z, labels, gallery, gallery_labels = apart()
    found = retrieval(lambda rows: squared_euclidean(z[rows], gallery), labels, gallery_labels)
    orders = np.linalg.norm(z[:, None] - gallery, axis=2).argsort(axis=1)
    marks = [
        (gallery_labels[order] == label).astype(int).tolist()
        for order, label in zip(orders, labels, strict=True)
        if label >= 0
    ]
    assert found.precision[labels >= 0].mean(axis=0) == pytest.approx(reference.precision_recall(marks))


def test_binary_codes_are_ranked_by_hamming_distance_with_ties_in_gallery_order():
    rng = np.random.default_rng(1)
    codes, labels = rng.choice([-1, 1], (80, 10)), rng.integers(0, 3, 80)
    packed = pack(codes)
    found = retrieval(lambda rows: hamming(packed[rows], packed), labels, labels, itself=np.arange(80))
    slow = reference.class_rankings((codes + 1) / 2, labels)  # Euclidean distance of bits rises with their number
    assert found.average_precision == pytest.approx([reference.average_precision(row) for row in slow])


def test_depth_two_is_the_papers_measure_of_the_first_ranks():
    z, labels, gallery, gallery_labels = apart()
    found = retrieval(lambda rows: squared_euclidean(z[rows], gallery), labels, gallery_labels)
    marks = gallery_labels[found.first] == labels[:, None]
    assert average_precision_at(marks, 2).tolist() == [reference.average_precision_at(row.tolist(), 2) for row in marks]


def test_query_without_anything_relevant_has_no_score_but_still_hits():
    found = retrieval(lambda rows: np.ones((len(rows), 4)), np.array([7]), np.array([0, 1, 2, 3]))
    assert np.isnan([found.nearest[0], found.average_precision[0], found.ndcg[0], *found.precision[0]]).all()
    assert found.first.tolist() == [[0, 1, 2, 3]]


def test_progress_ends_with_all_queries():
    told = []
    retrieval(
        lambda rows: np.ones((len(rows), 4)), np.zeros(3, int), np.zeros(4, int), progress=lambda *of: told.append(of)
    )
    assert told[-1] == (3, 3)


@pytest.mark.parametrize("distance", [np.nan, -1.0])
def test_distances_that_cannot_rank_are_refused(distance):
    with pytest.raises(BadDataError, match="negative or NaN"):
        retrieval(lambda rows: np.full((len(rows), 2), distance), np.zeros(1, int), np.zeros(2, int))


def test_empty_gallery_is_refused():
    with pytest.raises(BadDataError, match="nothing to retrieve"):
        retrieval(lambda rows: np.zeros((len(rows), 0)), np.zeros(1, int), np.zeros(0, int))


@pytest.mark.parametrize(
    ("labels", "k", "expected"),
    [([1, 2, 2], 3, 2), ([1, 2, 2, 1], 4, 1), ([1, 2, 2], 1, 1), ([-1, -1, 3], 3, 3), ([-1, 0], 1, -1)],
)
def test_majority_of_the_nearest(labels, k, expected):
    rows = np.arange(len(labels))[None]
    assert majority_class(rows, np.array(labels), k).tolist() == [expected]


@pytest.mark.parametrize("k", [0, 3])
def test_majority_of_none_or_of_more_than_there_are_is_refused(k):
    with pytest.raises(BadDataError, match="k = "):
        majority_class(np.zeros((1, 2), int), np.zeros(2, int), k)


def test_several_relevances_share_a_ranking_and_each_is_as_if_alone():
    rng = np.random.default_rng(0)
    z, gallery = rng.normal(size=(7, 3)), rng.normal(size=(40, 3))
    relevances = {name: (rng.integers(-1, c, 7), rng.integers(-1, c, 40)) for name, c in (("coarse", 2), ("fine", 9))}
    asked = []

    def distances(rows):
        asked.extend(rows.tolist())
        return squared_euclidean(z[rows], gallery)

    found = retrievals(distances, relevances)
    assert asked == list(range(7))
    for name, (labels, of_gallery) in relevances.items():
        alone = retrieval(lambda rows: squared_euclidean(z[rows], gallery), labels, of_gallery)
        for column in fields(alone):
            np.testing.assert_array_equal(getattr(found[name], column.name), getattr(alone, column.name))
