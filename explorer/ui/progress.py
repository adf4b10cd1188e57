"""A bar that follows some work: the browser asks a route how far it is, and the page runs again when it is over.

A fragment on a timer would do so too, but within another fragment it breaks the page when that one changes meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.ui.addresses import route_address
from explorer.ui.messages import noted

FOLLOWED = 256  # works that the server remembers how to look at; of an older one it says that it is over


@dataclass(frozen=True)
class Standing:
    """How far some work is.

    Args:
        words: what is being done.
        share: of it that is done, 0 to 1.
    """

    words: str
    share: float


Look = Callable[[], Standing | None]
"""How far the work is now; None once it is over."""

_looks: dict[str, Look] = {}
_lock = Lock()


def bar(identity: str, look: Look, *, key: str) -> None:
    """Follow some work; when it is over, the fragment or the page that holds this runs again.

    Args:
        identity: names the work among all of this server.
        look: how far it is; it is asked from another thread, and long after the page was drawn.
        key: of the bar in the session.
    """
    standing = look() or Standing("", 1.0)
    _follow(identity, look, key, {"words": standing.words, "share": standing.share})


def quietly(identity: str, look: Look, *, key: str) -> None:
    """Follow some work as `bar` does, without anything to see."""
    _follow(identity, look, key, {"quiet": True})


def _follow(identity: str, look: Look, key: str, shown: dict[str, Any]) -> None:
    with _lock:
        _looks.pop(identity, None)
        _looks[identity] = look
        while len(_looks) > FOLLOWED:
            del _looks[next(iter(_looks))]
    data = {"url": route_address(f"work/{identity}", ""), "identity": identity, **shown}
    _component()(key=key, data=[data], on_over_change=noted)  # in a list: see `scatter`


def standing_of(identity: str) -> Standing | None:
    """How far the work of this name is; None for work that is over or unknown."""
    look = _looks.get(identity)
    return None if look is None else look()


@cache
def _component() -> ComponentRenderer:
    line = '<div role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div>'
    html = f'<div class="le-progress"><span role="status"></span>{line}</div>'
    js = Path(__file__).with_suffix(".js").read_text("utf-8")
    return st.components.v2.component("latent_explorer_progress", html=html, js=js, isolate_styles=False)
