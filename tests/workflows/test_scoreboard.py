"""The scoreboard equals the measures of the library, and what is kept of it answers its own question alone."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.data.dataset import Dataset
from explorer.errors import BadValueError
from explorer.evaluation import ranking
from explorer.settings import Settings
from explorer.workflows import scorekeeping
from explorer.workflows.evaluating import evaluate
from explorer.workflows.others import OtherItems
from explorer.workflows.retrieving import Collection, asked_of, by_criterion, others_as, retrieve, split_of
from explorer.workflows.runs import Items, open_run
from explorer.workflows.scoreboard import CLASS, FINE, QUERIES, score, spaced, words
from explorer.workflows.scorekeeping import Question
from explorer.workflows.ways import Vectors, Way, distances
from tests import runs

RUN = open_run("digits-vae")
CLASSES = ("a", "b", "c")


def items(n: int, key: str = "test", *, seed: int = 0, dims: int = 8, fine: bool = True) -> Collection:
    """Latents on a coarse grid, so that many distances are equal; some items are unlabelled."""
    rng = np.random.default_rng(seed)
    z, labels = rng.integers(-1, 2, (n, dims)).astype(np.float32), rng.integers(-1, 3, n)
    kinds = np.where(labels < 0, -1, labels * 2 + rng.integers(0, 2, n))
    return Collection(key, key, np.arange(n) + 1000, labels, CLASSES, Vectors.of(z), kinds if fine else None)


def marks_of(way: Way, asked: Collection, gallery: Collection, rows, relevance: str) -> list[np.ndarray]:
    """The slow, obvious way: every query's whole ranking, ties in gallery order, itself taken out."""
    of_asked, of_gallery = (one.labels if relevance == CLASS else one.fine for one in (asked, gallery))
    rank = distances(RUN.card, way, asked.vectors, gallery.vectors)
    all_distances = rank(np.arange(len(asked))).round(9)  # `ranked` takes a billionth for equal
    found = []
    for row in rows:
        order = sorted(range(len(gallery)), key=lambda item: (all_distances[row, item], item))
        order = [item for item in order if asked.key != gallery.key or item != row]
        found.append(np.array([of_gallery[item] == of_asked[row] != -1 for item in order]))
    return found


@pytest.mark.parametrize("way", [Way(), Way("cosine"), Way(code="binary"), Way("criterion", dims=(1, 3))])
@pytest.mark.parametrize("relevance", [CLASS, FINE])
@pytest.mark.parametrize("key", ["train", "test"])
def test_numbers_are_those_of_the_slow_obvious_way(way, relevance, key):
    asked = items(130)
    gallery = asked if key == "test" else items(150, key, seed=1)
    board = score(RUN.card, way, asked, gallery, queries=40)
    rows = spaced(130, 40)
    marks = np.array(marks_of(way, asked, gallery, rows, relevance))
    assert marks.shape == (40, len(gallery) - (key == "test"))
    expected = (ranking.nearest_neighbour(marks), ranking.average_precision(marks), ranking.ndcg(marks))
    got = board.found[relevance]
    for mine, known in zip((got.nearest, got.average_precision, got.ndcg), expected, strict=True):
        np.testing.assert_allclose(mine, known, rtol=1e-12)
    for k in (1, 7, 100):
        np.testing.assert_array_equal(board.precision_at(relevance, k), ranking.precision_at(marks, k))
    np.testing.assert_allclose(board.curve(relevance), ranking.precision_recall(marks).precision, rtol=1e-12)
    numbers = {one.measure: one for one in board.numbers(relevance, 7)}
    assert numbers["MAP"].value == pytest.approx(np.nanmean(expected[1]))
    assert numbers["MAP"].left_out == (asked.labels[rows] == -1).sum() > 0
    assert board.ids.tolist() == (rows + 1000).tolist()


def test_numbers_are_those_of_the_runs_record(tmp_path):
    settings = Settings(data_root=tmp_path)
    record = {(one.measure, one.of): one for one in evaluate(RUN, settings, queries=QUERIES).scores}
    asked, gallery = split_of(RUN, "test"), split_of(RUN, "train")
    for name, way in (("latent", Way()), ("binary", Way(code="binary"))):
        board = score(RUN.card, way, asked, gallery)
        for number in board.numbers(CLASS, 10)[:3]:
            known = record[number.measure, name]
            assert (number.value, number.low, number.high) == (known.value, known.low, known.high)
            assert (number.items, number.left_out) == (known.items, known.left_out)


def test_worst_queries_come_in_order_without_those_left_out():
    board = score(RUN.card, Way(), items(130), items(150, "train", seed=1), queries=40)
    values = board.found[CLASS].average_precision
    worst = board.worst(CLASS, 1000)
    assert values[worst].tolist() == sorted(values[~np.isnan(values)])
    assert board.worst(CLASS, 3).tolist() == worst[:3].tolist()


def test_classes_are_measured_by_their_own_queries():
    asked = items(130)
    board = score(RUN.card, Way(), asked, items(150, "train", seed=1))
    by_class = board.by_class(CLASS)
    assert list(by_class) == [0, 1, 2]
    assert sum(one.items for one in by_class.values()) == (asked.labels >= 0).sum()
    values = board.found[CLASS].average_precision
    assert by_class[1].value == pytest.approx(values[asked.labels == 1].mean())


def test_classes_of_other_data_are_the_same_where_their_names_are():
    asked, gallery = items(30, fine=False), items(150, "train", seed=1)
    labels, ids = np.array([2, 1, 0, -1])[asked.labels], np.arange(30)
    std = np.empty((30, 0), np.float32)
    other = OtherItems("others", ("c", "x", "a"), labels, asked.vectors.z, std, Items(runs.items(30)), ids)
    own, foreign = (score(RUN.card, Way(), one, gallery) for one in (asked, others_as("key", other)))
    expected = np.where(asked.labels == 1, np.nan, own.found[CLASS].average_precision)
    np.testing.assert_array_equal(foreign.found[CLASS].average_precision, expected)
    assert list(foreign.found) == [CLASS]
    assert foreign.classes == ("c", "x", "a")


def test_who_looks_for_whom_is_one_sentence():
    test, train = split_of(RUN, "test"), split_of(RUN, "train")
    first = score(RUN.card, Way(), test, train, queries=20)
    assert words(first, test, train) == "20 of 359 test items look among 1,438 training items for those of their class."
    alone = score(RUN.card, Way(), test, test)
    assert words(alone, test, test) == "359 test items look among the others for those of their class."


@pytest.mark.parametrize("k", [0, 101])
def test_k_beyond_what_is_kept_is_one_sentence(k):
    with pytest.raises(BadValueError, match="1 to 100"):
        score(RUN.card, Way(), items(9), items(150, "train")).numbers(CLASS, k)


def test_progress_counts_queries():
    told = []
    score(RUN.card, Way(), items(30), items(40, "train"), queries=20, progress=lambda *counts: told.append(counts))
    assert told[-1] == (20, 20)


def question(tmp_path, **changes) -> Question:
    values = {"card": RUN.card, "way": Way(), "asked": items(130), "gallery": items(150, "train", seed=1)}
    return Question(**values | changes, settings=Settings(data_root=tmp_path))


def same(one, other) -> bool:
    parts = [
        np.array_equal(getattr(one.found[name], part), getattr(other.found[name], part), equal_nan=part != "marks")
        for name in one.found
        for part in ("nearest", "average_precision", "ndcg", "precision", "marks")
    ]
    return list(one.found) == list(other.found) and all(parts) and np.array_equal(one.ids, other.ids)


def test_whole_score_is_kept_and_an_estimate_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(scorekeeping, "ESTIMATE", 20)
    asked = question(tmp_path)
    first = asked.first()
    assert (first.is_estimate, len(first.ids), list(tmp_path.rglob("*.safetensors"))) == (True, 20, [])
    whole = asked.whole()
    assert (whole.is_estimate, len(whole.ids)) == (False, 130)
    monkeypatch.setattr(scorekeeping, "score", None)
    again = question(tmp_path)
    assert same(again.first(), whole)
    assert same(again.whole(), whole)


@pytest.mark.parametrize(
    "changes",
    [
        {"way": Way("cosine")},
        {"asked": items(130, seed=5)},
        {"gallery": items(150, "train", seed=5)},
        {"gallery": items(130)},
        {"asked": items(130, fine=False)},
        {"card": RUN.card.model_copy(update={"files": {"latents.safetensors": "0" * 64}})},
    ],
    ids=["way", "queries", "gallery", "themselves", "fine labels", "run"],
)
def test_what_is_kept_answers_the_same_question_alone(tmp_path, changes):
    question(tmp_path).whole()
    question(tmp_path, **changes).whole()
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_kept_score_that_is_damaged_is_measured_anew(tmp_path):
    whole = question(tmp_path).whole()
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    assert same(question(tmp_path).whole(), whole)
    assert same(question(tmp_path).first(), whole), "and kept again"


def test_queries_whose_relevant_items_lie_far_behind_are_not_left_out():
    z = np.arange(150, dtype=np.float32)[:, None].repeat(8, axis=1)
    labels = np.where(np.arange(150) == 149, 1, 0)
    gallery = Collection("train", "train", np.arange(150), labels, CLASSES, Vectors.of(z))
    asked = Collection("test", "test", np.arange(2), np.array([1, 2]), CLASSES, Vectors.of(z[:2]))
    board = score(RUN.card, Way(), asked, gallery)
    np.testing.assert_array_equal(board.precision_at(CLASS, 100), [0, np.nan])
    assert board.numbers(CLASS, 5)[3].left_out == 1


def test_items_among_themselves_are_another_question_than_among_equal_ones(tmp_path):
    equal, themselves = (question(tmp_path, gallery=items(130, key)).whole() for key in ("train", "test"))
    assert np.nanmean(equal.found[CLASS].nearest) != np.nanmean(themselves.found[CLASS].nearest)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_by_a_criterion_what_shares_its_value_is_relevant():
    """A gallery of two hues apart in the second dimension, whose classes alternate."""
    rng, n = np.random.default_rng(0), 40
    ids, hue, labels = np.arange(n), np.repeat([3, 7], n // 2), np.arange(n) % 2
    z = np.stack([rng.normal(size=n), 10.0 * hue], axis=1).astype(np.float32)
    factors = {"hue": hue}
    dataset = Dataset("d", z, labels, ("a", "b"), ids, np.zeros(n, bool), factors)
    items_ = Collection("test", "Test items", ids, labels, ("a", "b"), Vectors.of(z))
    by_hue = by_criterion(items_, dataset, "hue")
    assert by_hue.classes == ("hue 3", "hue 7")
    way = Way("criterion", criterion="hue", dims=(1,))
    board = score(RUN.card, way, by_hue, by_hue)
    assert board.found[CLASS].average_precision.tolist() == [1.0] * n
    assert "those of their hue" in words(board, by_hue, by_hue)
    found = retrieve(RUN.card, way, asked_of(by_hue, 0, by_hue), by_hue, 10)
    assert found.verdicts == ("right",) * 10
    assert set(by_criterion(replace(items_, key="others"), dataset, "hue").labels.tolist()) == {-1}
