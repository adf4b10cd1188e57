"""What was measured of one run, topic by topic; what it does not have says why in a line."""

from functools import partial

import streamlit as st

from explorer import places
from explorer.errors import ExplorerError
from explorer.ui import reviewing_confusion, working
from explorer.ui.gallery import plain, problem
from explorer.ui.state import open_for_page, settings
from explorer.workflows.evaluating import measuring_job
from explorer.workflows.reviewing import NOT_MEASURED, Review, as_json
from explorer.zoo.card import Card


def show(one: Review, in_use: str) -> None:
    """A run's name, what can be done with it, and its record; or why there is none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {plain(one.name)}", width="stretch")
        _actions(one, in_use)
    if one.why and one.why != NOT_MEASURED:
        problem(one.why)
    if one.card is not None and one.is_measurable:
        _measuring(one, one.card)
    if one.record is None:
        return
    try:
        reviewing_confusion.show(open_for_page(one.name), one.record)
    except ExplorerError as error:
        problem(str(error))


def _actions(one: Review, in_use: str) -> None:
    if one.card is None:
        return
    if st.button("Open the map", icon=":material/scatter_plot:", key="to-map"):
        st.switch_page(places.pages() / "2_Map.py", query_params={"run": one.name})
    if one.name != in_use and st.button("Use this run", icon=":material/check:", key="use"):
        st.query_params["run"] = one.name
        st.rerun()
    if one.record is not None:
        st.download_button(
            "JSON",
            partial(as_json, one.name, one.record),
            file_name=f"{one.name}-evaluation.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="export-record",
        )


def _measuring(one: Review, card: Card) -> None:
    """The bar of a run without a record, or that is being measured now; else what was measured, in a line."""
    job = measuring_job(one.name, card, settings())
    begin = partial(job.begin, "evaluate", one.name, "--again")
    if one.record is not None and job.look() is None:
        return
    working.bar(
        working.Work(
            key="measuring-run",
            name=plain(one.name),
            job=job,
            begin=begin,
            words=f"**{plain(one.name)} has no record** of its latents. Measuring takes seconds to minutes, in the "
            "background.",
            press="Measure it",
            icon=":material/play_arrow:",
            failed=f"{one.name} could not be measured",
            steps=lambda done, total: f"{done:,} of {total:,} queries",
        )
    )
