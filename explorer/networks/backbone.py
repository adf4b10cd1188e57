"""Which network encodes and decodes: the settings that methods share, and the choice they make."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import nn

from explorer.errors import BadValueError
from explorer.fields import Config, hyper
from explorer.networks import conv, deep, googlenet, strided, vgg
from explorer.networks.conv import ConvDecoder, ConvEncoder, check_sides
from explorer.networks.deep import DeepDecoder, DeepEncoder
from explorer.networks.googlenet import GoogLeNetDecoder, GoogLeNetEncoder
from explorer.networks.mlp import MlpDecoder, MlpEncoder
from explorer.networks.strided import StridedDecoder, StridedEncoder
from explorer.networks.texture import TextureDecoder, TextureEncoder
from explorer.networks.vgg import VggDecoder, VggEncoder

Network = Literal["conv", "mlp", "vgg", "texture", "strided", "deep", "googlenet"]
SMALLEST_SIDES: dict[Network, int] = {
    "conv": conv.SMALLEST_SIDE,
    "mlp": 1,
    "vgg": vgg.SMALLEST_SIDE,
    "texture": 16,
    "strided": strided.SMALLEST_SIDE,
    "deep": deep.SMALLEST_SIDE,
    "googlenet": googlenet.SMALLEST_SIDE,
}
ENCODERS = {"conv": ConvEncoder, "vgg": VggEncoder, "strided": StridedEncoder, "deep": DeepEncoder}
DECODERS = {
    "conv": ConvDecoder,
    "vgg": VggDecoder,
    "texture": TextureDecoder,
    "strided": StridedDecoder,
    "deep": DeepDecoder,
}
PHOTOGRAPH_SIDE = 96
TWO_STAGES = 12  # pixels; with a single stage conv learns far less than mlp
MOST_LAYERS, MOST_UNITS = 16, 16_384


class NetworkConfig(Config):
    """Settings of the encoder and its mirrored decoder.

    A method whose paper has another network names it in `auto_network`.
    """

    auto_network: ClassVar[Network] = "conv"

    network: Literal["auto", "conv", "mlp", "vgg", "texture", "strided", "deep", "googlenet"] = hyper(
        "auto", help="layers of encoder and decoder; auto takes what fits the items"
    )
    width: float = hyper(1, low=0.0625, high=2, help="scales the channels of all networks but mlp and googlenet")
    latent_dims: int = hyper(2, low=1, high=512, help="dimensions of the latent space", symbol="d")
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=MOST_UNITS)], ...], Field(max_length=MOST_LAYERS)] = hyper(
        (500, 100), help="layers of the mlp network: units of each, 1 or more, mirrored in the decoder"
    )
    pretrained: Literal["auto", "imagenet", "none"] = hyper(
        "auto",
        help="weights that googlenet begins with: ImageNet's, or none; auto takes them if they are on this machine",
    )


def with_network(config: Config, shape: tuple[int, ...]) -> Config:
    """The settings with the network that "auto" means for these items, so that a card names it for ever.

    Raises:
        BadValueError: as `chosen`.
    """
    if not isinstance(config, NetworkConfig):
        return config
    return config.model_copy(update={"network": chosen(config, shape)})


def encoder(config: NetworkConfig, shape: tuple[int, ...], *, outputs: int) -> nn.Module:
    """Make the encoder: items (n, *shape) to (n, outputs).

    Args:
        config: the settings.
        shape: (channels, height, width) of images or (features,) of vectors.
        outputs: numbers for each item: d, or 2d for a mean and a variance.

    Raises:
        BadValueError: a network that cannot take such items.
    """
    network = chosen(config, shape)
    if network == "mlp":
        return MlpEncoder(shape, outputs=outputs, hidden=config.hidden)
    if network == "googlenet":
        return GoogLeNetEncoder(shape, outputs=outputs)
    if network == "texture":
        return TextureEncoder(shape, latent_dims=outputs, width=config.width)
    return ENCODERS[network](shape, outputs=outputs, width=config.width)


def decoder(config: NetworkConfig, shape: tuple[int, ...]) -> nn.Module:
    """Make the encoder's mirror: latents (n, d) to logits of images or values of vectors, (n, *shape).

    Args:
        config: the settings.
        shape: (channels, height, width) of images or (features,) of vectors.

    Raises:
        BadValueError: a network that cannot take such items.
    """
    network = chosen(config, shape)
    if network == "mlp":
        return MlpDecoder(shape, latent_dims=config.latent_dims, hidden=config.hidden)
    if network == "googlenet":
        return GoogLeNetDecoder(shape, latent_dims=config.latent_dims)
    return DECODERS[network](shape, latent_dims=config.latent_dims, width=config.width)


def chosen(config: NetworkConfig, shape: tuple[int, ...]) -> Network:
    """Name the network that these settings mean for these items.

    Vectors take mlp. For images "auto" is the settings' `auto_network` where the smaller side is large
    enough for it, else conv from 12 pixels on, else mlp; where it is conv, photographs from 96 pixels on take vgg.

    Raises:
        BadValueError: vectors for a network of images, or images too small for the network asked for.
    """
    if len(shape) == 1:
        if config.network not in ("auto", "mlp"):
            raise BadValueError(
                f"The network {config.network} takes images, but the items are vectors of {shape[0]} numbers. "
                "Choose the network mlp or auto."
            )
        return "mlp"
    if config.network != "auto":
        check_sides(shape, SMALLEST_SIDES[config.network], config.network)
        return config.network
    side, auto = min(shape[1:]), config.auto_network
    if auto == "conv" and side >= PHOTOGRAPH_SIDE:
        return "vgg"
    if auto != "conv" and side >= SMALLEST_SIDES[auto]:
        return auto
    return "conv" if side >= TWO_STAGES else "mlp"
