import colorsys

import numpy as np
import pytest
from scipy import ndimage

from explorer.data import coloured
from explorer.data.backgrounds import DARK, LIGHT, PATTERNS, backgrounds
from explorer.data.coloured import ColouredConfig, load
from explorer.data.mnist import MNIST, MnistConfig
from explorer.errors import BadValueError, MissingDataError
from tests.mirrored import contents, put

SMALL = ColouredConfig(n=40, perspectives=3)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return load(SMALL, tmp_path_factory.mktemp("data"))


def test_each_instance_is_shown_so_often_in_one_split(dataset):
    assert dataset.items.shape == (120, 3, 28, 28)
    instances = dataset.factors[dataset.group].reshape(40, 3)
    assert (instances == instances[:, :1]).all()
    assert len(np.unique(instances[:, 0])) == 40
    assert (dataset.is_test.reshape(40, 3).sum(axis=1) % 3 == 0).all()
    assert dataset.is_test.sum() == 24


def test_no_test_digit_of_the_source_is_trained_on(dataset, tmp_path):
    source = coloured.DIGITS.load(coloured.DigitsConfig(), tmp_path, None)
    is_test = source.is_test[dataset.factors["instance"]]
    assert is_test.tolist() == dataset.is_test.tolist()
    assert source.labels[dataset.factors["instance"]].tolist() == dataset.labels.tolist()


def test_factors_name_what_is_seen(dataset):
    for row in range(0, 120, 7):
        image = dataset.items[row].astype(float) / 255
        strongest = image[:, *np.unravel_index(np.ptp(image, axis=0).argmax(), (28, 28))]
        expected = colorsys.hsv_to_rgb(dataset.factors["hue"][row] / 360, 1, 1)
        assert np.abs(strongest / strongest.max() - expected).max() < 0.25
    assert set(dataset.factors["background"]) <= set(PATTERNS)
    assert set(dataset.factors["orientation"]) <= set(range(0, 360, 36))


def test_turning_agrees_with_scipy():
    rng = np.random.default_rng(0)
    ink = ndimage.gaussian_filter(rng.random((28, 28)), 2).astype(np.float32)
    ink[[0, -1]] = ink[:, [0, -1]] = 0
    froms, weights = coloured._turns()
    for number in (0, 1, 3, 5):
        turned = (ink.ravel()[froms[number]] * weights[number]).sum(axis=1).reshape(28, 28)
        slow = ndimage.rotate(ink, 36 * number, reshape=False, order=1)
        assert np.abs(turned - slow)[2:-2, 2:-2].max() < 0.02


def test_cache_gives_the_same_and_is_mapped(dataset, tmp_path):
    told = []
    made = load(SMALL, tmp_path, lambda *of: told.append(of))
    again = load(SMALL, tmp_path, lambda *of: told.append(of))
    assert told == [(120, 120)]
    assert isinstance(again.items, np.memmap)
    assert np.array_equal(made.items, dataset.items)
    assert np.array_equal(again.items, dataset.items)
    assert again.group == made.group == "instance"


def test_data_root_that_cannot_be_written_costs_time_only(dataset, tmp_path):
    (tmp_path / "coloured").write_text("a file where the folder should be")
    assert np.array_equal(load(SMALL, tmp_path).items, dataset.items)


def test_another_seed_gives_other_images_and_ids(dataset, tmp_path):
    other = load(SMALL.model_copy(update={"seed": 1}), tmp_path)
    assert not np.array_equal(other.items, dataset.items)
    assert not set(other.ids) & set(dataset.ids)


def test_mnist_is_taken_where_it_is_here_and_the_identity_says_so(dataset, tmp_path):
    put(tmp_path / "MNIST" / "raw", contents())
    glyphs = MNIST.load(MnistConfig(), tmp_path, None)
    found = load(ColouredConfig(n=20, perspectives=2), tmp_path)
    assert (found.identity, dataset.identity) == ("mnist", "digits")
    assert glyphs.labels[found.factors["instance"]].tolist() == found.labels.tolist()


def test_mnist_that_is_asked_for_and_missing_is_named(tmp_path):
    with pytest.raises(MissingDataError, match="MNIST"):
        load(ColouredConfig(n=20, source="mnist"), tmp_path)


def test_more_instances_than_there_are_digits_are_refused(tmp_path):
    with pytest.raises(BadValueError, match="enough for 1[0-9]{3}; lower --data.n"):
        load(ColouredConfig(n=3000, source="digits"), tmp_path)


def test_backgrounds_differ_and_keep_their_range():
    drawn = backgrounds(np.arange(len(PATTERNS)), np.zeros((len(PATTERNS), 2), int), 28)
    assert len(PATTERNS) == 10
    assert drawn.min() >= DARK - 1e-6
    assert drawn.max() <= LIGHT + 1e-6
    assert len({image.tobytes() for image in drawn}) == 10
    moved = backgrounds(np.array([3]), np.array([[1, 0]]), 28)
    assert np.array_equal(moved[0, :-1], drawn[3, 1:])
