"""Several runs against each other."""

from collections.abc import Sequence

import streamlit as st

from explorer.workflows.reviewing import Column, Review


def show(reviews: Sequence[Review], columns: Sequence[Column]) -> None:
    """Differences of settings and of metrics."""
    st.write([one.name for one in reviews])
