"""Variational autoencoder: each item is a Gaussian in the latent space, near the standard one.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, eq. 1; Torres Fernández, Designing Variational Autoencoders for Image Retrieval,
whose dense network is `network="mlp"`.
"""

from torch import Tensor

from explorer.losses.kl import gaussian_kl
from explorer.losses.reconstruction import decoded_nll
from explorer.method import Batch, InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.posterior import sample
from explorer.networks.variational import VariationalConfig, variational_autoencoder


class VAEConfig(VariationalConfig):
    """Settings of the variational autoencoder."""


def build(config: VAEConfig, spec: InputSpec) -> Autoencoder:
    """Make an encoder of means and log-variances, and the mirrored decoder.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items.
    """
    return variational_autoencoder(config, spec.shape)


def loss(network: Autoencoder, batch: Batch, config: VAEConfig) -> dict[str, Tensor]:
    """Negative log-likelihood of the items + beta * KL to N(0, I), nats an item (eq. 1)."""
    mean, logvar = network.posterior(batch.x)
    z = sample(mean, logvar, batch.generator)  # (n, d)
    return {
        "reconstruction": decoded_nll(network.decode_logits(z), batch.x, config.likelihood),
        "kl": config.beta * gaussian_kl(mean, logvar),
    }


VAE = Method(
    name="vae",
    title="Variational autoencoder: each item is a Gaussian near the standard one",
    paper="Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled Representations; "
    "Torres Fernández, Designing Variational Autoencoders for Image Retrieval",
    config=VAEConfig,
    build=build,
    loss=loss,
)
