import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.errors import BadValueError
from explorer.networks.autoencoder import Autoencoder
from explorer.networks.posterior import sample


def of_vectors(features: int = 3) -> Autoencoder:
    return Autoencoder(nn.Identity(), shape=(features,), latent_dims=features, decoder=nn.Identity())


def of_images(**parts) -> Autoencoder:
    return Autoencoder(nn.Flatten(), shape=(1, 2, 2), latent_dims=4, **parts)


@given(st.integers(2, 30), st.integers(1, 10), st.integers(0, 99))
def test_scale_of_vectors_is_the_training_items_in_however_many_parts(n, size, seed):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(n, 3)) * [0.001, 1, 1000] + [1e4, 0, -5]).astype(np.float32)
    network = of_vectors()
    network.fit_scale(torch.split(torch.from_numpy(x), size))
    normal = network.normalise(torch.from_numpy(x)).double().numpy()
    np.testing.assert_allclose(normal[:, 1:].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(normal[:, 1:].std(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(network.restore(network.normalise(torch.from_numpy(x))), x, rtol=1e-5, atol=1e-3)


def test_feature_that_never_varies_becomes_zero_and_comes_back():
    x = torch.tensor([[7.0, 1.0], [7.0, 2.0]])
    network = of_vectors(2)
    network.fit_scale([x])
    assert network.normalise(x)[:, 0].tolist() == [0, 0]
    assert network.restore(network.normalise(x)).tolist() == x.tolist()


def test_images_come_in_bytes_or_between_0_and_1_and_are_left_there():
    network = of_images()
    network.fit_scale(iter([torch.zeros(1)]))
    stored = torch.tensor([[[[0, 51], [255, 0]]]], dtype=torch.uint8)
    assert network.normalise(stored).flatten().tolist() == pytest.approx([0, 0.2, 1, 0])
    assert network.normalise(torch.full((1, 1, 2, 2), 0.25)).flatten().tolist() == [0.25] * 4
    assert network.restore(torch.tensor([0.25])).tolist() == [0.25]
    assert "scale" not in network.state_dict()


def test_images_are_decoded_between_0_and_1_and_vectors_as_they_are():
    logits = torch.tensor([[-50.0, 0.0, 0.0, 50.0]])
    images = of_images(decoder=nn.Unflatten(1, (1, 2, 2)))
    assert images.decode(logits).flatten().tolist() == pytest.approx([0, 0.5, 0.5, 1])
    assert images.decode_logits(logits).flatten().tolist() == logits.flatten().tolist()
    assert of_vectors(4).decode(logits).tolist() == logits.tolist()


def test_latent_of_a_variational_network_is_its_posteriors_mean():
    network = Autoencoder(nn.Identity(), shape=(4,), latent_dims=2, variational=True)
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    assert network.encode(x).tolist() == [[1, 2]]
    assert [part.tolist() for part in network.posterior(x)] == [[[1, 2]], [[3, 4]]]
    with pytest.raises(BadValueError, match="no posterior"):
        of_vectors().posterior(x)


def test_head_has_the_last_word():
    network = Autoencoder(nn.Identity(), shape=(2,), latent_dims=2, head=nn.Tanh())
    assert network.encode(torch.full((1, 2), 99.0)).tolist() == [[1, 1]]


def test_samples_have_the_posteriors_mean_and_deviation():
    mean, logvar = torch.tensor([[1.0, -2.0]]).expand(20_000, 2), torch.tensor([[0.0, 2.0]]).expand(20_000, 2)
    z = sample(mean, logvar, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(z.mean(dim=0), [1, -2], atol=0.08)
    np.testing.assert_allclose(z.std(dim=0), [1, np.e], rtol=0.03)


def test_samples_pass_gradients_to_mean_and_deviation():
    mean, logvar = torch.zeros(5, 2, requires_grad=True), torch.zeros(5, 2, requires_grad=True)
    sample(mean, logvar, torch.Generator().manual_seed(0)).sum().backward()
    assert mean.grad.tolist() == [[1, 1]] * 5
    assert logvar.grad.abs().min() > 0
