"""What a person may hand to a run, and what it becomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadDataError
from explorer.zoo.inputs import as_images, as_items, as_vectors, numbers

pytestmark = pytest.mark.filterwarnings("error")
GREY, COLOUR = (1, 3, 4), (3, 2, 5)


@given(
    arrays(np.float32, st.tuples(st.integers(0, 5), st.just(4)), elements=st.floats(-(2.0**120), 2.0**120, width=32))
)
def test_vectors_stay_as_they_are(x):
    found = as_vectors(x, 4)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, x)
    np.testing.assert_array_equal(as_vectors(x.astype(np.float64), 4), x)
    if len(x):
        np.testing.assert_array_equal(as_vectors(x.tolist(), 4), x)
        np.testing.assert_array_equal(as_vectors(x[0], 4), x[:1])
        np.testing.assert_array_equal(as_vectors(x[0].tolist(), 4), x[:1])


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint64, np.float16])
def test_vectors_of_any_real_numbers_are_taken(kind):
    np.testing.assert_array_equal(as_vectors(np.array([[0, 1, 1]], kind), 3), [[0, 1, 1]])


@pytest.mark.parametrize(
    ("vectors", "sentence"),
    [
        (np.zeros((2, 3)), r"Vectors of shape \(2, 3\) do not fit: expected \(n, 4\)"),
        (np.zeros(3), r"Vectors of shape \(3,\) do not fit: expected \(n, 4\)"),
        (np.zeros((1, 1, 4)), "do not fit"),
        (0.5, "do not fit"),
        ([], "do not fit"),
        ([[0, 0, 0, np.nan], [0, 0, 0, 0], [0, np.nan, np.inf, 0]], r"2 of \d+ vectors hold NaN or infinite values"),
        ([0, 0, 0, -np.inf], r"1 of \d+ vectors hold NaN or infinite values"),
        ([0, 0, 0, 1e300], r"1 of \d+ vectors hold NaN or infinite values"),
        ([[1, 2, 3, 4], [1, 2]], "rows are equally long"),
        (["a", "b", "c", "d"], "real numbers"),
        ([None, 1, 2, 3], "real numbers"),
        (np.zeros(4, complex), "real numbers"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(vectors, sentence):
    with pytest.raises(BadDataError, match=sentence):
        as_vectors(vectors, 4)


@pytest.mark.parametrize("shape", [GREY, COLOUR, (1, 1, 1), (1, 1, 3), (3, 3, 3)])
def test_bytes_and_fractions_of_an_image_are_the_same(shape):
    images = np.random.default_rng(0).integers(0, 256, (6, *shape), dtype=np.uint8)
    expected = images.astype(np.float32) / 255
    for same in (images, images / 255, (images / 255).astype(np.float32).tolist()):
        np.testing.assert_allclose(as_images(same, shape), expected, atol=1e-7)
    np.testing.assert_array_equal(as_images(images[0], shape), expected[:1])
    if shape[0] == 1:
        np.testing.assert_array_equal(as_images(images[:, 0], shape), expected)
        np.testing.assert_array_equal(as_images(images[0, 0], shape), expected[:1])


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros((2, *COLOUR[::-1])), r"shape \(2, 5, 2, 3\) do not fit: expected \(n, 3, 2, 5\). Resize them first"),
        (np.zeros((2, 2, 5)), "do not fit"),
        (np.zeros(30), "do not fit"),
        (np.full(COLOUR, 1e300), "Pixels run from inf to inf"),
        (np.full(COLOUR, -0.01), "Pixels run from -0.01 to -0.01; expected 0 to 1, or uint8 in 0 to 255"),
        (np.full(COLOUR, 255), "Pixels run from 255 to 255"),
        (np.full((2, *COLOUR), np.nan), "2 images have NaN pixels"),
    ],
)
def test_images_that_do_not_fit_are_refused(images, sentence):
    with pytest.raises(BadDataError, match=sentence):
        as_images(images, COLOUR)


def test_shape_of_an_item_says_whether_it_is_an_image_or_a_vector():
    np.testing.assert_array_equal(as_items([[7, 300]], (2,)), [[7, 300]])
    np.testing.assert_array_equal(as_items(np.full((1, 1, 2), 255, np.uint8), (1, 1, 2)), np.ones((1, 1, 1, 2)))


@pytest.mark.parametrize("values", ["text", [b"x"], [1, "a"], [[1], [2, 3]], 1j, {1: 2}, [object()]])
def test_what_are_no_numbers_is_refused(values):
    with pytest.raises(BadDataError, match="Expected an array of real numbers whose rows are equally long"):
        numbers(values)
