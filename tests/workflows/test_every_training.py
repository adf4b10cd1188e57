"""`latent-explorer train` for every method on every data set that it fits."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import explorer
from explorer.data import DATASETS
from explorer.data.dataset import Dataset, DatasetSource
from explorer.data.labels import known_labels
from explorer.fields import Config
from explorer.latent.confidence import fit_svm
from explorer.methods import METHODS
from explorer.settings import load_settings
from explorer.training.config import TrainingConfig
from explorer.training.events import EpochEnded
from explorer.workflows import training
from explorer.workflows.maps import latent_map
from explorer.workflows.runs import load_dataset
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, SPLITS, STATE, WEIGHTS, read_card
from tests.commands import CASES, set_up, train
from tests.runs import items, plan, until, vectors

# A warning would stand in the terminal of whoever trains.
pytestmark = pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")
WITH_A_CHOICE_OF_DECODER = [n for n, method in METHODS.items() if "reconstruction_weight" in method.config.model_fields]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An installation that holds every case's data; its runs are told apart by name."""
    with pytest.MonkeyPatch.context() as patch:
        home = set_up(tmp_path_factory.mktemp("installation"), patch)
        for case in CASES.values():
            case.prepare(home)
        yield home


def fits(method: str, case: str) -> bool:
    """Whether the data are made of groups where a method learns from them."""
    return METHODS[method].sampling != "groups" or case in ("coloured", "solids")


def assert_keeps_its_promises(run: Run) -> None:
    """What any finished run on labelled data has, whatever its method."""
    card, dataset = run.card, load_dataset(run.card)
    assert (card.status, card.epochs_done, card.training["precision"]) == ("finished", 1, "32-true")
    assert not (run.folder / STATE).exists()
    assert tuple(card.shape) == dataset.shape
    for split in SPLITS:
        rows, stored = dataset.rows(split), run.latents(split)
        assert stored.z.shape == (len(rows), card.latent_dims)
        assert np.isfinite(stored.z).all()
        np.testing.assert_array_equal(stored.ids, dataset.ids[rows])
        np.testing.assert_array_equal(stored.labels, dataset.labels[rows])
        np.testing.assert_allclose(run.encode(dataset.items[rows]), stored.z, rtol=1e-5, atol=1e-6)
        assert stored.probabilities.shape[1] == (len(dataset.classes) if run.network.classifier is not None else 0)
        assert run.svm.confidence(stored.z).shape == (len(rows), len(dataset.classes))
        assert stored.std.shape[1] == (card.latent_dims if run.network.variational else 0)
        assert (stored.std > 0).all()
        assert card.metrics[f"{split}_svm_accuracy"].items == len(rows)
    assert all(np.isfinite(measured.value) for measured in card.metrics.values())
    if card.has_decoder:
        assert run.decode(run.latents("test").z[:3]).shape == (3, *dataset.shape)
        assert card.metrics["test_reconstruction_rmse"].value > 0
    space = latent_map(run)
    assert np.isfinite(space.places).all()
    assert len(space.as_bytes()) == 11 * len(dataset)


def test_every_data_set_has_a_case():
    assert {case.data for case in CASES.values()} == set(DATASETS)


@pytest.mark.parametrize(("method", "case"), [(m, case) for m in METHODS for case in CASES if fits(m, case)])
def test_training_ends_with_a_run_that_keeps_its_promises(method, case, capsys):
    name = f"{method}-{case}"
    assert train(method, CASES[case].data, name, *CASES[case].flags) == 0
    assert_keeps_its_promises(explorer.load(name))
    assert capsys.readouterr().out.endswith(f"See it: latent-explorer app {name}\n")


@pytest.mark.parametrize("case", ["folder", "vectors"])
@pytest.mark.parametrize("method", WITH_A_CHOICE_OF_DECODER)
def test_decoder_that_is_asked_for_decodes(method, case):
    name = f"decoder-{method}-{case}"
    assert train(method, CASES[case].data, name, *CASES[case].flags, "--reconstruction-weight", "1") == 0
    run = explorer.load(name)
    assert run.card.has_decoder
    assert_keeps_its_promises(run)


def test_precision_and_threads_that_are_measured_stand_in_the_card():
    flags = (*CASES["vectors"].flags, "--precision", "auto", "--threads", "0")
    assert train("vae", "arrays", "measured", *flags) == 0
    settled = explorer.load("measured").card.training
    assert settled["precision"] in ("32-true", "bf16-mixed")
    assert settled["threads"] > 0


def same_files(a: Path, b: Path) -> bool:
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in (WEIGHTS, LATENTS))


@pytest.mark.parametrize(
    ("method", "settings"),
    [("vae", {}), ("structuring", {"target": "steps"}), ("structuring", {"target": "converged"})],
    ids=["vae", "steps", "converged"],
)
def test_run_interrupted_after_an_epoch_and_resumed_equals_the_uninterrupted_one(method, settings, request):
    planned = plan(
        method=METHODS[method],
        config=METHODS[method].config(hidden=(8,), latent_dims=3, **settings),
        source=DATASETS["arrays"],
        data=DATASETS["arrays"].config(name="vectors"),
        training=TrainingConfig(epochs=3, batch_size=16, precision="32-true", threads=1, label_share=0.5),
    )
    installation, name = load_settings(), request.node.callspec.id
    list(training.train_new(replace(planned, name=f"whole-{name}"), installation))
    events = training.train_new(replace(planned, name=f"cut-{name}"), installation)
    until(events, EpochEnded)
    events.close()
    whole, cut = (installation.runs_root / f"{part}-{name}" for part in ("whole", "cut"))
    assert read_card(cut).epochs_done == 1
    assert not same_files(whole, cut)
    list(training.resume(cut.name, installation))
    assert same_files(whole, cut)


@pytest.mark.parametrize("method", [name for name in METHODS if fits(name, "images")])
def test_few_known_labels_are_enough_and_the_svm_sees_no_others(method):
    name = f"few-{method}"
    assert train(method, "arrays", name, *CASES["images"].flags, "--label-share", "0.1") == 0
    run = explorer.load(name)
    assert_keeps_its_promises(run)
    dataset = load_dataset(run.card)
    known = known_labels(dataset.labels, dataset.is_test, share=0.1, seed=0)
    assert 0 < (known[~dataset.is_test] >= 0).sum() < 10
    alone = fit_svm(run.latents("train").z, known[~dataset.is_test], len(dataset.classes))
    np.testing.assert_allclose(run.svm.weights, alone.weights, rtol=1e-6)


def odd_vectors(**changes: Any) -> Dataset:
    """Vectors of which some are changed, kept as float32."""
    values = changes.pop("items", None)
    dataset = replace(vectors(), **changes)
    return dataset if values is None else replace(dataset, items=np.asarray(values(dataset.items), np.float32))


ROWS, COLUMNS = np.arange(64)[:, None], np.arange(12)
ODD = {
    "a single pixel": items(40, (1, 1, 1)),
    "3 x 200": items(40, (1, 3, 200)),
    "three channels of 5 x 2": items(40, (3, 5, 2)),
    "a single feature": vectors(features=1),
    "a constant feature": odd_vectors(items=lambda x: np.where(COLUMNS == 3, 0.1, x)),
    "as large as can be": odd_vectors(items=lambda x: x / np.abs(x).max() * 3e38),
    "as small as can be": odd_vectors(items=lambda x: x * 1e-44),
    "an outlier": odd_vectors(items=lambda x: np.where(ROWS == 3, 1e30, x)),
    "one item of a class": odd_vectors(labels=np.where(ROWS[:, 0] == 3, 2, ROWS[:, 0] % 2)),
    "two items for training": odd_vectors(classes=("a", "b"), labels=ROWS[:, 0] % 2, is_test=ROWS[:, 0] >= 2),
    "no test": odd_vectors(is_test=np.zeros(64, np.bool_)),
    "a test without labels": odd_vectors(labels=np.where(vectors().is_test, -1, vectors().labels)),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("method", [name for name in METHODS if fits(name, "images")])
def test_odd_items_train(monkeypatch, method, odd):
    dataset = ODD[odd]
    monkeypatch.setitem(DATASETS, "odd", DatasetSource("odd", "Made for a test", Config, lambda *_: dataset))
    name = f"odd-{method}-{list(ODD).index(odd)}"
    assert train(method, "odd", name, "--epochs", "2") == 0
    run = explorer.load(name)
    assert all(np.isfinite(run.latents(split).z).all() for split in SPLITS)
    assert all(np.isfinite(measured.value) for measured in run.card.metrics.values())
    if run.card.has_decoder:
        assert np.isfinite(run.decode(run.latents("train").z)).all()
        assert run.card.metrics["train_reconstruction_rmse"].value < 10
    assert len(latent_map(run)) == len(dataset)
