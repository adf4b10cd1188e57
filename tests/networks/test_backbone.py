from typing import ClassVar

import pytest
import torch
import tyro
from torch import nn

from explorer.errors import BadValueError
from explorer.fields import Config, parse
from explorer.networks.backbone import NetworkConfig, chosen, decoder, encoder, with_network
from explorer.networks.conv import ConvDecoder, ConvEncoder
from explorer.networks.deep import DeepDecoder, DeepEncoder
from explorer.networks.googlenet import GoogLeNetDecoder, GoogLeNetEncoder
from explorer.networks.mlp import MlpDecoder, MlpEncoder
from explorer.networks.parts import SideBySide, convolutions
from explorer.networks.strided import StridedDecoder, StridedEncoder
from explorer.networks.texture import TextureDecoder, TextureEncoder
from explorer.networks.vgg import VggDecoder, VggEncoder

KINDS = {
    "conv": (ConvEncoder, ConvDecoder),
    "mlp": (MlpEncoder, MlpDecoder),
    "vgg": (VggEncoder, VggDecoder),
    "texture": (TextureEncoder, TextureDecoder),
    "strided": (StridedEncoder, StridedDecoder),
    "deep": (DeepEncoder, DeepDecoder),
    "googlenet": (GoogLeNetEncoder, GoogLeNetDecoder),
}
FITTING = [
    ("conv", (1, 28, 28)),
    ("conv", (3, 19, 34)),
    ("mlp", (1, 8, 8)),
    ("mlp", (12,)),
    ("vgg", (3, 33, 40)),
    ("texture", (2, 17, 32)),
    ("strided", (3, 28, 28)),
    ("strided", (1, 13, 30)),
    ("strided", (3, 64, 64)),
    ("strided", (3, 49, 70)),
    ("deep", (1, 28, 28)),
    ("deep", (3, 17, 33)),
    ("googlenet", (1, 47, 52)),
]


def pair(network: str, shape: tuple[int, ...]) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    config = NetworkConfig(network=network, width=0.25, latent_dims=3, hidden=(20, 10))
    return encoder(config, shape, outputs=3), decoder(config, shape)


def both(network: str, shape: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(*pair(network, shape))


@pytest.mark.parametrize(("network", "shape"), FITTING)
def test_pairs_encode_and_decode_in_shape_on_no_device_too(network, shape):
    config = NetworkConfig(network=network, width=0.25, latent_dims=3, hidden=(20, 10))
    with torch.device("meta"):
        encode, decode = encoder(config, shape, outputs=6), decoder(config, shape)
        assert (type(encode), type(decode)) == KINDS[network]
        assert encode(torch.empty(5, *shape)).shape == (5, 6)
        assert decode(torch.empty(5, 3)).shape == (5, *shape)


@pytest.mark.parametrize(("network", "shape"), FITTING)
def test_every_parameter_gets_a_gradient(network, shape):
    model = both(network, shape)
    (model(torch.rand(8, *shape)) - torch.rand(8, *shape)).square().mean().backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 1e-9]
    assert without == []


@pytest.mark.parametrize(("network", "shape"), FITTING)
def test_an_item_is_encoded_and_decoded_alike_in_any_batch(network, shape):
    model = both(network, shape)
    x = torch.rand(6, *shape)
    model(x)  # in training mode: batch norm takes its statistics from somewhere else than the batch below
    model.eval()
    with torch.no_grad():
        alone = torch.cat([model(item[None]) for item in x])
        torch.testing.assert_close(model(x), alone)


@pytest.mark.parametrize(("network", "shape"), [(network, shape) for network, shape in FITTING if len(shape) == 3])
def test_order_of_channels_in_memory_changes_nothing(network, shape):
    model = both(network, shape).eval()
    x = torch.rand(4, *shape)
    with torch.no_grad():
        wanted = model(x)
        model.to(memory_format=torch.channels_last)
        torch.testing.assert_close(model(x.contiguous(memory_format=torch.channels_last)), wanted)


@pytest.mark.parametrize(("network", "shape"), FITTING)
def test_all_but_dense_layers_have_last_maps(network, shape):
    encode = encoder(NetworkConfig(network=network, width=0.25, hidden=(20,)), shape, outputs=3).eval()
    found = convolutions(nn.Sequential(encode, nn.ReLU()))
    if network == "mlp":
        assert found is None
        return
    seen = []
    # What the rest of the network is given is what the last convolution gave, and nothing is done to it in between.
    first = next(part for part in encode.modules() if isinstance(part, nn.Linear))
    first.register_forward_hook(lambda _layer, given, _result: seen.append(given[0]))
    x = torch.rand(2, *shape)
    with torch.no_grad():
        maps = found.features(x)
        encode(x)
    assert maps.ndim == 4
    assert maps.min() >= 0
    torch.testing.assert_close(maps.mean(dim=(2, 3)) if network == "googlenet" else maps.flatten(1), seen[0])


def test_of_two_encoders_the_classs_has_the_maps():
    style, semantic = (encoder(NetworkConfig(), (1, 28, 28), outputs=2) for _ in range(2))
    assert convolutions(SideBySide(nn.Sequential(style, nn.ReLU()), nn.Sequential(semantic, nn.ReLU()))) is semantic


def preferring(network: str) -> type[NetworkConfig]:
    """Settings of a method whose paper has this network."""

    class Preferring(NetworkConfig):
        auto_network: ClassVar[str] = network

    return Preferring


@pytest.mark.parametrize(
    ("network", "shape", "auto", "wanted"),
    [
        ("auto", (1, 28, 28), "conv", "conv"),
        ("auto", (3, 95, 300), "conv", "conv"),
        ("auto", (3, 96, 96), "conv", "vgg"),
        ("auto", (3, 300, 96), "conv", "vgg"),
        ("auto", (1, 1, 500), "conv", "mlp"),
        ("auto", (1, 11, 50), "conv", "mlp"),
        ("auto", (1, 12, 12), "conv", "conv"),
        ("auto", (1, 8, 8), "texture", "mlp"),
        ("conv", (1, 8, 8), "conv", "conv"),
        ("auto", (1, 28, 28), "mlp", "mlp"),
        ("auto", (3, 128, 128), "mlp", "mlp"),
        ("auto", (1, 16, 16), "texture", "texture"),
        ("auto", (1, 15, 16), "texture", "conv"),
        ("auto", (3, 128, 128), "texture", "texture"),
        ("auto", (3, 31, 64), "vgg", "conv"),
        ("auto", (3, 32, 64), "vgg", "vgg"),
        ("conv", (3, 128, 128), "texture", "conv"),
        ("vgg", (3, 32, 32), "conv", "vgg"),
        ("mlp", (3, 128, 128), "conv", "mlp"),
        ("texture", (1, 28, 28), "conv", "texture"),
        ("auto", (20,), "conv", "mlp"),
        ("auto", (20,), "texture", "mlp"),
        ("mlp", (20,), "conv", "mlp"),
        ("googlenet", (3, 64, 64), "conv", "googlenet"),
    ],
)
def test_network_is_the_one_asked_for_or_the_first_that_fits(network, shape, auto, wanted):
    config = preferring(auto)(network=network, width=0.0625)
    assert chosen(config, shape) == wanted
    with torch.device("meta"):
        kinds = type(encoder(config, shape, outputs=2)), type(decoder(config, shape))
    assert kinds == KINDS[wanted]


@pytest.mark.parametrize(("network", "smallest"), [("conv", 2), ("vgg", 32), ("texture", 16), ("googlenet", 47)])
def test_images_too_small_for_the_network_asked_for_name_its_smallest_side(network, smallest):
    config, side = NetworkConfig(network=network), smallest - 1
    sentence = f"{network} needs images of {smallest} pixels a side or more, not 60 x {side}"
    with pytest.raises(BadValueError, match=sentence):
        encoder(config, (1, 60, side), outputs=2)
    with pytest.raises(BadValueError, match=sentence):
        decoder(config, (1, 60, side))


@pytest.mark.parametrize("network", ["conv", "vgg", "texture", "googlenet"])
def test_vectors_are_refused_by_networks_of_images(network):
    sentence = f"{network} takes images, but the items are vectors of 64 numbers. Choose the network mlp or auto."
    for make in (lambda c: encoder(c, (64,), outputs=2), lambda c: decoder(c, (64,))):
        with pytest.raises(BadValueError, match=sentence):
            make(NetworkConfig(network=network))


def test_settings_reach_the_networks():
    config = NetworkConfig(width=0.5, latent_dims=7, hidden=(30, 20))
    with torch.device("meta"):
        convolved = encoder(config, (1, 28, 28), outputs=7)
        dense = decoder(config, (5,))
    assert [p.shape[0] for name, p in convolved.named_parameters() if name.endswith("weight")] == [8, 16, 32, 7]
    assert [tuple(p.shape) for p in dense.parameters() if p.ndim == 2] == [(20, 7), (30, 20), (5, 30)]


@pytest.mark.parametrize(
    ("said", "hidden"), [(["--hidden", "50", "20", "10"], (50, 20, 10)), (["--hidden"], ()), ([], (500, 100))]
)
def test_hidden_layers_can_be_typed(said, hidden):
    assert tyro.cli(NetworkConfig, args=[*said, "--network", "mlp"]) == NetworkConfig(network="mlp", hidden=hidden)


def test_settings_survive_a_card():
    config = NetworkConfig(network="mlp", width=0.5, latent_dims=10, hidden=(300,))
    read = parse(NetworkConfig, config.model_dump(mode="json"), "The network")
    assert read == config
    assert read.hidden == (300,)
    assert read != NetworkConfig(network="mlp", width=0.5, latent_dims=10)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"hidden": [500, 0]}, r"hidden\.1 = '0'"),
        ({"hidden": [2.5]}, r"hidden\.0 = '2.5'"),
        ({"width": 3}, "width = '3'"),
        ({"latent_dims": 0}, "latent_dims = '0'"),
        ({"network": "dense"}, "network = 'dense'"),
    ],
)
def test_settings_out_of_range_are_refused(values, sentence):
    with pytest.raises(BadValueError, match=sentence):
        parse(NetworkConfig, values, "The network")


def test_card_names_the_network_that_auto_meant():
    assert with_network(preferring("texture")(), (1, 28, 28)).network == "texture"
    assert with_network(NetworkConfig(), (5,)).network == "mlp"
    assert with_network(NetworkConfig(network="vgg"), (3, 64, 64)).network == "vgg"
    assert with_network(Config(), (5,)) == Config()
