"""Adaptive group VAE: which dimensions the two of a pair share is found for each pair.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, eq. 3 and 4.
"""

from torch import Tensor

from explorer.fields import hyper
from explorer.method import Batch, Method
from explorer.methods.gvae import PAPER, GroupConfig, by_group, evidence, of_groups
from explorer.methods.siamese import two
from explorer.methods.vae import build
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.posterior import adaptive_mask, average_shared


class AdaGVAEConfig(GroupConfig):
    """Settings of the adaptive group variational autoencoder."""


class AdaGVAEntConfig(AdaGVAEConfig):
    """Settings of the adaptive group variational autoencoder with the prototypical term."""

    prototype_weight: float = hyper(100, low=0, help="weight of the prototypical loss", symbol="\u03b1")
    temperature: float = hyper(1, low=0.001, help="of the prototypical loss", symbol="\u03c4")


def loss(network: Autoencoder, batch: Batch, config: AdaGVAEConfig) -> dict[str, Tensor]:
    """The two negative ELBOs of each pair, each image from its own averaged posterior; mean over pairs."""
    mean, logvar = by_group(network, batch)
    shared = adaptive_mask(mean.detach(), logvar.detach())  # a choice has no gradient
    return evidence(network, batch, config, average_shared(mean, logvar, shared=shared))


def loss_nt(network: Autoencoder, batch: Batch, config: AdaGVAEntConfig) -> dict[str, Tensor]:
    """The same + prototype_weight * the prototypical loss of the means before averaging (eq. 5 to 8)."""
    mean, logvar = by_group(network, batch)
    shared = adaptive_mask(mean.detach(), logvar.detach())
    terms = evidence(network, batch, config, average_shared(mean, logvar, shared=shared))
    return terms | {"prototypical": config.prototype_weight * of_groups(mean, config.temperature)}


ADAGVAE = Method(
    name="adagvae",
    title="Adaptive group VAE: what two images of one content share is found for each pair",
    paper=PAPER,
    config=AdaGVAEConfig,
    build=build,
    loss=loss,
    sampling="groups",
    group_size=two,
)
ADAGVAE_NT = Method(
    name="adagvae-nt",
    title="Adaptive group VAE with prototypes: and each content told from the others",
    paper=PAPER,
    config=AdaGVAEntConfig,
    build=build,
    loss=loss_nt,
    sampling="groups",
    group_size=two,
)
