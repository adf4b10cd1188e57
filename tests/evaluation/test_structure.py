import numpy as np
import pytest

from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.structure import centroid_offsets, centroid_spread, class_centroids, share_within
from explorer.latent.targets import ClassTargets, class_circle

TARGETS = ClassTargets([[0, 0], [10, 0]], [1, 2])
PETALS = class_circle(5)
EACH = np.arange(5)


def test_centroid_is_the_mean_of_a_class_and_nan_for_an_empty_one():
    z = np.array([[0, 0], [2, 4], [9, 9], [5, 5]], np.float32)
    found = class_centroids(z, np.array([0, 0, -1, 2]), 3)
    assert found[[0, 2]].tolist() == [[1, 2], [5, 5]]
    assert np.isnan(found[1]).all()


def test_centroid_of_many_float32_latents_does_not_drift():
    z = np.full((200_000, 1), 0.1, np.float32)
    assert class_centroids(z, np.zeros(len(z), np.int64), 1)[0, 0] == pytest.approx(np.float32(0.1), abs=1e-9)


def test_offset_is_the_distance_from_the_configured_centre():
    z = np.array([[3.0, 4.0], [10.0, 1.0], [10.0, -1.0]])
    assert centroid_offsets(z, np.array([0, 1, 1]), TARGETS).tolist() == [5, 0]


def test_share_within_counts_the_own_class_alone_and_its_own_radius():
    z = np.array([[2.0, 0], [2.1, 0], [10, 4], [10, 4.1], [0, 0], [99, 99]])
    labels = np.array([0, 0, 1, 1, 1, -1])  # the fifth lies at the centre of another class
    assert share_within(z, labels, TARGETS) == 2 / 5
    assert share_within(z, labels, TARGETS, radii=3) == 4 / 5


def test_share_without_labelled_items_is_nan():
    assert np.isnan(share_within(np.zeros((2, 2)), np.array([-1, -1]), TARGETS))


def test_latents_at_their_centres_are_best():
    assert share_within(PETALS.centres, EACH, PETALS) == 1
    assert centroid_offsets(PETALS.centres, EACH, PETALS).max() == 0


def test_constant_latents_are_worst():
    constant = np.full((5, 2), 7.0)
    assert share_within(constant, EACH, PETALS) == 0
    assert centroid_offsets(constant, EACH, PETALS).min() > 2 * PETALS.radii.max()


def test_spread_is_zero_when_every_seed_puts_the_classes_at_the_same_places():
    assert centroid_spread(np.stack([PETALS.centres] * 3)) == pytest.approx(0, abs=1e-12)


def test_spread_is_the_root_mean_square_distance_from_the_mean_over_seeds():
    centroids = np.array([[[-3.0, -4.0], [1, 1]], [[3, 4], [1, 1]]])  # one class moves by 5 each way, one stays
    assert centroid_spread(centroids) == pytest.approx((25 / 2) ** 0.5)


def test_spread_grows_in_proportion():
    centroids = np.random.default_rng(0).normal(size=(3, 5, 2))
    assert centroid_spread(10 * centroids) == pytest.approx(10 * centroid_spread(centroids))


def test_metrics_of_places_tell_the_mean_from_the_farthest_and_skip_empty_classes():
    z, labels = np.array([[3.0, 4.0], [0.85, 0.0]]), np.array([1, 0])
    evidence = Evidence(z, labels, targets=ClassTargets([[0.85, 0], [0, 0], [9, 9]], [1, 1, 1]))
    assert METRICS["centroid_offset"].compute(evidence) == 2.5
    assert METRICS["farthest_centroid"].compute(evidence) == 5
    assert METRICS["within_two_radii"].compute(evidence) == 0.5


@pytest.mark.parametrize("name", ["centroid_offset", "farthest_centroid", "within_two_radii"])
def test_metrics_of_places_do_not_apply_without_configured_classes(name):
    assert METRICS[name].compute(Evidence(np.zeros((2, 2)), np.array([0, 1]))) is None
