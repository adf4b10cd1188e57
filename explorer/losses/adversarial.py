"""A critic that tells drawn from encoded latents, and an encoder that deceives it.

Reference: Makhzani et al.'s adversarial autoencoder, a baseline of Rudolph, Wandt and Rosenhahn,
Structuring autoencoders.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def critic_loss(drawn: Tensor, encoded: Tensor) -> Tensor:
    """How badly a critic tells the two apart.

    L = -mean log sigma(drawn) - mean log(1 - sigma(encoded))

    Args:
        drawn: its scores of latents drawn from the prior, shape (n, 1).
        encoded: its scores of encoded ones, shape (m, 1); detached from the encoder.

    Returns:
        Scalar in [0, inf), nats; 2 log 2 for a critic that cannot tell.
    """
    return F.softplus(-drawn).mean() + F.softplus(encoded).mean()


def deceiving_loss(encoded: Tensor) -> Tensor:
    """How badly an encoder deceives a critic.

    L = -mean log sigma(encoded)

    Args:
        encoded: the critic's scores of encoded latents, shape (m, 1); see `held_fixed`.

    Returns:
        Scalar in [0, inf), nats.
    """
    return F.softplus(-encoded).mean()


def held_fixed(critic: nn.Module, z: Tensor) -> Tensor:
    """Scores of a critic that has no gradient itself, so that both sides learn in one step from their own loss."""
    weights = {name: weight.detach() for name, weight in critic.named_parameters()}
    scores: Tensor = torch.func.functional_call(critic, weights, (z,))
    return scores
