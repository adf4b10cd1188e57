import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from explorer.errors import BadDataError, BadValueError
from explorer.latent.alignment import align
from explorer.latent.class_embedding import class_embedding
from explorer.latent.mds import (
    check_class_distances,
    class_targets,
    converged_targets,
    smacof,
    step_targets,
)
from tests import reference

SEEDS = st.integers(0, 2**32 - 1)
MANY = {"max_iterations": 4000, "tolerance": 0}


def problem(seed, n, dims, n_classes, *, spread=1.0):
    """Latents around class means, a label for each, and uneven distances between classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    z = rng.normal(size=(n_classes, dims))[labels] * spread + rng.normal(size=(n, dims))
    return z, labels, squareform(rng.uniform(0.2, 3, n_classes * (n_classes - 1) // 2), checks=False)


def equal(n_classes):
    return 1 - np.eye(n_classes)


def weighted_stress(points, counts, wanted):
    return (np.outer(counts, counts) * (squareform(pdist(points)) - wanted) ** 2).sum() / 2


def apart(found):
    """Achieved distances between classes."""
    return squareform(pdist(found.points))


def means(points, labels, n_classes):
    return np.stack([points[labels == label].mean(axis=0) for label in range(n_classes)])


# SMACOF over items


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 40), st.integers(2, 5), st.integers(2, 6))  # on a line, rounding decides who coincides
def test_points_and_stress_are_those_of_the_whole_matrix(seed, n, dims, n_classes):
    z, labels, wanted = problem(seed, n, dims, n_classes)
    found = smacof(z, labels, wanted, max_iterations=3, tolerance=0)
    x = z - z.mean(axis=0)
    total = reference.raw_stress(np.zeros_like(x), labels, wanted) + 1e-9
    for stress in found.stress:
        assert stress == pytest.approx(reference.raw_stress(x, labels, wanted), rel=1e-5, abs=1e-10 * total)
        last, x = x, reference.guttman_step(x, labels, wanted)
    assert found.points == pytest.approx(last, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(1, 3000), st.integers(1, 12), st.integers(1, 12), st.sampled_from([1e-6, 1, 1e6]))
def test_stress_never_rises(seed, n, dims, n_classes, scale):
    z, labels, wanted = problem(seed, n, dims, n_classes)
    stress = smacof(z * scale, labels, wanted, max_iterations=25, tolerance=0).stress
    everything = (wanted[labels][:, labels] ** 2).sum() / 2
    assert (stress >= 0).all()
    assert (np.diff(stress) <= 1e-6 * stress[:-1] + 1e-12 * everything).all()


@pytest.mark.parametrize("dims", [1, 2, 3, 10])
def test_stress_is_the_twins_with_classes_longer_than_a_block(dims):
    z, labels, wanted = problem(1, 2500, dims, 3)
    found = smacof(z, labels, wanted, max_iterations=1, tolerance=0)
    pairs = wanted[labels][:, labels]
    for points, stress in zip((z - z.mean(axis=0), found.points), found.stress, strict=True):
        assert stress == pytest.approx(((squareform(pdist(points)) - pairs) ** 2).sum() / 2, rel=1e-6)


@pytest.mark.parametrize("dims", [2, 10])
def test_steps_are_scikit_learns(dims):
    from sklearn.manifold import smacof as peer

    z, labels, wanted = problem(0, 200, dims, 4)
    start = z - z.mean(axis=0)
    for steps in (1, 2, 5):
        ours = smacof(z, labels, wanted, max_iterations=steps, tolerance=0)
        how = {"n_init": 1, "max_iter": steps, "eps": 0, "normalized_stress": False}
        theirs = peer(wanted[labels][:, labels], n_components=dims, init=start, **how)[0]
        assert ours.points == pytest.approx(theirs, abs=1e-5)


def test_stress_has_the_start_and_one_value_a_step_and_a_tolerance_stops_early():
    z, labels, wanted = problem(0, 100, 2, 3)
    full = smacof(z, labels, wanted, max_iterations=20, tolerance=0)
    assert full.stress.shape == (21,)
    early = smacof(z, labels, wanted, max_iterations=20, tolerance=0.01).stress
    assert early.tolist() == full.stress[: len(early)].tolist()
    falls = -np.diff(early) / early[:-1]
    assert falls[-1] <= 0.01 < falls[:-1].min()


def test_order_of_the_items_and_place_of_the_latents_do_not_matter():
    z, labels, wanted = problem(0, 300, 3, 4)
    found = smacof(z, labels, wanted, max_iterations=5, tolerance=0).points
    order = np.random.default_rng(1).permutation(300)
    moved = smacof(z[order] + 100, labels[order], wanted, max_iterations=5, tolerance=0).points
    assert moved == pytest.approx(found[order], abs=1e-5)
    assert found.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)


def test_points_of_two_classes_that_coincide_pull_with_nothing():
    z = np.array([[0.0, 0], [0, 0], [3, 0]])
    found = smacof(z, [0, 1, 0], [[0, 2], [2, 0]], max_iterations=1, tolerance=0)
    assert found.points == pytest.approx(np.array([[0.0, 0], [-2 / 3, 0], [2 / 3, 0]]), abs=1e-6)
    still = smacof(np.ones((4, 3)), [0, 1, 0, 1], equal(2), max_iterations=3, tolerance=0)
    assert still.points.tolist() == np.zeros((4, 3)).tolist()
    assert still.stress == pytest.approx([4, 4])


def test_a_class_alone_collapses_to_its_mean():
    z = np.random.default_rng(0).normal(size=(20, 2))
    found = smacof(z, np.full(20, 1), equal(3), max_iterations=9, tolerance=0)
    assert found.points.tolist() == np.zeros((20, 2)).tolist()
    assert found.stress[-1] == 0
    assert step_targets(z, np.zeros(20, int), [[0]], steps=1) == pytest.approx(np.tile(z.mean(axis=0), (20, 1)))


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(2, 40), st.integers(1, 4), st.integers(2, 5))
def test_collapsing_a_class_to_its_best_point_never_raises_stress(seed, n, dims, n_classes):
    z, labels, wanted = problem(seed, n, dims, n_classes)
    for label in range(n_classes):
        own = labels == label
        before = reference.raw_stress(z, labels, wanted)
        collapsed = [np.where(own[:, None], point, z) for point in z[own]]
        assert min((reference.raw_stress(x, labels, wanted) for x in collapsed), default=before) <= before + 1e-9


def test_threads_that_meet_get_what_each_gets_alone():
    problems = [problem(seed, 1500, 2, 5) for seed in range(4)]
    alone = [step_targets(*each, steps=4) for each in problems]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda each: step_targets(*each, steps=4), problems))
    for one, other in zip(alone, together, strict=True):
        assert one.tolist() == other.tolist()


# Targets


def test_step_targets_are_smacofs_points_turned_onto_the_latents():
    z, labels, wanted = problem(0, 200, 3, 4)
    reached = smacof(z + 5, labels, wanted, max_iterations=3, tolerance=0).points
    found = step_targets(z + 5, labels, wanted, steps=3)
    assert found == pytest.approx(align(reached, z + 5))
    assert found.mean(axis=0) == pytest.approx(z.mean(axis=0) + 5)


@pytest.mark.parametrize(("dims", "n_classes"), [(4, 4), (6, 3)])
@pytest.mark.parametrize("distances", ["equal", "uneven"])
def test_many_steps_reach_the_converged_targets_where_there_is_a_dimension_a_class(dims, n_classes, distances):
    z, labels, wanted = problem(2, 300, dims, n_classes, spread=0)
    wanted = equal(n_classes) if distances == "equal" else equal(n_classes) + wanted / 6
    assert_many_steps_converge(z, labels, wanted)


@pytest.mark.parametrize(("dims", "n_classes"), [(2, 3), (4, 5), (1, 2)])
def test_many_steps_reach_the_converged_targets_where_classes_start_separated(dims, n_classes):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, n_classes, 300)
    corners = np.eye(n_classes)[:, :dims] * 20
    assert_many_steps_converge(corners[labels] + rng.normal(size=(300, dims)), labels, equal(n_classes))


def assert_many_steps_converge(z, labels, wanted):
    reached = smacof(z, labels, wanted, **MANY)
    targets = class_targets(z, labels, wanted, rng=np.random.default_rng(0))
    everything = (wanted[labels][:, labels] ** 2).sum() / 2
    assert reached.stress[-1] == pytest.approx(targets.stress, rel=1e-3, abs=1e-5 * everything)
    found = converged_targets(z, labels, wanted, rng=np.random.default_rng(0))
    assert pdist(align(reached.points, found)) == pytest.approx(pdist(found), abs=0.02)


def test_converged_targets_are_one_point_a_class_nearest_to_the_class_means():
    z, labels, _ = problem(0, 500, 3, 4)
    found = converged_targets(z + 7, labels, equal(4), rng=np.random.default_rng(0))
    points = class_targets(z + 7, labels, equal(4), rng=np.random.default_rng(0)).points
    assert found.tolist() == points[labels].tolist()
    assert found.mean(axis=0) == pytest.approx(z.mean(axis=0) + 7)
    assert found == pytest.approx(align(found, z + 7))  # items are turned as far as counts turn the classes


def test_targets_do_not_hop_when_they_are_reached():
    z, labels, _ = problem(0, 400, 2, 10)
    for distances in (equal(10), equal(10) + problem(1, 1, 1, 10)[2] / 10):
        targets = converged_targets(z, labels, distances, rng=np.random.default_rng(0))
        for seed in (1, 2, 3):
            again = converged_targets(targets, labels, distances, rng=np.random.default_rng(seed))
            assert again == pytest.approx(targets, abs=1e-3)


# Class points


@given(st.integers(1, 12), st.integers(0, 3), SEEDS)
@settings(max_examples=30, deadline=None)
def test_equal_distances_make_a_regular_simplex_of_stress_zero(n_classes, spare, seed):
    rng = np.random.default_rng(seed)
    counts, dims = rng.integers(1, 1000, n_classes), max(n_classes - 1, 1) + spare
    found = class_embedding(2.5 * equal(n_classes), counts, dims, starts=5, rng=rng)
    assert apart(found) == pytest.approx(2.5 * equal(n_classes), abs=1e-7)
    assert found.stress == pytest.approx(0, abs=1e-12 * counts.sum() ** 2)


def test_ten_classes_in_the_plane_find_the_better_of_their_two_optima():
    for seed in range(5):
        found = class_embedding(equal(10), np.full(10, 100), 2, starts=20, rng=np.random.default_rng(seed))
        assert found.stress / (1000 * 999 / 2) == pytest.approx(0.0990, abs=1e-4)  # the other: 0.1002
        assert apart(found).max() > 1.2  # they cannot all be 1


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 6), st.integers(1, 4))
def test_class_points_are_stationary_and_no_worse_than_a_search(seed, n_classes, dims):
    rng = np.random.default_rng(seed)
    wanted, counts = problem(seed, 1, 1, n_classes)[2], rng.integers(1, 50, n_classes)
    found = class_embedding(wanted, counts, dims, starts=20, rng=rng)
    assert found.stress == pytest.approx(weighted_stress(found.points, counts, wanted))
    labels = np.repeat(np.arange(n_classes), counts)
    stepped = reference.guttman_step(found.points[labels], labels, wanted)
    moved = reference.raw_stress(stepped, labels, wanted)
    assert moved == pytest.approx(found.stress, rel=1e-5, abs=1e-9 * (wanted**2).sum() * counts.sum() ** 2)


def test_counts_weigh_the_pairs():
    wanted = np.array([[0, 1, 1], [1, 0, 5], [1, 5, 0]])  # no triangle
    for heavy in range(3):
        counts = np.where(np.arange(3) == heavy, 1, 1000)
        achieved = apart(class_embedding(wanted, counts, 2, starts=5, rng=np.random.default_rng(0)))
        a, b = (label for label in range(3) if label != heavy)
        assert achieved[a, b] == pytest.approx(wanted[a, b], rel=0.01)


def test_a_class_without_items_has_no_place_and_no_influence():
    z, labels, wanted = problem(0, 200, 2, 4)
    labels = np.array([0, 2, 3, 5])[labels]
    padded = np.full((6, 6), 9.0)
    np.fill_diagonal(padded, 0)
    padded[np.ix_([0, 2, 3, 5], [0, 2, 3, 5])] = wanted
    found = class_targets(z, labels, padded, rng=np.random.default_rng(0))
    assert np.isnan(found.points[[1, 4]]).all()
    there = class_targets(z, np.searchsorted([0, 2, 3, 5], labels), wanted, rng=np.random.default_rng(0))
    assert found.points[[0, 2, 3, 5]].tolist() == there.points.tolist()


def test_the_start_decides_between_equally_good_layouts():
    wanted, rng = equal(10), np.random.default_rng(0)
    best = class_embedding(wanted, np.ones(10), 2, starts=20, rng=rng).points
    start = 3 + best[::-1] + 0.01 * rng.normal(size=(10, 2))  # as good with the classes renamed
    found = class_embedding(wanted, np.ones(10), 2, starts=20, rng=rng, start=start).points
    assert found == pytest.approx(start, abs=0.1)


def test_a_start_at_the_worse_of_two_optima_is_left():
    wanted, ones, rng = np.array([[0, 1, 2.2], [1, 0, 1], [2.2, 1, 0]]), np.ones(3), np.random.default_rng(0)
    worse = np.array([[-0.4], [-2 / 3], [16 / 15]])  # the second class at an end, where the first two should be
    least = weighted_stress(worse, ones, wanted)
    for _ in range(100):  # no small step leads down from it
        assert weighted_stress(worse + 1e-3 * rng.normal(size=(3, 1)), ones, wanted) >= least
    found = class_embedding(wanted, ones, 1, starts=0, rng=rng, start=worse)
    assert found.stress == pytest.approx(0.04 / 3)
    assert least > 1.6


def test_means_on_a_line_do_not_keep_the_classes_on_it():
    z = np.stack([np.repeat([0.0, 1, 2], 10), np.zeros(30)], axis=1)
    found = class_targets(z, np.repeat([0, 1, 2], 10), equal(3), rng=np.random.default_rng(0))
    assert apart(found) == pytest.approx(equal(3))


# What is refused


@pytest.mark.parametrize(
    ("distances", "said"),
    [
        ([[0, 1], [2, 0]], "from class 0 to 1 is 1 and from 1 to 0 2; the matrix must be symmetric"),
        ([[0, 1], [1, 0.5]], "from class 1 to 1 is 0.5; a class has distance 0 to itself"),
        ([[0, -1], [-1, 0]], "from class 0 to 1 is -1; it must be a finite number and not negative"),
        ([[0, np.nan], [np.nan, 0]], "it must be a finite number"),
        ([[0, np.inf], [np.inf, 0]], "it must be a finite number"),
        ([[0, 1, 1], [1, 0, 1], [1, 1, 0]], "2 classes need 2 rows of 2 numbers"),
        ([[0, 1]], "have shape"),
        ([0, 1], "have shape"),
        (0, "have shape"),
        ([[0, 1], [1]], "no matrix of numbers"),
        ([["a", "b"], ["b", "a"]], "no matrix of numbers"),
    ],
)
def test_distances_that_are_no_such_matrix_are_refused(distances, said):
    with pytest.raises(BadValueError, match=said):
        check_class_distances(distances, 2)


def test_distances_that_differ_by_rounding_are_made_equal():
    found = check_class_distances([[0, 0.3], [0.1 + 0.2, 0]])
    assert found[0, 1] == found[1, 0]


@pytest.mark.parametrize(
    ("z", "labels"),
    [
        (np.eye(3), [0, 1, -1]),
        (np.eye(3), [0, 1, 2]),
        (np.eye(3), [0, 1]),
        (np.eye(3), [0.0, 1, 1]),
        (np.zeros(3), [0, 1, 1]),
        (np.empty((0, 2)), np.empty(0, int)),
        (np.full((2, 2), np.nan), [0, 1]),
        ([[np.inf, 0], [0, 0]], [0, 1]),
    ],
)
def test_latents_and_labels_that_do_not_fit_are_refused(z, labels):
    for use in (
        lambda: smacof(z, labels, equal(2), max_iterations=1, tolerance=0),
        lambda: converged_targets(z, labels, equal(2), rng=np.random.default_rng(0)),
    ):
        with pytest.raises(BadDataError):
            use()


@pytest.mark.parametrize(("steps", "tolerance"), [(0, 0), (1, -1), (1, np.nan)])
def test_no_step_or_a_negative_tolerance_is_refused(steps, tolerance):
    with pytest.raises(BadValueError, match="max_iterations of at least 1"):
        smacof(np.eye(2), [0, 1], equal(2), max_iterations=steps, tolerance=tolerance)


@pytest.mark.parametrize(("counts", "dims"), [([0, 0], 2), ([1, 1], 0)])
def test_class_points_without_items_or_dimensions_are_refused(counts, dims):
    with pytest.raises(BadValueError, match="Class points need"):
        class_embedding(equal(2), counts, dims, starts=1, rng=np.random.default_rng(0))


def test_numba_is_imported_when_it_is_needed():
    code = "import sys, explorer.latent.mds; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
