"""What guided picks save, as simulated campaigns have measured it: one figure, and the line that says how."""

import streamlit as st

from explorer.data import DATASETS
from explorer.figures.campaigns import campaign
from explorer.ui.gallery import heading, plain, remark
from explorer.ui.plotting import chart
from explorer.ui.state import settings
from explorer.workflows.campaign_records import CHANCE, GUIDED, Campaign, in_words, records

HEIGHT = 280
MOST_OTHERS = 3


def show(dataset_name: str) -> None:
    """The newest campaign on this data set as a figure, and what the others came to, where there are any.

    Args:
        dataset_name: as in DATASETS.
    """
    every = [one for one in records(settings()) if one.setup.data == dataset_name]
    if not every:
        if (source := DATASETS.get(dataset_name)) is None or source.shape is None:
            return  # a person's own data: the command does not know which
        remark(f"Nobody has simulated labeling on {dataset_name} yet: latent-explorer campaign {dataset_name}")
        return
    found, *others = every
    heading("Guided picks against random ones, simulated", "Error after each round; shaded: between the seeds.")
    figure = campaign(
        found.setup.labels,
        {"random picks": found.of(CHANCE), "guided picks (margin)": found.of(GUIDED)},
        end=float(found.of(CHANCE).mean(axis=0)[-1]),
        reached=found.reached,
        height=HEIGHT,
    )
    chart(figure, "label-campaign", in_words(found))
    st.markdown(plain(in_words(found)))
    remark(_how(found))
    for other in others[:MOST_OTHERS]:
        begin = f"Measured too, with {other.setup.items:,} items and {other.setup.start} labels to begin with"
        remark(f"{begin}: {in_words(other)} {other.command}")


def _how(found: Campaign) -> str:
    setup = found.setup
    return (
        f"{', '.join(found.classes)} told apart: {setup.items:,} items, {setup.start} labels to begin with, "
        f"{setup.per_round} more in each of {setup.rounds} rounds, {setup.epochs} epochs of training a round, a linear "
        f"SVM on the labelled latents, error on {found.test_items:,} test items. {found.command}"
    )
