import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from explorer.data.dataset import UNLABELLED, Dataset
from explorer.data.labels import grouped, known_labels, random_groups, relabelled, stratified
from explorer.errors import BadValueError
from tests.runs import items

LABELS = nps.arrays(np.int64, st.integers(0, 60), elements=st.integers(-1, 4))
SHARES = st.floats(0, 1)
SEEDS = st.integers(0, 99_999_999)


def ten_digits(labels: np.ndarray) -> Dataset:
    n = len(labels)
    classes = tuple("0123456789")
    return Dataset("ten", np.zeros((n, 1), np.float32), labels, classes, np.arange(n), np.zeros(n, np.bool_))


def split(labels: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(len(labels)) < 0.3


@given(LABELS, SHARES, SEEDS)
def test_share_of_each_class_stays_known_and_at_least_one_item(labels, share, seed):
    is_test = split(labels, seed)
    known = known_labels(labels, is_test, share=share, seed=seed)
    for label in set(labels[~is_test].tolist()) - {UNLABELLED}:
        n_c = sum(1 for one, test in zip(labels, is_test, strict=True) if one == label and not test)
        kept = sum(1 for one, test in zip(known, is_test, strict=True) if one == label and not test)
        assert kept == max(1, round(share * n_c))


@given(LABELS, SHARES, SEEDS)
def test_known_labels_are_the_true_ones_and_test_items_keep_theirs(labels, share, seed):
    is_test = split(labels, seed)
    known = known_labels(labels, is_test, share=share, seed=seed)
    assert known.dtype == np.int64
    np.testing.assert_array_equal(known[is_test], labels[is_test])
    assert ((known == labels) | (known == UNLABELLED)).all()


@given(LABELS, SHARES, SHARES, SEEDS)
def test_larger_share_contains_the_smaller_one(labels, one, other, seed):
    is_test = split(labels, seed)
    few = known_labels(labels, is_test, share=min(one, other), seed=seed)
    many = known_labels(labels, is_test, share=max(one, other), seed=seed)
    np.testing.assert_array_equal(many[few != UNLABELLED], few[few != UNLABELLED])


@given(LABELS, SEEDS)
def test_whole_share_keeps_all_labels(labels, seed):
    np.testing.assert_array_equal(known_labels(labels, split(labels, seed), share=1, seed=seed), labels)


def test_half_of_a_hundred_is_fifty_and_another_seed_knows_others():
    labels, is_test = np.arange(200) % 2, np.zeros(200, np.bool_)
    one, other = (known_labels(labels, is_test, share=0.5, seed=seed) for seed in (0, 1))
    assert [np.count_nonzero(one == label) for label in (0, 1)] == [50, 50]
    assert (one != other).any()
    np.testing.assert_array_equal(one, known_labels(labels, is_test, share=0.5, seed=0))


def test_labels_given_are_left_as_they_are():
    labels = np.array([0, 0, 1, 1])
    known_labels(labels, np.zeros(4, np.bool_), share=0, seed=0)
    assert labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_share_that_is_none_is_refused(share):
    with pytest.raises(BadValueError, match=r"must lie in 0 to 1"):
        stratified(np.zeros(3, np.int64), share=share, seed=0)


def test_every_item_is_drawn_as_often_as_any_other():
    labels = np.repeat([0, 1], [10, 30])
    times = sum(stratified(labels, share=0.3, seed=seed).astype(int) for seed in range(2000))
    assert np.abs(times / 2000 - 0.3).max() < 0.05  # five standard deviations


@given(st.integers(1, 12), SEEDS, st.data())
def test_random_groups_share_out_all_classes_as_evenly_as_possible(n_classes, seed, data):
    classes = [f"c{i}" for i in range(n_classes)]
    n_groups = data.draw(st.integers(1, n_classes))
    groups = random_groups(classes, n_groups=n_groups, seed=seed)
    assert len(groups) == n_groups
    assert sorted(label for group in groups.values() for label in group) == list(range(n_classes))
    sizes = [len(group) for group in groups.values()]
    assert max(sizes) - min(sizes) <= 1
    assert all(name.split() == [classes[label] for label in group] for name, group in groups.items())


def test_three_groups_of_ten_digits_list_them_in_order():
    groups = random_groups("0123456789", n_groups=3, seed=0)
    assert sorted(map(len, groups.values())) == [3, 3, 4]
    assert list(groups.values()) == sorted(tuple(sorted(group)) for group in groups.values())
    assert len({tuple(random_groups("0123456789", n_groups=3, seed=seed)) for seed in range(20)}) > 15


def test_random_groups_of_a_seed_stay_the_same_for_ever():
    assert list(random_groups("0123456789", n_groups=3, seed=0)) == ["0 6 7", "1 2 3 8", "4 5 9"]


@given(nps.arrays(np.int64, st.integers(1, 40), elements=st.integers(-1, 9)))
def test_grouping_gives_each_item_the_group_of_its_class(labels):
    groups = {"even": (0, 2, 4, 6, 8), "low odd": (1, 3, 5)}
    dataset = grouped(ten_digits(labels), groups)
    assert dataset.classes == ("even", "low odd")
    expected = [next((i for i, g in enumerate(groups.values()) if label in g), UNLABELLED) for label in labels]
    assert dataset.labels.tolist() == expected


def test_other_labels_are_given_to_training_items_alone_and_test_items_keep_a_class_of_the_same_name():
    dataset = items(n=24)  # the last eight are test items
    other = relabelled(dataset, ("class 2", "new"), [3, 1, 20, 999], [1, 0, 1, 0])
    assert other.classes == ("class 2", "new")
    assert [row for row in np.flatnonzero(other.labels[:16] != UNLABELLED)] == [1, 3]
    assert other.labels[[1, 3]].tolist() == [0, 1]
    assert other.labels[16:].tolist() == [0 if label == 2 else UNLABELLED for label in dataset.labels[16:]]
    assert other.ids is dataset.ids


def test_no_other_labels_leave_the_test_items_classes():
    assert relabelled(items(n=24), ("class 1",), [], []).labels[:16].tolist() == [UNLABELLED] * 16
