import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.data.digits import DIGITS, DigitsConfig, load
from explorer.errors import BadValueError
from explorer.fields import parse


@pytest.fixture(scope="module")
def data_root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def digits(data_root) -> Dataset:
    return load(DigitsConfig(), data_root)


def test_table_of_data_sets_holds_digits():
    assert DATASETS["digits"] is DIGITS


def test_images_are_those_of_scikit_learn_over_the_whole_range(digits):
    from sklearn.datasets import load_digits

    theirs = load_digits()
    assert digits.shape == (1, 8, 8)
    assert (digits.items.min(), digits.items.max()) == (0, 255)
    np.testing.assert_allclose(digits.items[:, 0] / 255, theirs.images / 16, atol=0.5 / 255)
    np.testing.assert_array_equal(digits.labels, theirs.target)
    assert digits.classes == tuple("0123456789")
    np.testing.assert_array_equal(digits.ids, np.arange(1797))


def test_fifth_of_every_digit_is_kept_for_the_test(digits):
    count = np.bincount(digits.labels)
    np.testing.assert_array_equal(np.bincount(digits.labels[digits.is_test]), np.round(count / 5))


def test_same_seed_splits_in_the_same_way_and_another_otherwise(digits, data_root):
    again, other = load(DigitsConfig(seed=0), data_root), load(DigitsConfig(seed=1), data_root)
    np.testing.assert_array_equal(again.is_test, digits.is_test)
    assert np.count_nonzero(other.is_test & digits.is_test) < 0.5 * np.count_nonzero(digits.is_test)
    np.testing.assert_array_equal(other.ids, digits.ids)


def test_split_stays_the_same_for_ever(digits):
    assert np.flatnonzero(digits.is_test)[:8].tolist() == [2, 3, 11, 13, 15, 20, 21, 32]


def test_smaller_test_split_lies_within_the_larger_one(digits, data_root):
    half = load(DigitsConfig(test_share=0.5), data_root)
    assert (half.is_test | ~digits.is_test).all()
    assert np.count_nonzero(half.is_test) == pytest.approx(1797 / 2, abs=5)


def test_random_groups_are_classes_and_the_digit_stays_a_factor(digits, data_root):
    dataset = load(DigitsConfig(grouping="random", grouping_seed=4), data_root)
    assert len(dataset.classes) == 3
    assert sorted(" ".join(dataset.classes).split()) == list("0123456789")
    for digit, label in zip(dataset.factors["digit"], dataset.labels, strict=True):
        assert str(digit) in dataset.classes[label].split()
    np.testing.assert_array_equal(dataset.factors["digit"], digits.labels)
    np.testing.assert_array_equal(dataset.is_test, digits.is_test)


def test_digit_is_a_factor_without_groups_too(digits):
    np.testing.assert_array_equal(digits.factors["digit"], digits.labels)


@pytest.mark.usefixtures("digits")
def test_second_load_is_mapped_and_does_not_import_scikit_learn(data_root):
    code = (
        "import sys\nfrom pathlib import Path\nfrom explorer.data.digits import DigitsConfig, load\n"
        f"dataset = load(DigitsConfig(), Path({str(data_root)!r}))\n"
        "print(type(dataset.items).__name__, len(dataset), 'sklearn' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["memmap", "1797", "False"]


def test_data_root_that_cannot_be_written_still_gives_the_data(digits, tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    np.testing.assert_array_equal(load(DigitsConfig(), tmp_path / "file").items, digits.items)


def test_training_on_digits_never_mirrors_them():
    assert DIGITS.training == {"augment": False, "batch_size": 32, "epochs": 60}


@pytest.mark.parametrize(
    ("values", "words"),
    [({"test_share": 0.9}, "test_share"), ({"grouping": "odd"}, "grouping"), ({"seed": -1}, "seed"), ({"n": 5}, "'n'")],
)
def test_wrong_settings_are_named(values, words):
    with pytest.raises(BadValueError, match=words):
        parse(DigitsConfig, values, "the data set digits")
