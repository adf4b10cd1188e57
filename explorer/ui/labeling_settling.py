"""What annotators say of an item, and the decision where they differ."""

from contextlib import suppress
from datetime import datetime
from secrets import token_hex

import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.labeling.state import State
from explorer.ui.address_bar import write
from explorer.ui.gallery import Row, heading, table
from explorer.ui.labeling_pressing import DONE, TOLD, class_buttons, take
from explorer.workflows.desk import Desk
from explorer.workflows.label_settling import Opinion, Settled, newest, opinions_on, settle, settled_on, settlement

OPENED = "open"  # in the address: the id of the item


def show(desk: Desk, who: str, item: int, state: State, onward: int | None) -> None:
    """The opinions on an item; where they differ, how to settle that, or who did.

    Args:
        desk: of the session.
        who: looks through.
        item: id.
        state: of the session now.
        onward: the item to open once this one is settled; None for none.
    """
    said = opinions_on(desk.store, desk.session, state, item)
    if not said:
        return
    done, names = settled_on(desk.store, desk.session, state, item), state.classes.names
    is_open = done is None and len({one.number for one in said}) > 1
    heading(f"{len(said)} opinion{'s' * (len(said) != 1)}", _how(said, done, names, is_open))
    rows = [Row([names[one.number], _by(one)], label=one.number) for one in said]
    table(["Class", "Annotator, since (UTC)"], rows, n_classes=len(names), name="Opinions")
    args = (desk, who, item, newest(state, item), onward)
    if is_open:
        heading("Settle it", f"As {who}. The class that you choose counts; every opinion stays in the history.")
        with st.container(key="settle"):
            _choices(state, item, None, args)
    elif done is not None:
        with st.expander("Settle it otherwise"):
            _choices(state, item, done.number, args)


def _choices(state: State, item: int, current: int | None, args: tuple[object, ...]) -> None:
    """The buttons, of this item only: a second click on one that is gone must not settle the next conflict."""
    key = f"settle-{item}"
    class_buttons(state.classes.living, current, _settle, args, title="Settle it", key=key, item=item)


def undo(desk: Desk, who: str) -> None:
    """Take back this person's newest press, and open the item that it was about."""
    answer = take(desk, who, Press(Kind.UNDO, f"undo-{token_hex(12)}"))
    if answer is None:
        return
    try:
        item = desk.undone(answer)
    except ExplorerError as error:
        st.session_state[TOLD] = str(error)
        return
    if item is not None:
        write(OPENED, str(item))


def when(moment: datetime) -> str:
    """A time, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def _how(said: tuple[Opinion, ...], done: Settled | None, names: tuple[str, ...], is_open: bool) -> str:
    """What is to be made of the opinions."""
    if done is not None:
        return (
            f"{done.who} settled it as {names[done.number]}, {when(done.at)}. A later label that differs opens it anew."
        )
    if not is_open:
        return ""
    before = next((one for one in said if one.settles), None)
    if before is not None:
        return f"{before.who} settled it as {names[before.number]}, and a later label differs. Settle it anew."
    return "They differ. The latest counts until somebody settles it, or those who differ label it alike."


def _by(one: Opinion) -> str:
    """Who says so since when, and what that does; the date does not break in a narrow column."""
    marks = (word for word, holds in (("settles", one.settles), ("counts", one.counts)) if holds)
    return ", ".join([one.who, when(one.at).replace("-", "\u2011"), *marks])


def _settle(desk: Desk, who: str, item: int, seen: int, onward: int | None, number: int) -> None:  # noqa: PLR0913
    """Record what was chosen, and go on to the next conflict."""
    try:
        classes = desk.state().classes
        settle(desk.store, desk.session, who, settlement(item, number), seen=seen)
    except ExplorerError as error:
        st.session_state[TOLD] = str(error)
        return
    with suppress(ExplorerError):  # it is settled: the next press begins the round
        desk.record(who, [])  # a new round begins where this label makes one due
    name = classes.names[classes.fates[number]]
    st.session_state[DONE] = f"Item {item} is settled as {name}. Undo takes that back."
    if onward is not None:
        write(OPENED, str(onward))
