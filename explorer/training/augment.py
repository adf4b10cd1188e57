"""Augmentation of a whole batch at once, every image with its own parameters.

Reference: Gabdullin, Latent space configuration, section 5.1.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.fields import Config, hyper


class AugmentConfig(Config):
    """How strongly training images are varied."""

    rotation: float = hyper(15, low=0, high=180, help="largest rotation either way", unit="degrees")
    perspective: float = hyper(0.05, low=0, high=0.45, help="largest perspective slant along an axis")
    shift: float = hyper(0.1, low=0, high=1, help="largest shift along an axis, share of the side")
    scale: float = hyper(0.1, low=0, high=0.9, help="largest enlargement or reduction")
    shear: float = hyper(5, low=0, high=45, help="largest shear either way", unit="degrees")
    jitter: float = hyper(0.2, low=0, high=1, help="largest change of brightness and of contrast")
    erase: float = hyper(0.3, low=0, high=1, help="area of the rectangle erased from an image")
    erase_share: float = hyper(0.2, low=0, high=1, help="share of images from which one is erased")
    mirror: bool = hyper(True, help="mirror at random, across and upside down")


def augment(x: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Vary each image: one warp (rotation, shear, scale, shift, perspective, mirror), jitter, erasing.

    Args:
        x: images in [0, 1], shape (n, channels, height, width).
        config: how strongly.
        generator: the randomness, on the device of `x`.

    Returns:
        New images in [0, 1], same shape and type.
    """
    grid = _grid(_homographies(len(x), config, generator), x.shape[2], x.shape[3])
    warped = F.grid_sample(x, grid.to(x.dtype), mode="bilinear", padding_mode="reflection", align_corners=False)
    return _erase(_jitter(warped, config, generator), config, generator)


def _uniform(n: int, limit: float, generator: torch.Generator) -> Tensor:
    """Draw n numbers from -limit to limit."""
    return (2 * torch.rand(n, generator=generator, device=generator.device) - 1) * limit


def _homographies(n: int, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """One 3x3 map of output to input coordinates in [-1, 1] an image, shape (n, 3, 3)."""
    angle = _uniform(n, math.radians(config.rotation), generator)
    shear = torch.tan(_uniform(n, math.radians(config.shear), generator))
    zoom = 1 + _uniform(n, config.scale, generator)
    flips = torch.ones(2, n, device=generator.device)
    if config.mirror:
        flips = torch.where(_uniform(2 * n, 1, generator) < 0, -1.0, 1.0).view(2, n)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    h = torch.zeros(n, 3, 3, device=generator.device)
    h[:, 0, 0], h[:, 0, 1] = cos * flips[0], (cos * shear - sin) * flips[0]
    h[:, 1, 0], h[:, 1, 1] = sin * flips[1], (sin * shear + cos) * flips[1]
    h[:, :2, 2] = _uniform(2 * n, 2 * config.shift, generator).view(n, 2)
    h[:, 2, :2] = _uniform(2 * n, config.perspective, generator).view(n, 2)
    h[:, 2, 2] = 1
    return h


def _grid(h: Tensor, height: int, width: int) -> Tensor:
    """Sampling positions (n, height, width, 2) of the maps (n, 3, 3)."""
    ys = (torch.arange(height, device=h.device) * 2 + 1) / height - 1
    xs = (torch.arange(width, device=h.device) * 2 + 1) / width - 1
    y, x = torch.meshgrid(ys, xs, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).view(3, -1)  # (3, pixels)
    mapped = h @ points  # (n, 3, pixels)
    return torch.div(mapped[:, :2], mapped[:, 2:]).transpose(1, 2).reshape(-1, height, width, 2)


def _jitter(x: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Change each image's brightness and its contrast about its own mean."""
    brightness, contrast = (1 + _uniform(2 * len(x), config.jitter, generator)).view(2, -1, 1, 1, 1).to(x.dtype)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return torch.clamp((x - mean) * contrast + mean * brightness, 0, 1)


def _erase(x: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Replace a rectangle of each chosen image by one grey."""
    n, _, height, width = x.shape
    chosen, across, down, aspect, tone = torch.rand(5, n, 1, generator=generator, device=generator.device)
    side = math.sqrt(config.erase)
    stretch = torch.exp(_centred(aspect) * math.log(1.5))
    box_h = (side * stretch).clamp(max(config.erase, 1e-6), 1)
    box_w = config.erase / box_h  # at most 1, so the area is the one asked for
    ys = (torch.arange(height, device=x.device) + 0.5) / height
    xs = (torch.arange(width, device=x.device) + 0.5) / width
    inside_y = (ys - (box_h / 2 + down * (1 - box_h))).abs() < box_h / 2  # (n, height)
    inside_x = (xs - (box_w / 2 + across * (1 - box_w))).abs() < box_w / 2  # (n, width)
    erased = inside_y[:, None, :, None] & inside_x[:, None, None, :] & (chosen < config.erase_share)[:, :, None, None]
    return torch.where(erased, tone[:, :, None, None].to(x.dtype), x)


def _centred(share: Tensor) -> Tensor:
    """0 to 1 stretched to -1 to 1."""
    return 2 * share - 1
