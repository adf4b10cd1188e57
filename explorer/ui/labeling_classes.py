"""The classes of a labeling session: counts, and add, rename, merge or delete one, having seen what that does."""

from collections.abc import Mapping

import streamlit as st

from explorer.errors import ExplorerError
from explorer.labeling.records import LONGEST_TEXT, Press
from explorer.labeling.schema import Kind
from explorer.labeling.state import State
from explorer.ui.gallery import Row, plain, problem, remark, table
from explorer.ui.labeling_pressing import take
from explorer.workflows.desk import Desk
from explorer.workflows.label_classes import press, told

ADD, RENAME, MERGE, DELETE = "Add", "Rename", "Merge", "Delete"
ICONS = {ADD: "add", RENAME: "edit", MERGE: "merge", DELETE: "delete"}
DONE = "label-classes:done"


def show(desk: Desk, who: str, state: State) -> None:
    """The classes of the session, and the controls that change them."""
    living = state.classes.living
    with st.expander(f"Classes ({len(living)})", icon=":material/category:", key="label-classes"):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            counts = state.counts()
            rows = [Row([name, f"{counts[number]:,}"], label=number) for number, name in living.items()]
            table(["Class", "Items"], rows, n_classes=len(state.classes.names), name="Classes")
        with right:
            _change(desk, who, state, living)


def _change(desk: Desk, who: str, state: State, living: Mapping[int, str]) -> None:
    """One change of the classes, with what it does to labels before it is made."""
    actions = [ADD, RENAME, MERGE, DELETE] if living else [ADD]
    action = st.segmented_control(
        "Change the classes",
        actions,
        default=ADD,
        required=True,
        key="class-action",
        wrap=True,
        format_func=lambda one: f":material/{ICONS[one]}: {one}",
    )
    change = _asked(str(action), living)
    if change is not None:
        _confirm(desk, who, str(action), change, state)
    if said := st.session_state.pop(DONE, ""):
        st.success(plain(said), icon=":material/check:")
    remark("Labels are kept by the number of their class: no change erases one from the log.")


def _asked(action: str, living: Mapping[int, str]) -> Press | None:
    """The change that the controls describe; None while they are not filled in."""
    if action == ADD:
        name = st.text_input("Name of the new class", max_chars=LONGEST_TEXT, key="class-new")
        return press(Kind.CLASS_ADDED, text=name) if name.strip() else None
    number = _class("Class", "class-changed", living)
    if number is None:
        return None
    if action == RENAME:
        name = st.text_input("New name", max_chars=LONGEST_TEXT, key="class-name")
        return press(Kind.CLASS_RENAMED, number, text=name) if name.strip() else None
    if action == DELETE:
        return press(Kind.CLASS_DELETED, number)
    others = {one: name for one, name in living.items() if one != number}
    if not others:
        remark("There is no other class to merge it into.")
        return None
    into = _class("Into", "class-into", others)
    return None if into is None else press(Kind.CLASS_MERGED, number, into=into)


def _class(title: str, key: str, living: Mapping[int, str]) -> int | None:
    """The chosen class, None before one was: a press must not fall on the first of them."""
    if st.session_state.get(key) not in living:
        st.session_state.pop(key, None)
    return st.selectbox(
        title, list(living), index=None, format_func=living.__getitem__, key=key, placeholder="Choose a class"
    )


def _confirm(desk: Desk, who: str, action: str, change: Press, state: State) -> None:
    """What the change does, and the button that makes it."""
    try:
        words = told(state, change)
    except ExplorerError as error:
        problem(str(error))
        return
    st.markdown(plain(words))
    st.button(
        f"{action} the class",
        key="class-sure",
        type="primary",
        icon=f":material/{ICONS[action]}:",
        on_click=_make,
        args=(desk, who, change, action),
    )


def _make(desk: Desk, who: str, change: Press, action: str) -> None:
    if take(desk, who, change):
        done = {ADD: "added", RENAME: "renamed", MERGE: "merged", DELETE: "deleted"}
        st.session_state[DONE] = f"The class is {done[action]}."
        for key in ("class-new", "class-name"):
            st.session_state.pop(key, None)
