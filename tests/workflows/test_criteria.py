from types import SimpleNamespace

import numpy as np
import pytest

from explorer.data.dataset import Dataset
from explorer.workflows.criteria import by_criteria, criteria, first_and_others
from explorer.zoo.store import Latents
from tests import reference

K, GROUPS = 5, 24


def dataset(group: str = "instance") -> Dataset:
    """Groups of five: a digit each, a hue for each member; a third of the groups for the test."""
    n, rng = K * GROUPS, np.random.default_rng(0)
    instance = np.repeat(np.arange(GROUPS), K)
    digit = instance % 4
    factors = {
        "digit": digit,
        "hue": rng.integers(0, 3, n),
        "kind": np.array(["a", "b"])[rng.integers(0, 2, n)],
        "size": rng.normal(size=n),
        "same": np.zeros(n, np.int64),
        "instance": instance,
    }
    items = np.zeros((n, 1, 2, 2), np.uint8)
    is_test = instance % 3 == 0
    return Dataset("toys", items, digit, tuple("0123"), np.arange(n), is_test, factors, group=group)


def run(data: Dataset, z: np.ndarray, **config):
    none = np.empty((len(z), 0), np.float32)
    parts = {
        split: Latents(data.ids[rows], z[rows].astype(np.float32), data.labels[rows], *[none[rows]] * 4)
        for split in ("train", "test")
        for rows in [data.rows(split)]
    }
    card = SimpleNamespace(latent_dims=z.shape[1], config=config, geometry=config.get("geometry", "euclidean"))
    return SimpleNamespace(card=card, latents=parts.__getitem__)


def latents(data: Dataset) -> np.ndarray:
    """Content in the first two dimensions, the hue in the third."""
    rng = np.random.default_rng(1)
    places = rng.normal(size=(GROUPS, 2)) * 5
    hue = data.factors["hue"] * 4.0
    return np.column_stack([places[data.factors["instance"]], hue]) + rng.normal(0, 0.1, (K * GROUPS, 3))


def test_kinds_are_criteria_and_measurements_are_not():
    found = criteria(dataset())
    assert set(found) == {"digit", "hue", "kind", "instance"}
    assert found["kind"].tolist() == [int(kind == "b") for kind in dataset().factors["kind"]]


def test_first_of_each_group_is_the_database_and_three_others_ask():
    groups = np.array([7, 3, 7, 7, 3, 7, 9, 7])
    first, others = first_and_others(groups)
    assert groups[first].tolist() == [3, 7, 9]
    assert first.tolist() == [1, 0, 6]
    assert sorted(others.tolist()) == [2, 3, 4, 5]


def test_ranking_by_all_dimensions_equals_a_slow_one():
    data = dataset()
    z = latents(data)
    found = {(one.criterion, one.dims): one.found for one in by_criteria(run(data, z), data)}
    test = data.rows("test")
    database = [row for row in test if row % K == 0]
    asking = [row for row in test if 1 <= row % K <= 3]
    hues = data.factors["hue"]
    slow = []
    for query in asking:
        near = sorted(database, key=lambda row, query=query: (np.linalg.norm(z[query] - z[row]), row))
        slow.append(reference.average_precision([int(hues[row] == hues[query]) for row in near]))
    assert found["hue", "all dimensions"].average_precision == pytest.approx(slow, nan_ok=True)


def test_dimensions_that_say_most_of_a_criterion_find_it_better():
    data = dataset()
    found = {one.criterion: {} for one in by_criteria(run(data, latents(data)), data)}
    for one in by_criteria(run(data, latents(data)), data):
        found[one.criterion][one.dims] = np.nanmean(one.found.average_precision)
    assert found["hue"]["the 1 that say most of it"] == 1
    assert found["hue"]["the 1 that say most of it"] > found["hue"]["all dimensions"]


def test_content_and_perspective_are_ranked_apart():
    data = dataset()
    found = {
        (one.criterion, one.dims): np.nanmean(one.found.average_precision)
        for one in by_criteria(run(data, latents(data), content_dims=2), data)
    }
    assert found["instance", "content"] > 0.99 > found["instance", "perspective"]
    assert found["hue", "perspective"] == 1 > found["hue", "content"]


def test_criterion_with_one_value_among_the_training_items_is_left_out():
    data = dataset()
    data.factors["kind"][~data.is_test] = "a"
    assert {one.criterion for one in by_criteria(run(data, latents(data)), data)} == {"digit", "hue", "instance"}


def test_data_without_groups_give_nothing():
    data = dataset(group="")
    assert list(by_criteria(run(data, latents(data)), data)) == []
