"""Classifying autoencoder: an autoencoder whose latent a linear layer can classify.

Reference: Portenier et al., Fine-Grained Retrieval with Autoencoders, eq. 4.
"""

from torch import Tensor

from explorer.fields import hyper
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.reconstruction import NORMS
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.styled import PAPER, BalancedConfig, classifying_autoencoder


class ClassifyingConfig(BalancedConfig):
    """Settings of the classifying autoencoder."""

    gamma: float = hyper(
        0.5, low=0, high=1, help="balance of classification against reconstruction at the end", symbol="\u03b3"
    )
    first_gamma: float = hyper(0.01, low=0, high=1, help="the same at the start; it rises in a line between")


def build(config: ClassifyingConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder, mirrored decoder and linear classifier.

    Raises:
        BadValueError: a network that does not fit the items.
    """
    return classifying_autoencoder(config, spec.shape, spec.n_classes)


def loss(network: Autoencoder, batch: Batch, config: ClassifyingConfig) -> dict[str, Tensor]:
    """L = gamma * L_class + (1 - gamma) * L_rec (eq. 4); an unlabelled item has the second term alone."""
    gamma = batch.between(config.first_gamma, config.gamma)
    z = network.encode(batch.x)  # (n, d)
    return {
        "cross_entropy": gamma * labelled_cross_entropy(network.classify(z), batch.labels),
        "reconstruction": (1 - gamma) * NORMS[config.reconstruction](network.decode(z), batch.x),
    }


CLASSIFYING = Method(
    name="classifying",
    title="Classifying autoencoder: one latent for classes and for what the image looks like",
    paper=PAPER,
    config=ClassifyingConfig,
    build=build,
    loss=loss,
    needs_labels=always,
)
