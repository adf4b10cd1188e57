"""Picks among the items whose label a training did not see."""

from dataclasses import replace

import numpy as np
import pytest

import explorer
from explorer.cli import main
from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.fields import parse
from explorer.labeling.strategies import STRATEGIES
from explorer.settings import Settings, load_settings
from explorer.training.config import TrainingConfig
from explorer.training.engine import training_labels
from explorer.workflows.runs import load_dataset
from explorer.workflows.strangeness import strangeness
from explorer.workflows.suggesting import suggestions
from explorer.zoo.run import Run
from tests.runs import TRAINING, train

SHARE = TRAINING.model_copy(update={"label_share": 0.3, "epochs": 1})


@pytest.fixture
def settings(installation) -> Settings:  # noqa: ARG001 - it sets the environment
    return load_settings()


@pytest.fixture
def partly(settings) -> Run:
    train(settings, "partly", training=SHARE)
    return explorer.load("partly")


def picked(run: Run, n: int, strategy: str = "margin", seed: int = 0):
    return suggestions(run, n, strategy, seed=seed, settings=load_settings())


def test_margin_names_the_least_certain_of_the_unlabelled(partly):
    found = picked(partly, 5)
    dataset, latents = load_dataset(partly.card), partly.latents("train")
    known = training_labels(dataset, parse(TrainingConfig, partly.card.training, "it"))[dataset.rows("train")]
    ranked = np.sort(latents.probabilities, axis=1)
    margins = np.where(known < 0, ranked[:, -1] - ranked[:, -2], np.inf)
    expected = latents.ids[np.argsort(margins, kind="stable")[:5]].tolist()
    assert [one.id for one in found] == expected
    assert [one.margin for one in found] == pytest.approx(np.sort(margins)[:5])
    assert all(set(one.words[:2]) <= set(partly.card.classes) and one.words[0] != one.words[1] for one in found)


def test_random_draws_by_seed_among_the_unlabelled(partly):
    first, again, other = picked(partly, 8, "random"), picked(partly, 8, "random"), picked(partly, 8, "random", seed=1)
    assert first == again != other
    everything = {one.id for one in picked(partly, 10_000, "random")}
    assert {one.id for one in other} <= everything
    # 96 items in five classes: of 20 labels 6 are known, of 19 as well.
    assert len(everything) == 96 - 5 * 6


@pytest.fixture
def bare(partly) -> Run:
    """The run as if it scored no classes."""
    found = Run(partly.folder)
    found._latents = {
        split: replace(part, probabilities=np.empty((len(part.ids), 0), np.float32))
        for split, part in partly._latents.items()
    }
    found.svm = None
    return found


def test_without_scores_margin_gives_way_to_diversity(bare):
    assert [one.id for one in picked(bare, 3)] == [one.id for one in picked(bare, 3, "diversity")]
    assert np.isnan([one.margin for one in picked(bare, 3, "random")]).all()


def test_run_that_keeps_a_sample_of_its_items_suggests_these(partly):
    some = Run(partly.folder)
    some._latents = partly._latents | {"train": partly.latents("train").at(np.arange(1, 96, 3))}
    kept = set(some.latents("train").ids.tolist())
    everything = {one.id for one in picked(partly, 10_000)}
    assert {one.id for one in picked(some, 10_000)} == everything & kept != everything


@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.items() if not strategy.extra])
def test_every_own_strategy_suggests(partly, name):
    found = picked(partly, 6, name)
    assert len({one.id for one in found}) == 6
    assert found == picked(partly, 6, name)


def test_decoder_suggests_the_strangest(partly):
    dataset, ids = load_dataset(partly.card), partly.latents("train").ids
    strange = dict(zip(ids.tolist(), strangeness(partly, lambda: dataset, ids), strict=True))
    found = [strange[one.id] for one in picked(partly, 10_000, "decoder")]
    assert found == sorted(found, reverse=True)


def test_nothing_is_left_to_ask_about(settings):
    with pytest.raises(BadDataError, match="Every training item of tiny is labelled"):
        suggestions(explorer.load("tiny"), 3, "margin", seed=0, settings=settings)


def test_bad_requests_are_told(partly):
    with pytest.raises(BadValueError, match="n = 0"):
        picked(partly, 0)
    with pytest.raises(UnknownNameError, match="margin"):
        picked(partly, 3, "margins")


@pytest.mark.usefixtures("partly")
def test_command_prints_ids_with_their_classes(capsys):
    assert main(["suggest", "partly", "--n", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    ids = {str(one.id) for one in picked(explorer.load("partly"), 4)}
    assert {line.split()[0] for line in lines[1:]} == ids
