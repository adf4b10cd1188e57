"""A small convolutional encoder for images of any size, and its mirrored decoder.

Reference: Rudolph, Wandt and Rosenhahn, Structuring autoencoders, section 3.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from explorer.errors import BadValueError

SMALLEST_SIDE = 2
FIRST_CHANNELS, MOST_CHANNELS, LEAST_CHANNELS = 16, 128, 4


def check_sides(shape: tuple[int, ...], smallest: int, network: str) -> None:
    """Refuse images that a network would pool away.

    Args:
        shape: (channels, height, width) of the images.
        smallest: the least that height and width may be, pixels.
        network: its name, for the message.

    Raises:
        BadValueError: a side under `smallest`.
    """
    if min(shape[1:]) < smallest:
        raise BadValueError(
            f"The network {network} needs images of {smallest} pixels a side or more, not {shape[1]} x {shape[2]}. "
            "Use larger images or another network."
        )


def pooled_sizes(shape: tuple[int, ...], stages: int) -> list[tuple[int, int]]:
    """List (height, width) before the first stage and after each: every stage halves them, rounded down."""
    return [(shape[1] >> depth, shape[2] >> depth) for depth in range(stages + 1)]


def stage_channels(shape: tuple[int, ...], width: float) -> list[int]:
    """Channels of each stage: 16, 32, 64, 128, 128, ... times the width, 4 at least.

    Args:
        shape: (channels, height, width) of the images; there are as many stages as bring the
            smaller side to 3, 4 or 5 pixels, and always one.
        width: scales the channels.
    """
    stages = 1
    while (min(shape[1:]) >> stages) > 5:
        stages += 1
    wanted = [min(FIRST_CHANNELS << depth, MOST_CHANNELS) for depth in range(stages)]
    return [max(LEAST_CHANNELS, round(width * channels)) for channels in wanted]


class ConvEncoder(nn.Module):
    """Stages of conv 3x3, max-pool 2 and ReLU, then one linear layer.

    Args:
        shape: (channels, height, width) of the images; height and width at least 2.
        outputs: numbers for each image, d or more.
        width: scales the channels; 1 gives 16, 32, 64, ..., at most 128.

    Raises:
        BadValueError: images under 2 pixels a side.

    Differs:
        The paper has three stages, for 28x28; here larger images have more of them and smaller ones fewer.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "conv")
        channels = [shape[0], *stage_channels(shape, width)]
        self.stages = nn.Sequential()
        for a, b in pairwise(channels):
            # ReLU after the pooling is the same function as before it, on a quarter of the numbers.
            self.stages.append(nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(inplace=True)))
        rows, columns = pooled_sizes(shape, len(self.stages))[-1]
        self.linear = nn.Linear(channels[-1] * rows * columns, outputs)

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w)."""
        maps: Tensor = self.stages(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to (n, outputs)."""
        outputs: Tensor = self.linear(self.features(x).flatten(1))
        return outputs


class ConvDecoder(nn.Module):
    """The encoder mirrored: one linear layer, then stages of batch norm, ReLU, upsampling and conv 3x3.

    Args:
        shape: (channels, height, width) of the images; height and width at least 2.
        latent_dims: d.
        width: scales the channels, as the encoder's.

    Raises:
        BadValueError: images under 2 pixels a side.

    Differs:
        Batch norm is ours: without it, sparse bright strokes came out black in trials and stayed so
        (squared error of sigmoids: Adam's first steps overshoot to where no gradient is left).
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "conv")
        channels = [shape[0], *stage_channels(shape, width)][::-1]
        first, *sizes = pooled_sizes(shape, len(channels) - 1)[::-1]
        self.start = (channels[0], *first)
        self.linear = nn.Linear(latent_dims, math.prod(self.start))
        self.stages = nn.Sequential()
        for (a, b), size in zip(pairwise(channels), sizes, strict=True):
            # A single pixel in a batch of one has no variance; a bias before batch norm would have no gradient.
            norm = nn.BatchNorm2d(a) if math.prod(first) > 1 else nn.Identity()
            conv = nn.Conv2d(a, b, 3, padding=1, bias=size == sizes[-1])
            self.stages.append(nn.Sequential(norm, nn.ReLU(inplace=True), nn.Upsample(size=size), conv))

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits (n, channels, height, width)."""
        logits: Tensor = self.stages(self.linear(z).view(-1, *self.start))
        return logits
