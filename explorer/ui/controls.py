"""The slim bar above the map: which map, what colours say, what is drawn over it, how hits are ranked."""

from dataclasses import dataclass
from functools import partial
from weakref import ref

import streamlit as st

from explorer.errors import ExplorerError
from explorer.retrieval.similarity import BOUNDARY_SIMILARITY
from explorer.ui import overlaying, progress, projecting, unknowns
from explorer.ui.gallery import problem
from explorer.ui.inspector import Ranking
from explorer.ui.overlaying import Images
from explorer.ui.progress import Standing
from explorer.ui.scatter import Colouring
from explorer.ui.state import OpenRun
from explorer.workflows.colouring import FACTOR
from explorer.workflows.maps import LatentMap
from explorer.workflows.search import Measure

NEIGHBOURS, MOST = 12, 100
CLASS = "Class"
MEASURES: tuple[Measure, ...] = ("latent similarity", "Euclidean")


@dataclass(frozen=True)
class Look:
    """What a person chose to see.

    Args:
        colouring: what a point's colour says; None for its class.
        overlays: names in OVERLAYS.
        images: "auto", "always" or "never" in place of points.
    """

    colouring: Colouring | None
    overlays: frozenset[str]
    images: Images


def space_and_look(opened: OpenRun, wanted: str) -> tuple[str, LatentMap, Look]:
    """Which map is wanted in the end and which is drawn, with its colours and overlays.

    Args:
        opened: the run.
        wanted: the map that was chosen.
    """
    overlays_here = st.popover("Overlays", icon=":material/layers:", help="What is drawn over the points")
    with overlays_here:
        wanted = projecting.code(opened, wanted)
    space = projecting.drawn(opened, wanted)
    with overlays_here:
        overlays, images = overlaying.choice(opened, space)
    return wanted, space, Look(_colouring(opened, space), overlays, images)


def _colouring(opened: OpenRun, space: LatentMap) -> Colouring | None:
    """What a point's colour says, where there is a choice."""
    asked = st.query_params.get("colour", CLASS)
    titles = opened.painting.titles()
    if asked not in (CLASS, *titles.values()):  # perhaps a factor, which comes with the items
        with st.spinner("Preparing the items"):
            titles = opened.painting.titles(wait=True)
    names = {title: name for name, title in titles.items()}
    if not names:
        return None
    options = [CLASS, *names] if opened.run.card.classes else ["One colour", *names]
    unknowns.expect("colour", options.__contains__)
    picked = st.selectbox("Colour by", options, key="colour", bind="query-params", width=200, help=_help(names))
    if picked not in names:
        return None
    try:
        return opened.painting.colouring(names[picked], space)
    except ExplorerError as error:
        problem(str(error))
        return None


def await_factors(opened: OpenRun) -> None:
    """Draw the page anew once the items are here, which are fetched beside it: factors can then be chosen."""
    if not opened.painting.knows_factors and opened.without_images is None:
        progress.quietly(f"factors-{opened.name}-{opened.stamp}", partial(_fetching, ref(opened)), key="await-factors")


def _fetching(opened: "ref[OpenRun]") -> Standing | None:
    """That the items are being fetched; it does not hold the run."""
    run = opened()
    return None if run is None or run.painting.knows_factors else Standing("", 0.0)


def _help(names: dict[str, str]) -> str:
    has_factors = any(name.startswith(FACTOR) for name in names.values())
    return "What a point's colour says." + ("" if has_factors else " The data's factors follow once images are here.")


def ranking(opened: OpenRun) -> Ranking:
    """How hits are ranked; a run without configured classes has no choice of measure."""
    configured = opened.space.targets is not None
    boundary = _boundary() if configured else BOUNDARY_SIMILARITY
    measure = MEASURES[1]
    with st.popover("Search", icon=":material/search:", help="How the nearest items are ranked, and how many"):
        if configured:
            unknowns.expect("measure", MEASURES.__contains__)
            measure = st.segmented_control(
                "Nearest by", MEASURES, default=MEASURES[0], required=True, key="measure", bind="query-params"
            )
        unknowns.expect("k", unknowns.within(1, MOST))
        k = st.number_input("How many", 1, MOST, NEIGHBOURS, key="k", bind="query-params")
    return Ranking(measure, boundary, int(k))


def _boundary() -> float:
    unknowns.expect("b_c", unknowns.within(0, 1))
    return float(
        st.slider(
            "Boundary b_c",
            0.0,
            1.0,
            BOUNDARY_SIMILARITY,
            0.01,
            key="b_c",
            bind="query-params",
            help="Boundary similarity: of an item at the edge of a circle to its class. The paper uses 0.79.",
            width=146,
        )
    )
