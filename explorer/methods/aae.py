"""Semi-supervised adversarial autoencoder: a critic holds the style to a Gaussian and the class to one of its values.

Reference: Rudolph, Wandt and Rosenhahn, Structuring autoencoders, whose baseline it is.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.losses.adversarial import critic_loss, deceiving_loss, held_fixed
from explorer.losses.classification import labelled_cross_entropy
from explorer.losses.reconstruction import squared_error
from explorer.method import Batch, InputSpec, Method, always
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import NetworkConfig, decoder, encoder
from explorer.networks.mlp import dense
from explorer.networks.parts import Logarithm, Part, StyleAndClass


class AAEConfig(NetworkConfig):
    """Settings of the adversarial autoencoder."""

    latent_dims: int = hyper(
        16, low=2, high=512, help="dimensions of the latent space: one for each class, the others for style", symbol="d"
    )
    reconstruction_weight: float = hyper(10, low=0.001, help="weight of the reconstruction loss")
    adversarial_weight: float = hyper(0.1, low=0, help="weight of deceiving the critics")
    critic_units: int = hyper(100, low=1, high=10_000, help="units of each of a critic's two hidden layers")


def build(config: AAEConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder, mirrored decoder and the two critics, of style and of class.

    Raises:
        BadValueError: a network that does not fit the items, or no dimension left for style.
    """
    style = config.latent_dims - spec.n_classes
    if style < 1:
        raise BadValueError(
            f"latent_dims = {config.latent_dims} leaves none for style beside {spec.n_classes} classes; "
            f"give {spec.n_classes + 1} or more."
        )
    units = [config.critic_units] * 2
    return Autoencoder(
        encoder(config, spec.shape, outputs=config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=decoder(config, spec.shape),
        classifier=Part(Logarithm(), style, config.latent_dims),
        head=StyleAndClass(style),
        critics=[dense([dims, *units, 1]) for dims in (style, spec.n_classes)],
    )


def loss(network: Autoencoder, batch: Batch, config: AAEConfig) -> dict[str, Tensor]:
    """Reconstruction, class of the labelled items, and both sides of the game with the two critics."""
    z = network.encode(batch.x)  # (n, s + c)
    encoded = torch.tensor_split(z, [_style_dims(network)], dim=1)
    games = list(zip(network.critics, _drawn(encoded, batch.generator), encoded, strict=True))
    critic = torch.stack([critic_loss(judge(drawn), judge(part.detach())) for judge, drawn, part in games]).sum()
    deceived = torch.stack([deceiving_loss(held_fixed(judge, part)) for judge, _, part in games]).sum()
    return {
        "reconstruction": config.reconstruction_weight * squared_error(network.decode(z), batch.x),
        "cross_entropy": labelled_cross_entropy(network.classify(z), batch.labels),
        "critic": critic,
        "adversarial": config.adversarial_weight * deceived,
    }


def _style_dims(network: Autoencoder) -> int:
    head = network.head
    assert isinstance(head, StyleAndClass)  # noqa: S101 - `build` made it
    return head.style_dims


def _drawn(encoded: Sequence[Tensor], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """As many latents from the priors: style from N(0, I), each class as likely as another."""
    style, classes = encoded
    noise = torch.randn(style.shape, generator=generator, device=style.device)
    chosen = torch.randint(classes.shape[1], (len(classes),), generator=generator, device=classes.device)
    return noise, F.one_hot(chosen, classes.shape[1]).float()


AAE = Method(
    name="aae",
    title="Adversarial autoencoder: critics hold style and class to their distributions, few labels needed",
    paper="Makhzani et al., Adversarial Autoencoders, as in Rudolph, Wandt and Rosenhahn, Structuring Autoencoders",
    config=AAEConfig,
    build=build,
    loss=loss,
    needs_labels=always,
)
