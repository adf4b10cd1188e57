"""Pages with one map or two that show colourings, marks and layers: what tests/browser/test_layers.py drives.

The page's address chooses the case: `?n=500&marks=centres,sectors&regions=1&targets=1&pair=linked&fail=column`.
What a test changes without a new page are the widgets.
"""

import time

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.figures import class_colours
from explorer.ui.routes import PROGRAM
from explorer.ui.scatter import Cloud, Colouring, Layers, Marks, scatter, touched
from tests.browser.scatter_app import CLASSES, COLOURS, RADIUS, centres, points, synthetic, thumbnail

SEASONS, SEASON_COLOURS = ("spring", "summer", "winter"), ("#0072B2", "#E69F00", "#D55E00")
TURN = 2 * np.pi / 5
STARTS = np.pi / 2 + (np.arange(5) - 0.5) * TURN + 0.1 * TURN  # of the class sectors, a fifth of a turn is forbidden
MANY = 60  # classes of the case "crowd"


def seasons(n: int) -> NDArray[np.uint8]:
    """Group of each point: three in turn, and every tenth none."""
    groups = np.arange(n) // 5 % 3
    groups[::10] = 255
    return groups.astype(np.uint8)


def errors(n: int) -> NDArray[np.uint8]:
    """Value of each point, 0 to 254; every seventh is not known."""
    values = (np.abs(synthetic(n)[0]).sum(axis=1) * 120).clip(0, 254)
    values[::7] = 255
    return np.asarray(values, np.uint8)


def decided(places: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The class whose centre is nearest to each place, 255 beyond a distance of 1.5 from the origin."""
    nearest = np.linalg.norm(places[..., None, :] - centres(), axis=-1).argmin(axis=-1)
    return np.where(np.linalg.norm(places, axis=-1) > 1.5, 255, nearest).astype(np.uint8)


def targets(n: int) -> NDArray[np.float32]:
    """Where each point should lie, shape (n, 2): farther out than its centre; every fourth nowhere."""
    wanted = 1.3 * centres()[np.arange(n) % 5]
    wanted[::4] = np.nan
    return wanted.astype("<f4")


def column(request: Request) -> Response:
    """The bytes of a colouring, late or refused when asked so."""
    time.sleep(float(request.query_params.get("delay", 0)))
    if request.query_params.get("fail") == "column":
        return Response(status_code=500)
    of = {"season": seasons, "error": errors, "confidence": lambda n: np.minimum(synthetic(n)[2], 254)}[
        request.path_params["name"]
    ]
    return Response(of(int(request.path_params["n"])).tobytes())


def regions(request: Request) -> Response:
    """The class decided at each cell of a box, row by row from the top left."""
    query = request.query_params
    if query.get("fail") == "regions":
        return Response(status_code=500)
    left, bottom, right, top = map(float, query["box"].split(","))
    width, height = map(int, query["size"].split(","))
    x = left + (np.arange(width) + 0.5) / width * (right - left)
    y = top - (np.arange(height) + 0.5) / height * (top - bottom)
    return Response(decided(np.stack(np.meshgrid(x, y), axis=-1)).tobytes())


def wanted(request: Request) -> Response:
    """The targets' bytes."""
    return Response(targets(int(request.path_params["n"])).tobytes())


def marks_of(kinds: list[str]) -> Marks:
    """The asked kinds of marks, each at known places."""
    given = {
        "circles": tuple((float(x), float(y), RADIUS, k) for k, (x, y) in enumerate(centres())),
        "centres": tuple((float(x), float(y), k) for k, (x, y) in enumerate(centres())),
        "sectors": tuple(
            sector
            for k, start in enumerate(STARTS)
            for sector in ((0.0, 0.0, start, 0.8 * TURN, k), (0.0, 0.0, start + 0.8 * TURN, 0.2 * TURN, -1))
        ),
        "lines": tuple((0.0, 0.3, float(0.5 * np.cos(a)), float(0.3 + 0.4 * np.sin(a))) for a in (0.5, 2.0, 4.0)),
        "ellipses": ((0.0, 0.3, 0.5, 0.15, np.pi / 6),),
        "outlines": ((0.1, 0.05, 1.9, ""), (0.1, 0.05, 0.6, "inner"), (0.1, 0.05, 1.88, "crowded")),
        "borders": ((-0.9, -0.8, 0.95, 2.1),),
        "others": ((-0.2, 0.0, 0), (0.2, 0.1, 1), (0.1, -0.25, 1), (1.6, 0.0, 2)),
        "others_names": ("shoes", "bags", "squares"),
    }
    if "touched" in kinds:  # a query and two hits among the points
        query, *hits = (tuple(map(float, place)) for place in centres()[:3])
        found = tuple((x, y, k == 0) for k, (x, y) in enumerate(hits))
        return Marks(query=query, query_row=0, hits=found, hit_rows=(1, 2))
    asked = {kind for kind in kinds if kind} | ({"others_names"} if "others" in kinds else set())
    return Marks(query=(0.0, 0.3) if "lines" in kinds else None, **{kind: given[kind] for kind in asked})  # type: ignore[arg-type]


def crowd() -> tuple[Cloud, Marks]:
    """Many classes on few pixels."""
    names = tuple(f"class number {k}" for k in range(MANY))
    places = np.random.default_rng(0).normal(size=(MANY, 2)) * 0.6
    circles = tuple((float(x), float(y), 0.05, k) for k, (x, y) in enumerate(places))
    return Cloud("crowd", "/test/points/500?", 500, "", names, class_colours(MANY)), Marks(circles)


def colourings(n: int) -> dict[str, Colouring | None]:
    """What the control offers."""
    query = st.query_params
    faults = "&".join(f"{name}={query[name]}" for name in ("fail", "delay") if name in query)
    at = f"/test/column/{n}/{{}}?{faults}&token={st.session_state.runs}"
    return {
        "class": None,
        "confidence": Colouring("confidence", "Confidence", at.format("confidence")),
        "season": Colouring("season", "Season", at.format("season"), SEASONS, SEASON_COLOURS),
        "error": Colouring("error", "Reconstruction error", at.format("error"), low="0 %", high="50 %"),
    }


def page() -> None:
    """One map, or two beside each other, with controls of what they show."""
    st.set_page_config(layout="wide", page_title="Layers")
    query, state = st.query_params, st.session_state
    n = int(query.get("n", 500))
    runs = state["runs"] = state.get("runs", 0) + 1
    bar = st.container(horizontal=True)
    colouring = colourings(n)[
        bar.segmented_control("Colour by", list(colourings(n)), default=query.get("colour", "class"), required=True)
    ]
    kinds = query.get("marks", "").split(",") if bar.checkbox("Marks", value=True) else []
    fail = f"fail={query.get('fail', '')}&token={runs}"
    with_regions = bar.checkbox("Regions", value="regions" in query)
    with_targets = bar.checkbox("Targets", value="targets" in query)
    layers = Layers(
        f"/test/regions?{fail}" if with_regions else "", f"/test/targets/{n}?{fail}" if with_targets else ""
    )
    cloud = Cloud(f"layers-{n}", f"/test/points/{n}?token={runs}", n, "/test/thumbnail/{index}", CLASSES, COLOURS)
    marks = marks_of(kinds)
    if "crowd" in query:
        cloud, marks = crowd()
    selected = np.arange(n) % 5 == 1 if bar.checkbox("Select oranges") else None
    bar.button("Run again")
    height = f"{int(query.get('height', 560))}px"
    if "pair" not in query:
        show(cloud, "map", marks=marks, colouring=colouring, layers=layers, height=height, selected=selected)
    else:
        show_pair(cloud, marks, height, selected)
    st.html(f"<pre id='log' data-runs='{runs}'></pre>")


def show(cloud: Cloud, key: str, **how: object) -> NDArray[np.bool_] | None:
    """A map; returns what has been lassoed on it so far."""
    _, lasso = touched(cloud, key=key)
    if lasso:
        st.session_state[f"{key} lasso"] = lasso.mask if lasso.count else None
    scatter(cloud, key=key, **how)  # type: ignore[arg-type]
    return st.session_state.get(f"{key} lasso")


def show_pair(cloud: Cloud, marks: Marks, height: str, selected: NDArray[np.bool_] | None) -> None:
    """Two maps; a lasso made on the left one is selected on the right one too. The right one's points lie elsewhere."""
    other = Cloud(f"scaled-{cloud.n}", f"/test/scaled/{cloud.n}", cloud.n, "/test/thumbnail/{index}", CLASSES, COLOURS)
    link = "pair" if st.query_params["pair"] == "linked" else ""
    left, right = st.columns(2)
    with left:
        lassoed = show(cloud, "left", marks=marks, height=height, link=link, selected=selected)
    with right:
        show(other, "right", height=height, link=link, selected=lassoed)


def scaled(request: Request) -> Response:
    """The same points, ten times as far apart and moved away."""
    places, *bytes_ = synthetic(int(request.path_params["n"]))
    return Response((10 * places + 50).astype("<f4").tobytes() + b"".join(part.tobytes() for part in bytes_))


ROUTES = [
    PROGRAM,
    Route("/test/points/{n}", points),
    Route("/test/scaled/{n}", scaled),
    Route("/test/thumbnail/{index}", thumbnail),
    Route("/test/column/{n}/{name}", column),
    Route("/test/regions", regions),
    Route("/test/targets/{n}", wanted),
]

if get_script_run_ctx() is None:
    app = st.App(__file__, routes=ROUTES)
else:
    page()
