import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadValueError
from explorer.losses.prototypical import prototypical_loss


def slow(z: list[list[float]], groups: list[int], temperature: float) -> float:
    members = {group: [z[i] for i in range(len(z)) if groups[i] == group] for group in groups}
    prototypes = {
        group: [sum(column) / len(rows) for column in zip(*rows, strict=True)] for group, rows in members.items()
    }
    losses = []
    for latent, group in zip(z, groups, strict=True):
        scores = {other: math.dist(latent, prototype) ** 2 / temperature for other, prototype in prototypes.items()}
        losses.append(scores[group] + math.log(sum(math.exp(-score) for score in scores.values())))
    return sum(losses) / len(losses)


@given(st.integers(0, 99), st.sampled_from([0.5, 1.0, 3.0]))
def test_equals_slow_loop_and_is_never_negative(seed, temperature):
    z = torch.randn(12, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    groups = torch.arange(12) % 4 * 7
    found = prototypical_loss(z, groups, temperature=temperature).item()
    assert found == pytest.approx(slow(z.tolist(), groups.tolist(), temperature))
    assert found >= 0


def test_far_and_tight_groups_cost_nothing_and_coinciding_ones_log_of_their_number():
    groups = torch.tensor([0, 0, 1, 1])
    assert prototypical_loss(groups[:, None].double() * 1e4, groups).item() == 0
    assert prototypical_loss(torch.zeros(4, 2), groups).item() == pytest.approx(math.log(2))


def test_single_group_costs_nothing():
    assert prototypical_loss(torch.randn(5, 2), torch.zeros(5)).item() == 0


def test_gradient_drives_groups_apart():
    z = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]], requires_grad=True)
    prototypical_loss(z, torch.tensor([0, 0, 1, 1])).backward()
    assert (z.grad[:2, 0] > 0).all()
    assert (z.grad[2:, 0] < 0).all()


@pytest.mark.parametrize("temperature", [0, -1.0, math.nan])
def test_temperature_of_zero_is_refused(temperature):
    with pytest.raises(BadValueError, match="temperature"):
        prototypical_loss(torch.zeros(2, 1), torch.arange(2), temperature=temperature)
