import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.data.sampling import check_groups, group_members, pairs
from explorer.errors import BadDataError

GROUPS = np.array([3, 7, 3, 9, 7, 3, 9, 9, 9, 7])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(st.integers(0, 1000), st.integers(1, 3))
def test_every_group_gives_so_many_different_members_of_its_own(seed, size):
    rows = group_members(GROUPS, size, rng(seed))
    assert rows.shape == (3, size)
    assert sorted(GROUPS[rows[:, 0]]) == [3, 7, 9]
    assert (GROUPS[rows] == GROUPS[rows[:, :1]]).all()
    assert all(len(set(row)) == size for row in rows.tolist())


def test_another_draw_takes_other_members_in_another_order():
    drawn = {tuple(group_members(GROUPS, 2, rng(seed)).ravel().tolist()) for seed in range(40)}
    members = {row for rows in drawn for row in rows}
    assert members == set(range(10))
    assert len({rows[0] for rows in drawn}) > 3


@given(
    st.lists(st.integers(-1, 3), min_size=4, max_size=40).filter(lambda x: len(set(x) - {-1}) > 1), st.integers(0, 99)
)
def test_each_labelled_item_is_paired_once_with_another_item(labels, seed):
    labels = np.array(labels)
    found = pairs(labels, rng(seed))
    assert sorted(found[:, 0].tolist()) == np.flatnonzero(labels >= 0).tolist()
    assert (found[:, 0] != found[:, 1]).all()
    assert (labels[found] >= 0).all()


def test_about_half_of_the_pairs_are_of_one_class_and_all_partners_come():
    labels = np.repeat([0, 1, 2], 300)
    found = pairs(labels, rng())
    same = labels[found[:, 0]] == labels[found[:, 1]]
    assert 0.45 < same.mean() < 0.55
    assert len(np.unique(found[:, 1])) > 500


def test_item_alone_in_its_class_is_paired_with_another_class():
    found = pairs(np.array([0, 1, 1]), rng())
    assert found[found[:, 0] == 0, 1].tolist()[0] in (1, 2)


def test_group_with_too_few_members_is_named():
    with pytest.raises(BadDataError, match=r"Group 3 of toys has 1 training item, but 2"):
        check_groups(np.array([3, 7, 7]), 2, "toys")


def test_single_group_is_refused():
    with pytest.raises(BadDataError, match="1 group"):
        check_groups(np.array([3, 3]), 2, "toys")
