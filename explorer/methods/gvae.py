"""Group variational autoencoder: what a group shares is averaged over its members, so that it goes into the content.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, section 3.
"""

from typing import ClassVar

import torch
from torch import Tensor

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.losses.kl import gaussian_kl
from explorer.losses.prototypical import prototypical_loss
from explorer.method import Batch, InputSpec, Method
from explorer.methods.vae import VAEConfig, negative_log_likelihood
from explorer.methods.vae import build as build_vae
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network
from explorer.networks.posterior import average_shared, sample

PAPER = "Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled Representations"


class GroupConfig(VAEConfig):
    """Settings that all methods on groups share."""

    auto_network: ClassVar[Network] = "strided"

    latent_dims: int = hyper(10, low=2, high=512, help="dimensions of the latent space", symbol="d")


class GVAEConfig(GroupConfig):
    """Settings of the group variational autoencoder."""

    content_dims: int = hyper(7, low=1, high=511, help="dimensions that a group shares; the rest is perspective")
    group_size: int = hyper(6, low=2, high=100, help="members of each group in a step", symbol="K")


class GVAEntConfig(GVAEConfig):
    """Settings of the group variational autoencoder with the prototypical term."""

    prototype_weight: float = hyper(100, low=0, help="weight of the prototypical loss", symbol="\u03b1")
    temperature: float = hyper(1, low=0.001, help="of the prototypical loss", symbol="\u03c4")


def build(config: GVAEConfig, spec: InputSpec) -> Autoencoder:
    """Make the variational autoencoder.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items, or no dimension left for the perspective.
    """
    if config.content_dims >= config.latent_dims:
        raise BadValueError(
            f"content_dims = {config.content_dims} of {config.latent_dims} dimensions leaves none for the perspective; "
            "lower --content-dims or raise --latent-dims."
        )
    return build_vae(config, spec)


def loss(network: Autoencoder, batch: Batch, config: GVAEConfig) -> dict[str, Tensor]:
    """Sum over a group's members of their negative ELBOs, the content's posteriors averaged; mean over groups."""
    mean, logvar = by_group(network, batch)
    return evidence(network, batch, config, average_shared(mean, logvar, shared=_content(config, mean)))


def loss_nt(network: Autoencoder, batch: Batch, config: GVAEntConfig) -> dict[str, Tensor]:
    """The same + prototype_weight * the prototypical loss of the means before averaging (eq. 5 to 8)."""
    mean, logvar = by_group(network, batch)
    terms = evidence(network, batch, config, average_shared(mean, logvar, shared=_content(config, mean)))
    return terms | {"prototypical": config.prototype_weight * of_groups(mean, config.temperature)}


def _content(config: GVAEConfig, mean: Tensor) -> Tensor:
    """True for the dimensions that a group shares, shape (d,)."""
    return torch.arange(config.latent_dims, device=mean.device) < config.content_dims


def by_group(network: Autoencoder, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean and log-variance of each member, group by group: each (g, k, d)."""
    mean, logvar = (part.view(-1, batch.group_size, part.shape[1]) for part in network.posterior(batch.x))
    return mean, logvar


def evidence(
    network: Autoencoder, batch: Batch, config: VAEConfig, posteriors: tuple[Tensor, Tensor]
) -> dict[str, Tensor]:
    """Terms of the negative ELBOs, summed over each group's members, mean over groups.

    Args:
        network, batch, config: as a loss takes them.
        posteriors: mean and log-variance of each member after averaging, each (g, k, d).
    """
    mean, logvar = (part.flatten(0, 1) for part in posteriors)  # (n, d)
    z = sample(mean, logvar, batch.generator)
    return {
        "reconstruction": batch.group_size * negative_log_likelihood(network, z, batch.x, config),
        "kl": batch.group_size * config.beta * gaussian_kl(mean, logvar),
    }


def of_groups(mean: Tensor, temperature: float) -> Tensor:
    """The prototypical loss of mean latents group by group, (g, k, d)."""
    groups = torch.arange(len(mean), device=mean.device).repeat_interleave(mean.shape[1])
    return prototypical_loss(mean.flatten(0, 1), groups, temperature=temperature)


def members(config: GVAEConfig) -> int:
    """K."""
    return config.group_size


GVAE = Method(
    name="gvae",
    title="Group VAE: what images of one content share, apart from how each shows it",
    paper=PAPER,
    config=GVAEConfig,
    build=build,
    loss=loss,
    sampling="groups",
    group_size=members,
)
GVAE_NT = Method(
    name="gvae-nt",
    title="Group VAE with prototypes: and each content told from the others",
    paper=PAPER,
    config=GVAEntConfig,
    build=build,
    loss=loss_nt,
    sampling="groups",
    group_size=members,
)
