"""The peer of what changes a map: Plotly's scattergl in Streamlit, with controls and pages called as ours are.

It is written as well as the tool allows: arrays and every figure kept between runs, a fragment, a byte a point
for a colour that is a value.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from explorer.latent.targets import PAPER_RADIUS
from harness.cloud import CLASSES, centres, read_arrays
from harness.plotly_app import LAYOUT, POINTS, by_class

WIDTH, HEIGHT = 400, 300  # cells of the decision regions, about as many as ours


@st.cache_resource
def arrays(n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Places and classes."""
    return read_arrays(n)


@st.cache_resource
def figure(n: int, colour: str, circles: bool, regions: bool) -> go.Figure:
    """All points in the colours that are asked for, with what is asked for over and beneath them."""
    xy, labels = arrays(n)
    traces = by_class(xy, labels) if colour == "Class" else [by_value(xy)]
    beneath = [decided(xy)] if regions else []
    return go.Figure(beneath + traces, layout={**LAYOUT, "uirevision": "same", "shapes": rings() if circles else []})


def by_value(xy: NDArray[np.float32]) -> go.Scattergl:
    """All points, coloured by a number each."""
    far = np.hypot(*xy.T)
    marker = {**POINTS, "color": (255 * far / far.max()).astype(np.uint8), "colorscale": "Viridis"}
    return go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker)


def decided(xy: NDArray[np.float32]) -> go.Heatmap:
    """The class whose centre is nearest, at each cell of the map."""
    x, y = (
        np.linspace(low, high, count) for low, high, count in zip(xy.min(0), xy.max(0), (WIDTH, HEIGHT), strict=True)
    )
    scores = [cx * x[None] + cy * y[:, None] for cx, cy in centres()]  # all centres are equally far out
    z = np.argmax(scores, axis=0).astype(np.uint8)
    return go.Heatmap(x=x, y=y, z=z, zmin=0, zmax=CLASSES - 1, opacity=0.2, showscale=False, hoverinfo="skip")


def rings() -> list[dict[str, object]]:
    """A circle a class."""
    r = PAPER_RADIUS
    return [{"type": "circle", "x0": x - r, "x1": x + r, "y0": y - r, "y1": y + r} for x, y in centres()]


@st.fragment
def show(n: int) -> None:
    """Controls and chart."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.popover("Overlays"):
            circles = st.checkbox("Class circles", value=True)
            regions = st.checkbox("Decision regions")
        colour = st.selectbox("Colour by", ["Class", "Confidence"], width=190)
    st.plotly_chart(figure(n, colour, circles, regions), key="chart")


def start() -> None:
    """A page without a map."""
    st.title("Start")


def map_page() -> None:
    """The map of as many points as the address named at first."""
    show(st.session_state.setdefault("n", int(st.query_params.get("n", 0))))


st.set_page_config(layout="wide")
st.navigation([st.Page(start, title="Start", default=True), st.Page(map_page, title="Map", url_path="Map")]).run()
