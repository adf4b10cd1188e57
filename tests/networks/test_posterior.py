import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from explorer.networks.posterior import adaptive_mask, average_shared


def posteriors(members: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    mean, logvar = torch.randn(2, 4, members, 5, generator=torch.Generator().manual_seed(seed)).unbind()
    return mean, logvar


@given(st.integers(2, 6), st.integers(0, 50))
def test_shared_dimensions_are_the_same_for_all_members_and_the_others_their_own(members, seed):
    mean, logvar = posteriors(members, seed)
    shared = torch.tensor([True, False, True, False, False])
    mu, log_sigma2 = average_shared(mean, logvar, shared=shared)
    for group in range(4):
        for member in range(members):
            for dim in range(5):
                if shared[dim]:
                    sigma = sum(float(logvar[group, k, dim] / 2).__rpow__(torch.e) for k in range(members)) / members
                    assert mu[group, member, dim].item() == pytest.approx(mean[group, :, dim].mean().item(), abs=1e-6)
                    assert torch.exp(log_sigma2[group, member, dim] / 2).item() == pytest.approx(sigma, rel=1e-4)
                else:
                    assert mu[group, member, dim] == mean[group, member, dim]
                    assert log_sigma2[group, member, dim] == logvar[group, member, dim]


def test_each_group_may_share_other_dimensions():
    mean, logvar = posteriors()
    shared = torch.zeros(4, 5, dtype=torch.bool)
    shared[2, 1] = True
    mu, _ = average_shared(mean, logvar, shared=shared)
    assert (mu != mean).nonzero().tolist() == [[2, k, 1] for k in range(3)]


@given(st.integers(0, 50))
def test_adaptive_mask_takes_divergences_below_their_midpoint(seed):
    mean, logvar = posteriors(2, seed)
    normal = Normal(mean, torch.exp(logvar / 2))
    one, other = (Normal(normal.loc[:, k], normal.scale[:, k]) for k in (0, 1))
    divergence = kl_divergence(one, other)
    midpoint = (divergence.min(dim=1).values + divergence.max(dim=1).values) / 2
    assert adaptive_mask(mean, logvar).tolist() == (divergence < midpoint[:, None]).tolist()


def test_pair_that_differs_nowhere_shares_nothing_by_the_rule():
    mean, logvar = posteriors(1)
    assert not adaptive_mask(mean.expand(4, 2, 5), logvar.expand(4, 2, 5)).any()
