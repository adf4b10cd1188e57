import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import minimize
from scipy.stats import ortho_group

from explorer.errors import BadValueError
from explorer.latent.alignment import align, align_weighted, rigid_motion

SEEDS = st.integers(0, 2**32 - 1)


def points(seed, n, dims):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dims)) + rng.normal(size=dims), rng.normal(size=(n, dims)) + rng.normal(size=dims)


def off(found, target, weights):
    return float(weights @ ((found - target) ** 2).sum(axis=1))


@given(SEEDS, st.integers(1, 30), st.integers(2, 6))
def test_turned_mirrored_and_shifted_points_come_back(seed, n, dims):
    target = points(seed, n, dims)[0]
    source = target @ ortho_group.rvs(dims, random_state=seed) + 3
    assert align(source, target) == pytest.approx(target)


@given(SEEDS, st.integers(1, 30), st.integers(1, 6))
def test_distances_stay_and_the_mean_is_the_targets(seed, n, dims):
    source, target = points(seed, n, dims)
    found = align(source, target)
    assert found.mean(axis=0) == pytest.approx(target.mean(axis=0))
    for kept, had in zip(found[:, None] - found, source[:, None] - source, strict=True):
        assert np.linalg.norm(kept, axis=1) == pytest.approx(np.linalg.norm(had, axis=1))


@given(SEEDS, st.integers(2, 30), st.integers(1, 6))
def test_rotation_is_scipys(seed, n, dims):
    source, target = points(seed, n, dims)
    centred, wanted = source - source.mean(axis=0), target - target.mean(axis=0)
    expected = centred @ orthogonal_procrustes(centred, wanted)[0] + target.mean(axis=0)
    assert off(align(source, target), target, np.ones(n)) == pytest.approx(off(expected, target, np.ones(n)))


def test_a_reflection_is_allowed_and_nothing_is_scaled():
    target = np.array([[0.0, 0], [1, 0], [0, 2]])
    assert align(target * [1, -1], target) == pytest.approx(target)
    twice = align(2 * target, target)
    assert twice - twice.mean(axis=0) == pytest.approx(2 * (target - target.mean(axis=0)))


def test_least_squares_where_the_papers_pseudo_inverse_is_not():
    source, target = np.random.default_rng(0).normal(size=(2, 20, 2))
    source, target = (source - source.mean(axis=0)) * [3, 1], target - target.mean(axis=0)
    left, _, right = np.linalg.svd(np.linalg.pinv(source) @ target)
    ones = np.ones(len(source))
    assert off(align(source, target), target, ones) < 0.98 * off(source @ left @ right, target, ones)


@given(SEEDS, st.integers(1, 12), st.integers(1, 4))
def test_whole_weights_are_repeated_rows(seed, n, dims):
    source, target = points(seed, n, dims)
    counts = np.random.default_rng(seed).integers(0, 5, n)
    counts[0] += 1
    rows = np.repeat(np.arange(n), counts)
    repeated = align(source[rows], target[rows])
    found = align_weighted(source, target, counts)
    assert off(found, target, counts) == pytest.approx(off(repeated, target[rows], np.ones(len(rows))))
    assert np.average(found, axis=0, weights=counts) == pytest.approx(np.average(target, axis=0, weights=counts))


def test_no_angle_reflection_or_shift_does_better_with_weights():
    source, target = points(3, 6, 2)
    weights = np.array([1.0, 50, 3, 0.2, 7, 0])

    def turned(angle, flip, shift):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return source @ turn * [1, flip] + shift

    def search(flip, angle):
        return minimize(lambda p: off(turned(p[0], flip, p[1:]), target, weights), [angle, 0, 0], tol=1e-12).fun

    least = min(search(flip, angle) for flip in (-1, 1) for angle in np.arange(0, 6.28, 0.7))
    assert off(align_weighted(source, target, weights), target, weights) == pytest.approx(least)


def test_unequal_weights_matter():
    source, target = points(3, 6, 2)
    weights = np.array([1.0, 50, 3, 0.2, 7, 0])
    assert off(align(source, target), target, weights) > 1.1 * off(
        align_weighted(source, target, weights), target, weights
    )


def test_one_point_goes_to_its_target():
    assert align([[5.0, 5]], [[1.0, 2]]).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("source", "target", "weights"),
    [
        ([[0.0, 0]], [[0.0, 0], [1, 1]], [1]),
        ([[0.0, 0]], [[0.0, 0]], [1, 1]),
        ([0.0, 1], [0.0, 1], [1, 1]),
        ([[np.nan, 0]], [[0.0, 0]], [1]),
        ([[0.0, 0]], [[0.0, np.inf]], [1]),
        ([[0.0, 0]], [[0.0, 0]], [-1]),
        ([[0.0, 0], [1, 1]], [[0.0, 0], [1, 1]], [0, 0]),
        (np.empty((0, 2)), np.empty((0, 2)), []),
    ],
)
def test_points_that_cannot_be_aligned_are_refused(source, target, weights):
    with pytest.raises(BadValueError):
        align_weighted(source, target, weights)


@given(SEEDS, st.floats(-179, 179), st.booleans(), st.integers(3, 20))
def test_motion_of_the_plane_tells_its_turn(seed, degrees, is_mirrored, n):
    source = np.random.default_rng(seed).normal(size=(n, 2))
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # (1, 0) goes to the angle
    moved = source * [1, -1 if is_mirrored else 1] @ turn + [5, -7]
    motion = rigid_motion(source, moved, np.ones(n))
    assert motion.apply(source) == pytest.approx(moved)
    assert motion.is_mirrored == is_mirrored
    assert motion.degrees == pytest.approx(degrees, abs=1e-3)


@given(SEEDS, st.integers(1, 10), st.integers(2, 4))
def test_points_on_a_line_are_never_mirrored(seed, n, dims):
    rng = np.random.default_rng(seed)
    source, target = (rng.normal(size=(n, 1)) * rng.normal(size=dims) for _ in range(2))
    assert not rigid_motion(source, target, np.ones(n)).is_mirrored
