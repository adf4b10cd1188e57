"""The peer: the same points by Plotly's scattergl in Streamlit, twelve nearest images on a click.

It is written as well as the tool allows: arrays and figure kept between runs, one trace a class,
a fragment, images as arrays.
"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from harness.cloud import read_arrays
from harness.pictures import noise

HITS = 12
POINTS = {"size": 3, "opacity": 0.5}
LAYOUT = {"dragmode": "pan", "height": 600, "margin": dict.fromkeys("lrtb", 10)}


@st.cache_resource
def arrays(n: int) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint8]]:
    """Places, classes and images."""
    return *read_arrays(n), noise(n)


def by_class(xy: NDArray[np.float32], labels: NDArray[np.int64]) -> list[go.Scattergl]:
    """All points, a trace a class."""
    return [
        go.Scattergl(x=xy[rows, 0], y=xy[rows, 1], mode="markers", marker=POINTS, name=str(label))
        for label in np.unique(labels)
        if (rows := labels == label).any()
    ]


@st.cache_resource
def figure(n: int) -> go.Figure:
    """The picture, made once."""
    xy, labels, _ = arrays(n)
    return go.Figure(by_class(xy, labels), layout=LAYOUT)


@st.fragment
def show(n: int) -> None:
    """The chart, and beside it the images nearest to the clicked point."""
    xy, labels, pictures = arrays(n)
    picture, beside = st.columns([2, 1], gap="medium")
    with picture:
        chosen = st.plotly_chart(figure(n), key="chart", on_select="rerun", selection_mode="points")
    points = chosen["selection"]["points"]
    with beside, st.container(horizontal=True, key="hits"):
        if points:
            row = np.flatnonzero(labels == points[0]["curve_number"])[points[0]["point_index"]]
            distances = ((xy - xy[row]) ** 2).sum(axis=1)
            distances[row] = np.inf
            nearest = np.argpartition(distances, HITS)[:HITS]
            nearest = nearest[np.argsort(distances[nearest])]
            st.image([pictures[i, 0] for i in nearest], width=64, output_format="PNG")


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    show(int(st.query_params["n"]))
