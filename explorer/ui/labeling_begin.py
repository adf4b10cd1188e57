"""Begin a labeling session."""

from typing import Any

import streamlit as st

from explorer.errors import BadValueError, ExplorerError
from explorer.labeling.records import Plan, Session
from explorer.labeling.strategies import STRATEGIES
from explorer.labeling.strategies import problem as why_not
from explorer.ui import desks, labeling_campaigns, labeling_sessions
from explorer.ui.gallery import facts, heading, plain, problem
from explorer.ui.labeling_who import WHO, as_known, who_labels
from explorer.ui.state import OpenRun
from explorer.workflows import labels


def show(opened: OpenRun, *, closed: str = "") -> None:
    """The form for a new session on the run in use, and all sessions that there are.

    Args:
        opened: the run in use.
        closed: name of the session that its choice has closed, if any.
    """
    st.html('<div class="le-title"><h1>Label</h1></div>')
    try:
        found = desks.sessions()
        labeling_sessions.offer_return(opened, found, closed)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _form(opened, found)
        with right:
            labeling_sessions.show(opened, found)
            labeling_campaigns.show(opened.run.card.data.name)
    except ExplorerError as error:
        problem(str(error))


def _form(opened: OpenRun, found: list[Session]) -> None:
    card = opened.run.card
    heading(f"Begin a session on {opened.name}")
    kept = len(opened.run.latents("train").ids)
    facts(
        [("", f"{kept:,} training items of {card.data.title}, asked about in the order that the strategy finds best.")]
    )
    with st.form("label-begin", border=True):
        name_here, who_here = st.columns(2)
        name = name_here.text_input("Name of the session", _free_name(opened.name, found), max_chars=100)
        who = who_here.text_input("Your name", who_labels(), max_chars=100)
        written = st.text_area(
            "Classes" if not card.classes else "Further classes, one a line",
            placeholder="One a line; more can be added later",
            height=80 if card.classes else 140,
        )
        if card.classes:
            st.caption(plain("Beside those of the run: " + ", ".join(card.classes) + "."))
        usable = [key for key in STRATEGIES if not why_not(key)]
        strategy = st.selectbox("Ask about", usable, format_func=lambda key: f"{key}: {STRATEGIES[key].meaning}")
        choices = _choices()
        if st.form_submit_button("Begin", type="primary", icon=":material/play_arrow:"):
            classes = list(dict.fromkeys(line.strip() for line in written.splitlines() if line.strip()))
            classes = [name for name in classes if name not in card.classes]
            if not classes and not card.classes:
                raise BadValueError("This data set has no class yet. Write at least one under Classes, one a line.")
            plan = Plan(name, card.data.name, opened.name, strategy=strategy, **choices)
            who = as_known(who)
            session = labels.begin(desks.store(), opened.run, who, plan, classes)
            st.session_state[WHO] = who
            labeling_sessions.open_session(session)


def _choices() -> dict[str, Any]:
    """The numbers of a plan."""
    batch, every, held_out, seed = st.columns(4)
    many = "After so many new labels the classifier is fitted anew."
    share = "This share of the items measures progress; it is asked about too."
    ahead = "So many are picked together, and held for whoever is asked about them."
    same = "The same seed, and the same labels, give the same picks."
    return {
        "batch_size": batch.number_input("Items a batch", 1, 1000, 10, help=ahead),
        "refit_every": every.number_input("Labels a refit", 1, 10_000, 10, help=many),
        "held_out": held_out.number_input("Held out, %", 0, 50, 10, help=share) / 100,
        "seed": seed.number_input("Seed", 0, 2**31, 0, help=same),
    }


def _free_name(run: str, found: list[Session]) -> str:
    taken = {session.plan.name for session in found}
    names = [f"{run}-labels", *(f"{run}-labels-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
