"""What the methods of fine-grained retrieval build: latents that are not negative, a decoder and a linear classifier.

Reference: Portenier et al., Fine-Grained Retrieval with Autoencoders, section 4.3.
"""

from typing import ClassVar, Literal

from torch import nn

from explorer.fields import hyper
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network, NetworkConfig, decoder, encoder

PAPER = "Portenier, Hu, Favaro and Zwicker, Fine-Grained Retrieval with Autoencoders"


class StyledConfig(NetworkConfig):
    """Settings of the network."""

    auto_network: ClassVar[Network] = "deep"

    width: float = hyper(
        0.25, low=0.0625, high=2, help="scales the channels of all networks but mlp and googlenet; 1 is the paper's"
    )
    latent_dims: int = hyper(32, low=1, high=512, help="dimensions of the latent space", symbol="d")


class BalancedConfig(StyledConfig):
    """Settings of a network that a loss balances against the reconstruction."""

    reconstruction: Literal["mean", "norm"] = hyper(
        "mean", help="squared error of an image: its mean over pixels, or its squared norm, hundreds of times as heavy"
    )


def rectified(encoding: nn.Module) -> nn.Sequential:
    """An encoder with a ReLU at its end; the last biases begin at 1, or a dimension might stay 0."""
    last = [layer for layer in encoding.modules() if isinstance(layer, nn.Linear)][-1]
    nn.init.ones_(last.bias)
    return nn.Sequential(encoding, nn.ReLU())


def classifying_autoencoder(config: StyledConfig, shape: tuple[int, ...], n_classes: int) -> Autoencoder:
    """Make encoder with a ReLU at its end, mirrored decoder, and one linear layer from the latent to the classes.

    Raises:
        BadValueError: a network that does not fit the items.
    """
    return Autoencoder(
        rectified(encoder(config, shape, outputs=config.latent_dims)),
        shape=shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, shape),
        classifier=nn.Linear(config.latent_dims, n_classes),
    )
