import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from explorer.latent.projection import fit


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
