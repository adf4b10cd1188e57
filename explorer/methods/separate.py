"""Separate classifier-autoencoder: two networks trained apart, for style and for class, their latents side by side.

Reference: Portenier et al., Fine-Grained Retrieval with Autoencoders, section 3.3.
"""

from torch import Tensor, nn

from explorer.fields import hyper
from explorer.latent.dimensions import style_dims
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.reconstruction import squared_norm
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import decoder, encoder
from explorer.networks.parts import Part, SideBySide
from explorer.networks.styled import PAPER, StyledConfig, rectified


class SeparateConfig(StyledConfig):
    """Settings of the separate classifier-autoencoder."""

    latent_dims: int = hyper(
        32, low=2, high=512, help="dimensions of style and class together; an odd one is the style's", symbol="d"
    )


def build(config: SeparateConfig, spec: InputSpec) -> Autoencoder:
    """Make an autoencoder of the style and a classifier of the same layers; neither sees the other's latent.

    Raises:
        BadValueError: a network that does not fit the items.
    """
    first, d = style_dims(config.latent_dims), config.latent_dims
    encoders = (rectified(encoder(config, spec.shape, outputs=k)) for k in (first, d - first))
    of_style = config.model_copy(update={"latent_dims": first})
    return Autoencoder(
        SideBySide(*encoders),
        shape=spec.shape,
        latent_dims=d,
        decoder=Part(decoder(of_style, spec.shape), 0, first),
        classifier=Part(nn.Linear(d - first, spec.n_classes), first, d),
    )


def loss(network: Autoencoder, batch: Batch, config: SeparateConfig) -> dict[str, Tensor]:  # noqa: ARG001 - its signature
    """L_rec of the style's network + L_class of the class's network: no parameter has a gradient of both."""
    z = network.encode(batch.x)  # (n, d)
    return {
        "cross_entropy": labelled_cross_entropy(network.classify(z), batch.labels),
        "reconstruction": squared_norm(network.decode(z), batch.x),
    }


SEPARATE = Method(
    name="separate",
    title="Separate classifier-autoencoder: style and class in two networks, weighted when one searches",
    paper=PAPER,
    config=SeparateConfig,
    build=build,
    loss=loss,
    needs_labels=always,
)
