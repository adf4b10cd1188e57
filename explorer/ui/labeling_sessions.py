"""The sessions that there are: open one, archive it, bring it back."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.archive import Standing, archive, bring_back, standings
from explorer.labeling.records import Event, Session
from explorer.labeling.store import LabelStore
from explorer.ui import desks
from explorer.ui.address_bar import write
from explorer.ui.gallery import heading, plain, problem, remark
from explorer.ui.labeling_who import SESSION, WHO, as_known, who_labels
from explorer.ui.state import OpenRun
from explorer.workflows.desk import Desk

TYPED, REFUSED = "archive-name", "label:refused"  # in the session
SHOWN = 30

_Change = Callable[[LabelStore, Session, str], None]


def show(opened: OpenRun, found: list[Session]) -> None:
    """All sessions, those on the data of the run in use first, the archived ones apart."""
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
            open_session(session)
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
        who = as_known(st.session_state[TYPED])
        change(desks.store(), session, who)
    except ExplorerError as error:
        st.session_state[REFUSED] = str(error)
    else:
        st.session_state[WHO] = who


def offer_back(desk: Desk, who: str, away: Event) -> None:
    """Say that an archived session takes no labels, and offer to bring it back."""
    st.info(
        plain(f"{away.who} archived this session on {away.at:%Y-%m-%d}. It is all there, but takes no labels now."),
        icon=":material/archive:",
    )
    if st.button("Bring it back", type="primary", icon=":material/unarchive:", key="label-bring-back"):
        bring_back(desk.store, desk.session, who)
        st.rerun()


def offer_return(opened: OpenRun, found: list[Session], closed: str) -> None:
    """Say that the choice of another run has closed a session, and offer to open it again."""
    session = next((one for one in found if one.plan.name == closed), None)
    if session is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="label-closed"):
        st.markdown(plain(f"{closed} is closed, as {opened.name} is in use now. Its labels are all kept."))
        if st.button("Open it again", key="label-return"):
            open_session(session)


def open_session(session: Session) -> None:
    """Go on in a session: the address names it, and the page runs again."""
    write(SESSION, session.plan.name)
    st.rerun()


def _ago(moment: datetime) -> str:
    """How long ago something was, in words."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {word}{'s' * (n != 1)} ago"
    return "just now"
