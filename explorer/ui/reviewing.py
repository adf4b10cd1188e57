"""The page of measurements: a bar, the table of all runs, and below it one run in detail or several compared."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.ui import reviewing_comparison, reviewing_details, reviewing_export, reviewing_table, unknowns, working
from explorer.ui.address_bar import catch_up
from explorer.ui.gallery import plain
from explorer.ui.state import OpenRun, runs, settings
from explorer.workflows.reviewing import Review, missing_job, review
from explorer.workflows.runs import replaced_runs

NAMED = 4  # runs without a record that are named; the others are counted


@st.fragment
def show(opened: OpenRun | None) -> None:
    """Everything below the sidebar; a touch of any control runs this part alone."""
    catch_up()
    in_use = opened.name if opened is not None else ""
    entries = runs()
    reviews = [review(entry, settings()) for entry in entries]
    if not reviews:
        return
    replaced = replaced_runs(entries)
    told = st.container()
    with st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        listed, columns = reviewing_table.choice(reviews, replaced - {in_use})
        exports = st.container(width="content")
    chosen = reviewing_table.show(listed, columns, in_use)
    with exports:
        reviewing_export.offer(listed, columns)
    by_name = {one.name: one for one in reviews}
    names = chosen or [name for name in (in_use,) if name]
    with st.container():
        _offer_to_measure([one for one in reviews if one.name not in replaced], names)
    if len(names) > 1:
        reviewing_comparison.show([by_name[name] for name in names], columns)
    elif names:
        reviewing_details.show(by_name[names[0]], in_use)
    with told:
        unknowns.tell()


def _offer_to_measure(reviews: Sequence[Review], shown: Sequence[str]) -> None:
    """A bar that measures every run without a record, while there are others than the one shown, or it is at it.

    A run that could not be measured is not offered again: its own part of the page says why, and lets one try again.
    """
    missing = [one.name for one in reviews if one.is_missing]
    job = missing_job(settings())
    if (not missing or missing == list(shown)) and not job.is_running:
        return
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if len(missing) > NAMED else "")
    one = len(missing) == 1
    working.bar(
        working.Work(
            key="measuring",
            name="Runs without a record",
            job=job,
            begin=partial(job.begin, "evaluate", "--missing"),
            words=f"**{len(missing)} {'run has' if one else 'runs have'} no record:** {plain(named)}. Measuring takes "
            "seconds to minutes a run, in the background.",
            press="Measure it" if one else "Measure all",
            icon=":material/play_arrow:",
            failed="The runs could not be measured",
            steps=lambda done, total: f"{done:,} of {total:,} queries",
        )
    )
