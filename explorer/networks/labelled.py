"""What the methods of latent space configuration build: an encoder, a classifier and, where asked for, a decoder.

Reference: Gabdullin, Latent space configuration, Table 1.
"""

from typing import ClassVar, Literal

from torch import nn

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network, NetworkConfig, decoder, encoder
from explorer.networks.texture import classifier


class LabelledConfig(NetworkConfig):
    """Settings of the network and of a decoder that need not be there."""

    auto_network: ClassVar[Network] = "texture"

    width: float = hyper(
        0.25, low=0.0625, high=2, help="scales the channels of all networks but mlp and googlenet; 1 is the paper's"
    )
    reconstruction_weight: float = hyper(0, low=0, help="weight of the decoder's loss; 0 builds no decoder")
    reconstruction: Literal["pixels", "pattern"] = hyper(
        "pixels", help="what the decoder learns: the pixels, or the pattern wherever it starts (for textures)"
    )


def labelled_autoencoder(
    config: LabelledConfig, shape: tuple[int, ...], n_classes: int, *, head: nn.Module | None = None
) -> Autoencoder:
    """Make the texture network where it fits these items, else the one that does.

    Args:
        config: the settings.
        shape: (channels, height, width) of images or (features,) of vectors.
        n_classes: c.
        head: what makes a latent of the encoder's output; None leaves it.

    Raises:
        BadValueError: a network or a reconstruction that does not fit the items.
    """
    if config.reconstruction == "pattern" and len(shape) == 1:
        raise BadValueError("The reconstruction pattern is for images; choose pixels for vectors.")
    return Autoencoder(
        encoder(config, shape, outputs=config.latent_dims),
        shape=shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, shape) if config.reconstruction_weight else None,
        classifier=classifier(config.latent_dims, n_classes),
        head=head,
    )
