import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.networks.mlp import MlpDecoder, MlpEncoder

DIGIT = (1, 28, 28)


def linear(module: nn.Module) -> list[nn.Linear]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]


def twin(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    *hidden, last = linear(module)
    for layer in hidden:
        x = (x @ layer.weight.T + layer.bias).clamp(min=0)
    return x @ last.weight.T + last.bias


@pytest.mark.parametrize("shape", [DIGIT, (784,)])
def test_the_papers_dense_network_has_its_number_of_parameters(shape):
    with torch.device("meta"):
        encoder = MlpEncoder(shape, outputs=2 * 10, hidden=(500, 100))
        decoder = MlpDecoder(shape, latent_dims=10, hidden=(500, 100))
    sizes = [(layer.in_features, layer.out_features) for layer in linear(encoder)]
    assert sizes == [(784, 500), (500, 100), (100, 20)]
    assert [(layer.in_features, layer.out_features) for layer in linear(decoder)] == [(10, 100), (100, 500), (500, 784)]
    assert sum(p.numel() for p in encoder.parameters()) == 392_500 + 50_100 + 2_020
    assert sum(p.numel() for p in decoder.parameters()) == 1_100 + 50_500 + 392_784


@pytest.mark.parametrize("hidden", [(), (7,), (9, 5, 3)])
@pytest.mark.parametrize("shape", [(11,), (1,), (3, 4, 5)])
def test_both_are_matrix_products_with_relu_between(shape, hidden):
    encoder, decoder = MlpEncoder(shape, outputs=2, hidden=hidden), MlpDecoder(shape, latent_dims=2, hidden=hidden)
    x, z = torch.randn(6, *shape), torch.randn(6, 2)
    torch.testing.assert_close(encoder(x), twin(encoder, x.reshape(6, -1)))
    torch.testing.assert_close(decoder(z), twin(decoder, z).reshape(6, *shape))


def test_without_hidden_layers_the_encoder_is_linear():
    encoder = MlpEncoder((4,), outputs=3, hidden=())
    x = torch.randn(5, 4)
    assert len(linear(encoder)) == 1
    torch.testing.assert_close(encoder(x) + encoder(-x), 2 * F.linear(torch.zeros(5, 4), *encoder.parameters()))


def test_decoded_vectors_and_logits_take_any_value():
    x_hat = MlpDecoder((6,), latent_dims=2, hidden=(8,))(100 * torch.randn(32, 2))
    assert x_hat.min() < 0
    assert x_hat.max() > 1
