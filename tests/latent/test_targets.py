import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadValueError
from explorer.latent.targets import ClassTargets, class_circle, petal_distance, simplex


def test_five_petals_are_the_papers():
    targets = class_circle(5)
    assert targets.centres[0] == pytest.approx([0.85, 0])
    assert targets.centres[1] == pytest.approx([0.85 * np.cos(np.radians(72)), 0.85 * np.sin(np.radians(72))])
    assert targets.radii.tolist() == [0.34] * 5
    assert targets.neighbour_distances == pytest.approx([0.99923] * 5, abs=5e-6)


def test_ten_petals_lie_farther_out_and_keep_the_papers_gap():
    assert petal_distance(10) == pytest.approx(1.6168, abs=5e-5)
    assert class_circle(10, distance=petal_distance(10)).neighbour_distances == pytest.approx([0.99923] * 10, abs=5e-6)


@given(st.integers(2, 254))
def test_petals_never_overlap(n_classes):
    targets = class_circle(n_classes, distance=petal_distance(n_classes))
    assert targets.neighbour_distances.min() > 2 * targets.radii.max()


def test_circle_of_fixed_size_overlaps_from_eight_classes_and_swallows_centres_from_sixteen():
    gaps = {c: class_circle(c).neighbour_distances[0] for c in (7, 8, 15, 16)}
    assert gaps[7] > 0.68 > gaps[8]
    assert gaps[15] > 0.34 > gaps[16]


@given(st.integers(1, 40), st.floats(0.01, 100), st.floats(0.01, 100))
def test_circle_has_the_asked_distance_and_radius(n_classes, distance, radius):
    targets = class_circle(n_classes, distance=distance, radius=radius)
    assert np.linalg.norm(targets.centres, axis=1) == pytest.approx(np.full(n_classes, distance))
    assert targets.radii.tolist() == [radius] * n_classes
    if n_classes > 1:
        gap = distance * np.sqrt(2 * (1 - np.cos(2 * np.pi / n_classes)))
        assert targets.neighbour_distances == pytest.approx(np.full(n_classes, gap))


def test_single_class_has_no_neighbour():
    assert np.isinf(class_circle(1).neighbour_distances).all()


@given(st.integers(2, 12), st.integers(0, 4), st.floats(0.1, 10))
def test_simplex_puts_all_pairs_equally_far_apart_around_the_origin(n_classes, spare, distance):
    targets = simplex(n_classes, n_classes - 1 + spare, distance=distance, radius=0.1)
    centres = targets.centres
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)[~np.eye(n_classes, dtype=bool)]
    assert gaps == pytest.approx(np.full(len(gaps), distance * np.sqrt(2 * n_classes / (n_classes - 1))))
    assert np.linalg.norm(centres, axis=1) == pytest.approx(np.full(n_classes, distance))
    assert centres.mean(axis=0) == pytest.approx(np.zeros(centres.shape[1]), abs=1e-12 * max(1, distance))


def test_simplex_of_one_class_is_the_origin():
    assert simplex(1, 3, distance=1, radius=0.1).centres.tolist() == [[0, 0, 0]]


def test_simplex_in_too_few_dimensions_says_how_many_it_needs():
    with pytest.raises(BadValueError, match="needs 4 latent dimensions or more, not 3"):
        simplex(5, 3, distance=1, radius=0.1)


def test_neighbour_distance_is_to_the_nearest_other_centre_of_each_class():
    assert ClassTargets([[0, 0], [1, 0], [5, 0]], [1, 1, 1]).neighbour_distances.tolist() == [1, 1, 4]


@pytest.mark.parametrize(
    ("centres", "radii"),
    [
        ([[0, 0], [1, 1]], [1]),
        ([0, 1], [1, 1]),
        ([[0, 0]], [0]),
        ([[0, 0]], [-1]),
        ([[0, np.nan]], [1]),
        ([[0, 0]], [np.inf]),
    ],
)
def test_targets_that_are_no_layout_are_refused(centres, radii):
    with pytest.raises(BadValueError, match="Class centres"):
        ClassTargets(centres, radii)


@pytest.mark.parametrize("given", [{"n_classes": 0}, {"n_classes": 5, "distance": 0}, {"n_classes": 5, "radius": -1}])
def test_circle_without_size_or_classes_is_refused(given):
    with pytest.raises(BadValueError):
        class_circle(**given)
