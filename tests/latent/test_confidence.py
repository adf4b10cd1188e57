import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import ortho_group

from explorer.errors import BadDataError
from explorer.latent.confidence import LinearSVM, fit_svm

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0], [4, 0], [0, 4], [5, 5]])
LABELS = RNG.integers(0, 4, 400)
Z = CENTRES[LABELS] + RNG.normal(size=(400, 2))


def test_class_means_of_scores_map_to_one_and_zero():
    svm = fit_svm(Z, LABELS, 4)
    means = np.stack([svm.scores(Z)[label == LABELS].mean(axis=0) for label in range(4)])
    for label in range(4):
        assert svm.own[label] == pytest.approx(means[label, label])
        assert svm.other[label] == pytest.approx(np.delete(means[:, label], label).mean())


def test_confidence_is_linear_between_the_two_means_and_clipped_outside():
    svm = LinearSVM(np.array([[1.0], [-1.0]]), np.zeros(2), own=np.array([3.0, 1]), other=np.array([-1.0, -3]))
    found = svm.confidence([[-2.0], [-1], [1], [2], [3], [9]])
    assert found[:, 0].tolist() == [0, 0, 0.5, 0.75, 1, 1]
    assert found[:, 1].tolist() == [1, 1, 0.5, 0.25, 0, 0]


def test_classes_far_apart_are_predicted_without_fault():
    z = 100 * CENTRES[LABELS] + RNG.normal(size=(400, 2))
    svm = fit_svm(z, LABELS, 4)
    assert svm.predict(z).tolist() == LABELS.tolist()
    assert svm.confidence(100 * CENTRES).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_two_classes_have_two_columns_of_scores():
    svm = fit_svm([[0.0], [1], [10], [11]], [0, 0, 1, 1], 2)
    scores = svm.scores([[0.0], [5.5], [11]])
    assert scores.shape == (3, 2)
    assert scores[:, 0] == pytest.approx(-scores[:, 1])
    assert svm.predict([[0.0], [11]]).tolist() == [0, 1]
    assert svm.confidence([[0.5], [10.5]]) == pytest.approx(np.eye(2))


def test_unlabelled_rows_change_nothing():
    unlabelled = np.full((50, 2), np.nan)
    svm = fit_svm(np.concatenate([unlabelled, Z]), np.concatenate([np.full(50, -1), LABELS]), 4)
    assert svm.scores(Z) == pytest.approx(fit_svm(Z, LABELS, 4).scores(Z))


@pytest.mark.parametrize("present", [[1, 3], [0, 2, 3]])
def test_class_without_labelled_items_is_never_predicted_and_has_no_confidence(present):
    known = np.where(np.isin(LABELS, present), LABELS, -1)
    svm = fit_svm(Z, known, 6)
    far = 1000 * RNG.normal(size=(500, 2))
    assert set(svm.predict(far)) <= set(present)
    absent = np.setdiff1d(np.arange(6), present)
    assert (svm.confidence(far)[:, absent] == 0).all()
    assert svm.confidence(Z)[:, present].max() == 1
    assert not np.isnan(svm.scores(far)).any()


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
def test_scale_shift_and_turn_of_the_latents_change_no_confidence(scale):
    turn = ortho_group.rvs(2, random_state=0)
    moved = scale * (Z @ turn + 20)
    found = fit_svm(moved, LABELS, 4).confidence(moved)
    assert found == pytest.approx(fit_svm(Z, LABELS, 4).confidence(Z), abs=1e-4)


def test_latents_that_are_all_equal_give_no_confidence():
    assert fit_svm(np.ones((6, 3)), [0, 0, 1, 1, 2, 2], 3).confidence(np.ones((1, 3))).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("labels", [[-1, -1, -1], [2, -1, 2]])
def test_fewer_than_two_labelled_classes_are_refused(labels):
    with pytest.raises(BadDataError, match="labelled items of two classes, but there are"):
        fit_svm(np.eye(3), labels, 4)


@pytest.mark.parametrize(
    ("z", "labels"),
    [(np.eye(3), [0, 1]), (np.zeros(3), [0, 1, 0]), (np.eye(3), [0, 1, 4]), (np.full((3, 2), np.nan), [0, 1, 2])],
)
def test_latents_and_labels_that_do_not_fit_are_refused(z, labels):
    with pytest.raises(BadDataError):
        fit_svm(z, labels, 4)


def test_scikit_learn_is_imported_when_it_is_needed():
    code = "import sys, explorer.latent.confidence; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
