import pytest
import torch
from torch import nn

from explorer.errors import BadValueError
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.texture import TextureDecoder, TextureEncoder, classifier, scaled_channels


def convolutions(module: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_channels, layer.out_channels) for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def test_full_width_is_table_1():
    with torch.device("meta"):
        encoder = TextureEncoder((1, 32, 32), latent_dims=2, width=1)
        assert encoder(torch.empty(3, 1, 32, 32)).shape == (3, 2)
    widths = [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    assert convolutions(encoder) == [*widths, (256, 512), (512, 512), (512, 512), (512, 512)]
    assert all(layer.kernel_size == (3, 3) for layer in encoder.modules() if isinstance(layer, nn.Conv2d))
    assert [(layer.in_features, layer.out_features) for layer in (encoder.a, encoder.b)] == [(2048, 2), (2048, 2)]


def test_classifier_is_table_1():
    layers = [layer for layer in classifier(2, 5) if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(2, 32), (32, 64), (64, 5)]
    assert sum(isinstance(layer, nn.ReLU) for layer in classifier(2, 5)) == 2


@pytest.mark.parametrize(
    ("width", "channels"),
    [
        (2, [128, 256, 512, 1024, 1024]),
        (0.25, [16, 32, 64, 128, 128]),
        (0.0625, [4, 8, 16, 32, 32]),
        (0.01, [4, 4, 4, 5, 5]),
    ],
)
def test_width_scales_the_channels_to_four_at_least(width, channels):
    assert scaled_channels(width) == channels


def test_both_linear_layers_add_up_to_the_latent():
    encoder = TextureEncoder((1, 16, 16), latent_dims=3, width=0.0625).eval()
    x = torch.rand(4, 1, 16, 16)
    whole = encoder(x)
    nn.init.zeros_(encoder.a.weight)
    nn.init.zeros_(encoder.a.bias)
    without_a = encoder(x)
    nn.init.zeros_(encoder.b.weight)
    nn.init.zeros_(encoder.b.bias)
    assert not torch.allclose(whole, without_a)
    assert not torch.allclose(without_a, torch.zeros(4, 3))
    assert torch.equal(encoder(x), torch.zeros(4, 3))


@pytest.mark.parametrize("shape", [(1, 32, 32), (1, 28, 28), (3, 64, 64), (3, 16, 16), (1, 17, 45)])
def test_decoder_gives_the_encoders_shape_back(shape):
    encoder = TextureEncoder(shape, latent_dims=2, width=0.0625)
    decoder = TextureDecoder(shape, latent_dims=2, width=0.0625)
    x_hat = decoder(encoder(torch.rand(2, *shape)))
    assert x_hat.shape == (2, *shape)


def test_missing_decoder_and_classifier_are_told():
    network = Autoencoder(nn.Flatten(), shape=(4,), latent_dims=4)
    with pytest.raises(BadValueError, match="no decoder"):
        network.decode(torch.zeros(1, 4))
    with pytest.raises(BadValueError, match="no classifier"):
        network.classify(torch.zeros(1, 4))


def test_latents_are_float32_whatever_the_layers_number_format():
    network = Autoencoder(nn.Linear(4, 2).to(torch.bfloat16), shape=(4,), latent_dims=2)
    assert network.encode(torch.rand(3, 4).to(torch.bfloat16)).dtype == torch.float32
