import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer import places
from explorer.data import DATASETS
from explorer.data.dataset import Dataset, DatasetSource
from explorer.data.textures import TexturesConfig, textures
from explorer.errors import BadDataError, BadRunError, BadValueError
from explorer.fields import Config, parse
from explorer.methods.vae import VAE
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.workflows.runs import load_dataset, open_run
from explorer.zoo.card import parse_card
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, SPLITS, read_latents, write_bytes, write_card, write_latents
from tests.runs import train, vectors

pytestmark = pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")


@pytest.fixture
def run(installation) -> Run:
    return open_run("tiny") if installation else None


@pytest.fixture
def dataset(run) -> Dataset:
    return load_dataset(run.card)


def test_encoding_the_stored_images_gives_the_stored_latents(run, dataset):
    for split in ("train", "test"):
        rows = dataset.rows(split)
        stored = run.latents(split)
        assert np.array_equal(stored.ids, dataset.ids[rows])
        assert np.array_equal(stored.labels, dataset.labels[rows])
        np.testing.assert_allclose(run.encode(dataset.items[rows]), stored.z, atol=1e-5)
        np.testing.assert_allclose(run.probabilities(stored.z), stored.probabilities, atol=1e-3)


def test_bytes_and_floats_of_the_same_images_have_the_same_latents(run, dataset):
    images = dataset.items[:7]
    expected = run.encode(images)
    for same in (images / 255, (images / 255).astype(np.float32), images[:, 0], (images / 255).tolist()):
        np.testing.assert_allclose(run.encode(same), expected, atol=1e-5)
    assert np.array_equal(run.encode(images[0]), run.encode(images[:1]))
    assert np.array_equal(run.encode(images[0, 0]), run.encode(images[:1]))


def test_shapes_of_latents_and_images(run):
    assert run.encode(np.zeros((5, 1, 32, 32))).shape == (5, 2)
    assert run.decode(np.zeros((5, 2))).shape == (5, 1, 32, 32)
    assert run.decode([0.1, 0.2]).shape == (1, 1, 32, 32)
    assert run.decode(np.zeros((2, 2), np.float32)).dtype == np.float32
    assert 0 <= run.decode(np.zeros((2, 2))).min() <= run.decode(np.zeros((2, 2))).max() <= 1


def test_no_items_have_no_latents(run):
    assert run.encode(np.zeros((0, 1, 32, 32))).shape == (0, 2)
    assert run.decode(np.zeros((0, 2))).shape == (0, 1, 32, 32)


def test_many_items_are_the_same_as_few_at_a_time(run, monkeypatch):
    z = np.random.default_rng(0).normal(size=(10, 2))
    whole = run.decode(z)
    monkeypatch.setattr("explorer.zoo.run.ITEMS_AT_ONCE", 3)
    np.testing.assert_allclose(run.decode(z), whole, atol=1e-6)


def test_any_memory_order_is_taken(run, dataset):
    images = dataset.items[:4]
    np.testing.assert_allclose(run.encode(images[::-1] / 255)[::-1], run.encode(images), atol=1e-5)
    z = run.latents("test").z
    np.testing.assert_allclose(run.decode(z[::-1])[::-1], run.decode(z), atol=1e-6)


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.full((2, 1, 32, 32), np.nan), "2 images have NaN pixels; repair or leave them out"),
        (np.zeros((2, 1, 28, 28)), r"shape \(2, 1, 28, 28\) do not fit: expected \(n, 1, 32, 32\)"),
        (np.zeros((2, 3, 32, 32)), "do not fit"),
        (np.zeros(32), "do not fit"),
        (np.zeros((1, 1, 1, 32, 32)), "do not fit"),
        (np.full((1, 1, 32, 32), 255), "Pixels run from 255 to 255; expected 0 to 1, or uint8"),
        (np.full((1, 1, 32, 32), np.inf), "Pixels run from"),
        (np.full((1, 1, 32, 32), -0.1), "Pixels run from"),
        (np.full((1, 1, 32, 32), "a"), "real numbers"),
        (np.full((1, 1, 32, 32), 1j), "real numbers"),
        ([[1, 2], [3]], "real numbers"),
    ],
)
def test_images_that_do_not_fit_are_refused(run, images, sentence):
    with pytest.raises(BadDataError, match=sentence):
        run.encode(images)


@pytest.mark.parametrize(
    "z",
    [[0.1], [[0.1, 0.2, 0.3]], [[[0.1, 0.2]]], [np.nan, 0], [np.inf, 0], [1e300, 0], ["a", "b"], [[1, 2], [3]], 0.5],
)
def test_latents_that_do_not_fit_are_refused(run, z):
    for use in (run.decode, run.probabilities, run.neighbours):
        with pytest.raises(BadDataError):
            use(z)


def test_run_without_a_decoder_says_so(run):
    run.card = run.card.model_copy(update={"has_decoder": False})
    with pytest.raises(BadValueError, match="tiny has no decoder"):
        run.decode([0, 0])


@pytest.mark.parametrize("split", ["train", "test"])
def test_neighbours_are_those_of_brute_force(run, split):
    z = run.latents(split).z.astype(np.float64)
    for place in np.random.default_rng(0).normal(size=(20, 2)):
        distances = [float(np.hypot(*(row - np.float32(place)))) for row in z]
        expected = sorted(range(len(z)), key=lambda row: (distances[row], row))[:12]
        hits = run.neighbours(place, split=split)
        assert hits.rows.tolist() == expected
        np.testing.assert_allclose(hits.scores, np.array(distances)[expected], rtol=1e-6)


@pytest.mark.parametrize(("k", "found"), [(0, 0), (1, 1), (24, 24), (1000, 24)])
def test_neighbours_are_as_many_as_asked_for_or_as_there_are(run, k, found):
    assert len(run.neighbours([0, 0], k).rows) == found


def test_neighbours_of_several_places_are_refused(run):
    with pytest.raises(BadDataError, match="one latent"):
        run.neighbours(np.zeros((2, 2)))


def test_opening_changes_no_file(run, dataset):
    before = {path.name: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    run.encode(dataset.items[:3])
    run.decode(run.latents("test").z)
    assert {path.name: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


@pytest.fixture(scope="module")
def of_vectors(tmp_path_factory) -> tuple[Run, Dataset]:
    """A VAE of vectors whose features differ in scale a ten-thousandfold."""
    dataset = vectors()
    source = DatasetSource("dots", "Made for a test", Config, lambda *_: dataset)
    home = tmp_path_factory.mktemp("vectors")
    config = VAE.config(hidden=(16,), latent_dims=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS, "dots", source)
        found = Settings(data_root=home / "data", runs_root=home / "runs", device="cpu")
        folder = train(found, "dots", method=VAE, config=config, source=source, data=Config())
    return Run(folder), dataset


def test_run_of_vectors_keeps_shape_scale_and_posterior(of_vectors):
    run, dataset = of_vectors
    assert run.card.shape == (12,)
    rows, stored = dataset.rows("test"), run.latents("test")
    np.testing.assert_allclose(run.encode(dataset.items[rows]), stored.z, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run.posterior(dataset.items[rows])[1], stored.std, rtol=1e-3)
    assert run.decode(stored.z).shape == (8, 12)
    spread = dataset.items[dataset.rows("train")].std(axis=0)
    offsets = run.decode(stored.z) - dataset.items[dataset.rows("train")].mean(axis=0)
    assert (np.abs(offsets).max(axis=0) < 3 * spread).all()
    assert 0.1 < run.card.metrics["test_reconstruction_rmse"].value < 3  # in standard deviations, not in units


def test_vectors_may_come_alone_or_as_lists(of_vectors):
    run, dataset = of_vectors
    expected = run.encode(dataset.items[:3])
    np.testing.assert_allclose(run.encode(dataset.items[:3].tolist()), expected, atol=1e-6)
    np.testing.assert_allclose(run.encode(dataset.items[0]), expected[:1], atol=1e-6)
    np.testing.assert_allclose(run.encode(dataset.items[:3].astype(np.float64)), expected, atol=1e-6)
    assert run.encode(np.zeros((0, 12))).shape == (0, 3)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (np.zeros((2, 11)), r"expected \(n, 12\)"),
        (np.zeros((1, 1, 12)), r"expected \(n, 12\)"),
        (np.full(12, np.nan), r"1 of \d+ vectors hold NaN or infinite values"),
        (np.full((3, 12), 1e300), r"3 of \d+ vectors hold NaN or infinite values"),
        (["a"] * 12, "real numbers"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(of_vectors, wrong, sentence):
    for use in (of_vectors[0].encode, of_vectors[0].posterior):
        with pytest.raises(BadDataError, match=sentence):
            use(wrong)


@pytest.mark.parametrize("shape", [(), (0,), (-1,), (2_000_000,), (3, 4), (1, 0, 4), (1, 5000, 4), (1, 2, 3, 4), "abc"])
def test_card_of_an_impossible_shape_is_refused(run, shape):
    values = json.loads(run.card.model_dump_json())
    with pytest.raises(BadRunError, match="The card of tiny cannot be used: shape"):
        parse_card(json.dumps(values | {"shape": shape}), "tiny")
    assert parse_card(json.dumps(values | {"shape": (12,)}), "tiny").shape == (12,)


def test_posterior_wider_than_a_float16_is_kept_as_wide_as_that(of_vectors, tmp_path):
    run, _ = of_vectors
    folder = Path(shutil.copytree(run.folder, tmp_path / "wide"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = {split: replace(part, std=np.full_like(part.std, 1e9)) for split, part in run._latents.items()}
        digest = write_latents(folder, found)
    card = run.card.model_copy(update={"files": run.card.files | {LATENTS: digest}})
    assert (read_latents(folder, card)["test"].std == 65504).all()


def test_latents_of_before_there_were_deviations_still_open(run):
    before = run.latents("test")
    arrays = parse_tensors((run.folder / LATENTS).read_bytes())
    for split in SPLITS:
        del arrays[f"{split}.std"]
    digest = write_bytes(run.folder, LATENTS, dump_tensors(arrays))
    write_card(run.folder, run.card.model_copy(update={"files": run.card.files | {LATENTS: digest}}))
    found = Run(run.folder).latents("test")
    assert found.std.shape == (24, 0)
    np.testing.assert_array_equal(found.z, before.z)
    np.testing.assert_array_equal(found.probabilities, before.probabilities)


def test_card_of_before_there_were_networks_and_threads_to_choose_encodes_as_it_did(run, dataset):
    values = json.loads(run.card.model_dump_json())
    for old, new in {"config": ("network", "hidden"), "training": ("threads", "label_share", "label_seed")}.items():
        for name in new:
            del values[old][name]
    write_card(run.folder, parse_card(json.dumps(values), "tiny"))
    found, rows = Run(run.folder), dataset.rows("test")
    np.testing.assert_array_equal(found.encode(dataset.items[rows]), run.encode(dataset.items[rows]))
    assert parse(TrainingConfig, found.card.training, "the card").label_share == 1


@pytest.mark.parametrize("name", ["textures-petals", "textures-crossentropy", "textures-beams"])
def test_shipped_run_encodes_as_it_did_when_it_was_trained(name):
    run = Run(places.models() / name)
    items = textures(TexturesConfig(**run.card.data.settings | {"n": 100}))  # another n leaves an image as it is
    kept = run.latents("train")
    at = np.flatnonzero(np.isin(items.ids, kept.ids))
    assert len(at) > 50
    stored = dict(zip(kept.ids.tolist(), kept.z, strict=True))
    np.testing.assert_allclose(
        run.encode(items.items[at]), [stored[key] for key in items.ids[at].tolist()], rtol=1e-3, atol=1e-3
    )
    assert (run.decode(kept.z[:2]) if run.card.has_decoder else run.probabilities(kept.z[:2])).shape[0] == 2
