import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.latent.alignment import rigid_motion
from explorer.latent.projection import Projection, fit, of_dimensions
from explorer.latent.spaces import EDGE, lift, onto

CURVED = ("sphere", "torus", "poincare")
PLACES = st.lists(st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5)), min_size=1, max_size=8).map(np.array)


def latents(geometry: str, dims: int, n: int = 100) -> np.ndarray:
    """Points of a space, more of them on one side."""
    z = np.random.default_rng(dims).normal(0.3, 1, size=(n, dims))
    return onto(geometry, z * 0.3 if geometry == "poincare" else z)


def maps(geometry: str, dims: int) -> list[Projection]:
    z = latents(geometry, dims)
    shown = fit(z)
    other = np.random.default_rng(1).normal(size=(len(z), 2))
    turned = shown.turned(rigid_motion(shown.apply(z), other, np.ones(len(z))))
    return [shown, turned] + ([of_dimensions(z, dims - 1, 0)] if dims > 2 else [])


def is_in(geometry: str, z: np.ndarray) -> bool:
    if geometry == "poincare":
        return bool((np.linalg.norm(z, axis=1) <= EDGE + 1e-9).all())
    pairs = z.reshape(-1, 2) if geometry == "torus" else z
    return np.linalg.norm(pairs, axis=1) == pytest.approx(1)


@pytest.mark.parametrize("geometry", CURVED)
@pytest.mark.parametrize("dims", [2, 4, 6])
def test_nearest_point_lies_in_the_space_and_stays(geometry, dims):
    z = np.random.default_rng(0).normal(size=(50, dims)) * np.logspace(-200, 200, 50)[:, None]
    found = onto(geometry, z)
    assert is_in(geometry, found)
    assert onto(geometry, found) == pytest.approx(found)
    assert is_in(geometry, onto(geometry, np.zeros((1, dims))))


@pytest.mark.parametrize("geometry", CURVED)
def test_no_point_of_the_space_is_nearer(geometry):
    rng = np.random.default_rng(0)
    z, others = rng.normal(size=(20, 4)), latents(geometry, 4, 2000)
    nearest = np.linalg.norm(z - onto(geometry, z), axis=1)
    assert (nearest <= np.linalg.norm(z[:, None] - others, axis=2).min(axis=1) + 1e-9).all()


@pytest.mark.parametrize(("geometry", "dims"), [("sphere", 3), ("sphere", 6), ("poincare", 2), ("poincare", 5)])
@given(places=PLACES)
def test_latent_of_a_place_lies_in_the_space_and_is_drawn_there(geometry, dims, places):
    for shown in maps(geometry, dims):
        centre = shown.apply(np.zeros((1, dims)))
        z = lift(geometry, shown, places + centre)
        room = (1 if geometry == "sphere" else EDGE) - np.linalg.norm(places, axis=1)
        assert np.isnan(z[room < -1e-5]).all()
        there = room >= 0
        assert is_in(geometry, z[there])
        assert shown.apply(z[there]) == pytest.approx((places + centre)[there], abs=1e-6)


@pytest.mark.parametrize("geometry", ["sphere", "poincare"])
def test_items_themselves_come_back_from_where_they_are_drawn_if_the_map_shows_them_whole(geometry):
    z = latents(geometry, 3)
    z[:, 2] = 0
    z = onto(geometry, z)
    shown = of_dimensions(z, 0, 1)
    assert lift(geometry, shown, shown.apply(z)) == pytest.approx(z, abs=1e-6)


def test_of_the_two_sides_of_a_sphere_that_with_the_mean_is_taken():
    z = latents("sphere", 3)
    z[:, 2] = np.abs(z[:, 2])
    shown = of_dimensions(z, 0, 1)
    assert (lift("sphere", shown, z[:, :2])[:, 2] > 0).all()
    assert (lift("sphere", of_dimensions(-z, 0, 1), z[:, :2])[:, 2] < 0).all()


def test_a_sphere_whose_mean_is_its_middle_has_latents_everywhere():
    corners = np.vstack([np.eye(3), -np.eye(3)])
    z = lift("sphere", of_dimensions(corners, 0, 1), np.array([[0.0, 0.0], [0.6, 0.0]]))
    assert np.abs(z) == pytest.approx(np.array([[0, 0, 1], [0.6, 0, 0.8]]))


@pytest.mark.parametrize(("geometry", "dims"), [("sphere", 2), ("torus", 2), ("torus", 6)])
@given(places=PLACES)
def test_circle_and_torus_take_the_nearest_of_their_points(geometry, dims, places):
    for shown in maps(geometry, dims):
        z = lift(geometry, shown, places)
        assert is_in(geometry, z)
        assert z == pytest.approx(onto(geometry, shown.invert(places)))


def test_euclids_space_is_as_it_was():
    shown = fit(np.random.default_rng(0).normal(size=(20, 5)))
    assert lift("euclidean", shown, np.array([[3.0, 4.0]])).tolist() == shown.invert(np.array([[3.0, 4.0]])).tolist()
