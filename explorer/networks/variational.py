"""What the variational methods build: an encoder of means and log-variances, and the mirrored decoder."""

from typing import Literal

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import NetworkConfig, decoder, encoder


class VariationalConfig(NetworkConfig):
    """Settings of the network and of its evidence."""

    beta: float = hyper(1, low=0, high=1000, help="weight of the divergence from the prior", symbol="\u03b2")
    likelihood: Literal["auto", "bernoulli", "gaussian"] = hyper(
        "auto", help="of items given their latent; auto takes bernoulli for images and gaussian for vectors"
    )


def variational_autoencoder(config: VariationalConfig, shape: tuple[int, ...]) -> Autoencoder:
    """Make the network.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items.
    """
    check_likelihood(config, shape)
    return Autoencoder(
        encoder(config, shape, outputs=2 * config.latent_dims),
        shape=shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, shape),
        variational=True,
    )


def check_likelihood(config: VariationalConfig, shape: tuple[int, ...]) -> None:
    """Refuse coins for vectors.

    Raises:
        BadValueError: a likelihood that does not fit the items.
    """
    if config.likelihood == "bernoulli" and len(shape) == 1:
        raise BadValueError("The likelihood bernoulli is for images in 0 to 1; choose gaussian for vectors.")
