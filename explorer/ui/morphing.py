"""The Morph page: what is made of the latent space, the controls of that in one slim bar, and the picture below."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import fetching, layout, morphing_film, unknowns
from explorer.ui.gallery import plain, problem
from explorer.ui.state import OpenRun

MORPH = "Morph"


@dataclass(frozen=True)
class Mode:
    """One thing that the page can do.

    Args:
        show: draws it: given the run and the bar, which it may put controls into.
        why_not: the sentence that says why a run cannot have it; empty where it can.
    """

    show: Callable[[OpenRun, "st.delta_generator.DeltaGenerator"], None]
    why_not: Callable[[OpenRun], str]


def _always(_: OpenRun) -> str:
    return ""


MODES = {MORPH: Mode(morphing_film.show, _always)}


@st.fragment
def show(opened: OpenRun) -> None:
    """Title, bar and picture; a touch of any runs this part alone."""
    layout.header(opened, opened.space)
    bar = st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="xsmall")
    with bar:
        mode = _mode(opened)
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
        with st.popover("Not here", icon=":material/help:", help="What this run does not have, and why"):
            for name in MODES:
                if reasons[name]:
                    st.markdown(f"**{name}**: {plain(reasons[name])}")
    return picked or MORPH
