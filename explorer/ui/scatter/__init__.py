"""The map: points drawn by WebGL in the browser, clicks and lassos reported to Python.

Points and the map's program travel once, over HTTP, from routes of the application; only small
settings and marks go through the websocket.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal, TypeGuard

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from explorer.ui.messages import fresh, is_int, noted
from explorer.ui.scatter.marks import NO_LAYERS, NO_MARKS, Colouring, Layers, Marks, selection_message
from explorer.ui.scatter.program import SCATTER

__all__ = [
    "Click",
    "Cloud",
    "Colouring",
    "Lasso",
    "Layers",
    "Marks",
    "Timeline",
    "scatter",
    "settled_frame",
    "touched",
]


@dataclass(frozen=True)
class Cloud:
    """The points of a map and where the browser gets them.

    Args:
        identity: names the content; camera, selection and loaded points are kept under it, so the
            addresses may change (a fresh token) without a second download.
        url: GET gives n pairs (x, y) of little-endian float32, then n bytes class, n bytes value
            (0 to 255: confidence), n bytes split (0 train, 1 test). Points come shuffled: any
            prefix is a fair sample.
        n: number of points.
        thumbnail_url: holds "{index}"; GET gives that point's image as PNG, its id in the header
            X-Item-Id. Empty: no images.
        classes: class names, none where nothing is labelled; class byte 255 means unlabelled.
        colours: "#rrggbb" for each class.
        has_confidence: the value byte says something; without it, nothing is said about it.
        items: names the points whatever map they lie on, in the same order: what is hidden or selected goes with
            them from map to map. Empty: they lie on this one alone.
        layout: names this map among those of the same items; a camera in the page's address bears it.
        tiles_url: holds "{rows}" and "{side}"; GET gives a PNG montage, one row of tiles of side x side pixels for
            the points "3,17,5". Empty: no images in place of points.
        tile_side: side of such a tile on the screen, CSS pixels.
        file_name: of an exported picture, without its ending.
        rows: names the items in their order, whatever run they are of: linked maps of the same rows share their hover.
    """

    identity: str
    url: str
    n: int
    thumbnail_url: str
    classes: tuple[str, ...]
    colours: tuple[str, ...]
    has_confidence: bool = True
    items: str = ""
    layout: str = ""
    tiles_url: str = ""
    tile_side: int = 52
    file_name: str = "map"
    rows: str = ""


@dataclass(frozen=True)
class Timeline:
    """The same points at several moments, shown by a slider beneath the map; kept under the cloud's identity.

    Args:
        url: GET gives len(labels) * n pairs (x, y) of little-endian float32, frame by frame, the cloud's points in
            their order; NaN where a point is not there.
        labels: what each frame is, as in "epoch 3".
        start: the frame that is shown first.
    """

    url: str
    labels: tuple[str, ...]
    start: int = 0


@dataclass(frozen=True)
class Click:
    """A click at (x, y) in data coordinates; `index` is the point there, -1 for empty space."""

    index: int
    x: float
    y: float


@dataclass(frozen=True)
class Lasso:
    """A drawn selection: `mask` (n,) is True for the visible points inside; count 0: it was cleared."""

    count: int
    mask: NDArray[np.bool_]


def scatter(  # noqa: PLR0913 - each is a choice of its own, and all but the first are named
    cloud: Cloud,
    *,
    key: str,
    marks: Marks = NO_MARKS,
    colouring: Colouring | None = None,
    layers: Layers = NO_LAYERS,
    axes: tuple[str, str] = ("z1", "z2"),
    height: str = "620px",
    clear_selection: int = 0,
    link: str = "",
    selected: NDArray[np.bool_] | None = None,
    images: Literal["auto", "always", "never"] = "auto",
    timeline: Timeline | None = None,
) -> None:
    """Draw the map; `touched` says what is done to it.

    Args:
        cloud: the points.
        key: name of this map in the session.
        marks: what is drawn over the points.
        colouring: what a point's colour says; None: its class. Another one resends no points.
        layers: what lies beneath the points.
        axes: names of the two axes.
        height: of map and legend together, a length in CSS.
        clear_selection: a counter; when it grows, the browser drops its lasso selection.
        link: maps of one page with the same link move together, each as far from its fitted view as the others; where
            their clouds have the same rows and classes, they share the hover and what is hidden too.
        selected: a selection made elsewhere, shape (n,), shown once it differs from the last one said here.
        images: whether images stand in place of points: where few are in view, at any zoom, or never.
        timeline: further places of the points; `settled_frame` says which of them is shown.

    Raises:
        BadValueError: a selection of another length.
    """
    data = {
        **asdict(cloud),
        "marks": asdict(marks),
        "colouring": colouring and asdict(colouring),
        "layers": asdict(layers),
        "axes": axes,
        "height": height,
        "clear_selection": clear_selection,
        "link": link,
        "selected": selection_message(selected, cloud.n),
        "images": images,
        "timeline": timeline and asdict(timeline),
    }
    # In a list: Streamlit searches a bare dict for data frames, and loads pandas for it, a second at the first visit.
    _component()(key=key, data=[data], on_click_change=noted, on_lasso_change=noted, on_frame_change=noted)


def touched(cloud: Cloud, *, key: str) -> tuple[Click | None, Lasso | None]:
    """What was just done to the map; call it before `scatter`, so that its marks can answer in the same run.

    Args:
        cloud: the points.
        key: name of the map in the session.

    Returns:
        The click and the lasso that caused this run of the script; each is reported once and is
        None otherwise.
    """
    result = st.session_state.get(key)
    click = decode_click(fresh(result, "click", cloud.identity, key=key), cloud.n)
    lasso = decode_lasso(fresh(result, "lasso", cloud.identity, key=key), cloud.n)
    return click, lasso


def settled_frame(cloud: Cloud, timeline: Timeline, *, key: str) -> int:
    """The frame that a person has settled on, at first the timeline's start.

    Args:
        cloud: the points.
        timeline: their frames.
        key: name of the map in the session.
    """
    result = st.session_state.get(key)
    message = result.get("frame") if isinstance(result, Mapping) else None
    if not isinstance(message, Mapping) or message.get("identity") != cloud.identity:
        return timeline.start
    frame = message.get("frame")
    return frame if is_int(frame) and 0 <= frame < len(timeline.labels) else timeline.start


def decode_click(message: Mapping[str, Any] | None, n: int) -> Click | None:
    """Read a click as a browser sent it; anything malformed gives None."""
    if message is None:
        return None
    index, x, y = message.get("index"), message.get("x"), message.get("y")
    if not is_int(index) or not -1 <= index < n:
        return None
    if not (_is_finite(x) and _is_finite(y)):
        return None
    return Click(index, float(x), float(y))


def decode_lasso(message: Mapping[str, Any] | None, n: int) -> Lasso | None:
    """Read a lasso's base64 bit mask (point i in bit i % 8 of byte i // 8); anything malformed gives None."""
    text = None if message is None else message.get("mask")
    if not isinstance(text, str) or len(text) > 4 * ((n + 7) // 8 // 3 + 1):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != (n + 7) // 8:
        return None
    mask = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[:n].astype(np.bool_)
    return Lasso(int(mask.sum()), mask)


def _is_finite(value: object) -> TypeGuard[float]:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # a whole number beyond float
        return False


@cache
def _component() -> ComponentRenderer:
    return SCATTER.component()
