"""Classifier: the autoencoder's encoder and one output layer, trained on labels alone.

Reference: the baseline of Rudolph, Wandt and Rosenhahn, Structuring Autoencoders.
"""

from torch import Tensor, nn

from explorer.losses.classification import labelled_cross_entropy
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import encoder
from explorer.networks.spaces import SpaceConfig, space_head


class ClassifierConfig(SpaceConfig):
    """Settings of the classifier: its network and the space of its latents."""


def build(config: ClassifierConfig, spec: InputSpec) -> Autoencoder:
    """Make the encoder and one linear layer from latents to classes.

    Raises:
        BadValueError: a network that does not fit the items, or a space that cannot have so many dimensions.
    """
    return Autoencoder(
        encoder(config, spec.shape, outputs=config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        classifier=nn.Linear(config.latent_dims, spec.n_classes),
        head=space_head(config),
    )


def loss(
    network: Autoencoder,
    batch: Batch,
    config: ClassifierConfig,  # noqa: ARG001 - the record's signature
) -> dict[str, Tensor]:
    """Cross-entropy over labelled items."""
    return {"cross_entropy": labelled_cross_entropy(network.classify(network.encode(batch.x)), batch.labels)}


CLASSIFIER = Method(
    name="classifier",
    title="Classifier: the latent that tells the classes apart, and nothing else",
    paper="Rudolph, Wandt and Rosenhahn, Structuring Autoencoders (baseline)",
    config=ClassifierConfig,
    build=build,
    loss=loss,
    needs_labels=always,
)
