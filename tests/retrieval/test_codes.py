import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadDataError, BadValueError
from explorer.retrieval.codes import binarise, clip, one_hot, pack, quantise

LATENTS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 70)), elements=st.floats(-10, 10))


@pytest.mark.parametrize(("levels", "expected"), [(2, [-2, 2]), (4, [-3, -1, 1, 3])])
def test_levels_are_the_middles_of_equal_parts(levels, expected):
    entries = np.linspace(-9, 9, 400)[:, None]
    assert np.unique(quantise(entries, levels=levels)).tolist() == expected


@given(LATENTS, st.integers(2, 40))
def test_each_entry_goes_to_a_nearest_level(z, levels):
    centres = -4 + (np.arange(levels) + 0.5) * 8 / levels
    found = quantise(z, levels=levels)
    nearest = np.abs(z[..., None] - centres).min(axis=-1)
    assert np.abs(z - found) == pytest.approx(nearest, abs=1e-9)
    assert np.isclose(found[..., None], centres).any(axis=-1).all()


@given(LATENTS)
def test_two_levels_are_twice_the_sign(z):
    z = np.where(np.abs(z) < 1e-6, 1, z)  # nearer to 0 the sum with the range's end is rounded
    assert quantise(z, levels=2).tolist() == (2.0 * binarise(z)).tolist()


def test_zero_is_minus_one_and_clipping_ends_at_one():
    z = np.array([[0.0, -0.5, 3.0, -7.0, 0.2]])
    assert binarise(z).tolist() == [[-1, -1, 1, -1, 1]]
    assert clip(z).tolist() == [[0.0, -0.5, 1.0, -1.0, 0.2]]


def test_one_hot_marks_the_likeliest_class_of_each_categorical_and_the_first_of_equals():
    assert one_hot([[0.1, 2.0, 1.0, 5.0, 5.0, 4.0]], classes=3).tolist() == [[0, 1, 0, 1, 0, 0]]


@given(LATENTS)
def test_packed_bits_are_the_signs(z):
    words = pack(binarise(z))
    bits = [[int(words[i, k // 64]) >> (k % 64) & 1 for k in range(z.shape[1])] for i in range(len(z))]
    assert bits == (z > 0).astype(int).tolist()
    assert words.shape == (len(z), (z.shape[1] + 63) // 64)


@pytest.mark.parametrize("code", [clip, binarise, lambda z: quantise(z, levels=4), lambda z: one_hot(z, classes=2)])
@pytest.mark.parametrize("z", [[[np.nan, 1.0]], [[np.inf, 1.0]], [1.0, 2.0]])
def test_what_is_no_latent_is_refused(code, z):
    with pytest.raises(BadDataError, match="Latents have shape"):
        code(z)


@pytest.mark.parametrize("levels", [1, 0, -3, 65537])
def test_levels_below_two_are_refused(levels):
    with pytest.raises(BadValueError, match="levels = "):
        quantise([[1.0]], levels=levels)


@pytest.mark.parametrize("ends", [(1, 1), (2, -2), (np.nan, 1), (0, np.inf)])
def test_range_without_room_is_refused(ends):
    with pytest.raises(BadValueError, match="range"):
        quantise([[1.0]], levels=2, low=ends[0], high=ends[1])


@pytest.mark.parametrize("classes", [1, 4, 0])
def test_classes_that_do_not_divide_the_latent_are_refused(classes):
    with pytest.raises(BadValueError, match="categoricals"):
        one_hot(np.zeros((2, 6)), classes=classes)
