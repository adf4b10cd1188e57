"""What the canvas's browser sends, and what Python takes of it."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.strokes import Stroke, drawn
from tests.strokes import write_strokes

DRAWING = [Stroke(((60, 60), (190, 60), (110, 200)), 22)]
TEXT = write_strokes(DRAWING)


def app() -> None:
    import streamlit as st

    from explorer.ui.canvas import canvas

    st.session_state["got"] = canvas(key="canvas", address="drawing")


def opened(told: object = None, address: str = "") -> AppTest:
    at = AppTest.from_function(app, default_timeout=60)
    if address:
        at.query_params["drawing"] = address
    at.session_state["canvas"] = {"strokes": told}
    return at.run()


def shown(at: AppTest) -> str:
    """The strokes that the browser is told."""
    (component,) = at.get("bidi_component")
    return str(json.loads(component.proto.json)[0]["strokes"])


def test_strokes_become_their_picture_and_stand_in_the_address():
    at = opened(TEXT)
    assert not at.exception
    np.testing.assert_array_equal(at.session_state["got"], drawn(DRAWING))
    assert at.query_params["drawing"] == TEXT
    assert shown(at) == TEXT


def test_an_address_opens_its_drawing():
    at = opened(address=TEXT)
    np.testing.assert_array_equal(at.session_state["got"], drawn(DRAWING))
    assert shown(at) == TEXT


def test_what_was_cleared_leaves_the_address():
    at = opened("", address=TEXT)
    assert at.session_state["got"] is None
    assert "drawing" not in at.query_params


@pytest.mark.parametrize("told", [None, 7, {"a": 1}, b"FgEA", ["FgEA"]])
def test_what_is_no_text_is_no_drawing(told):
    at = opened(told)
    assert not at.exception
    assert at.session_state["got"] is None


@pytest.mark.parametrize("broken", ["<script>", "AAAA", "A" * 50_000])
@pytest.mark.parametrize("where", ["told", "address"])
def test_a_broken_drawing_is_one_sentence_and_an_empty_square(broken, where):
    at = opened(**{where: broken})
    assert not at.exception
    assert len(at.error) == 1
    assert "raw" in at.error[0].value
    assert at.session_state["got"] is None
    assert shown(at) == ""
    assert "drawing" not in at.query_params


def test_an_eraser_alone_draws_nothing():
    at = opened(write_strokes([Stroke(((9, 9),), 40, erases=True)]))
    assert at.session_state["got"] is None
