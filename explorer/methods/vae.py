"""Variational autoencoder: each item is a Gaussian in the latent space, near the standard one.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, eq. 1; Torres Fernández, Designing Variational Autoencoders for Image Retrieval,
whose dense network is `network="mlp"`.
"""

from typing import Literal

from torch import Tensor

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.losses.kl import gaussian_kl
from explorer.losses.reconstruction import bernoulli_nll, gaussian_nll
from explorer.method import Batch, InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import NetworkConfig, decoder, encoder
from explorer.networks.posterior import sample


class VAEConfig(NetworkConfig):
    """Settings of the variational autoencoder."""

    beta: float = hyper(1, low=0, high=1000, help="weight of the divergence from the prior", symbol="\u03b2")
    likelihood: Literal["auto", "bernoulli", "gaussian"] = hyper(
        "auto", help="of items given their latent; auto takes bernoulli for images and gaussian for vectors"
    )


def build(config: VAEConfig, spec: InputSpec) -> Autoencoder:
    """Make an encoder of means and log-variances, and the mirrored decoder.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items.
    """
    if config.likelihood == "bernoulli" and len(spec.shape) == 1:
        raise BadValueError("The likelihood bernoulli is for images in 0 to 1; choose gaussian for vectors.")
    return Autoencoder(
        encoder(config, spec.shape, outputs=2 * config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, spec.shape),
        variational=True,
    )


def loss(network: Autoencoder, batch: Batch, config: VAEConfig) -> dict[str, Tensor]:
    """Negative log-likelihood of the items + beta * KL to N(0, I), nats an item (eq. 1)."""
    mean, logvar = network.posterior(batch.x)
    z = sample(mean, logvar, batch.generator)  # (n, d)
    return {
        "reconstruction": negative_log_likelihood(network, z, batch.x, config),
        "kl": config.beta * gaussian_kl(mean, logvar),
    }


def negative_log_likelihood(network: Autoencoder, z: Tensor, x: Tensor, config: VAEConfig) -> Tensor:
    """Of items given latents drawn from their posteriors, mean over items, nats."""
    if config.likelihood == "gaussian" or not network.is_image:
        return gaussian_nll(network.decode(z), x)
    return bernoulli_nll(network.decode_logits(z), x)


VAE = Method(
    name="vae",
    title="Variational autoencoder: each item is a Gaussian near the standard one",
    paper="Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled Representations; "
    "Torres Fernández, Designing Variational Autoencoders for Image Retrieval",
    config=VAEConfig,
    build=build,
    loss=loss,
)
