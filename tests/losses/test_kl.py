import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Categorical, Normal, kl_divergence

from explorer.losses.kl import categorical_kl, gaussian_kl


def test_standard_gaussian_costs_nothing():
    assert gaussian_kl(torch.zeros(3, 4), torch.zeros(3, 4)).item() == 0


def test_known_value_by_hand():
    # mu = 1, sigma^2 = e: (1 + e - 1 - 1) / 2
    assert gaussian_kl(torch.ones(1, 1), torch.ones(1, 1)).item() == pytest.approx((torch.e - 1) / 2)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 99))
def test_agrees_with_torch_summed_over_dims_and_averaged_over_items(n, d, seed):
    generator = torch.Generator().manual_seed(seed)
    mean, logvar = torch.randn(2, n, d, generator=generator).unbind()
    slow = kl_divergence(Normal(mean, torch.exp(logvar / 2)), Normal(torch.zeros(n, d), 1.0))
    assert gaussian_kl(mean, logvar).item() == pytest.approx(slow.sum(dim=1).mean().item(), rel=1e-4, abs=1e-5)


def test_uniform_categoricals_cost_nothing_and_certain_ones_log_of_their_classes():
    assert categorical_kl(torch.full((3, 2, 5), 0.2)).item() == pytest.approx(0, abs=1e-6)
    certain = torch.zeros(3, 2, 5)
    certain[:, :, 1] = 1
    assert categorical_kl(certain).item() == pytest.approx(2 * torch.log(torch.tensor(5.0)).item())


def test_categorical_divergence_agrees_with_torch():
    p = torch.rand(6, 3, 4, generator=torch.Generator().manual_seed(0)).softmax(dim=2)
    slow = kl_divergence(Categorical(p), Categorical(torch.ones(6, 3, 4)))
    assert categorical_kl(p).item() == pytest.approx(slow.sum(dim=1).mean().item(), rel=1e-4)
