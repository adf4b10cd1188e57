import pytest
import torch
from torch import nn

from explorer.errors import BadValueError
from explorer.networks.deep import DeepDecoder, DeepEncoder


@pytest.mark.parametrize("side", [28, 32])
def test_digits_end_in_the_papers_four_by_four_by_256(side):
    encoder, decoder = (
        DeepEncoder((1, side, side), outputs=16, width=1),
        DeepDecoder((1, side, side), latent_dims=16, width=1),
    )
    assert [layer.out_channels for layer in encoder.modules() if isinstance(layer, nn.Conv2d)] == [32, 64, 128, 256]
    assert encoder.stages(torch.rand(2, 1, side, side)).shape == (2, 256, 4, 4)
    assert (encoder.linear.in_features, decoder.linear.out_features) == (4096, 4096)
    made = [layer for layer in decoder.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in made] == [(256, 128), (128, 64), (64, 32), (32, 1)]


def test_all_convolutions_but_the_output_have_batch_norm():
    encoder, decoder = (
        DeepEncoder((1, 28, 28), outputs=4, width=0.25),
        DeepDecoder((1, 28, 28), latent_dims=4, width=0.25),
    )
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in encoder.modules()) == 4
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in decoder.modules()) == 3


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 17, 40), (1, 31, 29)])
def test_any_size_comes_back(shape):
    z = DeepEncoder(shape, outputs=4, width=0.0625)(torch.rand(2, *shape))
    assert DeepDecoder(shape, latent_dims=4, width=0.0625)(z).shape == (2, *shape)


def test_images_that_would_vanish_are_refused():
    with pytest.raises(BadValueError, match="deep needs images of 16 pixels"):
        DeepDecoder((1, 28, 15), latent_dims=2, width=1)
