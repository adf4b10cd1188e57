"""Four convolutions with batch norm to 4 x 4, one dense layer, and their mirrored decoder.

Reference: Portenier et al., Fine-Grained Retrieval with Autoencoders, section 4.3.
"""

import math
from itertools import pairwise

from torch import Tensor, nn

from explorer.networks.conv import check_sides

SMALLEST_SIDE = 16
CHANNELS = (32, 64, 128, 256)


def sizes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """List (height, width) before the first convolution and after each: all but the first halve them, rounded up."""
    rows, columns = shape[1], shape[2]
    found = [(rows, columns), (rows, columns)]
    for _ in CHANNELS[1:]:
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        found.append((rows, columns))
    return found


class DeepEncoder(nn.Module):
    """Four convolutions 3x3 with batch norm and ReLU, then one linear layer.

    Args:
        shape: (channels, height, width) of the images; height and width at least 16.
        outputs: numbers for each image, d or more.
        width: scales the channels; 1 ends in the paper's 256.

    Raises:
        BadValueError: images under 16 pixels a side.

    Differs:
        The paper gives the last channels alone; the others are halved from stage to stage.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "deep")
        channels = [shape[0], *_scaled(width)]
        self.stages = nn.Sequential()
        for depth, (a, b) in enumerate(pairwise(channels)):
            conv = nn.Conv2d(a, b, 3, stride=1 + (depth > 0), padding=1, bias=False)
            self.stages.append(nn.Sequential(conv, nn.BatchNorm2d(b), nn.ReLU(inplace=True)))
        self.linear = nn.Linear(channels[-1] * math.prod(sizes(shape)[-1]), outputs)

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w)."""
        maps: Tensor = self.stages(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to (n, outputs)."""
        outputs: Tensor = self.linear(self.features(x).flatten(1))
        return outputs


class DeepDecoder(nn.Module):
    """The encoder mirrored: one linear layer, then four transposed convolutions.

    Args:
        shape: (channels, height, width) of the images; height and width at least 16.
        latent_dims: d.
        width: scales the channels, as the encoder's.

    Raises:
        BadValueError: images under 16 pixels a side.

    Differs:
        The paper ends in tanh for pixels in [-1, 1]; here come logits of pixels in [0, 1], the same function scaled.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "deep")
        channels = [*_scaled(width)[::-1], shape[0]]
        steps = sizes(shape)[::-1]
        self.start = (channels[0], *steps[0])
        self.linear = nn.Linear(latent_dims, math.prod(self.start))
        self.stages = nn.Sequential()
        for (a, b), (before, after) in zip(pairwise(channels), pairwise(steps), strict=True):
            last = len(self.stages) == len(CHANNELS) - 1
            stride = 1 if before == after else 2
            rows, columns = (to - (stride * (size - 1) + 1) for size, to in zip(before, after, strict=True))
            conv = nn.ConvTranspose2d(a, b, 3, stride, 1, output_padding=(rows, columns), bias=last)
            rest = () if last else (nn.BatchNorm2d(b), nn.ReLU(inplace=True))
            self.stages.append(nn.Sequential(conv, *rest))

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits (n, channels, height, width)."""
        logits: Tensor = self.stages(self.linear(z).view(-1, *self.start))
        return logits


def _scaled(width: float) -> list[int]:
    return [max(4, round(width * number)) for number in CHANNELS]
