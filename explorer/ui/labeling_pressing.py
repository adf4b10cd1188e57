"""Record what a button of the review says, and tell what became of it."""

from collections.abc import Callable, Mapping
from secrets import token_hex

import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.records import Answer, Press
from explorer.labeling.schema import Kind
from explorer.ui.gallery import plain, problem
from explorer.workflows.desk import Desk

TOLD, DONE = "label-review:told", "label-review:done"
BUTTONS = 12  # more classes than this are chosen from a list


def take(desk: Desk, who: str, said: Press) -> Answer | None:
    """Record a press; None where it could not be, and why is kept for `tell`."""
    try:
        (answer,) = desk.record(who, [said])
    except ExplorerError as error:
        st.session_state[TOLD] = str(error)
        return None
    if answer.refusal:
        st.session_state[TOLD] = answer.refusal
        return None
    return answer


def press(desk: Desk, who: str, kind: Kind, item: int, number: int | None = None) -> None:
    """Record what a button says of an item; a refusal is kept for `tell`."""
    take(desk, who, Press(kind, f"review-{token_hex(12)}", (item,), number))


def tell() -> None:
    """Say what the last press did that is not seen otherwise, or why it was not recorded; once."""
    if why := st.session_state.pop(TOLD, ""):
        problem(why)
    if what := st.session_state.pop(DONE, ""):
        st.toast(plain(what), icon=":material/check:")  # it moves no button from under the pointer


def class_buttons(
    living: Mapping[int, str],
    current: int | None,
    say: Callable[..., None],
    args: tuple[object, ...],
    *,
    title: str,
    key: str,
    item: int,
) -> None:
    """A button a class, or a list and a button where there are many.

    Args:
        living: names of the classes by number.
        current: the one that the item has now, which stands out; None for none.
        say: called with `args` and the number of the class.
        args: the first arguments of `say`.
        title: of the button beside a list.
        key: of the group in the session.
        item: id; what was chosen from a list is of this one only.
    """
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom", key=key):
        if len(living) > BUTTONS:
            chosen = _listed(living, f"{key}-class-{item}")
            st.button(title, key=f"{key}-as", on_click=say, args=(*args, chosen), disabled=chosen is None)
            return
        for number, name in living.items():
            kind = "primary" if number == current else "secondary"
            st.button(plain(name), key=f"{key}-{number}", type=kind, on_click=say, args=(*args, number))  # type: ignore[arg-type]


def _listed(living: Mapping[int, str], key: str) -> int | None:
    """The class chosen from a list, None before one was chosen."""
    if st.session_state.get(key) not in living:
        st.session_state.pop(key, None)
    return st.selectbox(
        "Class", list(living), index=None, format_func=living.__getitem__, key=key, placeholder="Choose", width=170
    )
