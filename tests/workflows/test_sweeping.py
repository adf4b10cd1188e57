"""Along a slider each stop has the score that it has alone."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.settings import Settings
from explorer.workflows import scorekeeping
from explorer.workflows.retrieving import Collection
from explorer.workflows.runs import open_run
from explorer.workflows.scoreboard import CLASS, FINE, score
from explorer.workflows.scorekeeping import Question
from explorer.workflows.sweeping import Sweep, slider_of, sweep
from explorer.workflows.ways import Vectors, Way

CLASSES = ("a", "b", "c")


def side(n: int, key: str, dims: int) -> Collection:
    rng = np.random.default_rng(n)
    labels = rng.integers(0, 3, n)
    z = rng.normal(size=(n, dims)).astype(np.float32)
    return Collection(key, key, np.arange(n), labels, CLASSES, Vectors.of(z), labels * 2 + rng.integers(0, 2, n))


@pytest.mark.parametrize(
    ("run", "way", "stops"),
    [
        ("mnist-separate", Way("weighted cosine"), 11),
        ("textures-petals", Way("latent similarity"), 11),
        ("digits-vae", Way(code="quantised"), 5),
    ],
)
@pytest.mark.parametrize("key", ["train", "test"])
def test_each_stop_has_the_score_that_it_has_alone(run, way, stops, key, monkeypatch):
    monkeypatch.setattr("explorer.workflows.sweeping.COSINES_AT_ONCE", 7 * 90)
    card = open_run(run).card
    asked, gallery = side(40, "test", card.latent_dims), side(90, "train", card.latent_dims)
    gallery = asked if key == "test" else gallery
    told = []
    found = sweep(card, way, asked, gallery, queries=20, progress=lambda *counts: told.append(counts))
    slider = slider_of(way)
    assert len(found.stops) == len(slider.stops) == stops
    assert told[-1] == (20 * stops, 20 * stops)
    assert sorted(told) == told
    for number, (at, stop) in enumerate(slider.stops.items()):
        assert found.stops[number] == at
        board = score(card, stop, asked, gallery, queries=20)
        for relevance in (CLASS, FINE):
            np.testing.assert_allclose(found.found[relevance][number], board.found[relevance].average_precision)
            average = found.averages(relevance)[number]
            assert (average.value, average.low) == pytest.approx(
                (board.numbers(relevance, 1)[1].value, board.numbers(relevance, 1)[1].low)
            )


def test_way_without_a_slider_is_not_swept():
    assert slider_of(Way()) is None
    assert sweep(open_run("digits-vae").card, Way(), side(9, "test", 8), side(9, "train", 8)) is None


def test_whole_sweep_is_kept_wherever_the_slider_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(scorekeeping, "GLANCE", 5)
    card = open_run("digits-vae").card
    way = Way(code="quantised", levels=4)
    asked = Question(card, way, side(30, "test", 8), side(50, "train", 8), Settings(data_root=tmp_path))
    first = asked.glance()
    assert (first.is_glance, first.queries) == (True, 5)
    whole = asked.swept()
    assert (whole.is_glance, whole.queries) == (False, 30)
    monkeypatch.setattr(scorekeeping, "sweep", None)
    moved = replace(asked, way=replace(way, levels=16))
    for again in (moved.glance(), moved.swept()):
        np.testing.assert_array_equal(again.found[CLASS], whole.found[CLASS])


def test_best_stop_is_chosen_by_some_queries_and_judged_by_others():
    rng = np.random.default_rng(0)
    values = rng.uniform(0.2, 0.4, (3, 40))
    values[2] += 0.3
    values[0, 1::2] += 0.9  # would be best for those who judge
    values[:, 6:8] = np.nan
    found = Sweep("levels", (2, 4, 8), {CLASS: values}, 40).best(CLASS, 3.2)
    kept = np.delete(values, [6, 7], axis=1)
    judged = kept[2, 1::2] - kept[1, 1::2]
    assert (found.stop, found.here) == (8, 4)
    assert found.gain == pytest.approx(judged.mean())
    assert found.reach == pytest.approx(1.96 * judged.std() / np.sqrt(len(judged)))


def test_nothing_is_best_where_nothing_is_relevant():
    assert Sweep("levels", (2, 4), {CLASS: np.full((2, 40), np.nan)}, 40).best(CLASS, 2) is None
