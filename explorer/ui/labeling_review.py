"""Look through what was said in a labeling session: items by class and annotator, one of them beside in full."""

from collections.abc import Mapping
from contextlib import suppress
from typing import get_args

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.state import State, contains
from explorer.ui import labeling_classes, labeling_item, labeling_settling, unknowns
from explorer.ui.address_bar import write
from explorer.ui.gallery import Picture, Row, heading, remark, table
from explorer.ui.inspector import UNLABELLED
from explorer.ui.labeling_pressing import tell
from explorer.ui.labeling_settling import OPENED
from explorer.ui.loading import shared
from explorer.ui.picking import pick, picked
from explorer.ui.state import OpenRun
from explorer.workflows.desk import Desk
from explorer.workflows.label_review import Listing, Which, by_sureness, listed

SHOWN = 48  # items of a page
SIDE = 64  # pixels
OPINIONS = 3  # of an item in conflict, below its picture
KEY = "reviewed"
PATIENCE = 10.0  # seconds that the order by sureness waits for a classifier that is being fitted
ANYTHING, ANYBODY, NEWEST, UNSUREST = "All classes", "Everybody", "Newest first", "Least sure first"
KINDS: dict[Which, str] = dict(
    zip(get_args(Which), ("Labelled", "Conflicts", "Settled", "Flagged", "Skipped"), strict=True)
)
NAMED: dict[Which, str] = {"conflicts": "open conflict", "settled": "settled conflict"}
ASKED: dict[Which, str] = {
    "conflicts": "Choose one to see who says what, and to settle it.",
    "settled": "Choose one to see who said what. What it was settled as counts.",
}
HEADS: dict[Which, tuple[str, str, str]] = {"conflicts": ("Opinion", "Another", "More")}
MARKS = ("conflict", "settled", "flagged")
EMPTY: dict[Which, str] = {
    "labelled": "Nothing is labelled so. Choose other filters, or label some items first.",
    "conflicts": "No conflict is open here.",
    "settled": "No conflict was settled here.",
    "flagged": "No item is flagged here.",
    "skipped": "No item was skipped here.",
}


def show(desk: Desk, opened: OpenRun, who: str) -> None:
    """The view: filters, the items, the chosen one beside them, and below them the classes of the session."""
    tell()
    chosen = picked(KEY)  # before anything is drawn: the item beside is drawn after the pictures
    if chosen is not None:
        write(OPENED, str(chosen))
    state, names = desk.state(), desk.store.annotators()
    which, found, filters = _filtered(desk, who, state, names)
    with st.container(key="label-review"):
        left, right = st.columns([2, 1], gap="medium")
    with left:
        _items(opened, state, names, which, found, filters)
    with right:
        labeling_item.show(desk, opened, who, state, _onward(found) if which == "conflicts" else None)
    labeling_classes.show(desk, who, state)


def _onward(found: Listing) -> int | None:
    """The item behind the open one in the list, or the first one."""
    ids, now = found.ids.tolist(), st.query_params.get(OPENED, "")
    others = [item for item in ids if str(item) != now]
    place = next((place for place, item in enumerate(ids) if str(item) == now), 0)
    return others[place % len(others)] if others else None


def _filtered(desk: Desk, who: str, state: State, names: dict[int, str]) -> tuple[Which, Listing, str]:
    """The controls, the items that they leave, and a name for the choice."""
    classes = _titled(ANYTHING, state.classes.living)
    there = np.unique(np.concatenate([state.opinions.annotators, state.skips.annotators, state.flags.annotators]))
    people = _titled(ANYBODY, {number: names[number] for number in there.tolist()})
    with st.container(key="label-bar", horizontal=True, vertical_alignment="bottom", gap="small"):
        kinds = {title: kind for kind, title in KINDS.items()}
        which = kinds[_of("Items", "which", list(kinds), 140)]
        number = classes[_of("Class", "class", list(classes), 170)]
        annotator = people[_of("Annotator", "by", list(people), 170)]
        order = _of("Order", "listed", [NEWEST, UNSUREST], 170)
        undoes = "Takes back what you pressed last in this session, on whichever view, and opens the item."
        args = (desk, who)
        st.button("Undo", icon=":material/undo:", key="undo", help=undoes, on_click=labeling_settling.undo, args=args)
    found = listed(state, which, annotator=annotator, number=number)
    is_here = desk.items().by_id.rows(found.ids) >= 0
    if not is_here.all():
        remark(f"{(~is_here).sum():,} more are no items of {desk.run_name}, the run in use, and are not shown.")
        found = found.at(is_here)
    if order == UNSUREST:
        found = _by_sureness(desk, found)
    return which, found, f"{which}-{number}-{annotator}-{order}"


def _titled(anything: str, names: Mapping[int, str]) -> dict[str, int | None]:
    """What a filter offers: anything, and each of these, also one that is called like something else in the list."""
    found: dict[str, int | None] = {anything: None}
    for number, name in names.items():
        title = name
        while title in found:
            title += f" ({number})"
        found[title] = number
    return found


def _of(title: str, key: str, options: list[str], width: int) -> str:
    unknowns.expect(key, options.__contains__)
    if st.session_state.get(key, options[0]) not in options:  # a class that was renamed or has gone meanwhile
        st.session_state[key] = options[0]
    return str(st.selectbox(title, options, key=key, bind="query-params", width=width))


def _by_sureness(desk: Desk, found: Listing) -> Listing:
    latest = None
    with suppress(ExplorerError), st.spinner("Fitting the classifier"):  # the page tells what is wrong
        latest = desk.latest(PATIENCE)
    if latest is None or latest.svm is None:
        why = "It takes longer than usual" if latest is None else "Two classes need labels"
        remark(f"There is no classifier yet, so the newest come first. {why}.")
        return found
    return by_sureness(found, desk.items(latest.run).by_id.rows(found.ids), latest.scores)


def _items(  # noqa: PLR0913 - what is listed, and how it was chosen
    opened: OpenRun, state: State, names: dict[int, str], which: Which, found: Listing, filters: str
) -> None:
    """A page of the items, as pictures or in words."""
    what = NAMED.get(which, "item") + "s" * (len(found) != 1)
    heading(f"{len(found):,} {what}", ASKED.get(which, "Choose one to see all that was said of it."))
    if not len(found):
        st.info(EMPTY[which], icon=":material/search_off:")
        return
    page = _paged(len(found), filters)
    shown = found.at(np.arange((page - 1) * SHOWN, min(page * SHOWN, len(found))))
    lines = _differing(state, names, shown) if which == "conflicts" else _lines(state, names, shown)
    if opened.without_images is not None:
        _in_words(opened, state, shown, lines, HEADS.get(which, ("Class", "Annotator", "")))
        return
    items = shared(("items", opened.name, opened.stamp), lambda _: opened.items, "Fetching the images")
    if items is None:
        return
    scale = opened.images.scale
    pictures = [
        Picture(image, caption, label=int(number), scale=scale)
        for image, caption, number in zip(items.images(shown.ids), lines, shown.classes, strict=True)
    ]
    ids = shown.ids.tolist()
    now = st.query_params.get(OPENED, "")
    chosen = next((place for place, item in enumerate(ids) if str(item) == now), None)
    n_classes = len(state.classes.names)
    pick(pictures, side=SIDE, n_classes=n_classes, name="Items", key=KEY, chosen=chosen, values=ids)


def _paged(n: int, filters: str) -> int:
    """The number of the page, from 1; other filters begin at the first one."""
    pages = -(-n // SHOWN)
    return int(st.pagination(pages, key=f"review-page-{pages}-{filters}")) if pages > 1 else 1


def _lines(state: State, names: dict[int, str], shown: Listing) -> list[list[str]]:
    """Class, annotator and marks of each item."""
    flagged = contains(state.flagged(), shown.ids)
    differ, settled = contains(state.in_conflict(), shown.ids), contains(state.settled().ids, shown.ids)
    return [
        [
            state.classes.names[number] if number >= 0 else UNLABELLED,
            names.get(who, ""),
            ", ".join(word for word, holds in zip(MARKS, marks, strict=True) if holds),
        ]
        for number, who, *marks in zip(
            shown.classes.tolist(), shown.annotators.tolist(), differ, settled, flagged, strict=True
        )
    ]


def _differing(state: State, names: dict[int, str], shown: Listing) -> list[list[str]]:
    """The opinions on each item in conflict: first the one that is listed, then the others, the latest first."""
    said = {one.item: one.opinions for one in state.conflicts(shown.ids)}
    classes, found = state.classes.names, []
    for item, by in zip(shown.ids.tolist(), shown.annotators.tolist(), strict=True):
        latest = sorted(reversed(said[item]), key=lambda one: one[0] != by)
        lines = [f"{classes[gives]}: {names[who]}" for who, gives in latest]
        more = len(lines) - OPINIONS
        found.append(lines[:OPINIONS] + [f"and {more} more"] * (more > 0))
    return found


def _in_words(
    opened: OpenRun, state: State, shown: Listing, lines: list[list[str]], heads: tuple[str, str, str]
) -> None:
    """The items as rows, where there are no pictures; one is opened by its id."""
    remark(f"No pictures: {opened.without_images}")
    ids = shown.ids.tolist()
    rows = [
        Row([first, second, ", ".join(more), str(item)], label=int(number))
        for (first, second, *more), item, number in zip(lines, ids, shown.classes, strict=True)
    ]
    table([*heads, "Item"], rows, n_classes=len(state.classes.names), name="Items")
    st.selectbox("Open item", ids, index=None, key="open-item", on_change=_open, placeholder="Choose an id", width=220)


def _open() -> None:
    item = st.session_state["open-item"]
    if item is not None:
        write(OPENED, str(item))
