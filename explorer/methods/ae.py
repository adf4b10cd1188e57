"""Plain autoencoder: the latent that gives the smallest reconstruction error, no labels.

Reference: the baseline of Rudolph, Wandt and Rosenhahn, Structuring Autoencoders (a = 0).
"""

from torch import Tensor

from explorer.losses.reconstruction import squared_error
from explorer.method import Batch, InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import decoder, encoder
from explorer.networks.spaces import SpaceConfig, space_head


class AEConfig(SpaceConfig):
    """Settings of the plain autoencoder: its network and the space of its latents."""


def build(config: AEConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder and mirrored decoder for this input.

    Raises:
        BadValueError: a network that does not fit the items, or a space that cannot have so many dimensions.
    """
    return Autoencoder(
        encoder(config, spec.shape, outputs=config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, spec.shape),
        head=space_head(config),
    )


def loss(network: Autoencoder, batch: Batch, config: AEConfig) -> dict[str, Tensor]:  # noqa: ARG001 - the record's
    """Mean squared error of the reconstruction."""
    return {"reconstruction": squared_error(network.decode(network.encode(batch.x)), batch.x)}


AE = Method(
    name="ae",
    title="Autoencoder: the latent that loses least of the items",
    paper="Rudolph, Wandt and Rosenhahn, Structuring Autoencoders (baseline)",
    config=AEConfig,
    build=build,
    loss=loss,
)
