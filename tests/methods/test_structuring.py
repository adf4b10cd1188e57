from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.errors import BadValueError
from explorer.method import Batch, InputSpec
from explorer.methods.ae import AE, AEConfig
from explorer.methods.structuring import STRUCTURING, StructuringConfig, distance_matrix
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.trainee import start
from tests.runs import built, items

SMALL = {"network": "mlp", "hidden": (8,)}
RUN = TrainingConfig(epochs=3, batch_size=8, augment=False, precision="32-true", threads=1)


def trained(method, config, dataset, run=RUN):
    trainee = start(built(method, config, dataset), run)
    events = list(train(trainee, method, config, dataset, run))
    return trainee.network, events


def test_without_structural_weight_it_is_exactly_the_plain_autoencoder():
    dataset = items()
    structured, events = trained(STRUCTURING, StructuringConfig(structural_weight=0, **SMALL), dataset)
    plain, plain_events = trained(AE, AEConfig(**SMALL), dataset)
    weights = structured.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in plain.state_dict().items())
    assert events[-1].terms == plain_events[-1].terms


def test_loss_is_the_weighted_sum_by_hand():
    config = StructuringConfig(structural_weight=0.25, **SMALL)
    dataset = items(n=16)
    network = built(STRUCTURING, config, dataset)
    x, labels = network.normalise(torch.from_numpy(dataset.items)), torch.tensor([0, -1] * 8)
    targets = torch.zeros(16, 2).where(labels[:, None] >= 0, torch.nan)
    with torch.no_grad():
        terms = STRUCTURING.loss(network, Batch(x, labels, torch.Generator(), targets), config)
        z = network.encode(x)
        assert terms["reconstruction"].item() == pytest.approx(0.75 * (network.decode(z) - x).square().mean().item())
        assert terms["structural"].item() == pytest.approx(0.25 * z[labels >= 0].square().mean().item())


def test_batch_without_labels_has_the_reconstruction_alone():
    config = StructuringConfig(structural_weight=0.25, **SMALL)
    network = built(STRUCTURING, config, items())
    batch = Batch(torch.rand(4, 1, 16, 16), torch.full((4,), -1), torch.Generator(), torch.full((4, 2), torch.nan))
    assert STRUCTURING.loss(network, batch, config)["structural"].item() == 0


def test_targets_are_asked_once_an_epoch_for_the_known_labels_alone():
    asked = []

    def make(z, labels, rng):
        asked.append((z.shape, sorted(labels.tolist()), rng.random()))
        return np.zeros_like(z)

    method = replace(STRUCTURING, targets=lambda *_: make)
    trained(method, StructuringConfig(**SMALL), items(), RUN.model_copy(update={"label_share": 0.2}))
    assert len(asked) == 3
    # 56 training items in three classes: 19, 19 and 18 of them.
    assert {shape for shape, _, _ in asked} == {(12, 2)}
    assert asked[0][1] == [0] * 4 + [1] * 4 + [2] * 4
    assert len({chance for _, _, chance in asked}) == 1  # or targets would hop between equally good layouts


@pytest.mark.parametrize("target", ["steps", "converged"])
def test_training_brings_classes_to_their_distances(target):
    dataset = items(n=200)
    config = StructuringConfig(structural_weight=0.9, target=target, class_distances="0 1 2; 1 0 1; 2 1 0", **SMALL)
    run = TrainingConfig(epochs=40, batch_size=16, learning_rate=0.01, augment=False, precision="32-true", threads=1)
    network, _ = trained(STRUCTURING, config, dataset, run)
    with torch.no_grad():
        z = network.encode(network.normalise(torch.from_numpy(dataset.items))).numpy()
    centres = np.stack([z[dataset.labels == label].mean(axis=0) for label in range(3)])
    found = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    np.testing.assert_allclose(found, [[0, 1, 2], [1, 0, 1], [2, 1, 0]], atol=0.2)


@pytest.mark.parametrize("text", ["0 1 2;1 0 1;2 1 0", "0,1,2 ; 1,0,1 ; 2,1,0"])
def test_distances_are_read_as_they_are_typed(text):
    assert distance_matrix(StructuringConfig(class_distances=text), 3).tolist() == [[0, 1, 2], [1, 0, 1], [2, 1, 0]]


def test_distances_are_all_equal_unless_said_otherwise():
    assert distance_matrix(StructuringConfig(class_distance=2), 2).tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1; 1 0", "3 rows of 3"),
        ("0 1 2; 1 0 1; 2 1", "3 rows of 3 numbers"),
        ("a b c; d e f; g h i", "3 rows of 3 numbers"),
        ("0 1 2; 1 0 1; 3 1 0", "symmetric"),
        ("1 1 2; 1 0 1; 2 1 0", "diagonal"),
        ("0 -1 2; -1 0 1; 2 1 0", "not negative"),
        ("0 nan 2; nan 0 1; 2 1 0", "finite"),
    ],
)
def test_distances_that_are_none_are_refused_before_training(text, message):
    with pytest.raises(BadValueError, match=message):
        STRUCTURING.build(StructuringConfig(class_distances=text, **SMALL), InputSpec((1, 16, 16), 3))
