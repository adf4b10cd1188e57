"""Digits as people draw, scan or photograph them, in the form of MNIST's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw

from explorer.data.centring import as_digit
from explorer.errors import BadDataError


def stroke(side=280, at=(90, 40), width=22):
    """A seven, white on black, drawn where a person happens to draw it."""
    image = Image.new("L", (side, side))
    x, y = at
    ImageDraw.Draw(image).line([(x, y), (x + 80, y), (x + 30, y + 150)], fill=255, width=width, joint="curve")
    return np.asarray(image)


def paper(ink):
    """The same with a dark pen on paper that is lit from one side and has some grain."""
    light = np.linspace(180, 230, ink.shape[1])[None]
    grain = np.random.default_rng(0).normal(0, 2, ink.shape)
    return np.clip(light - 0.6 * ink + grain, 0, 255).astype(np.uint8)


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


def test_pen_on_paper_gives_nearly_the_same_as_clean_ink():
    found, clean = as_digit(paper(stroke())), as_digit(stroke())
    shifts = [(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]  # light moves the mass by a pixel
    likeness = [np.corrcoef(np.roll(found, by, (0, 1)).ravel(), clean.ravel())[0, 1] for by in shifts]
    assert max(likeness) > 0.97
    assert abs(int((found > 0).sum()) - int((clean > 0).sum())) < 20  # no shade of the paper is left


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
