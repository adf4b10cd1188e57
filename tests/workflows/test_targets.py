"""Targets of a structuring run: those that its next epoch would train towards."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer.errors import BadRunError, BadValueError
from explorer.methods.structuring import STRUCTURING, StructuringConfig
from explorer.settings import Settings
from explorer.training import engine
from explorer.training.items import TrainingItems
from explorer.training.trainee import start
from explorer.workflows.maps import latent_map
from explorer.workflows.runs import load_dataset
from explorer.workflows.targets import has_targets, placed, training_targets
from explorer.zoo.run import Run
from tests.runs import TRAINING, train
from tests.workflows.test_overlays import by_neighbours

SMALL = {"network": "mlp", "hidden": (8,)}


@pytest.fixture
def settings(installation: Path) -> Settings:
    data_root = Path(os.environ["LATENT_EXPLORER_DATA_ROOT"])
    return Settings(runs_root=installation / "runs", data_root=data_root, device="cpu")


def structured(settings: Settings, *, share: float = 1.0, **config) -> Run:
    """A structuring run of three dimensions on textures, of which it knew this share of the labels."""
    method = {"method": STRUCTURING, "config": StructuringConfig(latent_dims=3, **SMALL, **config)}
    training = TRAINING.model_copy(update={"epochs": 1, "label_share": share})
    return Run(train(settings, "structured", training=training, **method))


@pytest.mark.parametrize("share", [1.0, 0.4])
@pytest.mark.parametrize("target", ["steps", "converged"])
def test_targets_are_those_of_one_more_epoch(settings, share, target):
    run = structured(settings, share=share, target=target)
    space, dataset = latent_map(run), load_dataset(run.card, settings)
    training = TRAINING.model_copy(update={"label_share": share})
    items = TrainingItems(dataset, engine.training_labels(dataset, training), torch.device("cpu"))
    make = STRUCTURING.targets(StructuringConfig(latent_dims=3, target=target, **SMALL), len(dataset.classes))
    wanted = engine._targets(start(run.network, training), make, items, training).numpy()
    by_id = dict(zip(dataset.ids[dataset.rows("train")].tolist(), wanted, strict=True))
    found = training_targets(run, space)
    assert found.shape == space.latents.z.shape
    for row, is_test in enumerate(space.is_test):
        if is_test:
            assert np.isnan(found[row]).all()
        else:
            assert found[row] == pytest.approx(by_id[int(space.latents.ids[row])], abs=1e-4, nan_ok=True)
    known = (~np.isnan(found)).all(axis=1)
    assert known.sum() == (engine.training_labels(dataset, training)[~dataset.is_test] >= 0).sum()


def test_of_very_many_items_the_first_on_the_map_have_targets(settings, monkeypatch):
    run = structured(settings)
    space = latent_map(run)
    monkeypatch.setattr("explorer.workflows.targets.MOST_PAIRS", 3 * 30**2)
    found = training_targets(run, space)
    there = np.flatnonzero(~np.isnan(found[:, 0]))
    assert there.tolist() == np.flatnonzero(~space.is_test)[:30].tolist()


def test_targets_lie_on_a_linear_map_as_latents_do(tmp_path):
    flat, neighbours = by_neighbours(tmp_path)
    targets = np.array([[1, 2, 3, 4, 5], [np.nan] * 5], np.float32)
    found = placed(flat, targets)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(flat.projection.apply(targets[:1])[0], rel=1e-5)
    assert np.isnan(found[1]).all()
    with pytest.raises(BadValueError, match="such as umap, only items have a place"):
        placed(neighbours, targets)


def test_runs_without_targets_say_so(installation, settings):
    run = Run(installation / "runs" / "tiny")
    assert not has_targets(run)
    with pytest.raises(BadValueError, match="tiny was trained by supervised without targets"):
        training_targets(run, latent_map(run))
    plain = structured(settings, structural_weight=0)
    assert not has_targets(plain)
    with pytest.raises(BadValueError, match="without targets"):
        training_targets(plain, latent_map(plain))


def test_run_that_does_not_tell_which_labels_it_knew_says_so(settings):
    run = structured(settings, share=0.4)
    space = latent_map(run)
    untold = replace(space, latents=replace(space.latents, known=np.empty((len(space), 0), np.float32)))
    with pytest.raises(BadRunError, match="does not tell which labels its training saw; train it again"):
        training_targets(run, untold)
