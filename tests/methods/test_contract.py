"""What every method must keep, whatever it does: a new line in METHODS gets all of this."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.fields import Config, parse
from explorer.method import Batch, InputSpec, Method
from explorer.methods import METHODS
from explorer.networks.autoencoder import Autoencoder
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.trainee import start
from explorer.zoo.card import Card, DataPart, parse_card
from explorer.zoo.weights import dump_network, load_network
from tests.runs import built, items, vectors

# Settings that make a method small and switch on all that it can have; its defaults if it is not named.
TINY_MLP = {"network": "mlp", "hidden": (8,)}
CURVED = [{"geometry": geometry, "latent_dims": 4, **TINY_MLP} for geometry in ("sphere", "torus", "poincare")]
SMALL: dict[str, list[dict[str, Any]]] = {
    "supervised": [{"width": 0.0625}, {"width": 0.0625, "reconstruction_weight": 1.0}, TINY_MLP],
    "polar": [{"width": 0.0625}, {"width": 0.0625, "reconstruction_weight": 1.0}],
    "structuring": [{"width": 0.25}, {"width": 0.25, "target": "converged", "latent_dims": 3}],
    "ae": [{"width": 0.25, "latent_dims": 3}, TINY_MLP, *CURVED],
    "vae": [{"width": 0.25}, {"likelihood": "gaussian", **TINY_MLP}],
    "classifier": [{"width": 0.25}, *CURVED],
    "aae": [{"width": 0.25, "latent_dims": 5, "critic_units": 8}],
    "code-vae": [
        {"hidden": (8,), "latent_dims": 4, "code": "clipped"},
        {"hidden": (8,), "latent_dims": 4, "code": "binary"},
        {"hidden": (16,), "latent_dims": 6, "code": "gumbel", "classes": 3},
    ],
    "classifying": [{"width": 0.0625, "latent_dims": 8}, TINY_MLP],
    "siamese": [{"width": 0.0625, "latent_dims": 8}],
    "separate": [{"width": 0.0625, "latent_dims": 8}, {"latent_dims": 7, **TINY_MLP}],
    "gvae": [{"width": 0.25, "latent_dims": 4, "content_dims": 3, "group_size": 3}],
    "gvae-nt": [{"width": 0.25, "latent_dims": 4, "content_dims": 3, "group_size": 4}],
    "adagvae": [{"width": 0.25, "latent_dims": 4}],
    "adagvae-nt": [{"width": 0.25, "latent_dims": 4}],
}
# Parameters that a method leaves without a gradient, with the reason.
EXEMPT: dict[str, dict[str, str]] = {}


@dataclass(frozen=True)
class Case:
    method: Method
    config: Config
    dataset: Dataset

    @property
    def network(self) -> Autoencoder:
        return built(self.method, self.config, self.dataset)

    @property
    def batch(self) -> Batch:
        network = self.network
        x = network.normalise(torch.from_numpy(self.dataset.items))
        labels = self.dataset.labels
        make = self.method.targets(self.config, len(self.dataset.classes))
        targets = None
        if make:
            with torch.no_grad():
                found = make(network.encode(x).numpy(), labels, np.random.default_rng(0))
            targets = torch.from_numpy(np.asarray(found, np.float32))
        size = self.method.group_size(self.config)
        whole = len(x) // size * size
        of_these = None if targets is None else targets[:whole]
        return Batch(x[:whole], torch.from_numpy(labels[:whole]), torch.Generator().manual_seed(0), of_these, size)


@pytest.fixture(
    params=[
        pytest.param((method, values, kind), id=f"{name}-{number}-{kind.__name__}")
        for name, method in METHODS.items()
        for number, values in enumerate(SMALL.get(name, [{}]))
        for kind in (items, vectors)
        if kind is items or values.get("network", "auto") != "auto" or number == 0
    ]
)
def case(request: pytest.FixtureRequest) -> Case:
    method, values, kind = request.param
    dataset = replace(kind(n=32), factors={"quartet": np.arange(32) // 4}, group="quartet")
    return Case(method, method.config(**values), dataset)


def card_of(case: Case) -> Card:
    return Card(
        name="contract",
        status="finished",
        method=case.method.name,
        config=case.config.model_dump(),
        paper=case.method.paper,
        data=DataPart(name="rows", settings={}, train_items=24, test_items=8),
        classes=list(case.dataset.classes),
        shape=case.dataset.shape,
        latent_dims=case.network.latent_dims,
        has_decoder=case.network.decoder is not None,
        training={},
        epochs_done=0,
        device="cpu",
        command="none",
        created="2026-01-01",
        versions={},
    )


def trained(case: Case, seed: int = 0) -> dict[str, Tensor]:
    """Weights after two epochs."""
    run = TrainingConfig(epochs=2, batch_size=8, seed=seed, precision="32-true", threads=1)
    trainee = start(built(case.method, case.config, case.dataset, seed), run)
    list(train(trainee, case.method, case.config, case.dataset, run))
    return trainee.network.state_dict()


def test_config_survives_json(case):
    assert parse(case.method.config, json.loads(case.config.model_dump_json()), "it") == case.config


def test_every_setting_says_what_it_does(case):
    assert [name for name, field in type(case.config).model_fields.items() if not field.description] == []


def test_network_gives_the_declared_shapes(case):
    network, x = case.network, case.batch.x
    z = network.encode(x)
    assert z.shape == (len(x), network.latent_dims)
    if network.decoder is not None:
        assert network.decode(z).shape == x.shape
        assert not network.is_image or 0 <= network.decode(z).min() <= network.decode(z).max() <= 1
    if network.classifier is not None:
        assert network.classify(z).shape == (len(x), len(case.dataset.classes))


def test_configured_classes_fit_classes_and_latents(case):
    targets = case.method.class_targets(case.config, InputSpec(case.dataset.shape, len(case.dataset.classes)))
    if targets is not None:
        assert targets.centres.shape == (len(case.dataset.classes), case.network.latent_dims)


def test_loss_terms_are_named_finite_scalars(case):
    terms = case.method.loss(case.network, case.batch, case.config)
    assert terms
    for name, term in terms.items():
        assert name.isidentifier()
        assert term.shape == ()
        assert term.isfinite()


def test_loss_of_unlabelled_items_is_finite(case):
    absent = None if case.batch.targets is None else torch.full_like(case.batch.targets, torch.nan)
    batch = replace(case.batch, labels=torch.full_like(case.batch.labels, -1), targets=absent)
    assert all(term.isfinite() for term in case.method.loss(case.network, batch, case.config).values())


def test_gradient_reaches_every_parameter(case):
    network = case.network
    torch.stack(list(case.method.loss(network, case.batch, case.config).values())).sum().backward()
    without = {name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0}
    assert without == set(EXEMPT.get(case.method.name, {}))


def test_same_seed_gives_bit_equal_weights_and_another_seed_others(case):
    first, again, other = trained(case), trained(case), trained(case, seed=1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_loss_falls_over_thirty_steps(case):
    network, losses = case.network.train(), []
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for _ in range(30):
        total = torch.stack(list(case.method.loss(network, case.batch, case.config).values())).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(total.item())
    assert sum(losses[-5:]) / 5 < 0.95 * losses[0]


def test_card_and_weights_are_enough_for_equal_latents(case):
    network = case.network
    network.train().encode(case.batch.x)  # moves the running statistics away from their start
    network.eval()
    card = parse_card(card_of(case).model_dump_json(), "contract")
    torch.manual_seed(99)
    again = load_network(card, dump_network(network))
    assert type(again.encoder) is type(network.encoder)
    with torch.no_grad():
        z = network.encode(case.batch.x)
        assert torch.equal(again.encode(case.batch.x), z)
        if network.decoder is not None:
            assert torch.equal(again.decode(z), network.decode(z))
