"""Who labels here, and what a session was made with."""

from contextlib import suppress

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.records import person
from explorer.labeling.strategies import STRATEGIES
from explorer.ui import desks, labeling_ask, questions
from explorer.ui.address_bar import write
from explorer.ui.gallery import facts, heading, plain, problem, remark
from explorer.workflows.desk import Desk

SESSION, WHO = "session", "label:who"  # in the address; in this browser's session
HERE = 30  # names of others that are told
TOGETHER = [
    (
        "Two people, one item:",
        "both are kept, the later counts; Review lists a conflict, and somebody settles it there.",
    ),
    ("Two tabs of one person:", "each asks about items of its own; undo takes back the newest press of either."),
    ("An item on somebody's screen:", "is not offered to others for five minutes, unless it is given back before."),
    ("A class deleted meanwhile:", "a label on it is refused in a sentence, and its item comes back."),
    ("A class merged or renamed meanwhile:", "the label is kept, and counts as what the class is now."),
    ("A session archived meanwhile:", "a key waits in your tab, and is recorded once somebody brings it back."),
]


def leave(desk: Desk, who: str) -> None:
    """Close the session: its labels stay, its link opens it again, and others may be asked about what was held here."""
    _give_back(desk, who)
    write(SESSION, None)


def _give_back(desk: Desk, who: str) -> None:
    if who and (tab := questions.tab(labeling_ask.KEY)):
        with suppress(ExplorerError):  # it runs out by itself
            desk.release(who, tab)


def who_labels() -> str:
    """The annotator's name as this browser knows it, empty before it was said."""
    return str(st.session_state.get(WHO) or questions.remembered())


def ask_name(desk: Desk) -> None:
    """In place of the session until somebody has said who labels."""
    names, present = desk.store.annotators(), desk.state().held()[0].annotators
    here = [names[number] for number in np.unique(present).tolist()][:HERE]
    with st.form("label-name", border=True, width=420):
        name = st.text_input("Your name", max_chars=100, placeholder="As the others of your team will see it")
        st.caption("Every label is kept with the name of who gave it. Two people need two names.")
        if here:
            st.caption(plain("Here already: " + ", ".join(here) + "."))
        if st.form_submit_button("Start labeling", type="primary") and _be(name):
            st.rerun()


def _be(name: str) -> bool:
    """Let somebody label here from now on; False, and why, for what is no name."""
    try:
        st.session_state[WHO] = as_known(name)
    except ExplorerError as error:
        problem(str(error))
        return False
    return True


def as_known(name: str) -> str:
    """The name as it is kept: "ann" is Ann, who labels here already. Raises as `person`."""
    said = person(name)
    return next((one for one in desks.store().annotators().values() if one.casefold() == said.casefold()), said)


def about(desk: Desk, who: str) -> None:
    """Who labels, and what the session was made with, behind two buttons of the bar."""
    with st.popover(plain(who), icon=":material/person:", help="Who labels here", key="label-person"):
        name = st.text_input("Somebody else labels here now", max_chars=100, key="label-new-name")
        if st.button("Change", key="label-change-name") and name and _be(name):
            _give_back(desk, who)
            st.rerun()
    with st.popover("Session", icon=":material/info:", help="What this session was made with", key="label-about"):
        plan = desk.session.plan
        facts(
            [
                ("Strategy:", f"{plan.strategy}, {STRATEGIES[plan.strategy].meaning}"),
                ("Batch:", f"{plan.batch_size} items at a time"),
                ("Refit:", f"after each {plan.refit_every} labels"),
                (
                    "Held out:",
                    f"{plan.held_out:.0%} of the items that have no known label; never learned from",
                ),
                ("Begun:", f"{desk.session.created:%Y-%m-%d %H:%M} UTC with the run {plan.run}"),
            ]
        )
        heading("When several label")
        facts(TOGETHER)
        remark("The page's address opens this session again, here or for somebody else who can reach this server.")
        if st.button("Close the session", icon=":material/logout:", key="label-leave"):
            leave(desk, who)
            st.rerun()
