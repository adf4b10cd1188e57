import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from explorer.latent.alignment import rigid_motion
from explorer.latent.projection import fit, of_dimensions


def latents(dims: int, n: int = 200) -> np.ndarray:
    rng = np.random.default_rng(dims)
    return rng.normal(size=(n, dims)) * np.arange(dims, 0, -1) + rng.normal(size=dims)


def test_two_dimensions_are_the_map_itself():
    z = latents(2)
    projection = fit(z)
    assert projection.is_latent
    assert projection.apply(z).tolist() == z.tolist()
    assert projection.invert(z).tolist() == z.tolist()


def test_one_dimension_lies_on_a_line_and_comes_back():
    z = latents(1)
    projection = fit(z)
    places = projection.apply(z)
    assert projection.is_latent
    assert places.tolist() == [[value, 0.0] for value in z[:, 0]]
    assert projection.invert(places).tolist() == z.tolist()


@pytest.mark.parametrize("dims", [3, 5, 16])
def test_more_dimensions_are_the_principal_components_up_to_sign(dims):
    z = latents(dims)
    projection = fit(z)
    expected = PCA(2).fit_transform(z)
    assert not projection.is_latent
    assert np.abs(projection.apply(z)) == pytest.approx(np.abs(expected))


@given(st.integers(1, 8), st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=5))
def test_place_comes_back_from_its_latent(dims, places):
    places = np.array(places)
    if dims == 1:
        places[:, 1] = 0  # all that a line can hold
    projection = fit(latents(dims))
    back = projection.invert(places)
    assert back.shape == (len(places), dims)
    assert projection.apply(back) == pytest.approx(places, abs=1e-9)


def test_latents_in_a_plane_survive_the_way_there_and_back():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(100, 2)) @ rng.normal(size=(2, 6)) + 3
    projection = fit(z)
    assert projection.invert(projection.apply(z)) == pytest.approx(z)


def test_same_latents_give_the_same_map():
    z = latents(5)
    assert fit(z).axes.tolist() == fit(z.copy()).axes.tolist()


@pytest.mark.parametrize("dims", [3, 5, 16])
def test_share_of_the_variance_is_that_of_the_two_components(dims):
    z = latents(dims)
    assert fit(z).variance == pytest.approx(PCA(2).fit(z).explained_variance_ratio_.sum())


@pytest.mark.parametrize("z", [np.ones((9, 4)), np.arange(9.0)[:, None] * np.ones(4), latents(2)])
def test_map_that_loses_nothing_shows_the_whole_variance(z):
    assert fit(z).variance == pytest.approx(1)


@pytest.mark.parametrize(("across", "up"), [(0, 2), (4, 1)])
def test_two_dimensions_are_places_and_come_back_with_the_others_at_their_mean(across, up):
    z = latents(5)
    projection = of_dimensions(z, across, up)
    assert projection.apply(z).tolist() == z[:, [across, up]].tolist()
    back = projection.invert(np.array([[7.0, -8]]))[0]
    expected = z.mean(axis=0)
    expected[[across, up]] = 7, -8
    assert back == pytest.approx(expected)
    assert projection.variance == pytest.approx(z.var(axis=0)[[across, up]].sum() / z.var(axis=0).sum())
    assert not projection.is_latent


def test_two_dimensions_of_equal_latents_show_all_there_is():
    assert of_dimensions(np.ones((5, 3)), 0, 1).variance == 1


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_turned_projection_goes_where_the_motion_of_the_map_goes_and_comes_back(dims, seed):
    z, other = latents(dims), np.random.default_rng(seed).normal(size=(200, 2))
    projection = fit(z)
    motion = rigid_motion(projection.apply(z), other, np.ones(200))
    turned = projection.turned(motion)
    places = turned.apply(z)
    assert places == pytest.approx(motion.apply(projection.apply(z)), abs=1e-9)
    assert turned.invert(places) == pytest.approx(projection.invert(projection.apply(z)), abs=1e-9)
    assert (turned.is_latent, turned.variance) == (projection.is_latent, projection.variance)
    twice = turned.turned(motion)
    assert twice.apply(z) == pytest.approx(motion.apply(motion.apply(projection.apply(z))), abs=1e-9)


def test_ellipse_of_two_dimensions_has_their_deviations_as_semi_axes():
    projection = of_dimensions(latents(4), 0, 2)
    assert projection.ellipse(np.array([3.0, 9, 1, 9])) == pytest.approx((3, 1, 0))
    assert projection.ellipse(np.array([1.0, 9, 3, 9])) == pytest.approx((3, 1, np.pi / 2))
    assert projection.ellipse(np.zeros(4))[:2] == (0, 0)


def test_ellipse_on_a_line_is_a_line():
    assert fit(latents(1)).ellipse(np.array([0.5])) == pytest.approx((0.5, 0, 0))


@pytest.mark.parametrize("seed", range(6))
def test_ellipse_is_what_many_samples_spread_over(seed):
    rng = np.random.default_rng(seed)
    projection, std = fit(latents(5)), rng.uniform(0.1, 2, 5)
    a, b, angle = projection.ellipse(std)
    places = projection.apply(rng.normal(size=(200_000, 5)) * std)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    assert (places @ along).std() == pytest.approx(a, rel=0.01)
    assert (places @ across).std() == pytest.approx(b, rel=0.01)
    assert np.corrcoef(places @ along, places @ across)[0, 1] == pytest.approx(0, abs=0.01)
    assert -np.pi / 2 < angle <= np.pi / 2
    assert a >= b
