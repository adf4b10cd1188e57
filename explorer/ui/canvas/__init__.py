"""A square to draw on with mouse, pen or finger; Python gets the strokes, and makes the picture of them itself."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from explorer.data.strokes import drawn, read_strokes
from explorer.errors import BadDataError
from explorer.ui.address_bar import write
from explorer.ui.gallery import problem
from explorer.ui.messages import noted

FOLDER = Path(__file__).parent


def canvas(*, key: str, address: str = "") -> NDArray[np.uint8] | None:
    """Show the square, and give what is drawn on it; a stroke that ends runs the script or its fragment.

    Args:
        key: of the square in the session.
        address: parameter of the page's address that holds the drawing, so that a link opens it; empty: the session
            alone holds it, as long as the square is shown.

    Returns:
        White ink on black, shape (256, 256); None where nothing is drawn.
    """
    text = _told(key)
    if text is None:
        text = st.query_params.get(address, "") if address else ""
    try:
        ink = drawn(read_strokes(text))
    except BadDataError as error:
        problem(str(error))
        text, ink = "", np.zeros((1, 1), np.uint8)
    if address and text != st.query_params.get(address, ""):
        write(address, text or None)
    # In a list: see `scatter`.
    _component()(key=key, data=[{"strokes": text}], on_strokes_change=noted)
    return ink if ink.any() else None


def _told(key: str) -> str | None:
    """The strokes as the browser last sent them; None where it sent none, or something else."""
    result = st.session_state.get(key)
    told = result.get("strokes") if isinstance(result, Mapping) else None
    return told if isinstance(told, str) else None


@cache
def _component() -> ComponentRenderer:
    html = '<div class="canvas"></div>'
    css, js = ((FOLDER / f"canvas.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return st.components.v2.component("latent_explorer_canvas", html=html, css=css, js=js)
