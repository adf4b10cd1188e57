"""The convolutions of VGG-16 as an encoder for photographs, and their mirror as a decoder.

Reference: Simonyan and Zisserman, Very deep convolutional networks for large-scale image
recognition, configuration D; Structuring autoencoders, section 3, takes it for photographs.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from explorer.networks.conv import LEAST_CHANNELS, check_sides, pooled_sizes

SMALLEST_SIDE = 32
STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def convolutions(channels: int, width: float) -> list[list[tuple[int, int]]]:
    """List the encoder's convolutions by stage, each as (inputs, outputs).

    Args:
        channels: of the images.
        width: scales the channels; 1 is the paper's, 4 channels the least.
    """
    stages, inputs = [], channels
    for stage in STAGES:
        scaled = [max(LEAST_CHANNELS, round(width * outputs)) for outputs in stage]
        stages.append(list(pairwise([inputs, *scaled])))
        inputs = scaled[-1]
    return stages


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """Conv 3x3, batch norm, ReLU: (n, inputs, h, w) to (n, outputs, h, w)."""
    # Batch norm shifts by itself: a bias before it would have no gradient.
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class VggEncoder(nn.Module):
    """Five stages of convolutions and max-pool 2, then one linear layer.

    Args:
        shape: (channels, height, width) of the images; height and width at least 32.
        outputs: numbers for each image, d or more.
        width: scales the channels; 1 gives 64 to 512.

    Raises:
        BadValueError: images under 32 pixels a side.

    Differs:
        Batch norm after each convolution; one linear layer where VGG-16 has three.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "vgg")
        stages = convolutions(shape[0], width)
        self.stages = nn.Sequential()
        for stage in stages:
            self.stages.append(nn.Sequential(*(convolution(a, b) for a, b in stage), nn.MaxPool2d(2)))
        rows, columns = pooled_sizes(shape, len(stages))[-1]
        self.linear = nn.Linear(stages[-1][-1][1] * rows * columns, outputs)

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w)."""
        maps: Tensor = self.stages(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to (n, outputs)."""
        outputs: Tensor = self.linear(self.features(x).flatten(1))
        return outputs


class VggDecoder(nn.Module):
    """The encoder mirrored: one linear layer, then five stages of upsampling and convolutions.

    Args:
        shape: (channels, height, width) of the images; height and width at least 32.
        latent_dims: d.
        width: scales the channels, as the encoder's.

    Raises:
        BadValueError: images under 32 pixels a side.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "vgg")
        stages = [[(b, a) for a, b in reversed(stage)] for stage in reversed(convolutions(shape[0], width))]
        last = stages[-1].pop()  # gives the pixels: neither batch norm nor ReLU after it
        first, *sizes = pooled_sizes(shape, len(stages))[::-1]
        self.start = (stages[0][0][0], *first)
        self.linear = nn.Linear(latent_dims, math.prod(self.start))
        self.stages = nn.Sequential()
        for stage, size in zip(stages, sizes, strict=True):
            self.stages.append(nn.Sequential(nn.Upsample(size=size), *(convolution(a, b) for a, b in stage)))
        self.pixels = nn.Conv2d(*last, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits (n, channels, height, width)."""
        logits: Tensor = self.pixels(self.stages(self.linear(z).view(-1, *self.start)))
        return logits
