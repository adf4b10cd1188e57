import numpy as np
import pytest

from explorer.errors import BadDataError
from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.classification import accuracy


def test_accuracy_is_the_share_of_right_ones():
    assert accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 0])) == 0.75


def test_unlabelled_items_do_not_count():
    assert accuracy(np.array([-1, 1, -1]), np.array([0, 1, -1])) == 1


def test_no_labelled_item_is_an_error():
    with pytest.raises(BadDataError, match="labelled"):
        accuracy(np.array([-1, -1]), np.array([0, 1]))


def test_metric_does_not_apply_without_a_classifier_or_labels():
    z = np.zeros((2, 2))
    assert METRICS["accuracy"].compute(Evidence(z, np.array([0, 1]))) is None
    assert METRICS["accuracy"].compute(Evidence(z, np.array([-1, -1]), predicted=np.array([0, 1]))) is None
    assert METRICS["accuracy"].compute(Evidence(z, np.array([0, 1]), predicted=np.array([0, 0]))) == 0.5


def test_reconstruction_metric_is_the_root_of_the_mean_square():
    evidence = Evidence(np.zeros((2, 2)), np.zeros(2, np.int64), error=np.sqrt([0.09, 0.07]))
    assert METRICS["reconstruction_rmse"].compute(evidence) == pytest.approx(0.08**0.5)
