"""How far a reconstruction is from its image."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Likelihood = Literal["auto", "bernoulli", "gaussian"]
SHADING_PIXELS = 15
TINY = 1e-6


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Mean squared error of pixels or features.

    L = mean (x_hat - x)^2.

    Args:
        x_hat: reconstructions, shape (n, ...).
        x: network input, same shape.

    Returns:
        Scalar in [0, inf), in [0, 1] for images; 0 for equal ones.
    """
    return (x_hat.float() - x.float()).square().mean()


def squared_norm(x_hat: Tensor, x: Tensor) -> Tensor:
    """Squared norm of the error of images whose pixels are counted in [-1, 1].

    L = mean over images of sum over pixels of (2*x_hat - 2*x)^2.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, ...).
        x: images in [0, 1], same shape; of vectors the features count as they are, times two too.

    Returns:
        Scalar in [0, inf); 0 for equal ones.

    Reference:
        Fine-grained retrieval, eq. 2: there pixels lie in [-1, 1], where differences are twice as large.
    """
    return 4 * (x_hat.float() - x.float()).square().sum() / len(x)


def mean_squared_norm(x_hat: Tensor, x: Tensor) -> Tensor:
    """`squared_norm` divided by the pixels of an image: about as heavy as a cross-entropy at any size of image."""
    return 4 * squared_error(x_hat.float(), x.float())


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """Negative log-likelihood of images whose every pixel is a coin with the decoded probability.

    L = mean over images of -sum over pixels of x log p + (1 - x) log(1 - p),  p = sigmoid(logits).

    Args:
        logits: decoded, shape (n, ...).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, inf), nats an image.

    Reference:
        Kingma and Welling's Bernoulli decoder; METHODS 3, eq. 1's first term.
    """
    summed = F.binary_cross_entropy_with_logits(logits.float(), x.float(), reduction="sum")
    return summed / len(x)


def gaussian_nll(x_hat: Tensor, x: Tensor) -> Tensor:
    """Negative log-likelihood of items spread around the decoded ones with variance 1, less its constant.

    L = mean over items of 1/2 * sum (x_hat - x)^2.

    Args:
        x_hat: decoded, shape (n, ...).
        x: items, same shape.

    Returns:
        Scalar in [0, inf), nats an item.
    """
    return (x_hat.float() - x.float()).square().sum() / (2 * len(x))


def decoded_nll(logits: Tensor, x: Tensor, likelihood: Likelihood) -> Tensor:
    """Negative log-likelihood of items given what the decoder made of their latents.

    Args:
        logits: what the decoder gives, shape (n, ...): logits of images, values of vectors.
        x: network input, same shape.
        likelihood: "bernoulli" or "gaussian"; "auto" takes bernoulli for images and gaussian for vectors.

    Returns:
        Scalar, nats an item; see `bernoulli_nll` and `gaussian_nll`.
    """
    is_image = x.ndim > 2  # noqa: PLR2004 - vectors are (n, features)
    if is_image and likelihood != "gaussian":
        return bernoulli_nll(logits, x)
    return gaussian_nll(torch.sigmoid(logits.float()) if is_image else logits, x)


def pattern_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """How differently patterned two textures are, wherever the pattern starts and however it is lit.

    L = mean over images of (c_hat - c)^2 + c * (1 - rho), where c is the contrast (root mean
    square) of an image from which the mean of the 15x15 pixels around each pixel is taken off, and
    rho the greatest correlation of two such images over all shifts round the edges.

    Args:
        x_hat: reconstructions in [0, 1], shape (n, channels, height, width).
        x: images in [0, 1], same shape.

    Returns:
        Scalar in [0, 3]; 0 for images that are equal, and for two that are flat.

    Differs:
        Beyond the papers. Where a texture's pattern starts is chance, and light outweighs it: the
        squared error's best answer to stripes of unknown phase is plain grey, this one's is
        stripes. Contrast has a term of its own, or doubt about the pattern would fade it.
    """
    detail_hat, detail = _without_shading(x_hat), _without_shading(x)
    contrast_hat, contrast = (image.square().mean(dim=(1, 2, 3)).add(TINY**2).sqrt() for image in (detail_hat, detail))
    # All correlations with shifted images at once are a product of spectra.
    spectra = torch.fft.rfft2(detail) * torch.fft.rfft2(detail_hat).conj()
    products = torch.fft.irfft2(spectra, s=x.shape[-2:]).sum(dim=1).amax(dim=(1, 2)) / x[0].numel()  # (n,)
    correlation = products / (contrast_hat * contrast)
    return torch.mean((contrast_hat - contrast).square() + contrast * (1 - correlation))


def _without_shading(x: Tensor) -> Tensor:
    """Each pixel less the mean of the 15x15 around it; same shape, float32."""
    x = x.float()
    around = F.avg_pool2d(x, SHADING_PIXELS, stride=1, padding=SHADING_PIXELS // 2, count_include_pad=False)
    return x - around


ERRORS = {"pixels": squared_error, "pattern": pattern_error}
NORMS = {"mean": mean_squared_norm, "norm": squared_norm}
