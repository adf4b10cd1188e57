"""Begin a labeling session, open one that there is, and say who labels."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
import streamlit as st

from explorer.errors import BadValueError, ExplorerError
from explorer.labeling.archive import Standing, archive, bring_back, standings
from explorer.labeling.records import Event, Plan, Session, person
from explorer.labeling.store import LabelStore
from explorer.labeling.strategies import STRATEGIES
from explorer.labeling.strategies import problem as why_not
from explorer.ui import desks, labeling_ask, labeling_campaigns, questions
from explorer.ui.address_bar import write
from explorer.ui.gallery import facts, heading, plain, problem, remark
from explorer.ui.state import OpenRun
from explorer.workflows import labels
from explorer.workflows.desk import Desk

SESSION, WHO = "session", "label:who"  # in the address; in this browser's session
TYPED, REFUSED = "archive-name", "label:refused"
SHOWN = 30
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

_Change = Callable[[LabelStore, Session, str], None]


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
    here = [names[number] for number in np.unique(present).tolist()][:SHOWN]
    with st.form("label-name", border=True, width=420):
        name = st.text_input("Your name", max_chars=100, placeholder="As the others of your team will see it")
        st.caption("Every label is kept with the name of who gave it. Two people need two names.")
        if here:
            st.caption(plain("Here already: " + ", ".join(here) + "."))
        if st.form_submit_button("Start labeling", type="primary") and _be(name):
            st.rerun()


def offer_back(desk: Desk, who: str, away: Event) -> None:
    """Say that an archived session takes no labels, and offer to bring it back."""
    st.info(
        plain(f"{away.who} archived this session on {away.at:%Y-%m-%d}. It is all there, but takes no labels now."),
        icon=":material/archive:",
    )
    if st.button("Bring it back", type="primary", icon=":material/unarchive:", key="label-bring-back"):
        bring_back(desk.store, desk.session, who)
        st.rerun()


def _be(name: str) -> bool:
    """Let somebody label here from now on; False, and why, for what is no name."""
    try:
        st.session_state[WHO] = _as_known(name)
    except ExplorerError as error:
        problem(str(error))
        return False
    return True


def _as_known(name: str) -> str:
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
        st.button("Close the session", icon=":material/logout:", on_click=leave, args=(desk, who), key="label-leave")


def show(opened: OpenRun) -> None:
    """The form for a new session on the run in use, and all sessions that there are."""
    st.html('<div class="le-title"><h1>Label</h1></div>')
    try:
        found = desks.sessions()
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _form(opened, found)
        with right:
            _sessions(opened, found)
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
            who = _as_known(who)
            session = labels.begin(desks.store(), opened.run, who, plan, classes)
            st.session_state[WHO] = who
            _open(session)


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


def _sessions(opened: OpenRun, found: list[Session]) -> None:
    heading("Sessions")
    _tell_refusal()
    if not found:
        remark("None yet. What is labelled is kept as it is pressed, and a session goes on where it was left.")
    ours, standing = opened.run.card.data.name, standings(desks.store())
    ordered = sorted(found, key=lambda one: one.plan.dataset != ours)  # stable: newest first
    _rows([one for one in ordered if not standing[one.id].is_archived], standing)
    if away := [one for one in ordered if standing[one.id].is_archived]:
        with st.expander(f"Archived ({len(away)})", key="label-archived", icon=":material/archive:"):
            st.caption("They are all there, and take no labels until they are brought back.")
            _rows(away, standing)


def _rows(listed: list[Session], standing: Mapping[int, Standing]) -> None:
    for session in listed[:SHOWN]:
        _row(session, standing[session.id])
    if len(listed) > SHOWN:
        remark(f"{SHOWN} of {len(listed)}; the others: latent-explorer label list")


def _row(session: Session, standing: Standing) -> None:
    plan, number = session.plan, session.id
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"session-{number}"):
        with st.container(gap=None):
            st.markdown(f"**{plain(plan.name)}**")
            st.caption(
                plain(f"{plan.run}, {plan.strategy}; {standing.n_events:,} events, the last {_ago(standing.last)}")
            )
        if st.button("Open", key=f"open-session-{number}"):
            _open(session)
        # The words are for screen readers: style.css shows the icons alone.
        if not standing.is_archived:
            if st.button("Archive", key=f"archive-session-{number}", icon=":material/archive:", help="Archive"):
                _change(session, standing)
        elif st.button("Bring back", key=f"unarchive-session-{number}", icon=":material/unarchive:", help="Bring back"):
            _change(session, standing)


def _change(session: Session, standing: Standing) -> None:
    """Ask before a session is archived, and who does it; one is brought back at once where the browser knows who."""
    if standing.is_archived and (who := who_labels()):
        bring_back(desks.store(), session, who)
        st.rerun()
    verb = "Bring back" if standing.is_archived else "Archive"
    st.dialog(f"{verb} {plain(session.plan.name)}")(_ask_and_change)(session, standing, verb)


def _ask_and_change(session: Session, standing: Standing, verb: str) -> None:
    change: _Change = bring_back if standing.is_archived else archive
    with st.form("archive-who", border=False):
        if not standing.is_archived:
            st.markdown(
                f"Its last event was {_ago(standing.last)}. It takes no labels until it is brought back. Who labels in "
                "it now is told so, and what they press is kept in their tabs until then."
            )
        st.text_input("Your name", who_labels(), max_chars=100, key=TYPED)
        st.caption("It is kept who archived a session, or brought it back.")
        is_said = st.form_submit_button(verb, type="primary", on_click=_attempt, args=(session, change))
    if not _tell_refusal() and is_said:
        st.rerun()


def _tell_refusal() -> bool:
    """Say once why nothing became of the last dialog; gives whether that was so."""
    if wrong := st.session_state.pop(REFUSED, ""):
        problem(wrong)
    return bool(wrong)


def _attempt(session: Session, change: _Change) -> None:
    """Do what the dialog asks of a session, or note why it is refused."""
    try:
        who = _as_known(st.session_state[TYPED])
        change(desks.store(), session, who)
    except ExplorerError as error:
        st.session_state[REFUSED] = str(error)
    else:
        st.session_state[WHO] = who


def _open(session: Session) -> None:
    write(SESSION, session.plan.name)
    st.rerun()


def _free_name(run: str, found: list[Session]) -> str:
    taken = {session.plan.name for session in found}
    names = [f"{run}-labels", *(f"{run}-labels-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _ago(moment: datetime) -> str:
    """How long ago something was, in words."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {word}{'s' * (n != 1)} ago"
    return "just now"
