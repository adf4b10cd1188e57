"""A small page with the map alone, over synthetic points: what the browser tests drive.

The page's address chooses the case: `?n=2000&colour=confidence&marks=1&status=403&delay=3&run=b`.
"""

import hashlib
import io
import json
import time

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.ui.routes import PROGRAM
from explorer.ui.scatter import Cloud, Colouring, Marks, scatter, touched

CLASSES = ("uniform", "horizontal lines", "vertical lines", "squares", "dots")
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#000000")
RADIUS, DISTANCE = 0.34, 0.85


def centres() -> NDArray[np.float64]:
    """Class centres on a circle, shape (5, 2)."""
    turns = np.arange(5) / 5 * 2 * np.pi + np.pi / 2
    return DISTANCE * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def synthetic(n: int) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Places (n, 2), class, value and split (n,) each; up to 5 points lie exactly on the centres."""
    random = np.random.default_rng(n)
    classes = np.arange(n) % 5
    spread = 0.0 if n <= 5 else 0.16
    places = centres()[classes] + spread * random.standard_normal((n, 2))
    values = np.clip(255 * random.beta(5, 1.5, n), 0, 255)
    splits = random.random(n) < 0.2
    return places.astype("<f4"), classes.astype(np.uint8), values.astype(np.uint8), splits.astype(np.uint8)


def points(request: Request) -> Response:
    """The bytes of a cloud, late or refused when asked so."""
    time.sleep(float(request.query_params.get("delay", 0)))
    status = int(request.query_params.get("status", 200))
    if status != 200:
        return Response(status_code=status)
    body = b"".join(part.tobytes() for part in synthetic(int(request.path_params["n"])))
    return Response(
        body[: len(body) - int(request.query_params.get("short", 0))], media_type="application/octet-stream"
    )


def confidence(request: Request) -> Response:
    """The value of each point as a colouring's byte."""
    return Response(np.minimum(synthetic(int(request.path_params["n"]))[2], 254).tobytes())


def thumbnail(request: Request) -> Response:
    """A 32 x 32 image whose stripes come from the index."""
    index = int(request.path_params["index"])
    digest = np.frombuffer(hashlib.sha256(str(index).encode()).digest(), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.tile(digest, (32, 1))).save(buffer, "PNG")
    return Response(buffer.getvalue(), media_type="image/png", headers={"X-Item-Id": str(1000 + index)})


def page() -> None:
    """Map, the log of what it reported, and three controls."""
    st.set_page_config(layout="wide", page_title="Map")
    query, state = st.query_params, st.session_state
    n = int(query.get("n", 500))
    faults = "&".join(f"{name}={query[name]}" for name in ("status", "delay", "short") if name in query)
    runs = state["runs"] = state.get("runs", 0) + 1
    # The address changes with every run, as a fresh token does; the identity stays.
    cloud = Cloud(
        f"synthetic-{n}", f"/test/points/{n}?token={runs}&{faults}", n, "/test/thumbnail/{index}", CLASSES, COLOURS
    )
    marks = Marks()
    if query.get("marks"):
        circles = tuple((float(x), float(y), RADIUS, k) for k, (x, y) in enumerate(centres()))
        hits = ((0.05, 0.8, True), (-0.12, 0.95, True), (0.15, 0.62, False))
        marks = Marks(circles, (0.0, 0.86), hits, query_is_place=query["marks"] == "place")
    if st.button("Drop selection"):
        state.drops = state.get("drops", 0) + 1
    st.button("Run again")
    if not st.checkbox("Show the map", value=True):
        return
    click, lasso = touched(cloud, key="map")
    scatter(
        cloud,
        key="map",
        marks=marks,
        colouring=Colouring("confidence", "Confidence", f"/test/confidence/{n}")
        if query.get("colour") == "confidence"
        else None,
        height=f"{int(query.get('height', 560))}px",
        clear_selection=state.get("drops", 0),
    )
    log = state.setdefault("log", [])
    if click:
        log.append(["click", click.index, click.x, click.y])
    if lasso:
        log.append(["lasso", lasso.count, np.flatnonzero(lasso.mask).tolist() if n <= 5000 else []])
    st.html(f"<pre id='log' data-runs='{runs}'>{json.dumps(log)}</pre>")


if get_script_run_ctx() is None:
    routes = [PROGRAM, Route("/test/points/{n}", points)]
    routes += [Route("/test/confidence/{n}", confidence), Route("/test/thumbnail/{index}", thumbnail)]
    app = st.App(__file__, routes=routes)
else:
    page()
