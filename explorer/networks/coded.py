"""Layers that turn a latent into a code before it is decoded: clipped, binary, or categorical.

Reference: Torres Fernández, Designing variational autoencoders for image retrieval, chapter 3.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.errors import BadValueError


class Clip(nn.Module):
    """Cut each entry off at -1 and 1: app(z) = min(1, max(-1, z))."""

    def forward(self, z: Tensor) -> Tensor:
        """(n, d) to (n, d), in [-1, 1]."""
        return F.hardtanh(z)


class Sign(nn.Module):
    """The sign of each entry, -1 or 1; 0 maps to -1.

    Args:
        straight_through: gradients pass where |z| <= 1, as if the sign were not there; without it none
            passes, as in the paper, and what comes before learns nothing.
    """

    def __init__(self, *, straight_through: bool) -> None:
        super().__init__()
        self.straight_through = straight_through

    def forward(self, z: Tensor) -> Tensor:
        """(n, d) to (n, d)."""
        sign = torch.where(z > 0, 1.0, -1.0).to(z.dtype)
        if not self.straight_through:
            return sign
        soft = F.hardtanh(z)
        return soft + (sign - soft).detach()


class Categoricals(nn.Module):
    """Probabilities of categoricals that stand side by side.

    Args:
        classes: N_c, of each.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, logits: Tensor) -> Tensor:
        """(n, N_d * N_c) to (n, N_d * N_c), in [0, 1], 1 in sum for each categorical."""
        return logits.view(len(logits), -1, self.classes).softmax(dim=2).flatten(1)


def gumbel_softmax(logits: Tensor, *, classes: int, temperature: float, generator: torch.Generator) -> Tensor:
    """Draw from categoricals so that gradients pass: nearly one-hot for a low temperature.

    softmax((logits + g) / tau), g from the standard Gumbel distribution.

    Args:
        logits: of N_d categoricals side by side, shape (n, N_d * N_c).
        classes: N_c.
        temperature: tau, above 0.
        generator: the randomness, on the device of `logits`.

    Returns:
        Shape (n, N_d * N_c), in [0, 1], 1 in sum for each categorical.

    Raises:
        BadValueError: a temperature that is not above 0.

    Reference:
        Variational autoencoders for image retrieval, its Gumbel-softmax code.
    """
    if not temperature > 0:
        raise BadValueError(f"temperature = {temperature}, but it must be above 0.")
    uniform = torch.rand(logits.shape, generator=generator, device=logits.device, dtype=torch.float32)
    tiny = torch.finfo(torch.float32).tiny
    noise = -(-uniform.clamp(min=tiny).log()).clamp(min=tiny).log()
    drawn: Tensor = Categoricals(classes)((logits + noise) / temperature)
    return drawn
