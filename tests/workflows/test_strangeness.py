"""Badly drawn, and where few others lie."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

import explorer
from explorer.errors import BadRunError
from explorer.workflows import strangeness as module
from explorer.workflows.runs import load_dataset
from explorer.workflows.strangeness import strangeness
from explorer.zoo.run import Run
from tests import reference


@pytest.fixture
def run(installation) -> Run:  # noqa: ARG001 - it sets the environment
    return explorer.load("tiny")


def with_latents(run: Run, **changes) -> Run:
    """The run as if it kept these of its training items."""
    found = Run(run.folder)
    found._latents = run._latents | {"train": replace(run.latents("train"), **changes)}
    return found


def test_it_is_the_mean_of_two_ranks(run):
    kept, dataset = run.latents("train"), load_dataset(run.card)
    far = rankdata(reference.distance_to_kth(kept.z.tolist(), 10))
    badly = rankdata(kept.error[:, 0])
    found = strangeness(run, lambda: dataset, kept.ids)
    assert found == pytest.approx((far + badly) / 2 / len(kept.ids), abs=2 / len(kept.ids))
    assert np.corrcoef(found, far + badly)[0, 1] > 0.999
    assert found.min() > 0
    assert found.max() <= 1


def test_items_in_another_order_and_some_of_them(run):
    kept, dataset = run.latents("train"), load_dataset(run.card)
    order = np.random.default_rng(0).permutation(96)
    shuffled = strangeness(run, lambda: dataset, kept.ids[order])
    assert shuffled.tolist() == strangeness(run, lambda: dataset, kept.ids)[order].tolist()
    some = [7, 3, 40]  # ranks are among those asked for, neighbours among all
    far, badly = np.array(reference.distance_to_kth(kept.z.tolist(), 10))[some], kept.error[some, 0]
    assert (
        strangeness(run, lambda: dataset, kept.ids[some]).tolist() == ((rankdata(far) + rankdata(badly)) / 6).tolist()
    )
    assert strangeness(run, lambda: dataset, kept.ids[:0]).shape == (0,)


def test_errors_that_were_not_kept_are_measured(run):
    bare, dataset = with_latents(run, error=np.empty((96, 0), np.float32)), load_dataset(run.card)
    steps = []
    found = strangeness(
        bare, lambda: dataset, bare.latents("train").ids, lambda done, total: steps.append((done, total))
    )
    assert found == pytest.approx(strangeness(run, lambda: dataset, run.latents("train").ids), abs=0.02)
    assert steps[-1] == (96, 96)


def test_a_run_without_decoder_has_the_distance_alone(run):
    bare = with_latents(run, error=np.empty((96, 0), np.float32))
    bare.card = run.card.model_copy(update={"has_decoder": False})
    kept = bare.latents("train")
    far = reference.distance_to_kth(kept.z.tolist(), 10)
    found = strangeness(bare, lambda: load_dataset(run.card), kept.ids)
    assert np.corrcoef(found, rankdata(far))[0, 1] > 0.9999
    assert found.max() == 1


def test_neighbours_are_looked_for_among_a_sample_and_never_are_the_item_itself(run, monkeypatch):
    monkeypatch.setattr(module, "MOST_BESIDE", 30)
    z = np.random.default_rng(1).normal(size=(96, 2)).astype(np.float32)
    beside = np.random.default_rng(0).choice(96, 30, replace=False)
    far = [np.sort(np.linalg.norm(z[beside[beside != row]] - z[row], axis=1))[9] for row in range(96)]
    alone = with_latents(run, z=z, error=np.zeros((96, 1), np.float32))
    found = strangeness(alone, lambda: load_dataset(run.card), alone.latents("train").ids)
    assert found == pytest.approx((rankdata(far) + rankdata(np.zeros(96))) / 2 / 96)


def test_items_of_another_run_are_told(run):
    with pytest.raises(BadRunError, match="keeps no latents"):
        strangeness(run, lambda: load_dataset(run.card), np.array([2**62]))
