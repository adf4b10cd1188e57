"""The map with its controls above and its inspector beside it, as one fragment."""

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.retrieval.similarity import BOUNDARY_SIMILARITY
from explorer.ui import fetching, inspector, layout, projecting
from explorer.ui.gallery import problem
from explorer.ui.inspector import Ranking
from explorer.ui.scatter import Click, Colouring, Lasso, scatter, touched
from explorer.ui.state import OpenRun
from explorer.workflows.maps import PCA, LatentMap
from explorer.workflows.search import Answer, Measure, Query

KEY = "map"
HEIGHT = "max(560px, 100vh - 175px)"  # a tall window gives the map what header and controls leave
NEIGHBOURS = 12
MEASURES: tuple[Measure, ...] = ("latent similarity", "Euclidean")


@st.fragment
def show(opened: OpenRun) -> None:
    """Title, controls, map and inspector; a touch of any runs this part alone."""
    title = st.container()
    wanted, ranking, colour_by = _controls(opened)
    space = projecting.drawn(opened, wanted)
    with title:
        layout.header(opened, space)
    # Empty, it takes no room, but keeps the map at its place: elsewhere the browser would build it anew.
    with st.container():
        if space.name != wanted:
            projecting.offer(opened, wanted)
        fetching.offer(opened)
    cloud = opened.cloud(space)
    _remember(opened, space, *touched(cloud, key=KEY))
    found, wrong = _answer(space, ranking)
    picture, beside = st.columns([2, 1], gap="medium")
    with picture:
        scatter(
            cloud,
            key=KEY,
            marks=inspector.marks(space, found),
            colouring=Colouring("confidence", "Confidence") if colour_by == "confidence" else None,
            axes=projecting.axes(space),
            height=HEIGHT,
            clear_selection=st.session_state.get(_name(opened, "cleared"), 0),
        )
    with beside:
        if wrong:
            problem(wrong)
        _inspect(opened, space, found)


def _answer(space: LatentMap, ranking: Ranking) -> tuple[tuple[Query, Answer] | None, str]:
    """What was touched with its nearest items, or the sentence that says why there is no answer."""
    try:
        item, place = _asked(space)
        if item is None and place is None:
            return None, ""
        return inspector.answer(space, item, place, ranking), ""
    except ExplorerError as error:
        return None, str(error)


def _controls(opened: OpenRun) -> tuple[str, Ranking, str]:
    """The slim bar above the map: which map, how hits are ranked, what colours say."""
    configured = opened.space.targets is not None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = projecting.choice(opened)
        colour_by = _colour(opened)
        measure = _measure(configured)
        boundary = st.slider(
            "Boundary similarity $b_c$",
            0.0,
            1.0,
            BOUNDARY_SIMILARITY,
            0.01,
            key="b_c",
            bind="query-params",
            disabled=not configured,
            help="Similarity to a class at the edge of its circle; the paper uses 0.79.",
            width=190,
        )
        k = st.number_input("How many", 1, 100, NEIGHBOURS, key="k", bind="query-params", width=96)
    return wanted, Ranking(measure, float(boundary), int(k)), colour_by


def _colour(opened: OpenRun) -> str:
    """What a point's colour says, where there is a choice."""
    if opened.space.confidence is None:
        return "class"
    colours = ["class", "confidence"]
    return str(
        st.segmented_control("Colour by", colours, default="class", required=True, key="colour", bind="query-params")
    )


def _measure(configured: bool) -> Measure:
    """What hits are ranked by; a run without configured classes has no choice."""
    if configured:
        return st.segmented_control(
            "Nearest by", MEASURES, default=MEASURES[0], required=True, key="measure", bind="query-params"
        )
    why = "Latent similarity needs configured class centres, which this run lacks."
    st.segmented_control("Nearest by", MEASURES[1:], default=MEASURES[1], key="only", disabled=True, help=why)
    return "Euclidean"


def _asked(space: LatentMap) -> tuple[int | None, tuple[float, float] | None]:
    """The item's row or the place that the address names, so that a link shows the same.

    A place on a map by neighbours bears that map's name: it means nothing on another one.
    """
    item, place = st.query_params.get("item"), st.query_params.get("at")
    if item is not None:
        rows = np.flatnonzero(space.latents.ids == _whole(item))
        if not len(rows):
            raise ExplorerError(f"This map has no item {item[:40]!r}. Click a point of it.")
        return int(rows[0]), None
    if place is None:
        return None, None
    pair, _, name = place.partition("@")
    return None, _pair(pair) if (name or PCA) == space.name else None


def _whole(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 20 else -1  # noqa: PLR2004


def _pair(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise ExplorerError(
            f"The address names the place {text[:40]!r}; expected two numbers. Click the map."
        ) from None
    return x, y


def _remember(opened: OpenRun, space: LatentMap, click: Click | None, lasso: Lasso | None) -> None:
    """Note what was touched, in the address where a link can hold it."""
    if lasso is not None:
        st.session_state[_name(opened, "lasso")] = lasso if lasso.count else None
    if click is not None:
        for key in ("item", "at"):
            st.query_params.pop(key, None)
        if click.index >= 0:
            st.query_params["item"] = str(space.latents.ids[click.index])
        else:
            where = "" if space.name == PCA else f"@{space.name}"
            st.query_params["at"] = f"{click.x:.6g},{click.y:.6g}{where}"
        _forget_lasso(opened)


def _forget_lasso(opened: OpenRun) -> None:
    if st.session_state.pop(_name(opened, "lasso"), None) is not None:
        name = _name(opened, "cleared")
        st.session_state[name] = st.session_state.get(name, 0) + 1


def _name(opened: OpenRun, what: str) -> str:
    return f"{KEY}:{what}:{opened.name}:{opened.stamp}"


def _inspect(opened: OpenRun, space: LatentMap, found: tuple[Query, Answer] | None) -> None:
    lasso: Lasso | None = st.session_state.get(_name(opened, "lasso"))
    try:
        if lasso is not None:
            inspector.show_lasso(opened, space, lasso)
            st.button("Clear the lasso", icon=":material/close:", on_click=_forget_lasso, args=(opened,))
        elif found is not None:
            inspector.show_touched(opened, space, *found)
        else:
            inspector.show_nothing(opened, space)
    except ExplorerError as error:
        problem(str(error))
