"""Labels of a session as files, labels out of files after a look at what they would change, and a backup of all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.errors import ExplorerError
from explorer.labeling.decoding import MOST_BYTES, Given
from explorer.labeling.importing import Changes, apply_import
from explorer.ui.addresses import file_address
from explorer.ui.gallery import Row, facts, heading, plain, problem, remark, table
from explorer.ui.labeling_downloads import BACKUP, LABELS
from explorer.ui.loading import SOON, Loading, watch
from explorer.ui.state import OpenRun
from explorer.workflows.desk import Desk
from explorer.workflows.label_files import FILE_KINDS, Pile, kind_of, piles
from explorer.workflows.labels import look_at_import

IMPORT, TAKEN, UPLOADS = "label-files:import", "label-files:taken", "label-files:uploads"
FIRST = 5  # labels of a pile that are shown


@dataclass(frozen=True)
class _Import:
    """A file under way.

    Args:
        identity: of the upload, and of whom it is taken for.
        look: finds what it would change.
    """

    identity: tuple[str, ...]
    look: Loading[Changes]


def show(desk: Desk, opened: OpenRun, who: str) -> None:  # noqa: ARG001 - every view is called so
    """The view: export, import and backup."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        _export(desk)
        _backup()
    with right:
        _import(desk, who)


def _export(desk: Desk) -> None:
    items = desk.state().held()[0].items
    n, of = len(items), len(np.unique(items))
    heading(
        f"Export {n:,} opinion{'s' * (n != 1)} on {of:,} item{'s' * (of != 1)}",
        "A row an opinion: item, class, annotator, time (UTC), whether it counts, and whether it settled a conflict. "
        "So conflicts travel too.",
    )
    with st.container(horizontal=True, gap="xsmall"):
        for kind, file in FILE_KINDS.items():  # links, not buttons: a click is never lost in a run of the page
            address = file_address(LABELS, desk.session.plan.name, kind)
            st.link_button(file.title, address, icon=":material/download:")


def _backup() -> None:
    heading(
        "Backup",
        "All sessions of this installation, with everything that was ever said in them. To bring one back, say: "
        "latent-explorer label restore FILE",
    )
    st.link_button("Back up all sessions", file_address(BACKUP), icon=":material/database:")


def _import(desk: Desk, who: str) -> None:
    heading(
        "Import labels",
        "A file with the columns id, class and annotator, or an export of Label Studio. It first says what would "
        f"change. Rows that name no annotator are taken as labels of {who}; a row that settled a conflict settles it "
        "here too.",
    )
    if taken := st.session_state.pop(TAKEN, ""):
        st.success(plain(taken), icon=":material/check:")
    file = st.file_uploader(
        "File of labels",
        type=[kind.ending for kind in FILE_KINDS.values()],
        max_upload_size=MOST_BYTES // 1_000_000,
        key=f"labels-{st.session_state.get(UPLOADS, 0)}",
    )
    if file is None:
        st.session_state.pop(IMPORT, None)
        return
    look = _looking(desk, file, who)
    if not look.wait(SOON):
        watch(look, "Looking at what the file would change", key="label-import")
        return
    if look.result is None:
        problem(look.problem or "The look at the file was cancelled.")
        _look_again("Try again")
        return
    _offer(desk, who, look.result)


def _looking(desk: Desk, file: UploadedFile, who: str) -> Loading[Changes]:
    """The look at this file, begun where it is not there; one a browser's session."""
    identity = (desk.session.plan.name, file.file_id, who)
    known: _Import | None = st.session_state.get(IMPORT)
    if known is None or known.identity != identity:
        known = _Import(identity, Loading(_look(desk, file, who)))
        st.session_state[IMPORT] = known
    return known.look


def _look(desk: Desk, file: UploadedFile, who: str) -> Callable[[object], Changes]:
    def look(_: object) -> Changes:
        content, kind = file.getvalue(), kind_of(file.name)
        return look_at_import(desk.store, desk.session, content, kind, who, desk.items().ids)

    return look


def _offer(desk: Desk, who: str, changes: Changes) -> None:
    """What would change, the button that changes it, and the first labels of each pile."""
    found = piles(changes)
    if not found:
        st.info("The file has no labels.", icon=":material/info:")
        return
    facts([(f"{_labels(len(pile.rows))} {pile.title}:", pile.meaning) for pile in found])
    if desk.state().seq != changes.seq:
        st.warning(
            "Somebody labelled since the file was looked at. Look again at what it would change.",
            icon=":material/update:",
        )
        _look_again("Look again")
    else:
        _confirm(desk, who, changes)
    for pile in found:
        _pile(desk, pile, pile.rows is changes.conflicts)


def _confirm(desk: Desk, who: str, changes: Changes) -> None:
    """The controls that take the labels."""
    n, with_conflicts = len(changes.added) + len(changes.changed), False
    if changes.conflicts:
        with_conflicts = st.checkbox(
            f"Take the {len(changes.conflicts):,} in conflict too",
            key="with-conflicts",
            help="Both labels are kept; that of the file is the later one, so it counts. One that settles ends the "
            "conflict.",
        )
        n += len(changes.conflicts) * with_conflicts
    if not n:
        remark("There is nothing to take.")
    elif st.button(f"Take {_labels(n)}", type="primary", icon=":material/input:", key="take"):
        _take(desk, who, changes, with_conflicts)


def _pile(desk: Desk, pile: Pile, are_conflicts: bool) -> None:
    """The first few labels of a pile."""
    n = len(pile.rows)
    heads, rows = ["Item", "Class", "Annotator"], [_cells(row) for row in pile.rows[:FIRST]]
    if are_conflicts:
        heads.append("Others say")
        rows = [[*cells, _others(desk, row)] for cells, row in zip(rows, pile.rows, strict=False)]
    with st.expander(f"{_labels(n)} {pile.title}", expanded=are_conflicts):
        table(heads, [Row(cells) for cells in rows], n_classes=0, name=pile.title)
        if n > FIRST:
            remark(f"The first {FIRST} of {n:,}")


def _cells(row: Given) -> list[str]:
    return [str(row.item), row.name, row.who + ", settles" * row.settles]


def _others(desk: Desk, row: Given) -> str:
    """What other annotators say of an item in the session; in a conflict within the file, nobody may."""
    state, names = desk.state(), desk.store.annotators()
    held, classes = state.held()
    said = [
        f"{names[int(held.annotators[at])]}: {state.classes.names[int(classes[at])]}"
        for at in np.flatnonzero(held.items == row.item)
        if names[int(held.annotators[at])] != row.who
    ]
    return ", ".join(said) or "another row of the file"


def _take(desk: Desk, who: str, changes: Changes, with_conflicts: bool) -> None:
    try:
        with st.spinner("Taking the labels"):
            n = apply_import(desk.store, desk.session, changes, with_conflicts=with_conflicts)
    except ExplorerError as error:
        problem(str(error))
        _look_again("Look again")
        return
    desk.record(who, [])  # a new round begins where these labels make one due
    st.session_state[TAKEN] = f"{_labels(n)} taken."
    st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1  # the file has done its work
    st.session_state.pop(IMPORT, None)
    st.rerun()


def _look_again(title: str) -> None:
    st.button(title, key="look-again", icon=":material/refresh:", on_click=st.session_state.pop, args=(IMPORT, None))


def _labels(n: int) -> str:
    return f"{n:,} label{'s' * (n != 1)}"
