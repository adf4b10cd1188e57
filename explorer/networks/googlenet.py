"""GoogLeNet as an encoder for photographs, and a decoder of eleven layers.

Reference: Szegedy et al., Going deeper with convolutions; Portenier et al., Fine-Grained Retrieval with
Autoencoders, section 4.1, takes it for 224 x 224.
"""

import math
from collections import OrderedDict
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from explorer.errors import BadValueError
from explorer.networks.conv import check_sides

SMALLEST_SIDE = 47  # pixels; below, the last map is one pixel, and a batch of one has no variance to norm by
LAST_CHANNELS = 1024
AFTER_THE_MAPS = ("avgpool", "dropout", "fc")
COLOURS = 3
FIRST_CHANNELS = 20
CHANNELS = (256, 128, 64, 32, 16)


class GoogLeNetEncoder(nn.Module):
    """GoogLeNet up to its last maps, their mean over places, then one linear layer.

    Args:
        shape: (channels, height, width) of the images; 1 or 3 channels, height and width at least 47.
        outputs: numbers for each image, d or more.

    Raises:
        BadValueError: images under 47 pixels a side, or neither grey nor in colour.

    Differs:
        The paper's latent is the mean itself, 1024 numbers. No dropout, and no auxiliary heads.
        Input is 2x - 1: what torchvision's ImageNet mean and deviation and the model's own
        `transform_input` come to, so its weights fit.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "googlenet")
        if shape[0] not in (1, COLOURS):
            raise BadValueError(
                f"The network googlenet needs grey or colour images, 1 or 3 channels, not {shape[0]}. "
                "Choose another network."
            )
        from torchvision.models import GoogLeNet  # imports slowly

        whole: Any = GoogLeNet(aux_logits=False, init_weights=False)
        parts = OrderedDict((name, part) for name, part in whole.named_children() if name not in AFTER_THE_MAPS)
        self.stages = nn.Sequential(parts)  # torchvision's names, so that its weights load as they are
        self.linear = nn.Linear(LAST_CHANNELS, outputs)

    def features(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to the last maps (n, 1024, h, w)."""
        maps: Tensor = self.stages(2 * x.expand(-1, COLOURS, -1, -1) - 1)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, channels, height, width) to (n, outputs)."""
        outputs: Tensor = self.linear(self.features(x).mean(dim=(2, 3)))
        return outputs


class GoogLeNetDecoder(nn.Module):
    """One linear layer to 20 maps, 7 x 7 for 224 x 224, then ten transposed convolutions 3x3.

    Args:
        shape: (channels, height, width) of the images; height and width at least 47.
        latent_dims: d.

    Raises:
        BadValueError: images under 47 pixels a side.

    Differs:
        The paper gives neither the other channels, here 256, 128, 64, 32, 16 for two layers each, nor
        the strides, here 2 and 1 in turn. Batch norm is ours. The paper ends in tanh for pixels in
        [-1, 1]; here come logits of pixels in [0, 1], the same function scaled.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int) -> None:
        super().__init__()
        check_sides(shape, SMALLEST_SIDE, "googlenet")
        sides = [tuple(-(-side >> depth) for side in shape[1:]) for depth in range(len(CHANNELS), -1, -1)]
        self.start = (FIRST_CHANNELS, *sides[0])
        self.linear = nn.Sequential(nn.Linear(latent_dims, math.prod(self.start)), nn.ReLU(inplace=True))
        self.stages = nn.Sequential()
        for depth, (a, b) in enumerate(pairwise([FIRST_CHANNELS, *CHANNELS])):
            rows, columns = (to - (2 * side - 1) for side, to in zip(sides[depth], sides[depth + 1], strict=True))
            self.stages.append(_normed(nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=(rows, columns), bias=False)))
            self.stages.append(_normed(nn.ConvTranspose2d(b, b, 3, 1, 1, bias=False)))
        self.stages[-1] = nn.ConvTranspose2d(CHANNELS[-1], shape[0], 3, 1, 1)

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits (n, channels, height, width)."""
        logits: Tensor = self.stages(self.linear(z).view(-1, *self.start))
        return logits


def _normed(convolution: nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU(inplace=True))
