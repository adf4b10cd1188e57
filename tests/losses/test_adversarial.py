import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.losses.adversarial import critic_loss, deceiving_loss, held_fixed


def test_critic_that_cannot_tell_costs_two_log_two_and_a_sure_one_nothing():
    undecided = torch.zeros(5, 1)
    assert critic_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    assert critic_loss(undecided + 60, undecided - 60).item() == pytest.approx(0, abs=1e-9)


def test_losses_are_cross_entropies():
    drawn, encoded = torch.randn(2, 7, 1, generator=torch.Generator().manual_seed(0))
    slow = F.binary_cross_entropy_with_logits(drawn, torch.ones(7, 1)) + F.binary_cross_entropy_with_logits(
        encoded, torch.zeros(7, 1)
    )
    assert critic_loss(drawn, encoded).item() == pytest.approx(slow.item(), rel=1e-5)
    deceived = F.binary_cross_entropy_with_logits(encoded, torch.ones(7, 1))
    assert deceiving_loss(encoded).item() == pytest.approx(deceived.item(), rel=1e-5)


def test_fixed_critic_passes_the_gradient_on_and_takes_none():
    critic, z = nn.Linear(3, 1), torch.randn(4, 3, requires_grad=True)
    assert torch.equal(held_fixed(critic, z), critic(z))
    deceiving_loss(held_fixed(critic, z)).backward()
    assert z.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in critic.parameters())
