"""Measurements as files: the table, and what was measured of a run."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from explorer.ui import downloads
from explorer.workflows.exporting import as_csv
from explorer.workflows.reviewing import Column, Review, rows


def offer(reviews: Sequence[Review], columns: Sequence[Column]) -> None:
    """The control: the table as it is filtered, as CSV."""
    with st.popover("Export", icon=":material/download:", help="The table as a file", key="export-table"):
        st.caption("The runs and metrics of the table, with both ends of each interval.")
        if reviews:
            table(rows(reviews, columns), "Export as CSV", "evaluation.csv")


def table(lines: Sequence[Mapping[str, object]], title: str, name: str) -> None:
    """A link that gives rows as a CSV file; nothing is made before it is pressed."""
    downloads.offer(
        title, partial(as_csv, lines), name=name, mime="text/csv", key=f"export-{name}", icon=":material/download:"
    )
