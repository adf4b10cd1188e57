"""Dense encoder and mirrored decoder, for vectors and for flattened images.

Reference: Torres Fernández, Designing variational autoencoders for image retrieval; its network
784-500-100-N is hidden = (500, 100).
"""

import math
from itertools import pairwise

from torch import Tensor, nn


def dense(sizes: list[int]) -> nn.Sequential:
    """Linear layers with ReLU between: (n, sizes[0]) to (n, sizes[-1])."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


class MlpEncoder(nn.Module):
    """Linear layers with ReLU between, from the flattened input.

    Args:
        shape: (features,) of the vectors or (channels, height, width) of the images.
        outputs: numbers for each item, d or more.
        hidden: units of each hidden layer, from the input on; none gives one linear layer.
    """

    def __init__(self, shape: tuple[int, ...], *, outputs: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = dense([math.prod(shape), *hidden, outputs])

    def forward(self, x: Tensor) -> Tensor:
        """Items (n, *shape) to (n, outputs)."""
        outputs: Tensor = self.layers(x.flatten(1))
        return outputs


class MlpDecoder(nn.Module):
    """The encoder mirrored.

    Args:
        shape: (features,) of the vectors or (channels, height, width) of the images.
        latent_dims: d.
        hidden: units of each hidden layer as the encoder has them; here they come in reverse.
    """

    def __init__(self, shape: tuple[int, ...], *, latent_dims: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape
        self.layers = dense([latent_dims, *hidden[::-1], math.prod(shape)])

    def forward(self, z: Tensor) -> Tensor:
        """Latents (n, d) to logits of images or values of vectors, (n, *shape)."""
        logits: Tensor = self.layers(z).unflatten(1, self.shape)
        return logits
