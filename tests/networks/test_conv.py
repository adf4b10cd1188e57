import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from explorer.errors import BadValueError
from explorer.networks.conv import ConvDecoder, ConvEncoder, pooled_sizes, stage_channels

SIDES = st.integers(2, 40)


def convolutions(module: nn.Module) -> list[tuple[int, int]]:
    return [(layer.in_channels, layer.out_channels) for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def encoder_twin(encoder: ConvEncoder, x: torch.Tensor) -> torch.Tensor:
    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            x = F.max_pool2d(F.relu(F.conv2d(x, layer.weight, layer.bias, padding=1)), 2)
    return F.linear(x.reshape(len(x), -1), encoder.linear.weight, encoder.linear.bias)


def decoder_twin(decoder: ConvDecoder, z: torch.Tensor, sizes: list[tuple[int, int]]) -> torch.Tensor:
    x = F.linear(z, decoder.linear.weight, decoder.linear.bias).reshape(len(z), -1, *sizes[0])
    layers = [layer for layer in decoder.modules() if isinstance(layer, nn.Conv2d)]
    for layer, (height, width) in zip(layers, sizes[1:], strict=True):
        x = F.relu(F.batch_norm(x, None, None, training=True))
        rows = torch.arange(height) * x.shape[2] // height
        columns = torch.arange(width) * x.shape[3] // width
        x = F.conv2d(x[:, :, rows][:, :, :, columns], layer.weight, layer.bias, padding=1)
    return x


def test_digits_have_the_papers_three_stages_and_their_mirror():
    with torch.device("meta"):
        encoder = ConvEncoder((1, 28, 28), outputs=10, width=1)
        decoder = ConvDecoder((1, 28, 28), latent_dims=10, width=1)
    assert convolutions(encoder) == [(1, 16), (16, 32), (32, 64)]
    assert convolutions(decoder) == [(64, 32), (32, 16), (16, 1)]
    assert (encoder.linear.in_features, encoder.linear.out_features) == (64 * 3 * 3, 10)
    assert (decoder.linear.in_features, decoder.linear.out_features) == (10, 64 * 3 * 3)
    assert sum(isinstance(layer, nn.ReLU) for layer in encoder.modules()) == 3
    assert sum(isinstance(layer, nn.ReLU) for layer in decoder.modules()) == 3
    # 9 weights for each pair of channels, a bias for each output channel.
    convolved = 9 * (1 * 16 + 16 * 32 + 32 * 64)
    assert sum(p.numel() for p in encoder.parameters()) == convolved + (16 + 32 + 64) + 576 * 10 + 10
    assert sum(p.numel() for p in decoder.parameters()) == convolved + 2 * (64 + 32 + 16) + 1 + 10 * 576 + 576


@pytest.mark.parametrize(
    ("side", "stages", "left"),
    [
        (2, 1, 1),
        (3, 1, 1),
        (5, 1, 2),
        (6, 1, 3),
        (11, 1, 5),
        (12, 2, 3),
        (28, 3, 3),
        (32, 3, 4),
        (64, 4, 4),
        (95, 4, 5),
    ],
)
def test_smaller_side_is_halved_until_three_to_five_pixels_are_left(side, stages, left):
    for shape in ((3, side, side + 3), (3, side + 3, side)):
        assert len(stage_channels(shape, 1)) == stages
        assert min(pooled_sizes(shape, stages)[-1]) == left


@pytest.mark.parametrize(
    ("width", "channels"),
    [
        (1, [16, 32, 64, 128, 128]),
        (2, [32, 64, 128, 256, 256]),
        (0.25, [4, 8, 16, 32, 32]),
        (0.0625, [4, 4, 4, 8, 8]),
    ],
)
def test_channels_double_up_to_128_times_the_width_and_are_four_at_least(width, channels):
    assert stage_channels((1, 128, 128), width) == channels


@settings(max_examples=60)
@given(st.integers(1, 4), SIDES, SIDES, st.integers(1, 5))
def test_decoder_gives_the_encoders_shape_back_for_any_image(channels, height, width, latent_dims):
    shape = (channels, height, width)
    z = ConvEncoder(shape, outputs=latent_dims, width=0.0625)(torch.rand(2, *shape))
    assert z.shape == (2, latent_dims)
    assert ConvDecoder(shape, latent_dims=latent_dims, width=0.0625)(z).shape == (2, *shape)


@settings(max_examples=30)
@given(SIDES, SIDES)
def test_decoder_grows_through_the_sizes_of_the_encoder(height, width):
    shape = (1, height, width)
    seen: list[tuple[int, ...]] = []
    encoder = ConvEncoder(shape, outputs=2, width=0.0625)
    decoder = ConvDecoder(shape, latent_dims=2, width=0.0625)
    for layer in [*encoder.modules(), *decoder.modules()]:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _layer, _given, result: seen.append(tuple(result.shape[2:])))
    decoder(encoder(torch.rand(1, *shape)))
    assert seen == [*seen[: len(seen) // 2], *seen[: len(seen) // 2][::-1]]
    assert seen[0] == (height, width)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 20), (2, 13, 31)])
def test_both_are_what_their_slow_twins_compute(shape):
    encoder, decoder = ConvEncoder(shape, outputs=3, width=0.25), ConvDecoder(shape, latent_dims=3, width=0.25)
    x, z = torch.rand(4, *shape), torch.randn(4, 3)
    sizes = pooled_sizes(shape, len(encoder.stages))[::-1]
    torch.testing.assert_close(encoder(x), encoder_twin(encoder, x))
    torch.testing.assert_close(decoder(z), decoder_twin(decoder, z, sizes))


def test_decoder_gives_logits_and_not_brightness():
    logits = ConvDecoder((1, 8, 8), latent_dims=2, width=1)(1000 * torch.randn(16, 2))
    assert logits.min() < 0
    assert logits.max() > 1


def test_images_of_a_single_row_are_refused():
    for network in (ConvEncoder, ConvDecoder):
        given = {"outputs": 2} if network is ConvEncoder else {"latent_dims": 2}
        with pytest.raises(BadValueError, match="conv needs images of 2 pixels a side or more, not 1 x 9"):
            network((1, 1, 9), width=1, **given)


def test_smallest_images_pass_in_a_batch_of_one_in_training():
    shape = (1, 2, 3)
    encoder, decoder = ConvEncoder(shape, outputs=2, width=1), ConvDecoder(shape, latent_dims=2, width=1)
    decoder(encoder(torch.rand(1, *shape))).sum().backward()
    assert all(p.grad is not None for p in decoder.parameters())


def test_sparse_bright_strokes_do_not_end_in_black():
    torch.manual_seed(0)
    x = torch.zeros(28, 1, 28, 28)
    for place in range(14):
        x[2 * place, 0, 7:-7, 7 + place : 10 + place] = 1
        x[2 * place + 1] = x[2 * place].mT
    encoder = ConvEncoder((1, 28, 28), outputs=2, width=0.25)
    decoder = ConvDecoder((1, 28, 28), latent_dims=2, width=0.25)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.002)
    for _ in range(100):
        error = (decoder(encoder(x)).sigmoid() - x).square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error < 0.8 * x.square().mean()
