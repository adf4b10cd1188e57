import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from explorer.latent.projection import fit, trustworthiness


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


def slow_trustworthiness(z: np.ndarray, places: np.ndarray, k: int) -> float:
    """The formula, item by item."""
    n, penalty = len(z), 0
    for i in range(n):
        near = np.argsort(np.linalg.norm(places - places[i], axis=1), kind="stable")
        near = [j for j in near if j != i][:k]
        by_latent = [j for j in np.argsort(np.linalg.norm(z - z[i], axis=1), kind="stable") if j != i]
        rank = {j: place for place, j in enumerate(by_latent, 1)}
        penalty += sum(max(0, rank[j] - k) for j in near)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty


@pytest.mark.parametrize("n", [4, 15, 60])
def test_trustworthiness_is_its_formula(n):
    z = latents(5, n)
    places = fit(z).apply(z) + np.random.default_rng(1).normal(size=(n, 2))
    assert trustworthiness(z, places) == pytest.approx(slow_trustworthiness(z, places, min(10, (n - 1) // 2)))


def test_latent_itself_is_trusted_wholly_and_chance_is_not():
    z = latents(2, 500)
    assert trustworthiness(z, z) == 1
    assert trustworthiness(z, np.random.default_rng(1).normal(size=(500, 2))) == pytest.approx(0.5, abs=0.1)


def test_trustworthiness_of_many_items_is_that_of_a_sample():
    z = latents(3, 5000)
    rows = np.random.default_rng(0).permutation(5000)[:2000]
    places = fit(z).apply(z)
    assert trustworthiness(z, places) == pytest.approx(trustworthiness(z[rows], places[rows]))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_very_few_items_have_no_trustworthiness(n):
    assert np.isnan(trustworthiness(np.zeros((n, 3)), np.zeros((n, 2))))
