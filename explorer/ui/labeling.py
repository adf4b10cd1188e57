"""The Label page: begin or open a session, then ask, see it on the map, review it, and exchange files."""

from collections.abc import Callable
from html import escape

import streamlit as st

from explorer.errors import ExplorerError, StoreError
from explorer.labeling.archive import archived
from explorer.labeling.records import Event
from explorer.ui import (
    desks,
    labeling_ask,
    labeling_begin,
    labeling_files,
    labeling_map,
    labeling_progress,
    labeling_review,
    labeling_sessions,
    labeling_tuning,
    labeling_who,
    layout,
    unknowns,
)
from explorer.ui.address_bar import catch_up, write
from explorer.ui.gallery import plain, problem, telling
from explorer.ui.state import OpenRun, open_for_page, runs, settings
from explorer.workflows import shelving
from explorer.workflows.desk import Desk

SEEN = "label:seen"  # the session, and its run, that the page showed last
CLOSED = "label:closed"  # a session, and the run whose choice has closed it
ASK = "Ask"
REHEARSAL = (
    "The data set has the labels that are asked for here. The session does not look at them, but to measure how well "
    "it does, and to simulate what random picks would give. Where the run was trained with all labels, its encoder has "
    "seen those of the items held out: errors on these are lower than on new data. Those on test items are not."
)
VIEWS: dict[str, Callable[[Desk, OpenRun, str], None]] = {
    "Map": labeling_map.show,
    "Review": labeling_review.show,
    "Files": labeling_files.show,
}


def show() -> None:
    """The session that the address names, or the choice of one."""
    if labeling_who.SESSION not in st.query_params:  # the next one is shown anew, even if it is the same
        st.session_state.pop(SEEN, None)
    desk = _addressed()
    if desk is not None and not _has_its_run(desk):
        return
    opened = layout.run_in_use()
    if opened is None:
        return
    if desk is not None and st.session_state[SEEN] == (desk.session.plan.name, opened.name):
        _at(desk, opened)
        return
    if desk is not None:  # another run was chosen in the sidebar
        labeling_who.leave(desk, labeling_who.who_labels())
        st.session_state[CLOSED] = st.session_state.pop(SEEN)[0], opened.name
    closed, by = st.session_state.get(CLOSED, ("", ""))
    labeling_begin.show(opened, closed=closed if by == opened.name else "")


def _addressed() -> Desk | None:
    """The desk of the session in the address; None without one, and in a sentence where it cannot be had."""
    name = st.query_params.get(labeling_who.SESSION)
    if name is None:
        return None
    try:
        return desks.desk(name)
    except ExplorerError as error:
        problem(str(error))
        return None


def _has_its_run(desk: Desk) -> bool:
    """Whether the session's run in use opens, and becomes the page's; where it does not, what can be done."""
    name, run = desk.session.plan.name, _run_of(desk)
    try:
        desk.items(run)
        open_for_page(run)  # it may have been deleted while the session was open
    except ExplorerError as error:
        _offer_ways_on(desk, run, error)
        return False
    if st.session_state.get(SEEN) != (name, run):
        st.session_state[SEEN] = name, run
        st.session_state.pop(CLOSED, None)
        write("run", run)
    return True


def _offer_ways_on(desk: Desk, run: str, error: ExplorerError) -> None:
    """Where the run in use is gone it can be restored, or the first one takes its place; no label depends on it."""
    there = {entry.name for entry in runs()}
    gone = f"The run {run} was deleted or renamed, and the session {desk.session.plan.name} needs it. No label is lost."
    problem(str(error) if run in there else gone)
    first, who = desk.session.plan.run, labeling_who.who_labels()
    with st.container(horizontal=True), telling():
        keys = [one.key for one in shelving.deleted(settings()) if one.entry.name == run and run not in there]
        if keys and st.button(f"Restore {plain(run)}", type="primary", icon=":material/undo:", key="label-restore-run"):
            shelving.restore(keys[0], settings())
            st.rerun()
        can_go_on = first != run and who and first in there
        if can_go_on and st.button(f"Go on with {plain(first)}", icon=":material/start:", key="label-first-run"):
            desk.refit(who, first, note="the run in use was gone")
            st.rerun()
        st.button("Other sessions", key="label-others", on_click=_to_the_choice)


def _to_the_choice() -> None:
    for key in (labeling_who.SESSION, "run"):
        write(key, None)
    st.session_state.pop(layout.USED, None)


def _run_of(desk: Desk) -> str:
    """The session's run in use; while the store is away, the one that the page showed last."""
    try:
        return desk.run_name
    except StoreError:
        name, run = st.session_state.get(SEEN, ("", ""))
        return str(run) if name == desk.session.plan.name else desk.session.plan.run


@st.fragment
def _at(desk: Desk, opened: OpenRun) -> None:
    """The whole session; a key, a lasso or a click runs this part alone."""
    catch_up()
    who = labeling_who.who_labels()
    taken = labeling_ask.take(desk, who) if who else None  # before anything else, whichever view is shown
    try:
        if desk.run_name != opened.name or not _is_there(opened):  # it was fine-tuned or deleted meanwhile
            st.rerun()
        _title(desk, opened)
        away = archived(desk.store, desk.session)
    except StoreError as error:
        labeling_ask.hold(desk, who, str(error)) if who else problem(str(error))
        return
    if taken is None:
        labeling_who.ask_name(desk)
        return
    _controlled(desk, opened, who, taken, away)
    unknowns.tell()


def _is_there(opened: OpenRun) -> bool:
    try:
        return open_for_page(opened.name) is not None
    except ExplorerError:
        return False


def _controlled(desk: Desk, opened: OpenRun, who: str, taken: labeling_ask.Taken, away: Event | None) -> None:
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="xsmall"):
        unknowns.expect("show", [ASK, *VIEWS].__contains__)
        view = st.segmented_control(
            "Show",
            [ASK, *VIEWS],
            default=ASK,
            required=True,
            key="show",
            bind="query-params",
            width="content",
            label_visibility="collapsed",
        )
        labeling_who.about(desk, who)
    left, right = st.columns([5, 2], gap="medium")
    with left, telling():
        if away is not None:
            labeling_sessions.offer_back(desk, who, away)
        if view == ASK and away is None:
            labeling_ask.show(desk, opened, who, taken)
        else:
            labeling_ask.keep(desk, who, taken)
        if view != ASK:
            VIEWS[str(view)](desk, opened, who)
    with right, telling():
        found = labeling_progress.show(desk, who)
        if away is None:
            labeling_tuning.show(desk, opened, who, found)


def _title(desk: Desk, opened: OpenRun) -> None:
    plan, items = desk.session.plan, desk.items()
    said = f"{len(items):,} items of {opened.run.card.data.title}, seen by {opened.name}"
    picked = f"picks by {plan.strategy}"
    badge, why = (f"rehearsal, {picked}", REHEARSAL) if items.is_rehearsal else (picked, "")
    st.html(
        f'<div class="le-title"><h1>{escape(plan.name)}</h1>'
        f'<span class="le-badge" title="{why}">{escape(badge)}</span>'
        f"<span>{escape(said)}</span></div>"
    )
    if not desk.state().classes.living:
        st.info(plain("This session has no class yet. Add some under Review."), icon=":material/info:")
