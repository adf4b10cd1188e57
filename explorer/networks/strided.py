"""Convolutions of stride 2, then dense layers, and their mirrored decoder: for small images and for larger ones.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, Table 1 (from 48 pixels on) and Table 2 (below).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from explorer.networks.conv import check_sides
from explorer.networks.mlp import dense

SMALLEST_SIDE = 8
LARGE = 48  # pixels: Table 1 is for 64, Table 2 for 28


@dataclass(frozen=True)
class Table:
    """Layers of the encoder.

    Args:
        kernel: side of the convolutions, pixels.
        channels: of each of them.
        units: of each dense layer after them.
    """

    kernel: int
    channels: tuple[int, ...]
    units: tuple[int, ...]


TABLE_1 = Table(kernel=4, channels=(32, 32, 64, 64), units=(256,))
TABLE_2 = Table(kernel=3, channels=(32, 64), units=(256, 128))


def table_for(shape: tuple[int, ...]) -> Table:
    """The paper's table for images of this shape (channels, height, width)."""
    return TABLE_1 if min(shape[1:]) >= LARGE else TABLE_2


def sizes(shape: tuple[int, ...], table: Table) -> list[tuple[int, int]]:
    """List (height, width) before the first convolution and after each."""
    found = [(shape[1], shape[2])]
    for _ in table.channels:
        rows, columns = ((side + 2 - table.kernel) // 2 + 1 for side in found[-1])
        found.append((rows, columns))
    return found


class StridedEncoder(nn.Module):
    """Convolutions of stride 2 with ReLU, then dense layers with ReLU, then one linear layer.

    Args:
        shape: (channels, height, width) of the images; height and width at least 8.
        outputs: numbers for each image, d or more.
        width: scales channels and units.

    Raises:
        BadValueError: images under 8 pixels a side.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "strided")
        table = table_for(shape)
        channels = [shape[0], *_scaled(table.channels, width)]
        self.stages = nn.Sequential()
        for a, b in pairwise(channels):
            self.stages.append(nn.Sequential(nn.Conv2d(a, b, table.kernel, stride=2, padding=1), nn.ReLU(inplace=True)))
        flat = channels[-1] * math.prod(sizes(shape, table)[-1])
        self.layers = dense([flat, *_scaled(table.units, width), outputs])

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, c, h, w)."""
        maps: Tensor = self.stages(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to (n, outputs)."""
        outputs: Tensor = self.layers(self.features(x).flatten(1))
        return outputs


class StridedDecoder(nn.Module):
    """The encoder mirrored: dense layers, then transposed convolutions of stride 2.

    Args:
        shape: (channels, height, width) of the images; height and width at least 8.
        latent_dims: d.
        width: scales channels and units, as the encoder's.

    Raises:
        BadValueError: images under 8 pixels a side.

    Reference:
        Tables 1 and 2; the second one keeps 64 channels up to the last layer instead of mirroring the encoder's 32.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, width: float) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "strided")
        table = table_for(shape)
        first, *larger = sizes(shape, table)[::-1]
        channels = _scaled(table.channels[::-1], width)
        self.start = (channels[0], *first)
        units = _scaled(table.units[::-1], width)
        self.layers = nn.Sequential(dense([latent_dims, *units, math.prod(self.start)]), nn.ReLU(inplace=True))
        made = [*channels[1:], shape[0]] if table is TABLE_1 else [channels[0], shape[0]]
        self.stages = nn.Sequential()
        for (a, b), before, after in zip(pairwise([channels[0], *made]), [first, *larger], larger, strict=False):
            rows, columns = (to - (2 * size - 4 + table.kernel) for size, to in zip(before, after, strict=True))
            odd = (rows, columns)
            self.stages.append(nn.ConvTranspose2d(a, b, table.kernel, stride=2, padding=1, output_padding=odd))
            self.stages.append(nn.ReLU(inplace=True))
        del self.stages[-1]

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits (n, channels, height, width)."""
        logits: Tensor = self.stages(self.layers(z).view(-1, *self.start))
        return logits


def _scaled(numbers: tuple[int, ...], width: float) -> list[int]:
    return [max(4, round(width * number)) for number in numbers]
