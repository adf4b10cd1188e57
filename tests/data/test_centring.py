"""Digits as people draw, scan or photograph them, in the form of MNIST's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw

from explorer.data.centring import as_digit
from explorer.data.handwriting import stroke_width
from explorer.errors import BadDataError


def stroke(side=280, at=(90, 40), width=22):
    """A seven, white on black, drawn where a person happens to draw it."""
    image = Image.new("L", (side, side))
    x, y = at
    ImageDraw.Draw(image).line([(x, y), (x + 80, y), (x + 30, y + 150)], fill=255, width=width, joint="curve")
    return np.asarray(image)


def paper(ink, *, shade=0.3, vignette=0.2, grain=3.0, ruled=False):
    """The same with a dark pen on paper that is lit from one side, darker in its corners, grainy, perhaps ruled."""
    y, x = (np.linspace(-1, 1, n) for n in ink.shape)
    page = 235 - 0.75 * ink.astype(float)
    if ruled:
        page[30::40] = np.minimum(page[30::40], 185)
    light = (1 - shade * (x[None] + 1) / 2) * (1 - vignette * (x[None] ** 2 + y[:, None] ** 2) / 2)
    return np.clip(page * light + np.random.default_rng(0).normal(0, grain, ink.shape), 0, 255).astype(np.uint8)


def likeness(one, other):
    """Greatest correlation of two digits, where light and grain may have moved the mass by a pixel."""
    shifts = [(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]
    return max(np.corrcoef(np.roll(one, by, (0, 1)).ravel(), other.ravel())[0, 1] for by in shifts)


def centre(digit):
    rows, columns = np.indices(digit.shape)
    return (digit * rows).sum() / digit.sum(), (digit * columns).sum() / digit.sum()


def test_what_is_written_is_20_px_long_and_its_mass_lies_in_the_middle():
    digit = as_digit(stroke())
    assert (digit.shape, digit.dtype) == ((28, 28), np.uint8)
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert np.ptp(rows) + 1 == 20
    assert np.ptp(columns) + 1 < 20
    assert centre(digit) == pytest.approx((14, 14), abs=0.51)


def test_place_size_and_polarity_of_the_writing_change_nothing():
    usual = as_digit(stroke())
    for other in (stroke(at=(10, 100)), 255 - stroke(), np.pad(stroke(), ((0, 90), (40, 0)))):
        assert as_digit(other).tolist() == usual.tolist()
    large = np.asarray(Image.fromarray(stroke()).resize((560, 560), Image.Resampling.NEAREST))
    assert np.abs(as_digit(large).astype(int) - usual).mean() < 0.5


def test_a_digit_that_is_in_the_form_already_stays_as_it_is():
    digit = as_digit(stroke())
    assert np.abs(as_digit(digit).astype(int) - digit).max() <= 256 - int(digit.max())


@pytest.mark.parametrize(
    "how",
    [
        {"shade": 0, "vignette": 0},
        {"shade": 0.6, "vignette": 0},
        {"shade": 0, "vignette": 0.5},
        {"grain": 12},
        {"ruled": True},
        {"shade": 0.4, "vignette": 0.3, "grain": 6, "ruled": True},
    ],
    ids=str,
)
def test_pen_on_paper_gives_nearly_the_same_as_clean_ink(how):
    photograph = paper(stroke(), **how)
    assert likeness(as_digit(photograph), as_digit(stroke())) > 0.93
    assert likeness(as_digit(255 - photograph), as_digit(stroke())) > 0.93


def test_dirt_is_not_written():
    dirty = stroke().copy()
    dirty[250:254, 250:254] = 255
    assert likeness(as_digit(paper(dirty)), as_digit(stroke())) > 0.93


def test_strokes_of_a_ballpoint_are_thickened_and_those_of_a_pen_are_not():
    usual, thin = as_digit(stroke(width=20)), as_digit(stroke(width=3))
    thickness = stroke_width(np.stack([usual, thin]))
    assert 1.2 < thickness[1] < thickness[0]
    assert likeness(thin, usual) > 0.85
    assert np.abs(as_digit(thin).astype(int) - thin).max() <= 256 - int(thin.max())


def test_small_images_are_items_and_no_photographs():
    rng = np.random.default_rng(0)
    tight = np.zeros((8, 8), np.uint8)
    tight[:, 3:6] = rng.integers(100, 255, (8, 3))
    tight[[0, -1]] = rng.integers(1, 255, (2, 8))  # ink along most of the edge
    assert as_digit(tight, side=8, box=8, dark_on_light=False).any()


def test_polarity_can_be_said():
    mostly_white = 255 - stroke(width=4)
    mostly_white[0] = mostly_white[-1] = mostly_white[:, 0] = mostly_white[:, -1] = 128  # the edge says nothing
    as_said = as_digit(mostly_white, dark_on_light=True)
    assert as_said.tolist() != as_digit(mostly_white, dark_on_light=False).tolist()


def test_form_of_scikit_learns_digits_fills_its_square():
    digit = as_digit(stroke(), side=8, box=8)
    assert digit.shape == (8, 8)
    assert digit.any(axis=1).all()
    left, right = np.flatnonzero(digit.any(axis=0))[[0, -1]]
    assert abs(left - (7 - right)) <= 1


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_without_ink_there_is_one_sentence(grey):
    with pytest.raises(BadDataError, match="nothing written"):
        as_digit(np.full((30, 40), grey, np.uint8))


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_image_gives_a_digit_or_the_sentence(image):
    try:
        digit = as_digit(image)
    except BadDataError:
        return
    assert digit.shape == (28, 28)
    assert digit.any()


@given(arrays(np.uint8, (12, 9)), st.booleans())
def test_negative_is_the_same_digit(image, dark):
    def found(image, dark):
        try:
            return as_digit(image, dark_on_light=dark).tolist()
        except BadDataError:
            return None

    assert found(image, dark) == found(255 - image, not dark)


@given(st.integers(0, 2**32 - 1), st.sampled_from([(65, 1), (66, 70), (130, 90)]), st.sampled_from([1, 40, 250]))
def test_any_photograph_gives_a_digit_or_the_sentence(seed, shape, step):
    """Noise, blotches of a few greys, and nearly flat images, too large for items."""
    image = np.random.default_rng(seed).integers(0, 256, shape) // step * step
    try:
        digit = as_digit(image.astype(np.uint8))
    except BadDataError:
        return
    assert digit.shape == (28, 28)
    assert digit.any()
