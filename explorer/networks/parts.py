"""Small layers that put networks together: two encoders side by side, and modules that see a part of the latent."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn


class SideBySide(nn.Module):
    """Two encoders on the same input, their latents side by side.

    Args:
        first, second: input (n, *shape) to (n, d1) and (n, d2).
    """

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """Input (n, *shape) to (n, d1 + d2), float32."""
        return torch.cat([self.first(x).float(), self.second(x).float()], dim=1)


@runtime_checkable
class Convolutional(Protocol):
    """An encoder whose last maps can be had."""

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w), before they are flattened."""


def convolutions(encoder: nn.Module) -> Convolutional | None:
    """What gives the last maps of an encoder, that of the class where two stand side by side; None without maps."""
    if isinstance(encoder, SideBySide):
        return convolutions(encoder.second)
    if isinstance(encoder, nn.Sequential):  # encoder, then what makes its latent fit
        return convolutions(encoder[0])
    return encoder if isinstance(encoder, Convolutional) else None


class Part(nn.Module):
    """A module that sees some dimensions of the latent.

    Args:
        module: takes (n, stop - start).
        start, stop: of the dimensions it sees.
    """

    def __init__(self, module: nn.Module, start: int, stop: int) -> None:
        super().__init__()
        self.module, self.start, self.stop = module, start, stop

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to what the module makes of its part."""
        made: Tensor = self.module(z[:, self.start : self.stop])
        return made


class StyleAndClass(nn.Module):
    """Style as it is, and class probabilities of the scores after it.

    Args:
        style_dims: how many of the first dimensions are style.
    """

    def __init__(self, style_dims: int) -> None:
        super().__init__()
        self.style_dims = style_dims

    def forward(self, outputs: Tensor) -> Tensor:
        """(n, s + c) to (n, s + c), the last c in [0, 1] with sum 1."""
        return torch.cat([outputs[:, : self.style_dims], outputs[:, self.style_dims :].softmax(dim=1)], dim=1)


class Logarithm(nn.Module):
    """Logits of probabilities."""

    def forward(self, probabilities: Tensor) -> Tensor:
        """(n, c) to (n, c), finite."""
        return probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log()
