"""Group VAEs: what the members of a group share is averaged over them, in fixed or in adaptive dimensions.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, section 3.
"""

from typing import ClassVar

import torch
from torch import Tensor

from explorer.errors import BadValueError
from explorer.fields import Config, hyper
from explorer.losses.kl import gaussian_kl
from explorer.losses.prototypical import prototypical_loss
from explorer.losses.reconstruction import decoded_nll
from explorer.method import Batch, InputSpec, Method, in_pairs
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network
from explorer.networks.posterior import adaptive_mask, average_shared, sample
from explorer.networks.variational import VariationalConfig, variational_autoencoder

PAPER = "Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled Representations"


class GroupConfig(VariationalConfig):
    """Settings that all methods on groups share."""

    auto_network: ClassVar[Network] = "strided"

    latent_dims: int = hyper(10, low=2, high=512, help="dimensions of the latent space", symbol="d")


class GVAEConfig(GroupConfig):
    """Settings of the group variational autoencoder."""

    content_dims: int = hyper(7, low=1, high=511, help="dimensions that a group shares; the rest is perspective")
    group_size: int = hyper(6, low=2, high=100, help="members of each group in a step", symbol="K")


class AdaGVAEConfig(GroupConfig):
    """Settings of the adaptive group variational autoencoder."""


class Prototypes(Config):
    """Settings of the prototypical term."""

    prototype_weight: float = hyper(100, low=0, help="weight of the prototypical loss", symbol="\u03b1")
    temperature: float = hyper(1, low=0.001, help="of the prototypical loss", symbol="\u03c4")


class GVAEntConfig(GVAEConfig, Prototypes):
    """Settings of the group variational autoencoder with the prototypical term."""


class AdaGVAEntConfig(AdaGVAEConfig, Prototypes):
    """Settings of the adaptive group variational autoencoder with the prototypical term."""


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
    return variational_autoencoder(config, spec.shape)


def build_adaptive(config: AdaGVAEConfig, spec: InputSpec) -> Autoencoder:
    """Make the variational autoencoder.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items.
    """
    return variational_autoencoder(config, spec.shape)


def loss(network: Autoencoder, batch: Batch, config: GroupConfig) -> dict[str, Tensor]:
    """Sum over a group's members of their negative ELBOs, each from its own averaged posterior; mean over groups.

    With prototypes + prototype_weight * the prototypical loss of the means before averaging (eq. 5 to 8).
    """
    mean, logvar = (part.view(-1, batch.group_size, part.shape[1]) for part in network.posterior(batch.x))  # (g, k, d)
    posteriors = average_shared(mean, logvar, shared=shared_dims(mean, logvar, config))
    terms = evidence(network, batch, config, posteriors)
    if isinstance(config, Prototypes):
        terms["prototypical"] = config.prototype_weight * of_groups(mean, config.temperature)
    return terms


def shared_dims(mean: Tensor, logvar: Tensor, config: GroupConfig) -> Tensor:
    """True for the dimensions whose posteriors are averaged, shape (d,), or (g, d) where each pair has its own."""
    if isinstance(config, GVAEConfig):
        return torch.arange(config.latent_dims, device=mean.device) < config.content_dims
    return adaptive_mask(mean.detach(), logvar.detach())  # a choice has no gradient


def evidence(
    network: Autoencoder, batch: Batch, config: VariationalConfig, posteriors: tuple[Tensor, Tensor]
) -> dict[str, Tensor]:
    """Terms of the negative ELBOs, summed over each group's members, mean over groups.

    Args:
        network, batch, config: as a loss takes them.
        posteriors: mean and log-variance of each member after averaging, each (g, k, d).
    """
    mean, logvar = (part.flatten(0, 1) for part in posteriors)  # (n, d)
    z = sample(mean, logvar, batch.generator)
    return {
        "reconstruction": batch.group_size * decoded_nll(network.decode_logits(z), batch.x, config.likelihood),
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
    loss=loss,
    sampling="groups",
    group_size=members,
)
ADAGVAE = Method(
    name="adagvae",
    title="Adaptive group VAE: what two images of one content share is found for each pair",
    paper=PAPER,
    config=AdaGVAEConfig,
    build=build_adaptive,
    loss=loss,
    sampling="groups",
    group_size=in_pairs,
)
ADAGVAE_NT = Method(
    name="adagvae-nt",
    title="Adaptive group VAE with prototypes: and each content told from the others",
    paper=PAPER,
    config=AdaGVAEntConfig,
    build=build_adaptive,
    loss=loss,
    sampling="groups",
    group_size=in_pairs,
)
