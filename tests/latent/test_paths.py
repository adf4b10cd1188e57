"""Paths: known answers, and what holds of each: exact ends, even steps, and never beside the space."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.latent.neighbour_graph import neighbour_graph
from explorer.latent.paths import around, class_circle_of, resampled, straight
from explorer.latent.spaces import GEOMETRIES, onto
from explorer.latent.targets import class_circle
from explorer.retrieval.geodesics import distances_from

latents = arrays(np.float64, (2, 4), elements=st.floats(-3, 3))


def test_straight_is_a_plus_t_times_the_difference():
    path = straight(np.array([0.0, 2.0]), np.array([4.0, 0.0]), 5)
    np.testing.assert_allclose(path, [[0, 2], [1, 1.5], [2, 1], [3, 0.5], [4, 0]])


def test_on_a_sphere_the_middle_between_two_poles_of_axes_is_at_45_degrees():
    path = straight(np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), 3, "sphere")
    np.testing.assert_allclose(path[1], [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-12)


def test_on_a_torus_each_angle_goes_the_shorter_way_round():
    angles = np.radians([[170, 10], [-170, 50]])
    a, b = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(2, 4)
    middle = straight(a, b, 3, "torus")[1]
    found = np.degrees(np.arctan2(middle[1::2], middle[::2]))
    np.testing.assert_allclose(np.abs(found[0]), 180)
    np.testing.assert_allclose(found[1], 30)


def test_in_the_ball_a_path_through_the_middle_is_a_straight_line_and_another_one_bends_inwards():
    through = straight(np.array([-0.5, 0.0]), np.array([0.5, 0.0]), 3, "poincare")
    np.testing.assert_allclose(through[1], [0, 0], atol=1e-12)
    beside = straight(np.array([-0.5, 0.5]), np.array([0.5, 0.5]), 3, "poincare")
    assert 0 < beside[1, 1] < 0.5


@pytest.mark.parametrize("geometry", GEOMETRIES)
@settings(max_examples=40)
@given(pair=latents, steps=st.integers(2, 12))
def test_straight_begins_and_ends_exactly_stays_on_the_space_and_steps_evenly(geometry, pair, steps):
    if geometry == "poincare":
        pair = 0.3 * pair / max(1.0, np.abs(pair).max())
    ends = onto(geometry, pair)
    path = straight(*pair, steps, geometry)
    np.testing.assert_allclose(path[[0, -1]], ends, atol=1e-12)
    np.testing.assert_allclose(onto(geometry, path), path, atol=1e-9)
    far = distances_from(geometry, ends[0], ends[1:])[0]
    if geometry == "sphere":
        assume(far < np.pi - 1e-3)
    each = [distances_from(geometry, a, b[None])[0] for a, b in pairwise(path)]
    np.testing.assert_allclose(each, far / (steps - 1), atol=1e-5)


def test_opposite_points_of_a_sphere_are_joined_by_one_of_its_great_circles():
    a = np.array([0.0, 0, 1])
    path = straight(a, -a, 7, "sphere")
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1)
    np.testing.assert_allclose(path @ a, np.cos(np.linspace(0, np.pi, 7)), atol=1e-9)


def test_around_a_circle_radius_and_angle_change_evenly_the_shorter_way():
    middle, plane = np.array([1.0, 1.0]), np.eye(2)
    a, b = middle + [1, 0], middle + [0, -2]
    path = around(a, b, middle, plane, 5) - middle
    np.testing.assert_allclose(np.hypot(*path.T), np.linspace(1, 2, 5))
    np.testing.assert_allclose(np.degrees(np.arctan2(path[:, 1], path[:, 0])), [0, -22.5, -45, -67.5, -90], atol=1e-9)


@settings(max_examples=40)
@given(pair=latents, steps=st.integers(2, 9))
def test_around_begins_and_ends_exactly_and_keeps_between_both_radii(pair, steps):
    plane = np.eye(4)[:2]
    path = around(*pair, np.zeros(4), plane, steps)
    np.testing.assert_array_equal(path[[0, -1]], pair)
    radii = np.hypot(*(path @ plane.T).T)
    assert radii.min() >= radii[[0, -1]].min() - 1e-9
    assert radii.max() <= radii[[0, -1]].max() + 1e-9


def test_a_class_circle_is_found_in_any_plane_and_not_where_there_is_none():
    centres = class_circle(6).centres
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0][:2]
    middle, plane = class_circle_of(centres @ turned + 3)
    np.testing.assert_allclose(middle, centres.mean(axis=0) @ turned + 3, atol=1e-9)
    np.testing.assert_allclose((centres @ turned) @ plane.T @ plane, centres @ turned, atol=1e-9)
    assert class_circle_of(np.random.default_rng(1).normal(size=(6, 5))) is None
    assert class_circle_of(np.eye(5)[:2]) is None
    assert (
        class_circle_of(np.random.default_rng(1).normal(size=(6, 2))) is not None
    )  # a plane can always be gone around


@settings(max_examples=40)
@given(corners=arrays(np.float64, (5, 3), elements=st.floats(-5, 5)), steps=st.integers(2, 20))
def test_resampling_keeps_ends_and_takes_even_parts_of_the_length(corners, steps):
    path = resampled(corners, steps)
    np.testing.assert_array_equal(path[[0, -1]], corners[[0, -1]])
    far = np.concatenate([[0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
    for i, point in enumerate(path):  # the slow, obvious version: walk from corner to corner
        left, here = far[-1] * i / (steps - 1), corners[-1]
        for a, b in pairwise(corners):
            length = np.linalg.norm(b - a)
            if left <= length + 1e-9:
                here = a + (b - a) * (left / length if length else 0)
                break
            left -= length
        np.testing.assert_allclose(point, here, atol=1e-6)


def horseshoe(n: int = 400) -> np.ndarray:
    angle = np.linspace(0, np.pi, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_through_the_data_keeps_to_a_horseshoe_where_straight_leaves_it():
    z = horseshoe()
    path = neighbour_graph(z).path(z[0], z[-1], 21)
    np.testing.assert_array_equal(path[[0, -1]], z[[0, -1]])
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, atol=1e-2)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, np.pi / 20, rtol=0.01)


def test_through_the_data_costs_no_more_than_any_other_way():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(40, 2))
    graph = neighbour_graph(z, neighbours=4)
    z = graph.nodes
    squared = np.square(z[:, None] - z[None]).sum(axis=2)
    near = squared <= np.sort(squared, axis=1)[:, 4, None]  # itself and the four nearest
    best = np.where(near | near.T, squared, np.inf)
    for k in range(40):  # Floyd and Warshall
        best = np.minimum(best, best[:, k, None] + best[None, k])
    from scipy.sparse.csgraph import dijkstra

    np.testing.assert_allclose(dijkstra(graph.costs, directed=False), best)


def test_pieces_that_lie_apart_are_joined_by_the_shortest_bridge():
    left, right = horseshoe(60), horseshoe(60) + [10, 0]
    graph = neighbour_graph(np.vstack([left, right]), neighbours=3)
    between = graph.costs.tocoo()
    crossing = (graph.nodes[between.row, 0] < 5) != (graph.nodes[between.col, 0] < 5)
    assert crossing.sum() == 1
    path = graph.path(left[30], right[30], 50)
    np.testing.assert_array_equal(path[[0, -1]], [left[30], right[30]])


def test_few_or_equal_items_make_a_path_too():
    a, b = np.array([0.0, 0]), np.array([1.0, 1])
    path = neighbour_graph(np.zeros((5, 2))).path(a, b, 3)
    np.testing.assert_array_equal(path, [[0, 0], [0.5, 0.5], [1, 1]])


def test_of_many_items_a_fair_sample_is_taken():
    graph = neighbour_graph(np.random.default_rng(0).normal(size=(300, 2)), most_nodes=100)
    assert len(graph.nodes) == 100


def test_the_graph_tells_how_far_it_is_and_its_parts_join_the_same_neighbours(monkeypatch):
    z, told = np.random.default_rng(0).normal(size=(50, 2)), []
    whole = neighbour_graph(z, neighbours=4)
    monkeypatch.setattr("explorer.latent.neighbour_graph.AT_ONCE", 7)
    parts = neighbour_graph(z, neighbours=4, progress=lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(parts.costs.toarray(), whole.costs.toarray())
    assert told[:8] == [(min(7 * i, 50), 50) for i in range(1, 9)]
