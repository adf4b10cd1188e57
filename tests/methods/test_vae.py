import pytest
import torch

from explorer.errors import BadValueError
from explorer.losses.kl import gaussian_kl
from explorer.method import Batch, InputSpec
from explorer.methods.vae import VAE, VAEConfig
from tests.runs import built, items, vectors

SMALL = {"network": "mlp", "hidden": (8,), "latent_dims": 3}


def terms(config, dataset, seed=0):
    network = built(VAE, config, dataset)
    x = network.normalise(torch.from_numpy(dataset.items))
    batch = Batch(x, torch.from_numpy(dataset.labels), torch.Generator().manual_seed(seed))
    return network, x, VAE.loss(network, batch, config)


def test_divergence_is_weighted_by_beta():
    for beta in (0, 1, 4):
        network, x, found = terms(VAEConfig(beta=beta, **SMALL), items())
        assert found["kl"].item() == pytest.approx(beta * gaussian_kl(*network.posterior(x)).item())


def test_same_generator_gives_the_same_sample_and_another_another():
    losses = [terms(VAEConfig(**SMALL), items(), seed)[2]["reconstruction"].item() for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_images_are_coins_and_vectors_gaussians_unless_said_otherwise():
    auto, coins, gaussian = (
        terms(VAEConfig(likelihood=likelihood, **SMALL), items())[2]["reconstruction"].item()
        for likelihood in ("auto", "bernoulli", "gaussian")
    )
    assert auto == coins != gaussian
    _, x, found = terms(VAEConfig(**SMALL), vectors())
    assert found["reconstruction"].item() == pytest.approx(x.square().sum().item() / 2 / len(x), rel=0.5)


def test_coins_for_vectors_are_refused():
    with pytest.raises(BadValueError, match="choose gaussian"):
        VAE.build(VAEConfig(likelihood="bernoulli"), InputSpec((5,), 2))
