import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from explorer.errors import BadDataError, BadValueError
from explorer.evaluation.calibration import reliability


def test_curve_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    confidence = rng.random(5000)
    right = rng.random(5000) < confidence**2
    found = reliability(confidence, right)
    share, mean = calibration_curve(right, confidence, n_bins=10)
    assert found.precision == pytest.approx(share)
    assert found.confidence == pytest.approx(mean)
    assert found.count.sum() == 5000


def test_confidence_that_comes_true_has_no_error_and_vain_confidence_its_whole_distance():
    assert reliability(np.array([0.5, 0.5]), np.array([True, False])).error == 0
    assert reliability(np.ones(4), np.zeros(4, bool)).error == 1


def test_error_is_weighted_by_count():
    found = reliability(np.array([1.0, 1.0, 1.0, 0.25]), np.array([True, True, True, True]))
    assert found.error == pytest.approx(0.75 / 4)
    assert found.count.tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 3]
    assert np.isnan(found.precision[0])


@pytest.mark.parametrize("confidence", [[], [np.nan], [1.2], [-0.1]])
def test_what_is_no_confidence_is_refused(confidence):
    with pytest.raises(BadDataError, match="0 to 1"):
        reliability(np.array(confidence), np.zeros(len(confidence), bool))


def test_no_bin_is_refused():
    with pytest.raises(BadValueError, match="bins = 0"):
        reliability(np.array([0.5]), np.array([True]), bins=0)
