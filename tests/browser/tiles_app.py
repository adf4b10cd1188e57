"""A small page with the map alone, whose points have images and lie elsewhere at each of several moments.

The page's address chooses the case: `?n=400&frames=5&start=2&images=always&missing=1&marks=1`.
"""

import json
import time
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.figures import image_png, montage_png
from explorer.ui.routes import PROGRAM
from explorer.ui.scatter import Cloud, Colouring, Layers, Marks, Timeline, scatter, settled_frame, touched

CLASSES = ('"north" & <b>', "east", "south", "west")
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
SIDE = 8  # pixels of an image
TILE = 48


def goals() -> NDArray[np.float32]:
    """Where each class should lie, shape (4, 2)."""
    turns = np.arange(len(CLASSES)) / len(CLASSES) * 2 * np.pi
    return np.stack([np.sin(turns), np.cos(turns)], axis=1).astype("<f4")


def frames(n: int, count: int) -> NDArray[np.float32]:
    """Places of n points at `count` moments, shape (count, n, 2): from one heap to a cluster a class."""
    random = np.random.default_rng(n)
    spread = random.standard_normal((n, 2))
    shares = np.linspace(1 if count == 1 else 0, 1, count)[:, None, None]
    return (shares * (goals()[np.arange(n) % len(CLASSES)] + 0.22 * spread) + (1 - shares) * 0.5 * spread).astype("<f4")


def image_of(row: int) -> NDArray[np.uint8]:
    """A picture that no other row has, shape (3, 8, 8)."""
    return np.random.default_rng(row).integers(0, 256, (3, SIDE, SIDE), np.uint8)


def points(request: Request) -> Response:
    """The cloud: places of the last moment, class, value and split."""
    n = int(request.path_params["n"])
    value = np.linspace(0, 255, n).astype(np.uint8)
    looks = [(np.arange(n) % len(CLASSES)).astype(np.uint8), value, (np.arange(n) % 5 == 0).astype(np.uint8)]
    body = b"".join(part.tobytes() for part in (frames(n, 1)[0], *looks))
    return Response(body, media_type="application/octet-stream")


def confidence(request: Request) -> Response:
    """What a colouring says: a value that grows with the row."""
    return Response(np.linspace(0, 254, int(request.path_params["n"])).astype(np.uint8).tobytes())


def moments(request: Request) -> Response:
    """Every frame of the timeline, or less when asked for a fault."""
    time.sleep(float(request.query_params.get("delay", 0)))
    body = frames(int(request.path_params["n"]), int(request.path_params["count"])).tobytes()
    return Response(
        body[: len(body) - int(request.query_params.get("short", 0))], media_type="application/octet-stream"
    )


def thumbnail(request: Request) -> Response:
    """One point's image."""
    index = int(request.path_params["index"])
    return Response(image_png(image_of(index)), media_type="image/png", headers={"X-Item-Id": str(index)})


def tiles(request: Request) -> Response:
    """The montage that is asked for, unless images are to be missing."""
    if request.query_params.get("missing"):
        return Response(status_code=404)
    rows = [int(row) for row in request.query_params["rows"].split(",")]
    content = montage_png([image_of(row) for row in rows], int(request.query_params["side"]))
    return Response(content, media_type="image/png")


def regions(request: Request) -> Response:
    """Upper and lower half of the plane, each decided for a class."""
    _, bottom, _, top = (float(part) for part in request.query_params["box"].split(","))
    width, height = (int(part) for part in request.query_params["size"].split(","))
    y = np.linspace(top, bottom, height)[:, None]
    body = np.broadcast_to(np.where(y > 0, 0, 2).astype(np.uint8), (height, width)).tobytes()
    return Response(body, media_type="application/octet-stream")


def targets(request: Request) -> Response:
    """Where each point should lie: at its class's goal."""
    rows = np.arange(int(request.path_params["n"]))
    return Response(goals()[rows % len(CLASSES)].tobytes(), media_type="application/octet-stream")


def every_mark() -> Marks:
    """Something of every kind, in the view of the tests."""
    return Marks(
        circles=((0.0, 1.0, 0.34, 0), (1.0, 0.0, 0.34, 1)),
        query=(0.0, 0.86),
        hits=((0.05, 0.8, True), (-0.12, 0.95, False)),
        centres=((0.0, 1.0, 0), (-1.0, 0.0, 3)),
        sectors=((0.0, 0.0, 0.3, 0.8, 1), (0.0, 0.0, 2.5, 0.5, -1)),
        lines=((0.0, 0.86, -0.4, 0.5), (0.0, 0.86, 0.5, 0.6)),
        ellipses=((-0.6, 1.2, 0.3, 0.1, 0.5),),
        others=((0.6, 0.9, 0), (0.8, 1.2, 1), (-0.9, 0.6, 1)),
        others_names=("east", "another <one>"),
    )


def page() -> None:
    """Map and the log of what it reported."""
    st.set_page_config(layout="wide", page_title="Map")
    query, state = st.query_params, st.session_state
    if st.button("Other points"):
        state["more"] = state.get("more", 0) + 100
    n, count = int(query.get("n", 400)) + state.get("more", 0), int(query.get("frames", 0))
    faults = "&".join(f"{name}={query[name]}" for name in ("missing", "short", "delay") if name in query)
    runs = state["runs"] = state.get("runs", 0) + 1
    cloud = Cloud(
        f"moving-{n}",
        f"/test/points/{n}?token={runs}",
        n,
        "/test/thumbnail/{index}",
        CLASSES,
        COLOURS,
        tiles_url=f"/test/tiles?rows={{rows}}&side={{side}}&{faults}",
        tile_side=TILE,
        file_name="moving",
    )
    timeline = None
    if count:
        labels = tuple(f"epoch {k}" for k in range(count))
        timeline = Timeline(f"/test/frames/{n}/{count}?{faults}", labels, int(query.get("start", 0)))
    marks = every_mark() if query.get("marks") else Marks()
    if query.get("asked"):
        asked, wrong = (tuple(map(float, frames(n, 1)[0, int(row)])) for row in query["asked"].split(","))
        marks = Marks(query=asked, hits=((*wrong, False),))  # type: ignore[arg-type]
    if query.get("trails"):
        marks = replace(marks, trails=(0, 1, 2, 3))
    st.button("Run again")
    click, lasso = touched(cloud, key="map")
    scatter(
        cloud,
        key="map",
        marks=marks,
        colouring=Colouring("confidence", "Confidence & more", f"/test/confidence/{n}")
        if query.get("colour") == "confidence"
        else None,
        layers=Layers(f"/test/regions?n={n}", f"/test/targets/{n}") if query.get("layers") else Layers(),
        height=f"{int(query.get('height', 560))}px",
        images=query.get("images", "auto"),  # type: ignore[arg-type]
        timeline=timeline,
    )
    log = state.setdefault("log", [])
    if click:
        log.append(["click", click.index, click.x, click.y])
    if lasso:
        log.append(["lasso", lasso.count])
    frame = settled_frame(cloud, timeline, key="map") if timeline else -1
    st.html(f"<pre id='log' data-runs='{runs}' data-frame='{frame}'>{json.dumps(log)}</pre>")


if get_script_run_ctx() is None:
    routes = [
        PROGRAM,
        Route("/test/points/{n}", points),
        Route("/test/confidence/{n}", confidence),
        Route("/test/frames/{n}/{count}", moments),
        Route("/test/thumbnail/{index}", thumbnail),
        Route("/test/tiles", tiles),
        Route("/test/regions", regions),
        Route("/test/targets/{n}", targets),
    ]
    app = st.App(__file__, routes=routes)
else:
    page()
