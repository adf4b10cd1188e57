"""When to stop: predictions that no longer change, with what is left to gain and how often they are wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadValueError
from explorer.labeling.progress import measured
from explorer.labeling.stopping import advice, changed, compared, near_boundary


def test_changed_counts_the_rows_alone():
    before, after = np.array([0, 1, 2, 0]), np.array([0, 2, 2, 1])
    assert changed(before, after, np.array([0, 1, 2])) == pytest.approx(1 / 3)
    assert changed(before, after, np.array([], int)) == 0


def test_near_a_boundary_are_small_margins():
    scores = np.array([[1.0, 0.9, -1], [2, 0, -1], [0.2, -np.inf, 0.6], [5, 4.6, 4.5]])
    assert near_boundary(scores, np.arange(4)) == 0.75
    assert near_boundary(scores, np.array([1])) == 0
    assert near_boundary(scores, np.array([], int)) == 0


GOOD = measured(500, 20, 1000)


def test_rounds_are_compared_until_a_fair_part_of_the_labels_came_in_them():
    assert compared([]) == compared([10, 20, 30]) == 0
    assert compared([10, 20, 30, 40]) == 3
    assert compared([0, 100, 110, 115, 120, 125]) == 5  # three rounds, but 15 labels
    assert compared([910, 920, 930, 940, 950, 960, 970]) == 5  # 5 % of 970 are 49
    assert compared([900, 930, 935, 940]) == 0
    assert compared([100, 900, 950, 1000]) == 3


def slowly_compared(labels: list[int]) -> int:
    for n in range(len(labels)):
        came = labels[-1] - labels[len(labels) - 1 - n]
        if n >= 3 and came >= 30 and came >= 0.05 * labels[-1]:
            return n
    return 0


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(0, 2000))
def test_compared_is_the_fewest_that_will_do(steps, start):
    labels = np.cumsum([start, *steps]).tolist()
    assert compared(labels) == slowly_compared(labels)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=8), st.floats(0, 1))
def test_settled_is_the_largest_change(changes, near):
    found = advice(changes, near, GOOD)
    assert found.is_settled == (max(changes) <= 0.01)
    assert found.words.startswith("Predictions have settled" if found.is_settled else "Go on")


def test_not_settled_while_the_error_rose():
    before, after = measured(900, 710, 10_000), measured(970, 740, 10_000)
    found = advice([0.002] * 4, 0.02, after, before, came=70)
    assert not found.is_settled
    assert found.words.startswith("Not settled: the error rose from 7.1 to 7.4 % with the last 70 labels.")
    assert advice([0.002] * 4, 0.02, before, after, came=70).is_settled
    assert advice([0.002] * 4, 0.02, measured(970, 714, 10_000), before, came=70).is_settled  # 7.1 % still


def test_words_say_what_was_measured():
    settled = advice([0.001, 0.004, 0.002], 0.08, GOOD, came=52).words
    assert settled.startswith("Predictions have settled: at most 0.4 % changed with the last 52 labels.")
    assert "8.0 % lie near a boundary" in settled
    assert "The error is 2.0 % (95 %: 1.3 to 3.1 %)." in settled
    assert "Few unlabelled items, 1.0 %" in advice([0.1] * 3, 0.01, GOOD).words
    assert advice([], 0, None).words.startswith("Too early to say")


def test_settled_is_not_right():
    for wrong in (74, 250):
        assert "Settled is not right" in advice([0, 0, 0], 0.3, measured(500, wrong, 1000)).words
    assert "fine-tuning is what helps" in advice([0, 0, 0], 0.3, GOOD).words
    assert "fine-tuning" not in advice([0.2, 0, 0], 0.3, measured(500, 250, 1000)).words
    assert "on 12 items alone" in advice([0, 0, 0], 0.3, measured(40, 1, 12)).words
    assert "hold some items out" in advice([0, 0, 0], 0.3, None).words


def test_shares_outside_their_range_are_refused():
    with pytest.raises(BadValueError, match="between 0 and 1"):
        advice([0, 40, 0], 0.1, None)
    with pytest.raises(BadValueError, match="between 0 and 1"):
        advice([0, 0, 0], 1.2, None)
