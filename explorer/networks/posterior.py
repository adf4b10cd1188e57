"""Gaussian posteriors over latents."""

import torch
from torch import Tensor


def sample(mean: Tensor, logvar: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a latent from each posterior, so that gradients pass (the reparametrisation trick).

    z = mu + sigma * eps, eps from N(0, I).

    Args:
        mean: mu, shape (n, d).
        logvar: log sigma^2, shape (n, d).
        generator: the randomness, on the device of `mean`.
    """
    noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    return mean + torch.exp(0.5 * logvar) * noise


def average_shared(mean: Tensor, logvar: Tensor, *, shared: Tensor) -> tuple[Tensor, Tensor]:
    """Give the members of a group one posterior in the dimensions that they share.

    There mu and sigma are their means over the group's members; elsewhere each member keeps its own.

    Args:
        mean: mu, shape (g, k, d): k members of each group.
        logvar: log sigma^2, shape (g, k, d).
        shared: True for the dimensions to average, shape (d,) or (g, d).

    Returns:
        Mean and log-variance, each (g, k, d).

    Reference:
        Weakly supervised disentanglement: the content of GVAE, for any k.
    """
    chosen = shared.expand(len(mean), mean.shape[2])[:, None]  # (g, 1, d)
    sigma = torch.exp(0.5 * logvar).mean(dim=1, keepdim=True)
    return torch.where(chosen, mean.mean(dim=1, keepdim=True), mean), torch.where(chosen, 2 * sigma.log(), logvar)


def adaptive_mask(mean: Tensor, logvar: Tensor) -> Tensor:
    """Which dimensions the two members of each pair share, judged by their posteriors.

    Those whose KL(q(z_i|x) || q(z_i|x')) lies below the midpoint between the smallest and the largest of all dims.

    Args:
        mean: mu, shape (g, 2, d).
        logvar: log sigma^2, shape (g, 2, d).

    Returns:
        Shape (g, d), True where shared; nowhere for a pair whose posteriors differ equally in all dimensions.

    Reference:
        Weakly supervised disentanglement, AdaGVAE, by the rule of its reference 17.
    """
    (mean_a, mean_b), (log_a, log_b) = mean.unbind(dim=1), logvar.unbind(dim=1)
    divergence = 0.5 * (torch.exp(log_a - log_b) + (mean_a - mean_b).square() * torch.exp(-log_b) - 1 + log_b - log_a)
    lowest, highest = divergence.aminmax(dim=1, keepdim=True)
    return divergence < (lowest + highest) / 2
