"""A byte an item: known answers, and what holds for any values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.figures import class_colours
from explorer.workflows.columns import of_factor, of_groups, of_values, tells_apart


def test_values_between_their_limits_are_spread_over_255_bytes():
    column = of_values("c", "C", np.array([0, 0.5, 1, -3, 7, np.nan, np.inf]), limits=(0, 1))
    assert column.codes.tolist() == [0, 127, 254, 0, 254, 255, 255]
    assert (column.low, column.high, column.groups) == ("0", "1", ())


def test_one_far_value_does_not_take_the_scale_from_the_others():
    column = of_values("c", "C", np.array([*range(1000), 1e9]))
    assert (column.low, column.high) == ("10", "990")
    assert column.codes[[0, 10, 500, 990, 1000]].tolist() == [0, 0, 127, 254, 254]


def test_huge_values_are_spread_as_others_are():
    assert of_values("c", "C", np.array([-1.5e308, 0, 1.5e308])).codes.tolist() == [0, 127, 254]


def test_where_nearly_all_values_are_the_same_the_few_others_are_still_seen():
    column = of_values("c", "C", np.array([0.0] * 500 + [3.0]))
    assert (column.low, column.high) == ("0", "3")
    assert column.codes[[0, 500]].tolist() == [0, 254]


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1230"), (0.012345, "0.0123"), (-0.0, "0"), (12345678, "1.23e+07"), (5, "5")]
)
def test_limits_are_told_with_three_figures_that_a_browser_can_read(value, text):
    assert of_values("c", "C", np.array([value] * 3)).low == text
    assert float(text) == pytest.approx(value, rel=5e-3)


@given(arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats()))
def test_bytes_never_fall_where_values_rise(values):
    codes, known = of_values("c", "C", values).codes, np.isfinite(values)
    assert (codes[~known] == 255).all()
    assert (codes[known] <= 254).all()
    rising = np.argsort(values[known])
    assert (np.diff(codes[known][rising].astype(int)) >= 0).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=21, max_size=60, unique=True))
def test_whole_numbers_of_any_size_reach_both_ends(numbers):
    codes = of_factor("f", "F", np.array(numbers)).codes
    assert (codes.min(), codes.max()) == (0, 254)


def test_groups_keep_their_number_and_the_colours_of_so_many_classes():
    column = of_groups("g", "G", np.array([2, -1, 0]), ("a", "b", "c"))
    assert column.codes.tolist() == [2, 255, 0]
    assert column.colours == class_colours(3)


def test_few_distinct_numbers_are_groups_and_many_are_a_scale():
    assert of_factor("f", "F", np.array([1.0, -1.0, np.nan, 1.0])).groups == ("-1", "1")
    assert of_factor("f", "F", np.array([1.0, -1.0, np.nan, 1.0])).codes.tolist() == [1, 0, 255, 1]
    assert of_factor("f", "F", np.arange(20)).groups == tuple(map(str, range(20)))
    assert of_factor("f", "F", np.arange(21)).groups == ()


def test_numbers_that_differ_little_are_groups_of_different_names():
    assert of_factor("f", "F", np.array([0.3, 0.30000001])).groups == ("0.3", "0.30000001")
    assert of_factor("f", "F", np.array([0.3, 0.5], np.float32)).groups == ("0.3", "0.5")


def test_texts_are_groups_and_an_empty_one_is_not_known():
    column = of_factor("f", "F", np.array(["wool", "", "silk", "wool"]))
    assert column.groups == ("silk", "wool")
    assert column.codes.tolist() == [1, 255, 0, 1]


def test_groups_that_are_the_classes_have_their_numbers_and_so_their_colours():
    column = of_factor("f", "F", np.array(["wool", "silk"]), classes=("wool", "linen", "silk"))
    assert column.groups == ("wool", "linen", "silk")
    assert column.codes.tolist() == [0, 2]
    digits = of_factor("f", "F", np.array([9, 3]), classes=tuple("0123456789"))
    assert digits.codes.tolist() == [9, 3]


@pytest.mark.parametrize(
    ("values", "tells"),
    [
        (np.array([1, 2]), True),
        (np.array([1, 1]), False),
        (np.array([np.nan, np.nan]), False),
        (np.array([np.nan, 1.0, 2.0]), True),
        (np.array(["a", "b", "a"]), True),
        (np.array(["a", "a"]), False),
        (np.array(["a", ""]), False),
        (np.array(["a", "b"]), False),  # all different: names of items
        (np.array([str(i % 254) for i in range(600)]), True),
        (np.array([str(i % 255) for i in range(600)]), False),
        (np.array([str(max(0, i - 4000)) for i in range(5000)]), False),  # too many kinds, but not at the beginning
        (np.array([str(i) for i in range(5000)]), False),
        (np.array([[1], [2]]), False),
        (np.array([None, "a"], object), False),
        (np.array([], np.float64), False),
        (np.array([], np.str_), False),
    ],
)
def test_factors_that_tell_items_apart(values, tells):
    assert tells_apart(values) is tells
