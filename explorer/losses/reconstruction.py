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


def shifted_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error of pixels at each image's best shift round its edges.

    L = mean over images of min over shifts s of mean (shift_s(x_hat) - x)^2.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, channels, height, width).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, 1], never above the squared error; 0 also for images that are only shifted.

    Differs:
        Beyond the papers. Where a texture's pattern starts is chance: the squared error's best
        answer to stripes of unknown phase is plain grey, this one's is stripes.
    """
    x_hat, x = x_hat.float(), x.float()
    # |a - b|^2 = |a|^2 + |b|^2 - 2<a, b>, and all <shift_s(a), b> at once are a product of spectra.
    products = torch.fft.irfft2(torch.fft.rfft2(x) * torch.fft.rfft2(x_hat).conj(), s=x.shape[-2:]).sum(dim=1)
    best = products.amax(dim=(1, 2))  # (n,)
    squares = (x_hat.square() + x.square()).sum(dim=(1, 2, 3))  # (n,)
    return torch.mean((squares - 2 * best).clamp(min=0) / x[0].numel())
