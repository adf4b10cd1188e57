"""A drawing of ours as SVG on a page, which Streamlit's own HTML leaves out; it takes the page's colours."""

from functools import cache

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

JS = """export default function mount({ parentElement, data }) {
  const place = parentElement.querySelector(".le-drawing");
  if (place.innerHTML !== data[0].svg) place.innerHTML = data[0].svg;
}"""


def drawing(svg: str, *, key: str) -> None:
    """Show an SVG element.

    Args:
        svg: the element; every foreign text in it escaped.
        key: of the drawing in the session.
    """
    _component()(key=key, data=[{"svg": svg}])  # in a list: see `scatter`


@cache
def _component() -> ComponentRenderer:
    # Not isolated, so that the page's style holds for it too.
    return st.components.v2.component(
        "latent_explorer_drawing", html='<div class="le-drawing"></div>', js=JS, isolate_styles=False
    )
