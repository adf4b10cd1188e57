"""Labels per minute, errors with intervals, and the curve of random picks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadDataError
from explorer.labeling.progress import Known, measured, per_minute, random_curve
from explorer.latent.confidence import fit_svm


def test_labels_per_minute_of_late():
    steady = np.arange(0, 600, 2.0)  # 30 a minute for ten minutes
    assert per_minute(steady, 600) == pytest.approx(30, rel=0.01)
    assert per_minute(steady, 600 + 150) == pytest.approx(15, rel=0.02)
    assert per_minute(steady, 900) == 0
    assert per_minute(np.array([]), 5) == 0


def test_who_has_just_begun_is_counted_from_the_first_label_on():
    assert per_minute(np.array([100.0, 110, 120, 130]), 140) == pytest.approx(60 * 4 / 40)
    assert per_minute(np.array([100.0]), 100.1) == 6  # not 600
    assert per_minute(np.array([100.0, 110]), 120, began=0) == 1  # somebody else has been at it for longer


@given(st.integers(1, 400), st.data())
def test_interval_is_wilsons(items, data):
    wrong = data.draw(st.integers(0, items))
    found, z, p = measured(7, wrong, items), 1.959963984540054, wrong / items
    middle, reach = p + z * z / (2 * items), z * math.sqrt(p * (1 - p) / items + z * z / (4 * items * items))
    assert (found.low, found.high) == pytest.approx(
        ((middle - reach) / (1 + z * z / items), (middle + reach) / (1 + z * z / items)), abs=1e-9
    )
    assert found.low <= found.error + 1e-12 <= found.high + 2e-12
    assert (found.n_labels, found.items) == (7, items)


def test_nothing_measured_is_no_number():
    found = measured(3, 0, 0)
    assert math.isnan(found.error)
    assert (found.low, found.high, found.items) == (0, 1, 0)


def clusters(n: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    return np.array([[0.0, 0], [3, 0], [0, 3]])[truth] + rng.normal(size=(n, 2)), truth


def test_random_curve_is_what_fits_on_random_prefixes_give():
    z, truth = clusters(200)
    there, known = clusters(80, seed=1)
    candidates, counts, steps = np.arange(20, 200), [40, 10, 90, 500], []
    found = random_curve(
        Known(z, truth), candidates, counts, Known(there, known), [4, 5], progress=lambda *step: steps.append(step)
    )
    assert found.counts.tolist() == [10, 40, 90]  # 500 are not there
    slow = []
    for seed in (4, 5):
        order = np.random.default_rng(seed).permutation(candidates)
        fits = [fit_svm(z[order[:n]], truth[order[:n]], 3).predict(there) for n in (10, 40, 90)]
        slow.append([np.mean(predicted != known) for predicted in fits])
    assert found.mean.tolist() == np.mean(slow, axis=0).tolist()
    assert found.low.tolist() == np.min(slow, axis=0).tolist()
    assert found.high.tolist() == np.max(slow, axis=0).tolist()
    assert steps[-1] == (6, 6)


def test_what_is_labelled_from_the_beginning_is_counted_and_always_there():
    (z, truth), (there, known) = clusters(60), clusters(80, seed=1)
    start, candidates = np.arange(12), np.arange(12, 60)
    found = random_curve(Known(z, truth), candidates, [5, 12, 20], Known(there, known), [9], start=start)
    assert found.counts.tolist() == [12, 20]
    drawn = np.random.default_rng(9).permutation(candidates)[:8]
    for error, rows in zip(found.mean, (start, np.concatenate([start, drawn])), strict=True):
        assert error == np.mean(fit_svm(z[rows], truth[rows], 3).predict(there) != known)


def test_before_two_classes_the_one_is_predicted():
    z, truth = clusters(30)
    found = random_curve(Known(z, truth), np.array([3]), [1], Known(z, truth), [0])
    assert found.mean[0] == np.mean(truth != truth[3])


def test_curve_of_nothing_is_empty_and_needs_items_to_measure_on():
    z, truth = clusters(30)
    assert random_curve(Known(z, truth), np.arange(30), [], Known(z, truth), [0]).mean.tolist() == []
    with pytest.raises(BadDataError, match="no items to measure"):
        random_curve(Known(z, truth), np.arange(30), [5], Known(z[:0], truth[:0]), [0])
