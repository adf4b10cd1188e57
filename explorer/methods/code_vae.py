"""Variational autoencoder whose latents are made for codes: clipped, binary or categorical ones.

Reference: Torres Fernández, Designing variational autoencoders for image retrieval, chapter 3.
"""

from typing import ClassVar, Literal

from torch import Tensor, nn

from explorer.errors import BadValueError
from explorer.fields import hyper
from explorer.losses.kl import categorical_kl, gaussian_kl
from explorer.losses.reconstruction import decoded_nll
from explorer.method import Batch, InputSpec, Method
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.backbone import Network, decoder, encoder
from explorer.networks.coded import Categoricals, Clip, Sign, gumbel_softmax
from explorer.networks.posterior import sample
from explorer.networks.variational import VariationalConfig, check_likelihood, variational_autoencoder

Code = Literal["mean", "clipped", "binary", "gumbel"]


class CodeVAEConfig(VariationalConfig):
    """Settings of the variational autoencoder for codes."""

    auto_network: ClassVar[Network] = "mlp"

    latent_dims: int = hyper(10, low=1, high=4096, help="dimensions of the latent space", symbol="N")
    code: Code = hyper("mean", help="what the decoder is trained on: the latent as it is, or a code of it")
    straight_through: bool = hyper(
        True, help="binary: let gradients pass the sign, on bits that are balanced; off is the paper's, which collapses"
    )
    classes: int = hyper(10, low=2, high=1000, help="gumbel: classes of each categorical", symbol="N_c")
    temperature: float = hyper(1, low=0.01, high=100, help="gumbel: temperature at the start", symbol="\u03c4")
    last_temperature: float = hyper(0.5, low=0.01, high=100, help="gumbel: temperature at the end; it falls in a line")


def build(config: CodeVAEConfig, spec: InputSpec) -> Autoencoder:
    """Make encoder and mirrored decoder, with the code between them.

    Raises:
        BadValueError: a network or a likelihood that does not fit the items, or dimensions that are not made of
            categoricals.
    """
    if config.code == "gumbel" and config.latent_dims % config.classes:
        raise BadValueError(
            f"latent_dims = {config.latent_dims} is not made of categoricals of {config.classes} classes; "
            "give a multiple of --classes."
        )
    if config.code == "mean":
        return variational_autoencoder(config, spec.shape)
    check_likelihood(config, spec.shape)
    is_variational = _is_variational(config)
    bits = nn.BatchNorm1d(config.latent_dims, affine=False)  # half of the items on each side of 0
    heads = {"clipped": None, "binary": None if is_variational else bits, "gumbel": Categoricals(config.classes)}
    codes = {
        "clipped": Clip(),
        "binary": Sign(straight_through=config.straight_through),
        "gumbel": nn.Identity(),
    }
    return Autoencoder(
        encoder(config, spec.shape, outputs=(1 + is_variational) * config.latent_dims),
        shape=spec.shape,
        latent_dims=config.latent_dims,
        decoder=nn.Sequential(codes[config.code], decoder(config, spec.shape)),
        head=heads[config.code],
        variational=is_variational,
    )


def _is_variational(config: CodeVAEConfig) -> bool:
    """Whether the encoder gives a Gaussian; balanced bits and categoricals have another distribution."""
    return config.code in ("mean", "clipped") or (config.code == "binary" and not config.straight_through)


def loss(network: Autoencoder, batch: Batch, config: CodeVAEConfig) -> dict[str, Tensor]:
    """Negative log-likelihood of the items given the code, and the divergence of the code's distribution."""
    if _is_variational(config):
        mean, logvar = network.posterior(batch.x)
        z, divergence = sample(mean, logvar, batch.generator), gaussian_kl(mean, logvar)
    elif config.code == "gumbel":
        logits = network.encoder(batch.x).float()
        temperature = batch.between(config.temperature, config.last_temperature)
        z = gumbel_softmax(logits, classes=config.classes, temperature=temperature, generator=batch.generator)
        divergence = categorical_kl(Categoricals(config.classes)(logits).view(len(logits), -1, config.classes))
    else:  # bits have their balance from the batch norm
        z, divergence = network.encode(batch.x), None
    terms = {"reconstruction": decoded_nll(network.decode_logits(z), batch.x, config.likelihood)}
    return terms if divergence is None else terms | {"kl": config.beta * divergence}


CODE_VAE = Method(
    name="code-vae",
    title="VAE for retrieval codes: clipped, binary or categorical latents",
    paper="Torres Fernández, Designing Variational Autoencoders for Image Retrieval",
    config=CodeVAEConfig,
    build=build,
    loss=loss,
)
