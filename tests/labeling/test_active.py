"""scikit-activeml's strategies, beside its own answers."""

import numpy as np
import pytest

from explorer.errors import BadDataError
from explorer.labeling import active
from explorer.labeling.diversity import k_centre
from explorer.labeling.pool import Pool

CLUSTERS = np.repeat(np.array([[0.0, 0], [9, 0], [0, 9], [9, 9]]), 15, axis=0)


def clustered(labels: dict[int, int]) -> Pool:
    """60 items in four clusters of two classes."""
    z = CLUSTERS + np.random.default_rng(0).normal(size=CLUSTERS.shape) * 0.4
    known = np.full(60, -1)
    known[list(labels)] = list(labels.values())
    free = np.flatnonzero(known < 0)
    return Pool(z, np.zeros((60, 2)), free, known)


@pytest.mark.parametrize("strategy", [active.typiclust, active.prob_cover])
def test_each_cluster_without_a_label_is_asked_about(strategy):
    found = strategy(clustered({3: 0, 20: 1}), 2, np.random.default_rng(0))
    assert sorted(found // 15) == [2, 3]


@pytest.mark.parametrize("strategy", [active.badge, active.bald])
def test_what_lies_between_two_classes_is_asked_about_first(strategy):
    z = np.array([0.0, 1, 8, 9, 0, 1, 4.4, 8, 9])[:, None]
    # Scores have a column for each class with labels alone, whatever its number.
    pool = Pool(z, np.zeros((9, 2)), np.arange(4, 9), np.array([2, 2, 7, 7, -1, -1, -1, -1, -1]))
    assert strategy(pool, 1, np.random.default_rng(0)).tolist() == [6]


def test_scale_and_shift_do_not_matter_and_many_items_are_sampled(monkeypatch):
    pool = clustered({3: 0, 20: 1})
    moved = Pool(pool.z * 1000 + 77, pool.scores, pool.candidates, pool.labels)
    picked = [active.prob_cover(one, 5, np.random.default_rng(2)).tolist() for one in (pool, moved)]
    assert picked[0] == picked[1]
    monkeypatch.setattr(active, "MOST_CANDIDATES", 10)
    assert len(active.typiclust(pool, 20, np.random.default_rng(0))) == 20


def test_what_it_makes_nothing_of_is_told():
    pool = clustered({3: 0, 20: 1})
    collapsed = Pool(np.ones_like(pool.z), pool.scores, pool.candidates, pool.labels)
    with pytest.raises(BadDataError, match=r"TypiClust makes nothing of these latents .* choose another strategy"):
        active.typiclust(collapsed, 5, np.random.default_rng(0))


def test_our_k_centre_is_its_core_set():
    from skactiveml.pool import CoreSet

    z = np.random.default_rng(1).normal(size=(300, 5)).astype(np.float32)
    labels = np.where(np.arange(300) < 12, 0, -1)
    theirs = CoreSet(missing_label=-1, random_state=0).query(z, labels, batch_size=25)
    ours = k_centre(z, 25, candidates=np.arange(12, 300), labelled=np.arange(12), rng=np.random.default_rng(0))
    assert ours.tolist() == theirs.tolist()
