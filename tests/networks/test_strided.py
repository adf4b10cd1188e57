import pytest
import torch
from torch import nn

from explorer.errors import BadValueError
from explorer.networks.strided import StridedDecoder, StridedEncoder

TABLES = [
    ((3, 64, 64), [(3, 32, 4), (32, 32, 4), (32, 64, 4), (64, 64, 4)], [(1024, 256), (256, 10)]),
    ((3, 28, 28), [(3, 32, 3), (32, 64, 3)], [(3136, 256), (256, 128), (128, 10)]),
]
MIRRORED = [
    ((3, 64, 64), [(10, 256), (256, 1024)], [(64, 64, 4), (64, 32, 4), (32, 32, 4), (32, 3, 4)]),
    ((3, 28, 28), [(10, 128), (128, 256), (256, 3136)], [(64, 64, 3), (64, 3, 3)]),
]


def convolutions(module: nn.Module, kind: type[nn.Module]) -> list[tuple[int, int, int]]:
    found = [layer for layer in module.modules() if isinstance(layer, kind)]
    assert all(layer.stride == (2, 2) for layer in found)
    return [(layer.in_channels, layer.out_channels, layer.kernel_size[0]) for layer in found]


def linear(module: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_features, layer.out_features) for layer in module.modules() if isinstance(layer, nn.Linear)]


@pytest.mark.parametrize(("shape", "stages", "layers"), TABLES)
def test_encoder_has_the_layers_of_the_papers_tables(shape, stages, layers):
    encoder = StridedEncoder(shape, outputs=10, width=1)
    assert (convolutions(encoder, nn.Conv2d), linear(encoder)) == (stages, layers)


@pytest.mark.parametrize(("shape", "layers", "stages"), MIRRORED)
def test_decoder_has_the_layers_of_the_papers_tables(shape, layers, stages):
    decoder = StridedDecoder(shape, latent_dims=10, width=1)
    assert (linear(decoder), convolutions(decoder, nn.ConvTranspose2d)) == (layers, stages)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 9, 31), (3, 47, 47), (3, 48, 64), (2, 65, 51)])
def test_any_size_comes_back(shape):
    z = StridedEncoder(shape, outputs=4, width=0.25)(torch.rand(2, *shape))
    assert StridedDecoder(shape, latent_dims=4, width=0.25)(z).shape == (2, *shape)


def test_last_layers_are_not_cut_off_at_zero():
    assert isinstance(StridedEncoder((1, 28, 28), outputs=4, width=0.5).layers[-1], nn.Linear)
    assert isinstance(StridedDecoder((1, 28, 28), latent_dims=4, width=0.5).stages[-1], nn.ConvTranspose2d)


def test_images_that_would_vanish_are_refused():
    with pytest.raises(BadValueError, match="strided needs images of 8 pixels"):
        StridedEncoder((1, 7, 28), outputs=2, width=1)
