"""Pictures that a person can choose by a click or by the keyboard."""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.ui.gallery import Picture, cells_of
from explorer.ui.messages import fresh, is_int, noted


def pick(
    items: Sequence[Picture], *, side: int, n_classes: int, name: str, key: str, chosen: int | None = None
) -> int | None:
    """Show images side by side as `gallery.pictures` does, each of which can be chosen.

    Args:
        items: what to show.
        side: wanted size of an image on the page, pixels; the nearest whole multiple below is taken.
        n_classes: for the class colours.
        name: what the group is, for screen readers and tests.
        key: of the group in the session.
        chosen: the one that stands out, if any.

    Returns:
        The one that was chosen just now, else None. The page still shows what was there before: note the choice and
        run again, as in `st.rerun(scope="fragment")`.
    """
    cells = cells_of(items, side=side, n_classes=n_classes)
    identity = blake2b("".join(cells).encode(), digest_size=8).hexdigest()
    data = {"cells": cells, "identity": identity, "name": name, "chosen": chosen}
    # In a list: see `scatter`.
    _component()(key=key, data=[data], on_picked_change=noted)
    message = fresh(st.session_state.get(key), "picked", identity, key=key)
    index = None if message is None else message.get("index")
    return index if is_int(index) and 0 <= index < len(items) else None


@cache
def _component() -> ComponentRenderer:
    html = '<div class="le-pictures le-picking" role="group"></div>'
    # Not isolated, so that the page's style holds for these pictures too.
    js = Path(__file__).with_suffix(".js").read_text("utf-8")
    return st.components.v2.component("latent_explorer_picking", html=html, js=js, isolate_styles=False)
