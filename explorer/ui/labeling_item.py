"""One item of a labeling session in full: picture, opinions, all that was said of it, and what to do with it."""

from contextlib import suppress

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.schema import Kind
from explorer.labeling.state import State
from explorer.ui import labeling_settling
from explorer.ui.gallery import QUERY_PIXELS, Picture, facts, heading, pictures, problem, remark
from explorer.ui.inspector import UNLABELLED, items_of
from explorer.ui.labeling_pressing import class_buttons, press
from explorer.ui.labeling_settling import OPENED
from explorer.ui.loading import SOON
from explorer.ui.state import OpenRun
from explorer.workflows.desk import Desk
from explorer.workflows.label_review import readable

LIMIT = 2**63
ON_OPEN = "That is your opinion only, and a conflict stays open until all who differ agree."
ON_SETTLED = "That is your opinion only. If it differs from what was settled, the conflict is open anew."


def show(desk: Desk, opened: OpenRun, who: str, state: State, onward: int | None = None) -> None:
    """The item that the address names, or how to choose one.

    Args:
        desk: of the session.
        opened: the run in use.
        who: looks through.
        state: of the session now.
        onward: the item to open once the conflict on this one is settled; None for none.
    """
    asked = st.query_params.get(OPENED, "")
    if not asked:
        heading("No item chosen")
        remark("Choose one to see its opinions and its history, to label it anew, or to flag it.")
        return
    item = _number(asked)
    row = -1 if item is None else int(desk.items().by_id.rows(np.array([item], np.int64))[0])
    if item is None or row < 0:
        problem(f"The address asks for the item {asked[:40]}, which this session does not have. Choose another.")
        return
    _pictured(desk, opened, item, row, state)
    is_settled = item in state.settled().ids
    if is_settled or item in state.in_conflict():
        labeling_settling.show(desk, who, item, state, onward)
        with st.expander("Label it instead"):
            remark(f"As {who}. {ON_SETTLED if is_settled else ON_OPEN}")
            _relabel(desk, who, item, state)
        _flag(desk, who, item, state)
    else:
        heading("Label it", f"As {who}. Your latest label is your opinion; the latest of all is the item's label.")
        _relabel(desk, who, item, state)
        _flag(desk, who, item, state)
        labeling_settling.show(desk, who, item, state, onward)
    _history(desk, item, state)


def _number(text: str) -> int | None:
    """The id that a text means; None for none."""
    found = None
    with suppress(ValueError):
        found = int(text[:20])
    return found if found is not None and -LIMIT <= found < LIMIT else None


def _pictured(desk: Desk, opened: OpenRun, item: int, row: int, state: State) -> None:
    """Its picture and what it is, with what the classifier makes of it."""
    ids, classes = np.array([item], np.int64), state.classes.names
    images = items_of(opened, ids)
    labels = state.labels()
    at = np.flatnonzero(labels.ids == item)
    label = int(labels.classes[at[0]]) if len(at) else -1
    name = classes[label] if label >= 0 else UNLABELLED
    if images is None:
        remark(f"No picture: {opened.without_images}")
    else:
        shown = [Picture(images[0], [name], label=label, scale=opened.images.scale)]
        pictures(shown, side=QUERY_PIXELS, n_classes=len(classes), name="Item", kind="le-query")
    lines = [(name, f"item {item}")]
    lines += [("", file) for file in ([] if images is None else opened.items.files(ids))]
    lines += [("", words) for words in (_predicted(desk, row, label, state),) if words]
    if item in state.flagged():
        lines.append(("Flagged", ""))
    facts(lines)


def _predicted(desk: Desk, row: int, label: int, state: State) -> str:
    """What the classifier of the newest round makes of an item; empty where there is none, or its class is gone."""
    latest = None
    with suppress(ExplorerError):  # the page tells it
        latest = desk.latest(SOON)
    if latest is None or latest.svm is None or row >= len(latest.predicted):
        return ""
    predicted = int(state.classes.follow(latest.predicted[row : row + 1])[0])
    if predicted < 0:
        return ""
    verdict = "" if label < 0 else " \u2713" if predicted == label else " \u2717"
    return f"the classifier says {state.classes.names[predicted]}{verdict}"


def _relabel(desk: Desk, who: str, item: int, state: State) -> None:
    """Its label anew."""
    own, args = _own(desk, who, item, state), (desk, who, Kind.LABEL, item)
    class_buttons(state.classes.living, own, press, args, title="Label it", key="relabel", item=item)


def _flag(desk: Desk, who: str, item: int, state: State) -> None:
    """Its flag, to set or to take off."""
    if item in state.flagged():
        says, title, key, icon = Kind.UNFLAG, "Take the flag off", "unflag", ":material/flag:"
    else:
        says, title, key, icon = Kind.FLAG, "Flag it", "flag", ":material/outlined_flag:"
    st.button(title, key=key, icon=icon, on_click=press, args=(desk, who, says, item))


def _own(desk: Desk, who: str, item: int, state: State) -> int | None:
    """The class that this annotator gave it, if any."""
    held, classes = state.held()
    names = desk.store.annotators()
    at = np.flatnonzero(held.items == item)
    return next((int(classes[row]) for row in at if names[int(held.annotators[row])] == who), None)


def _history(desk: Desk, item: int, state: State) -> None:
    """All that was ever said of it, in order."""
    said = readable(desk.store.history(desk.session, item), state.classes)
    heading("History", "Nothing is ever erased. Times are UTC.")
    if not said:
        remark("Nothing was said of it yet.")
        return
    facts([(f"{event.who} {words}", labeling_settling.when(event.at)) for event, words in said])
