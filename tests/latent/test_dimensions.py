import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from explorer.errors import BadDataError
from explorer.latent.dimensions import mutual_information, select_dimensions

RNG = np.random.default_rng(4)


def test_information_of_a_dimension_that_is_the_label_is_the_labels_entropy():
    labels = np.repeat([0, 1, 2, 3], 50)
    assert mutual_information(labels[:, None].astype(float), labels) == pytest.approx([np.log(4)])


def test_information_equals_scikit_learns_on_the_same_bins():
    labels, z = RNG.integers(0, 5, 2000), RNG.normal(size=2000)
    z += labels * 0.3
    cells = np.searchsorted(np.quantile(z, np.arange(1, 20) / 20), z, side="right")
    assert mutual_information(z[:, None], labels) == pytest.approx([mutual_info_score(cells, labels)])


def test_constant_dimension_says_nothing_and_noise_little():
    labels = RNG.integers(0, 3, 3000)
    constant, noise = mutual_information(np.stack([np.ones(3000), RNG.normal(size=3000)], axis=1), labels)
    assert constant == 0
    assert 0 <= noise < 0.02


def test_dimensions_that_speak_of_the_criterion_are_chosen():
    labels = RNG.integers(0, 4, 1000)
    z = RNG.normal(size=(1000, 6))
    z[:, 1] += 2 * labels
    z[:, 4] -= 3 * labels
    assert select_dimensions(z, labels).tolist() == [1, 4]


def test_unlabelled_items_have_no_say_even_where_they_are_not_numbers():
    labels = np.append(np.repeat([0, 1], 50), -1)
    z = np.append(np.repeat([0.0, 1.0], 50), np.nan)[:, None]
    assert mutual_information(z, labels) == pytest.approx([np.log(2)])


def test_all_dimensions_where_none_says_more_than_another():
    assert select_dimensions(np.ones((10, 3)), np.arange(10) % 2).tolist() == [0, 1, 2]
    assert select_dimensions(RNG.normal(size=(10, 1)), np.arange(10) % 2).tolist() == [0]


@pytest.mark.parametrize(
    ("labels", "values"), [([1, 1, 1], "1 value "), ([-1, -1, 0], "1 value "), ([-1] * 3, "0 values ")]
)
def test_criterion_with_one_value_is_refused(labels, values):
    with pytest.raises(BadDataError, match=values):
        mutual_information(np.ones((3, 2)), labels)


def test_latents_that_are_no_numbers_are_refused():
    with pytest.raises(BadDataError, match="NaN"):
        select_dimensions([[np.nan], [1.0]], [0, 1])
