import numpy as np
import pytest

from explorer.data.dataset import Dataset
from explorer.errors import BadDataError, BadValueError
from explorer.workflows.runs import load_dataset, open_run
from explorer.zoo.run import Run


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
    "z", [[0.1], [[0.1, 0.2, 0.3]], [[[0.1, 0.2]]], [np.nan, 0], [np.inf, 0], ["a", "b"], [[1, 2], [3]], 0.5]
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
    before = {path.name: path.read_bytes() for path in run.folder.iterdir()}
    run.encode(dataset.items[:3])
    run.decode(run.latents("test").z)
    assert {path.name: path.read_bytes() for path in run.folder.iterdir()} == before
