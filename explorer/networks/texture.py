"""The texture network, its mirrored decoder and its classifier.

Reference: Gabdullin, Latent space configuration, Table 1.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS = (64, 128, 256, 512, 512)


def double(inputs: int, outputs: int) -> nn.Sequential:
    """Twice (conv 3x3, batch norm, ReLU): (n, inputs, h, w) to (n, outputs, h, w)."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        # Batch norm shifts by itself: a bias before it would have no gradient.
        conv = nn.Conv2d(channels, outputs, 3, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def scaled_channels(width: float) -> list[int]:
    """Channels of the five stages at a width factor; 1.0 is the paper's, 4 the least."""
    return [max(4, round(width * channels)) for channels in CHANNELS]


class TextureEncoder(nn.Module):
    """Double(64), four times Down (max-pool 2, Double), then two linear layers that add up.

    Args:
        shape: (channels, height, width) of the images; height and width at least 16.
        latent_dims: d.
        width: scales the channels.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        channels = [shape[0], *scaled_channels(width)]
        self.stages = nn.ModuleList(double(a, b) for a, b in zip(channels, channels[1:], strict=False))
        flat = channels[-1] * (shape[1] // 16) * (shape[2] // 16)
        self.a = nn.Linear(flat, latent_dims)
        self.b = nn.Linear(flat, latent_dims)

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w)."""
        for depth, stage in enumerate(self.stages):
            x = stage(F.max_pool2d(x, 2) if depth else x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to latents (n, d)."""
        x = self.features(x).flatten(1)  # (n, flat)
        return torch.add(self.a(x), self.b(x))  # (n, d)


class TextureDecoder(nn.Module):
    """The encoder mirrored: a linear layer, four times (Double, upsample), a last Double, a 1x1 conv.

    Args:
        shape: (channels, height, width) of the images.
        latent_dims: d.
        width: scales the channels.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        channels = scaled_channels(width)[::-1]
        self.sizes = [(shape[1] >> depth, shape[2] >> depth) for depth in range(len(CHANNELS) - 1, -1, -1)]
        self.start = (channels[0], *self.sizes[0])
        self.expand = nn.Linear(latent_dims, channels[0] * self.sizes[0][0] * self.sizes[0][1])
        pairs = zip(channels, [*channels[1:], channels[-1]], strict=True)
        self.stages = nn.ModuleList(double(a, b) for a, b in pairs)
        self.pixels = nn.Conv2d(channels[-1], shape[0], 1)

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to the logits of images (n, channels, height, width)."""
        x: Tensor = self.expand(z).view(-1, *self.start)
        for size, stage in zip(self.sizes, self.stages, strict=True):
            x = stage(x if x.shape[2:] == size else F.interpolate(x, size=size))
        pixels: Tensor = self.pixels(x)
        return pixels


def classifier(latent_dims: int, n_classes: int) -> nn.Sequential:
    """Linear d-32-64-c with ReLU between: latents (n, d) to logits (n, c)."""
    return nn.Sequential(nn.Linear(latent_dims, 32), nn.ReLU(), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, n_classes))
