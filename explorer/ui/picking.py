"""Pictures that a person can choose by a click or by the keyboard."""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.ui.gallery import Picture, cells_of
from explorer.ui.messages import fresh, is_int, noted


def picked(key: str) -> object | None:
    """The value of the picture that was chosen just now, else None; call it before anything that depends on it.

    Args:
        key: of the group, which `pick` drew with values in the last run.
    """
    identity, values = st.session_state.get(_shown(key), ("", ()))
    index = _index(key, identity, len(values))
    return None if index is None else values[index]


def pick(  # noqa: PLR0913 - all but the first are named
    items: Sequence[Picture],
    *,
    side: int,
    n_classes: int,
    name: str,
    key: str,
    chosen: int | None = None,
    values: Sequence[object] = (),
) -> int | None:
    """Show images side by side as `gallery.pictures` does, each of which can be chosen.

    Args:
        items: what to show.
        side: wanted size of an image on the page, pixels; the nearest whole multiple below is taken.
        n_classes: for the class colours.
        name: what the group is, for screen readers and tests.
        key: of the group in the session.
        chosen: the one that stands out, if any.
        values: what `picked` says of each in the next run, before anything is drawn.

    Returns:
        The one that was chosen just now and of which `picked` has not told, else None.
    """
    cells = cells_of(items, side=side, n_classes=n_classes)
    identity = _identity(cells)
    _draw(cells, name, key, chosen)
    st.session_state[_shown(key)] = identity, tuple(values)
    return _index(key, identity, len(items))


def pick_cells(cells: Sequence[str], *, name: str, key: str, chosen: int, kind: str) -> int | None:
    """Show elements of one's own side by side, each of which can be chosen; a new choice stands out at once.

    Args:
        cells: elements of the class `le-picture`, every foreign text in them escaped.
        name: what the group is, for screen readers and tests.
        key: of the group in the session.
        chosen: the one that stands out unless another was chosen just now.
        kind: style of the group.

    Returns:
        The one that was chosen just now, else None.
    """
    found = _index(key, _identity(cells), len(cells))
    _draw(cells, name, key, chosen if found is None else found, kind)
    return found


def _identity(cells: Sequence[str]) -> str:
    return blake2b("".join(cells).encode(), digest_size=8).hexdigest()


def _draw(cells: Sequence[str], name: str, key: str, chosen: int | None, kind: str = "le-pictures") -> None:
    data = {"cells": cells, "identity": _identity(cells), "name": name, "kind": kind, "chosen": chosen}
    # In a list: see `scatter`.
    _component()(key=key, data=[data], on_picked_change=noted)


def _index(key: str, identity: str, count: int) -> int | None:
    message = fresh(st.session_state.get(key), "picked", identity, key=key)
    index = None if message is None else message.get("index")
    return index if is_int(index) and 0 <= index < count else None


def _shown(key: str) -> str:
    return f"{key}:shown"


@cache
def _component() -> ComponentRenderer:
    html = '<div class="le-pictures le-picking" role="group"></div>'
    # Not isolated, so that the page's style holds for these pictures too.
    js = Path(__file__).with_suffix(".js").read_text("utf-8")
    return st.components.v2.component("latent_explorer_picking", html=html, js=js, isolate_styles=False)
