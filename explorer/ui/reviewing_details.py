"""What was measured of one run, topic by topic; what it does not have says why in a line."""

from functools import partial

import streamlit as st

from explorer import places
from explorer.errors import ExplorerError
from explorer.ui import downloads, reviewing_confusion, reviewing_topics, unknowns, working
from explorer.ui.address_bar import write
from explorer.ui.gallery import plain, problem, remark
from explorer.ui.state import OpenRun, open_for_page, settings
from explorer.workflows.evaluating import measuring_job
from explorer.workflows.records import as_json
from explorer.workflows.reviewing import NOT_MEASURED, Review
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Evaluation

SECTIONS = {
    "Classification": reviewing_confusion.show,
    "Calibration": reviewing_topics.calibration,
    "Retrieval": reviewing_topics.retrieval,
    "Reconstruction": reviewing_topics.reconstruction,
    "Structure": reviewing_topics.structure,
}


def show(one: Review, in_use: str) -> None:
    """A run's name, what can be done with it, and its record; or why there is none."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {plain(one.name)}", width="stretch")
        _actions(one, in_use)
    if one.card is None or not one.is_measurable:
        problem(one.why)
    else:
        _measuring(one, one.card)
    if one.record is None:
        return
    _told(one.record)
    try:
        _sections(open_for_page(one.name), one.record)
    except ExplorerError as error:
        problem(str(error))


def _told(record: Evaluation) -> None:
    others = f"; {', '.join(record.across)} looked for them too" if record.across else ""
    remark(
        f"{record.queries:,} test items looked for {record.gallery:,} training items{others}. "
        "Intervals are 95 % over items."
    )


def _sections(opened: OpenRun, record: Evaluation) -> None:
    unknowns.expect("section", SECTIONS.__contains__)
    tabs = st.tabs(list(SECTIONS), key="section", bind="query-params", on_change="rerun")
    for tab, draw in zip(tabs, SECTIONS.values(), strict=True):
        if tab.open:  # what nobody looks at is not made
            with tab:
                draw(opened, record)


def _actions(one: Review, in_use: str) -> None:
    if one.card is None:
        return
    if one.name != in_use and st.button("Use this run", icon=":material/check:", key="use", type="tertiary"):
        write("run", one.name)
        st.rerun()
    if st.button("Open the map", icon=":material/scatter_plot:", key="to-map", type="tertiary"):
        st.switch_page(places.pages() / "2_Map.py", query_params={"run": one.name})
    if one.record is not None:
        _again(one, one.card)
        downloads.offer(
            "Record as JSON",
            partial(as_json, one.name, one.record),
            name=f"{one.name}-evaluation.json",
            mime="application/json",
            key="export-record",
            icon=":material/download:",
            kind="tertiary",
        )


def _again(one: Review, card: Card) -> None:
    """Measure a run anew; its record stands until there is another."""
    job = measuring_job(one.name, card, settings())
    if job.look() is None:
        words = "Takes seconds to minutes, in the background; the record stays until there is another."
        st.button(
            "Measure again",
            icon=":material/refresh:",
            key="again",
            type="tertiary",
            help=words,
            on_click=working.attempt,
            args=(job, partial(job.begin, "evaluate", one.name, "--again")),
        )


def _measuring(one: Review, card: Card) -> None:
    """The bar of a run without a record, or of one that is being measured now."""
    job = measuring_job(one.name, card, settings())
    status = job.look()
    if one.record is not None and status is None:
        if wrong := working.failure(job):
            problem(wrong)
        return
    if one.why not in ("", NOT_MEASURED) and not (status and status.problem):  # else the bar says it
        problem(one.why)
    words = "is measured again on request" if one.record is not None else "has no record of its latents"
    working.bar(
        working.Work(
            key="measuring-run",
            name=one.name,
            job=job,
            begin=partial(job.begin, "evaluate", one.name, "--again"),
            words=f"**{plain(one.name)}** {words}. Measuring takes seconds to minutes, in the background.",
            press="Try again" if one.has_failed else "Measure it",
            icon=":material/play_arrow:",
            failed=f"{one.name} could not be measured",
            steps=lambda done, total: f"{done:,} of {total:,} queries",
        )
    )
