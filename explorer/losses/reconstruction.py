"""How far a reconstruction is from its image."""

import torch
from torch import Tensor
from torch.nn import functional as F

SHADING_PIXELS = 15
FAINT_CONTRAST = 0.05


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


def pattern_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """How differently patterned two textures are, wherever the pattern starts and however it is lit.

    L = mean over images of min over shifts s of mean (shift_s(p(x_hat)) - p(x))^2, where p takes
    the mean of 15x15 pixels off each pixel (light and folds) and divides by contrast + 0.05.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, channels, height, width).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, 4); 0 for images that are equal, and for two that are flat. Shifts wrap round
        the edges.

    Differs:
        Beyond the papers. Where a texture's pattern starts is chance, and light outweighs it: the
        squared error's best answer to stripes of unknown phase is plain grey, this one's is stripes.
    """
    p_hat, p = pattern(x_hat), pattern(x)
    # |a - b|^2 = |a|^2 + |b|^2 - 2<a, b>, and all <shift_s(a), b> at once are a product of spectra.
    products = torch.fft.irfft2(torch.fft.rfft2(p) * torch.fft.rfft2(p_hat).conj(), s=x.shape[-2:]).sum(dim=1)
    squares = (p_hat.square() + p.square()).sum(dim=(1, 2, 3))  # (n,)
    return torch.mean((squares - 2 * products.amax(dim=(1, 2))).clamp(min=0) / x[0].numel())


def pattern(x: Tensor) -> Tensor:
    """An image's pattern: local mean taken off, divided by its contrast + 0.05; same shape, float32."""
    x = x.float()
    local = F.avg_pool2d(x, SHADING_PIXELS, stride=1, padding=SHADING_PIXELS // 2, count_include_pad=False)
    detail = x - local
    contrast = detail.square().mean(dim=(1, 2, 3), keepdim=True).add(1e-12).sqrt()  # its gradient at 0 stays finite
    return torch.div(detail, contrast + FAINT_CONTRAST)
