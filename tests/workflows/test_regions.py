"""Decision regions against scikit-learn, and against the run's own classifier place by place."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from explorer.errors import BadValueError
from explorer.latent.confidence import LinearSVM, fit_svm
from explorer.workflows.maps import latent_map
from explorer.workflows.regions import UNDECIDED, View, decided, has_regions
from explorer.zoo.run import Run
from tests.workflows.test_overlays import by_neighbours
from tests.workflows.test_search import make_run

BOX = (-2.0, -1.5, 2.5, 3.0)


def grid(view: View) -> list[list[tuple[float, float]]]:
    """The middle of each pixel, one at a time, the top row first."""
    (left, bottom, right, top), (width, height) = view.box, view.size
    across, down = (right - left) / width, (top - bottom) / height
    return [[(left + across * (i + 0.5), top - down * (j + 0.5)) for i in range(width)] for j in range(height)]


def with_svm(folder, dims: int):
    run = make_run(folder, dims=dims, targets=False, classifier=False, svm=True)
    return run, latent_map(run)


def test_regions_are_what_scikit_learn_decides(tmp_path):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 2)) + np.repeat([[0, 2], [2, -1], [-2, -1]], 100, axis=0)
    labels = np.repeat([0, 1, 2], 100)
    mean, spread = z.mean(axis=0), np.sqrt(((z - z.mean(axis=0)) ** 2).mean())
    oracle = LinearSVC(dual=False).fit((z - mean) / spread, labels)
    run, space = with_svm(tmp_path / "svm", 2)
    space = replace(space, svm=fit_svm(z, labels, n_classes=3))
    view = View((-4, -4, 4, 4), (40, 30))
    wanted = [oracle.predict((np.array(row) - mean) / spread).tolist() for row in grid(view)]
    found = decided(run, space, view)
    assert found.tolist() == wanted
    assert set(found.ravel().tolist()) == {0, 1, 2}
    assert found[0, 20] == 0  # class 0 lies at the top: the first row is the top one


@pytest.mark.parametrize("dims", [1, 2, 5, 40])
def test_a_place_is_decided_by_its_latent_whatever_the_dimensions(tmp_path, dims):
    run, space = with_svm(tmp_path / "svm", dims)
    view = View(BOX, (13, 9))
    wanted = [space.svm.predict(space.projection.invert(np.array(row))).tolist() for row in grid(view)]
    assert decided(run, space, view).tolist() == wanted


def test_many_places_at_once_and_few_at_a_time_give_the_same(tmp_path, monkeypatch):
    run, space = with_svm(tmp_path / "svm", 5)
    whole = decided(run, space, View(BOX, (31, 17)))
    monkeypatch.setattr("explorer.workflows.regions.NUMBERS_AT_ONCE", 31 * 3 * 4)
    assert decided(run, space, View(BOX, (31, 17))).tolist() == whole.tolist()


def test_a_classifier_decides_before_an_svm(installation):
    run = Run(installation / "runs" / "tiny")
    space = latent_map(run)
    assert space.svm is not None
    view = View((-1.5, -1.5, 1.5, 1.5), (12, 8))
    wanted = [[int(run.probabilities(place)[0].argmax()) for place in row] for row in grid(view)]
    found = decided(run, space, view)
    assert found.tolist() == wanted
    assert len(set(found.ravel().tolist())) > 1


def test_scores_that_are_no_numbers_decide_nothing(tmp_path):
    run, space = with_svm(tmp_path / "svm", 2)
    overflown = LinearSVM(np.ones((3, 2)), np.array([0, np.nan, 0]), np.zeros(3), np.zeros(3))
    found = decided(run, replace(space, svm=overflown), View(BOX, (2, 1)))
    assert found.tolist() == [[UNDECIDED, UNDECIDED]]


def test_a_class_without_labelled_items_is_never_decided(tmp_path):
    run, space = with_svm(tmp_path / "svm", 5)
    svm = fit_svm(space.latents.z, np.where(space.latents.labels == 1, 0, space.latents.labels), n_classes=3)
    assert set(decided(run, replace(space, svm=svm), View(BOX, (20, 20))).ravel().tolist()) == {0, 2}


def test_maps_without_decisions_are_told_in_one_sentence(tmp_path):
    flat, neighbours = by_neighbours(tmp_path)
    run = Run(tmp_path / "deep")
    assert has_regions(flat)
    assert not has_regions(neighbours)
    with pytest.raises(BadValueError, match="such as umap, have no latents"):
        decided(run, neighbours, View(BOX, (2, 2)))
    bare = make_run(tmp_path / "bare", classifier=False)
    assert not has_regions(latent_map(bare))
    with pytest.raises(BadValueError, match="neither a classifier nor an SVM"):
        decided(bare, latent_map(bare), View(BOX, (2, 2)))


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((0, 0, 0, 1), (2, 2)),
        ((0, 1, 1, 0), (2, 2)),
        ((0, 0, 1, float("inf")), (2, 2)),
        ((0, 0, 1, float("nan")), (2, 2)),
        ((-1e300, 0, 1, 1), (2, 2)),
        ((0, 0, 1, 1), (0, 2)),
        ((0, 0, 1, 1), (2, -1)),
        ((0, 0, 1, 1), (2001, 1)),
        ((0, 0, 1, 1), (2000, 201)),
    ],
)
def test_views_that_are_no_picture_are_refused(box, size):
    with pytest.raises(BadValueError):
        View(box, size)
    View((0, 0, 1, 1), (2000, 200))
