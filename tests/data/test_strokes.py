"""Drawings as texts, which strangers may have written."""

import base64
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.data.strokes import Stroke, drawn, read_strokes
from explorer.errors import BadDataError
from tests.strokes import write_strokes

places = st.integers(0, 255)
strokes = st.builds(
    Stroke,
    st.lists(st.tuples(places, places), min_size=1, max_size=20).map(tuple),
    st.integers(1, 127),
    st.booleans(),
)


@given(st.lists(strokes, max_size=6))
def test_text_gives_back_its_strokes(drawing):
    assert read_strokes(write_strokes(drawing)) == drawing


@given(st.text() | st.binary(max_size=99).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_a_drawing_or_the_sentence(text):
    with suppress(BadDataError):
        assert drawn(read_strokes(text)).shape == (256, 256)


def coded(*values: int) -> str:
    return base64.urlsafe_b64encode(bytes(values)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "a b c",
        "ü",
        coded(22),
        coded(22, 1, 0, 5),  # a point without its y
        coded(22, 0, 0),  # no point
        coded(0, 1, 0, 5, 5),  # a pen without width
        coded(128, 1, 0, 5, 5),
        coded(22, 1, 0, 5, 5, 9),  # something behind it
        coded(22, 255, 255, 5, 5),  # fewer points than it says
    ],
)
def test_malformed_texts_are_refused(text):
    with pytest.raises(BadDataError, match="cannot be read; draw it again"):
        read_strokes(text)


def test_too_long_a_drawing_is_refused_before_it_is_read():
    with pytest.raises(BadDataError, match="more than 12,000 points"):
        read_strokes("A" * 40_000)


def test_a_dot_is_a_disc_and_the_eraser_takes_it_away():
    dot = Stroke(((100, 50),), 20)
    picture = drawn([dot])
    rows, columns = np.indices(picture.shape)
    away = np.hypot(rows - 50, columns - 100)
    assert (picture[away < 9] == 255).all()
    assert not picture[away > 11.5].any()
    assert not drawn([dot, Stroke(((100, 50),), 24, erases=True)]).any()
    assert not drawn([]).any()


def test_a_line_is_as_wide_as_its_pen_and_its_corners_are_round():
    picture = drawn([Stroke(((50, 128), (200, 128), (200, 200)), 20)])
    assert np.count_nonzero(picture[:, 120]) == pytest.approx(20, abs=2)
    assert not picture[118:121, 207:211].any()  # outside the corner


def test_points_at_the_edge_stay_inside():
    assert drawn([Stroke(((0, 0), (255, 255)), 127)]).max() == 255
