import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from explorer.evaluation.faithfulness import neighbour_agreement, point_trustworthiness, trustworthiness
from explorer.latent.projection import fit
from tests.latent.test_projection import latents


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


def slow_point(z: np.ndarray, places: np.ndarray, i: int, k: int) -> tuple[float, list[int], list[int]]:
    """T_i, the true neighbours and the shown ones, by sorting everything; ties by index."""
    others = [j for j in range(len(z)) if j != i]
    true = sorted(others, key=lambda j: (float(np.linalg.norm(z[j] - z[i])), j))
    shown = sorted(others, key=lambda j: (float(np.linalg.norm(places[j] - places[i])), j))
    penalty = sum(true.index(j) + 1 - k for j in shown[:k] if j not in true[:k])
    return 1 - 2 * penalty / (k * (2 * len(z) - 3 * k - 1)), true[:k], shown[:k]


@pytest.mark.parametrize(("n", "dims"), [(30, 2), (200, 5), (333, 16)])
def test_mean_trust_of_all_points_is_scikit_learns(n, dims):
    z = latents(dims, n)
    places = np.random.default_rng(1).normal(size=(n, 2)) + z[:, :2]
    found = [point_trustworthiness(z, places, row).trustworthiness for row in range(n)]
    assert np.mean(found) == pytest.approx(sklearn_trustworthiness(z, places, n_neighbors=10), abs=1e-12)
    assert np.ptp(found) > 0


@given(st.integers(3, 40), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_trust_of_a_point_is_its_formula_with_ties_too(n, dims, seed):
    rng = np.random.default_rng(seed)
    z, places = rng.integers(0, 3, (n, dims)).astype(float), rng.integers(0, 4, (n, 2)).astype(float)
    for row in range(n):
        found = point_trustworthiness(z, places, row)
        trust, true, shown = slow_point(z, places, row, min(10, (n - 1) // 2))
        assert found.trustworthiness == pytest.approx(trust, abs=1e-12)
        assert 0 <= found.trustworthiness <= 1
        assert found.true.tolist() == true
        assert found.shown.tolist() == shown
        assert found.n_right == len(set(true) & set(shown))


def test_point_among_its_own_is_trusted_wholly():
    z = latents(2, 100)
    found = point_trustworthiness(z, z, 5)
    assert (found.trustworthiness, found.n_right) == (1, 10)
    assert 5 not in found.true


@pytest.mark.parametrize("n", [1, 2])
def test_point_among_very_few_has_no_trust(n):
    found = point_trustworthiness(np.zeros((n, 3)), np.zeros((n, 2)), 0)
    assert np.isnan(found.trustworthiness)
    assert len(found.true) == len(found.shown) == found.n_right == 0


def slow_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    shares = []
    for i in range(len(first)):
        orders = [np.argsort(np.linalg.norm(z - z[i], axis=1), kind="stable") for z in (first, second)]
        near, other = ({int(j) for j in order[order != i][:k]} for order in orders)
        shares.append(len(near & other) / k)
    return float(np.mean(shares))


@pytest.mark.parametrize(("n", "dims"), [(2, 1), (8, 3), (120, 16), (400, 2)])
def test_agreement_is_its_formula(n, dims):
    first = latents(dims, n)
    second = first + np.random.default_rng(0).normal(size=first.shape)
    assert neighbour_agreement(first, second) == pytest.approx(slow_agreement(first, second, min(10, n - 1)))


@given(st.integers(2, 60), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_a_turned_moved_and_scaled_space_agrees_wholly(n, dims, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, dims))
    assert neighbour_agreement(z, z) == 1
    assert neighbour_agreement(z, 2 * z @ ortho_group.rvs(dims, random_state=seed) + 5) == 1


def test_twins_do_not_keep_a_space_from_agreeing_with_itself():
    z = np.repeat(latents(3, 4), 30, axis=0)
    assert neighbour_agreement(z, z) == 1


def test_chance_agrees_as_often_as_chance_would():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 3000, 4))
    assert neighbour_agreement(first, second) == pytest.approx(10 / 2999, abs=0.003)
    assert np.isnan(neighbour_agreement(first[:1], second[:1]))
