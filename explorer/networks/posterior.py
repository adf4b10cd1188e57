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
