"""A session's items on the map: colours say what is labelled, and a lasso labels many at once."""

from dataclasses import replace
from secrets import token_hex
from urllib.parse import quote

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.labeling.records import Answer, Press
from explorer.labeling.rounds import Round
from explorer.labeling.schema import Kind
from explorer.labeling.state import State, contains
from explorer.ui import labeling_tuning, unknowns
from explorer.ui.gallery import HIT_PIXELS, heading, pictures, plain, problem, remark
from explorer.ui.inspector import LASSO_PICTURES, items_of, picture
from explorer.ui.scatter import Cloud, Colouring, Marks, scatter, touched
from explorer.ui.state import OpenRun
from explorer.ui.touching import Place
from explorer.workflows.desk import Desk
from explorer.workflows.maps import LatentMap
from explorer.workflows.session_columns import TITLES, session_column

KEY = "label-map"
HEIGHT = "max(400px, 100vh - 300px)"
SURE = "sure"  # the lasso's press that waits for a second one, and of whom
RINGED = 10  # of the items that are asked about next


def show(desk: Desk, opened: OpenRun, who: str) -> None:
    """The map, what its colours say, and the lasso's labels below it."""
    moves = labeling_tuning.moves(desk, opened)
    space = opened.space if moves is None else moves.space
    what = _controls(desk, who)
    cloud = _cloud(desk, opened, space)
    state, latest = desk.state(), desk.latest()
    place = Place(KEY, cloud.items)
    _, lasso = touched(cloud, key=KEY)
    if lasso is not None:
        st.session_state[place.name("lasso")] = lasso if lasso.count else None
        st.session_state.pop(place.name(SURE), None)
    scatter(
        cloud,
        key=KEY,
        marks=_marks(space, state, latest),
        colouring=_colouring(desk, opened, space, what),
        axes=space.axes,
        height=HEIGHT,
        clear_selection=place.cleared,
        timeline=None if moves is None else moves.timeline,
    )
    if place.lasso is None:
        remark("Lasso some points (shift and drag) to label them together. Rings are what is asked about next.")
        return
    _lassoed(desk, opened, who, place, space.latents.ids[place.lasso.mask])


def _controls(desk: Desk, who: str) -> str:
    """What the points' colours say, and undo."""
    unknowns.expect("points", TITLES.__contains__)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        what = st.segmented_control(
            "Colour",
            list(TITLES),
            default="labels",
            required=True,
            key="points",
            bind="query-params",
            format_func=TITLES.__getitem__,
            label_visibility="collapsed",
            width="content",
        )
        if st.button(
            "Undo", icon=":material/undo:", key="label-undo", help="Take back what you said last, here or under Ask"
        ):
            _undo(desk, who)
    return str(what)


def _cloud(desk: Desk, opened: OpenRun, space: LatentMap) -> Cloud:
    """The points without their classes: what counts here is what the session says."""
    whole, session = opened.cloud(space), desk.session.plan.name
    return replace(
        whole,
        identity=f"{whole.identity}:{session}",
        items=f"{whole.items}:{session}",
        classes=(),
        colours=(),
        has_confidence=False,
    )


def _colouring(desk: Desk, opened: OpenRun, space: LatentMap, what: str) -> Colouring:
    """What the points' colours say; the browser fetches their bytes anew when that has changed."""
    state, latest = desk.state(), desk.latest()
    column = session_column(what, space.latents.ids[:0], desk.items(), state, latest)  # its names, of no items
    version = state.seq if what == "labels" or latest is None else latest.seq
    url = opened.address("session", f"/{quote(desk.session.plan.name, safe='')}/{what}", on=space) + f"&at={version}"
    return Colouring(f"{what}-{version}", column.title, url, column.groups, column.colours, "low", "high", pale=True)


def _marks(space: LatentMap, state: State, latest: Round | None) -> Marks:
    """Rings around the first items of the round that are still to be labelled."""
    if latest is None:
        return Marks()
    waiting = latest.picks[~contains(state.labels().ids, latest.picks)][:RINGED]
    rows = space.by_id.rows(waiting)
    rows = rows[rows >= 0]
    hits = tuple((float(x), float(y), True) for x, y in space.places[rows])
    return Marks(hits=hits, hit_rows=tuple(rows.tolist()))


def _lassoed(desk: Desk, opened: OpenRun, who: str, place: Place, ids: NDArray[np.int64]) -> None:
    """What the lasso holds, and how to label it."""
    state, items = desk.state(), desk.items()
    rows = items.by_id.rows(ids)
    inside, is_held_out = ids[rows >= 0], items.held_out[rows[rows >= 0]]
    labelled = items.labels(state)[rows[rows >= 0]] >= 0
    heading(f"{len(inside):,} items of the session in the lasso, {int(labelled.sum()):,} of them labelled")
    if len(ids) > len(inside):
        remark(f"{len(ids) - len(inside):,} more are test items, which are not labelled here.")
    if n := int(is_held_out.sum()):
        remark(f"{n:,} are held out to measure progress; they are asked about by chance alone.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        living = state.classes.living
        number = st.selectbox(
            "Label as",
            list(living),
            index=None,
            format_func=living.__getitem__,
            placeholder="Choose a class",
            width=220,
            key="label-as",
        )
        again = st.checkbox("Labelled ones too", disabled=not labelled.any(), key="label-again")
        wanted = inside[~is_held_out & (again | ~labelled)]
        can = number is not None and len(wanted) > 0
        if st.button(f"Label {len(wanted):,} items", type="primary", disabled=not can, key="label-lasso"):
            press = Press(Kind.LABEL, f"lasso-{token_hex(12)}", tuple(wanted.tolist()), class_number=number)
            st.session_state[place.name(SURE)] = who, press
        st.button("Clear the lasso", icon=":material/close:", on_click=_forget, args=(place,), key="label-clear")
    _confirmed(desk, state, who, place)
    _pictures(opened, inside, state)


def _confirmed(desk: Desk, state: State, who: str, place: Place) -> None:
    """Ask once more before many labels are written; then write them."""
    whose, press = st.session_state.get(place.name(SURE), ("", None))
    if press is None or whose != who:
        return
    living = state.classes.living
    if press.class_number not in living:
        st.session_state.pop(place.name(SURE))
        problem("The class was deleted or merged meanwhile. Choose another one.")
        return
    name = living[press.class_number]
    wanted = np.array(press.items, np.int64)
    before = desk.items().labels(state)[desk.items().by_id.rows(wanted)]
    others = int(((before >= 0) & (before != press.class_number)).sum())
    text = f"Label {len(wanted):,} items as {name}?"
    if others:
        text += (
            f" {others:,} of them have another label: one that is yours, or was known before, is replaced; one of "
            "somebody else becomes a conflict."
        )
    st.warning(plain(text + " Undo takes all of them back at once."), icon=":material/help:")
    with st.container(horizontal=True, gap="small"):
        sure = st.button("Yes, label them", type="primary", key="label-sure")
        if st.button("No", key="label-unsure"):
            st.session_state.pop(place.name(SURE))
            st.rerun()
    if sure:
        answers: list[Answer] = desk.record(who, [press])
        st.session_state.pop(place.name(SURE))
        if answers[0].refusal:
            problem(answers[0].refusal)
            return
        _forget(place)
        st.toast(plain(f"{len(wanted):,} items are labelled {name}."))
        st.rerun()


def _undo(desk: Desk, who: str) -> None:
    """Take back the person's newest press, a lasso as a whole."""
    before = len(desk.state().labels().ids)
    answer = desk.record(who, [Press(Kind.UNDO, f"undo-{token_hex(12)}")])[0]
    if answer.refusal:
        problem(answer.refusal)
        return
    gone = before - len(desk.state().labels().ids)
    st.toast(plain(f"Taken back: {gone:,} label{'s' * (gone != 1)} fewer." if gone > 0 else "Taken back."))


def _forget(place: Place) -> None:
    """Clear the lasso, and what was to be labelled by it."""
    place.forget_lasso()
    st.session_state.pop(place.name(SURE), None)


def _pictures(opened: OpenRun, ids: NDArray[np.int64], state: State) -> None:
    some = ids[:LASSO_PICTURES]
    images = items_of(opened, some) if len(some) else None
    if images is None:
        return
    cells = [picture(opened, image, []) for image in images]
    pictures(cells, side=HIT_PIXELS, n_classes=len(state.classes.names), name="Lassoed items")
    if len(ids) > LASSO_PICTURES:
        remark(f"The first {LASSO_PICTURES} of {len(ids):,}.")
