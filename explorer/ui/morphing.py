"""The Morph page: what is made of the latent space, the controls of that in one slim bar, and the picture below."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.errors import ExplorerError
from explorer.ui import fetching, layout, morphing_film, morphing_items, morphing_planes, unknowns
from explorer.ui.address_bar import catch_up
from explorer.ui.gallery import plain, problem
from explorer.ui.loading import leave
from explorer.ui.state import OpenRun
from explorer.workflows.decodings import why_no_grid, why_no_samples

MORPH = "Morph"


@dataclass(frozen=True)
class Mode:
    """One thing that the page can do.

    Args:
        kind: of its work in the background, as the key of that begins.
        show: draws it: given the run and the bar, which it may put controls into.
        why_not: the sentence that says why a run cannot have it; empty where it can.
    """

    kind: str
    show: Callable[[OpenRun, DeltaGenerator], None]
    why_not: Callable[[OpenRun], str]


def _always(_: OpenRun) -> str:
    return ""


def _no_plane(opened: OpenRun) -> str:
    return why_no_grid(opened.run.card)


def _no_samples(opened: OpenRun) -> str:
    return why_no_samples(opened.run.card)


MODES = {
    MORPH: Mode("film", morphing_film.show, _always),
    "Add a class": Mode("class", morphing_items.show_class, morphing_items.why_no_class),
    "Grid": Mode("grid", morphing_planes.show_grid, _no_plane),
    "Dimensions": Mode("dimensions", morphing_planes.show_dimensions, _no_plane),
    "Samples": Mode("samples", morphing_planes.show_samples, _no_samples),
    "Reconstructions": Mode(
        "reconstructions", morphing_items.show_reconstructions, morphing_items.why_no_reconstructions
    ),
}


@st.fragment
def show(opened: OpenRun) -> None:
    """Title, bar and picture; a touch of any runs this part alone."""
    catch_up()
    layout.header(opened, opened.space)
    bar = st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="xsmall")
    with bar:
        mode = _mode(opened)
    for name, other in MODES.items():
        if name != mode:
            leave(other.kind)
    fetching.offer(opened)
    try:
        MODES[mode].show(opened, bar)
    except ExplorerError as error:
        problem(str(error))
    unknowns.tell()


def _mode(opened: OpenRun) -> str:
    """The switch between what this run can have; why it has not the rest stands behind a sign."""
    reasons = {name: mode.why_not(opened) for name, mode in MODES.items()}
    there = [name for name, why in reasons.items() if not why]
    unknowns.expect("mode", there.__contains__)
    picked = st.segmented_control(
        "Show", there, default=MORPH, required=True, key="mode", bind="query-params", label_visibility="collapsed"
    )
    if len(there) < len(MODES):
        with st.popover(
            "Not here", icon=":material/block:", help="What this run does not have, and why", key="why-not"
        ):
            for name in MODES:
                if reasons[name]:
                    st.markdown(f"**{name}**: {plain(reasons[name])}")
    return picked or MORPH
