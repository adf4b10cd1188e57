"""How far a reconstruction is from its image."""

import torch
from torch import Tensor


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error of pixels.

    L = mean (x_hat - x)^2.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, channels, height, width).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, 1]; 0 for equal images.
    """
    return (x_hat.float() - x.float()).square().mean()


def spectral_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared difference of amplitude spectra: how a texture looks, wherever it starts.

    L = mean (|FFT(x_hat)| - |FFT(x)|)^2, the transforms orthonormal.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, channels, height, width).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, inf), never above the squared error; 0 also for an image shifted round its
        edges.

    Differs:
        Beyond the papers. A texture's phase is chance: the squared error's best answer to
        stripes of unknown phase is plain grey, this one's is stripes.
    """
    amplitude_hat = torch.fft.fft2(x_hat.float(), norm="ortho").abs()
    amplitude = torch.fft.fft2(x.float(), norm="ortho").abs()
    return torch.square(amplitude_hat - amplitude).mean()
