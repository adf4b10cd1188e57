import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.errors import BadValueError
from explorer.networks.vgg import VggDecoder, VggEncoder, convolutions

VGG_16 = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]


def channels(module: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_channels, layer.out_channels) for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def sizes_of_convolutions(module: nn.Module, x: torch.Tensor) -> tuple[list[tuple[int, ...]], torch.Tensor]:
    seen: list[tuple[int, ...]] = []
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _layer, _given, result: seen.append(tuple(result.shape[2:])))
    return seen, module(x)


def test_full_width_is_the_convolutional_part_of_vgg_16():
    with torch.device("meta"):
        encoder = VggEncoder((3, 224, 224), outputs=10, width=1)
        sizes, outputs = sizes_of_convolutions(encoder, torch.empty(2, 3, 224, 224))
    assert channels(encoder) == list(zip([3, *VGG_16], VGG_16, strict=False))
    assert [side for side, _ in sizes] == [224] * 2 + [112] * 2 + [56] * 3 + [28] * 3 + [14] * 3
    assert outputs.shape == (2, 10)
    assert encoder.linear.in_features == 512 * 7 * 7
    # 14,714,688 in the paper's 13 convolutions, of them 4,224 biases; batch norm has two numbers for each of these.
    assert sum(p.numel() for p in encoder.stages.parameters()) == 14_714_688 - 4_224 + 2 * 4_224


def test_decoder_is_the_mirror():
    with torch.device("meta"):
        encoder, decoder = (
            VggEncoder((3, 70, 101), outputs=4, width=0.5),
            VggDecoder((3, 70, 101), latent_dims=4, width=0.5),
        )
        sizes, z = sizes_of_convolutions(encoder, torch.empty(2, 3, 70, 101))
        mirrored, logits = sizes_of_convolutions(decoder, z)
    assert logits.shape == (2, 3, 70, 101)
    assert mirrored == sizes[::-1]
    assert channels(decoder) == [(b, a) for a, b in channels(encoder)[::-1]]
    assert decoder.linear.out_features == encoder.linear.in_features == 256 * 2 * 3


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 33, 47)])
def test_smallest_and_odd_photographs_come_back_in_shape_in_training_too(shape):
    encoder, decoder = VggEncoder(shape, outputs=2, width=0.0625), VggDecoder(shape, latent_dims=2, width=0.0625)
    for n in (1, 3):
        assert decoder(encoder(torch.rand(n, *shape))).shape == (n, *shape)


def test_each_convolution_is_normed_over_the_batch_then_cut_at_zero_and_each_stage_pooled():
    shape = (1, 32, 40)
    encoder, decoder = VggEncoder(shape, outputs=2, width=0.0625), VggDecoder(shape, latent_dims=2, width=0.0625)
    x = images = torch.rand(3, *shape)
    for stage in range(5):
        for layer in encoder.stages[stage].modules():
            if isinstance(layer, nn.Conv2d):
                x = F.relu(F.batch_norm(F.conv2d(x, layer.weight, padding=1), None, None, training=True))
        x = F.max_pool2d(x, 2)
    torch.testing.assert_close(encoder(images), encoder.linear(x.reshape(3, -1)))
    z = torch.randn(3, 2)
    x = decoder.linear(z).reshape(3, -1, 1, 1)
    for stage, size in enumerate([(2, 2), (4, 5), (8, 10), (16, 20), (32, 40)]):
        x = F.interpolate(x, size=size)
        for layer in decoder.stages[stage].modules():
            if isinstance(layer, nn.Conv2d):
                x = F.relu(F.batch_norm(F.conv2d(x, layer.weight, padding=1), None, None, training=True))
    torch.testing.assert_close(decoder(z), decoder.pixels(x))


@pytest.mark.parametrize(("width", "first", "last"), [(2, 128, 1024), (0.25, 16, 128), (0.01, 4, 5)])
def test_width_scales_the_channels_to_four_at_least(width, first, last):
    stages = convolutions(3, width)
    assert stages[0] == [(3, first), (first, first)]
    assert stages[-1] == [(last, last)] * 3


def test_decoder_gives_logits_and_not_brightness():
    decoder = VggDecoder((1, 32, 32), latent_dims=2, width=0.0625)
    nn.init.constant_(decoder.pixels.bias, -3)
    assert decoder(torch.randn(4, 2)).mean() < -1


def test_small_images_are_refused():
    with pytest.raises(BadValueError, match="vgg needs images of 32 pixels a side or more, not 64 x 31"):
        VggEncoder((3, 64, 31), outputs=2, width=1)
    with pytest.raises(BadValueError, match="vgg needs images of 32 pixels a side or more, not 31 x 64"):
        VggDecoder((3, 31, 64), latent_dims=2, width=1)
