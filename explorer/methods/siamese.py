"""Siamese autoencoder: pairs of one class lie together, pairs of different classes a margin apart.

Reference: Portenier et al., Fine-Grained Retrieval with Autoencoders, eq. 1 to 3.
"""

from torch import Tensor

from explorer.fields import hyper
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.contrastive import contrastive_loss
from explorer.losses.reconstruction import NORMS
from explorer.method import Batch, InputSpec, Method, always, in_pairs
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.styled import PAPER, BalancedConfig, classifying_autoencoder

OF_CONTRASTIVE = 1 / 20  # weight of the classification that keeps the training stable


class SiameseConfig(BalancedConfig):
    """Settings of the siamese autoencoder."""

    gamma: float = hyper(
        0.01, low=0, high=1, help="balance of contrastive against reconstruction loss at the end", symbol="\u03b3"
    )
    first_gamma: float = hyper(0.0001, low=0, high=1, help="the same at the start; it rises in a line between")
    margin: float = hyper(1, low=0.001, help="distance from which different classes are far enough apart", symbol="m")


def build(config: SiameseConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder, mirrored decoder and the linear classifier that keeps the training stable.

    Raises:
        BadValueError: a network that does not fit the items.
    """
    return classifying_autoencoder(config, spec.shape, spec.n_classes)


def loss(network: Autoencoder, batch: Batch, config: SiameseConfig) -> dict[str, Tensor]:
    """L = gamma * (L_con + L_class / 20) + (1 - gamma) * L_rec (eq. 3), L_rec the mean of each pair."""
    gamma = batch.between(config.first_gamma, config.gamma)
    z = network.encode(batch.x)  # (2p, d)
    one, other = z[0::2], z[1::2]
    differs = batch.labels[0::2] != batch.labels[1::2]
    return {
        "contrastive": gamma * contrastive_loss(one, other, differs, margin=config.margin),
        "cross_entropy": gamma * OF_CONTRASTIVE * labelled_cross_entropy(network.classify(z), batch.labels),
        "reconstruction": (1 - gamma) * NORMS[config.reconstruction](network.decode(z), batch.x),
    }


SIAMESE = Method(
    name="siamese",
    title="Siamese autoencoder: images of one class together, of different ones a margin apart",
    paper=PAPER,
    config=SiameseConfig,
    build=build,
    loss=loss,
    needs_labels=always,
    sampling="pairs",
    group_size=in_pairs,
)
