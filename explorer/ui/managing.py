"""What a person may do with a run of the shelf: rename, note, duplicate, delete, undo, erase."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.errors import ExplorerError
from explorer.files import LONGEST_NAME
from explorer.ui.gallery import plain, problem
from explorer.ui.layout import USED
from explorer.ui.state import settings
from explorer.workflows import shelving
from explorer.workflows.runs import ShelfEntry
from explorer.workflows.session_runs import told_of_erased, told_of_uses
from explorer.workflows.shelving import DeletedRun, in_bytes
from explorer.zoo.card import LONGEST_TEXT

RENAME, NOTE, DUPLICATE, DELETE = "Rename", "Note", "Duplicate", "Delete"
ICONS = {RENAME: "edit", NOTE: "sticky_note_2", DUPLICATE: "content_copy", DELETE: "delete"}
# Kept for the session, so that what was said or can be undone stays over reruns and changes of the page.
SAID, REFUSED, DONE, JUST_DELETED = "shelf:said", "shelf:refused", "shelf:done", "shelf:deleted"
NEEDED = "shelf:needed"  # the run that is to be deleted, and the labeling sessions that need it, in sentences


@dataclass(frozen=True)
class Shelved:
    """A place on the shelf: a run, or what is left of one that this session has just deleted.

    Args:
        entry: the run.
        key: in the trash; empty for a run that is there.
    """

    entry: ShelfEntry
    key: str = ""


def with_just_deleted(entries: Sequence[ShelfEntry]) -> list[Shelved]:
    """The shelf, with the runs that this session has deleted and not dismissed."""
    wanted: list[str] = st.session_state.get(JUST_DELETED, [])
    gone = [one for one in shelving.deleted(settings()) if one.key in wanted] if wanted else []
    return [Shelved(entry) for entry in entries] + [Shelved(one.entry, one.key) for one in gone]


def menu(entry: ShelfEntry) -> None:
    """The small menu of a card; a shipped run can be duplicated only, a broken one renamed or deleted."""
    possible = [RENAME, NOTE, DUPLICATE, DELETE] if entry.is_own else [DUPLICATE]
    if entry.card is None:
        possible = [action for action in possible if action in (RENAME, DELETE)]
    if not possible:
        return
    key = f"menu-{entry.name}"
    picked = st.menu_button(
        f"Actions for {plain(entry.name)}",  # for screen readers: style.css shows the icon alone
        possible,
        key=key,
        icon=":material/more_vert:",
        type="tertiary",
        format_func=lambda action: f":material/{ICONS[action]}: {action}",
        on_click=_on_menu,
        args=(key, entry.name),
    )
    if picked is not None:
        st.session_state.pop(DONE, None)
    if picked in (RENAME, DUPLICATE):
        needed = told_of_uses(entry.name, settings()) if picked == RENAME else ""  # once, not with each key in it
        st.dialog(f"{picked} {plain(entry.name)}")(_ask_name)(picked, entry, needed)
    elif picked == NOTE:
        st.dialog(f"Note on {plain(entry.name)}")(_ask_note)(entry)
    elif picked == DELETE and (needed := st.session_state.pop(NEEDED, ("", "")))[0] == entry.name:
        st.dialog(f"Delete {plain(entry.name)}")(_ask_deletion)(entry.name, needed[1])


def refusal(name: str) -> str:
    """Why what was just asked of a run was refused; told once."""
    refused: tuple[str, str] = st.session_state.get(REFUSED, ("", ""))
    if refused[0] != name:
        return ""
    del st.session_state[REFUSED]
    return refused[1]


def tell(entries: Sequence[ShelfEntry]) -> None:
    """Say what has been done, or refused for a run that is no longer there, since the last run of the page."""
    for text in st.session_state.pop(SAID, []):
        st.toast(plain(text), icon=":material/check:", duration="long")
    asked: str = st.session_state.get(REFUSED, ("", ""))[0]
    there = {entry.name for entry in entries} | {one.key for one in shelving.deleted(settings())}
    if asked and asked not in there:
        problem(refusal(asked))


def just_deleted_card(one: Shelved) -> None:
    """In the place of a run that this session has deleted: undo, until it is used or dismissed."""
    with st.container():
        st.html('<div class="le-thumb le-gone"></div>')
        st.markdown(f"**{plain(one.entry.name)}** is deleted.")
        st.caption("Below, under Deleted runs, it can be restored at any time until it is erased.")
    with st.container(horizontal=True):
        st.button(
            "Undo", key=f"undo-{one.key}", type="primary", icon=":material/undo:", on_click=_restore, args=(one.key,)
        )
        st.button("Dismiss", key=f"dismiss-{one.key}", on_click=_dismiss, args=(one.key,))


def show_deleted() -> None:
    """The runs in the trash, each to restore or to erase for good."""
    gone = shelving.deleted(settings())
    if not gone:
        return
    size = in_bytes(shelving.trash_use(settings()))
    with st.expander(f"Deleted runs ({len(gone)}, {size})", key="deleted", icon=":material/delete:"):
        st.caption("They take room on the disk until they are erased.")
        for one in gone:
            _deleted_row(one)
        if len(gone) > 1:
            _sure_to_erase(gone, f"{len(gone)} runs, {size},", "erase-all", "erase-all-sure")


def _deleted_row(one: DeletedRun) -> None:
    card, name = one.entry.card, plain(one.entry.name)
    what = f"{card.method} on {plain(card.data.title)}" if card is not None else "cannot be opened"
    with st.container(horizontal=True, vertical_alignment="center", key=f"gone-{one.key}"):
        with st.container(gap=None):
            st.markdown(f"**{name}**")
            st.caption(f"{what}, {in_bytes(one.entry.n_bytes)}, {ago(time.time() - one.when)}")
        st.button("Restore", key=f"restore-{one.key}", icon=":material/undo:", on_click=_restore, args=(one.key,))
        _sure_to_erase([one], f"**{name}**", f"erase-{one.key}", f"sure-{one.key}")
    if wrong := refusal(one.key):
        problem(wrong)


def _sure_to_erase(gone: Sequence[DeletedRun], what: str, key: str, sure: str) -> None:
    """The popover before runs are erased; which sessions need them is asked only once it is open."""
    every = " all" * (len(gone) > 1)
    with st.popover(f"Erase{every}", key=key, icon=":material/delete_forever:", on_change="rerun") as asked:
        st.markdown(f"{what} will be gone for good.")
        if asked.open and (needed := told_of_erased([one.entry.name for one in gone], settings())):
            st.markdown(plain(needed))
        keys = [one.key for one in gone]
        st.button(f"Erase{every} for good", key=sure, type="primary", on_click=_erase, args=(keys,))


def ago(seconds: float) -> str:
    """A rough length of time: deleted 5 minutes ago."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"deleted {number} {unit}{'s' * (number != 1)} ago"
    return "deleted just now"


def _ask_name(action: str, entry: ShelfEntry, needed: str) -> None:
    """The dialog of a new name, for the run or for its copy; `needed` says which sessions know the run by its name."""
    copies, key = action == DUPLICATE, f"{action}-{entry.name}"
    proposed = shelving.free_name(f"{entry.name}-copy"[:LONGEST_NAME], settings()) if copies else entry.name
    with st.form("name", border=False):
        st.text_input("Name of the copy" if copies else "New name", proposed, max_chars=LONGEST_NAME, key=key)
        if copies:
            st.caption(f"The copy is your own run; it takes {in_bytes(entry.n_bytes)}.")
        elif needed:
            st.caption(plain(f"A labeling session knows a run by its name. {needed}"))
        change = _duplicate if copies else _rename
        st.form_submit_button(action, type="primary", on_click=_attempt, args=(change, entry.name, key))
    _close_or_tell(entry.name)


def _ask_note(entry: ShelfEntry) -> None:
    """The dialog of a run's note."""
    note, key = entry.card.note if entry.card is not None else "", f"{NOTE}-{entry.name}"
    with st.form("note", border=False):
        st.text_area("What should be remembered about this run", note, max_chars=LONGEST_TEXT, height=160, key=key)
        st.form_submit_button("Save", type="primary", on_click=_attempt, args=(_annotate, entry.name, key))
    _close_or_tell(entry.name)


def _ask_deletion(name: str, why_not: str) -> None:
    """The dialog before a run is deleted that labeling sessions need."""
    st.markdown(plain(why_not))
    st.caption("A deleted run can be restored until it is erased.")
    with st.container(horizontal=True):
        st.button("Delete", key=f"delete-{name}", type="primary", on_click=_delete, args=(name,))
        if st.button("Keep it", key=f"keep-{name}"):
            st.rerun()
    _close_or_tell(name)


def _attempt(change: Callable[[str, str], None], name: str, key: str) -> None:
    """Do what a dialog asks of a run, and note whether it is done or why it is refused."""
    try:
        change(name, str(st.session_state[key]).strip())
    except ExplorerError as error:
        st.session_state[REFUSED] = name, str(error)
    else:
        st.session_state[DONE] = True


def _close_or_tell(name: str) -> None:
    """Close a dialog once what it asks is done; a refusal stands in it as one sentence."""
    if st.session_state.pop(DONE, False):
        st.rerun()
    if wrong := refusal(name):
        problem(wrong)


def _rename(name: str, new: str) -> None:
    shelving.rename(name, new, settings())
    if st.session_state.get(USED) == name:
        st.session_state[USED] = new
    if new != name:
        _say(f"{name} is now called {new}.")


def _annotate(name: str, note: str) -> None:
    shelving.annotate(name, note, settings())
    _say(f"The note on {name} is kept." if note else f"{name} has no note any more.")


def _duplicate(name: str, new: str) -> None:
    _say(f"{shelving.duplicate(name, new, settings())} is a copy of {name}.")


def _on_menu(key: str, name: str) -> None:
    """Delete at once, as it can be undone, but a run that a session needs; what needs an answer opens a dialog."""
    if st.session_state[key] != DELETE:
        return
    if why_not := told_of_uses(name, settings()):
        st.session_state[NEEDED] = name, why_not
    else:
        _delete(name)


def _delete(name: str) -> None:
    try:
        deleted = shelving.delete(name, settings())
    except ExplorerError as error:
        st.session_state[REFUSED] = name, str(error)
        return
    st.session_state[DONE] = True
    st.session_state[JUST_DELETED] = [*st.session_state.get(JUST_DELETED, []), deleted]
    if st.session_state.get(USED) == name:
        del st.session_state[USED]


def _restore(key: str) -> None:
    gone = {one.key: one.entry.name for one in shelving.deleted(settings())}
    try:
        name = shelving.restore(key, settings())
    except ExplorerError as error:
        st.session_state[REFUSED] = key, str(error)
        return
    _dismiss(key)
    if name == gone.get(key, name):
        _say(f"{name} is back.")
    else:
        _say(f"{gone[key]} is back under the name {name}, as another run has taken its own.")


def _erase(keys: Sequence[str]) -> None:
    before = shelving.trash_use(settings())
    for key in keys:
        try:
            shelving.erase(key, settings())
        except ExplorerError as error:
            st.session_state[REFUSED] = key, str(error)
            return
        _dismiss(key)
    what = "1 run is" if len(keys) == 1 else f"{len(keys)} runs are"
    _say(f"{what} gone for good; {in_bytes(before - shelving.trash_use(settings()))} are free again.")


def _dismiss(key: str) -> None:
    st.session_state[JUST_DELETED] = [one for one in st.session_state.get(JUST_DELETED, []) if one != key]


def _say(text: str) -> None:
    st.session_state[SAID] = [*st.session_state.get(SAID, []), text]
