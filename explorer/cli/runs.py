"""The command about runs: list, show, rename, annotate, duplicate, delete, restore and erase."""

import sys
import time
from collections.abc import Callable
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from explorer.cli.terminal import Text, count
from explorer.errors import BadValueError

if TYPE_CHECKING:
    from explorer.workflows.runs import ShelfEntry

Action = Literal["list", "show", "rename", "note", "duplicate", "delete", "restore", "erase"]


def models(
    action: tyro.conf.Positional[Action],
    name: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="[NAME]")] = None,
    text: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="[NEW|NOTE]")] = None,
    *,
    yes: tyro.conf.FlagCreatePairsOff[bool] = False,
    replaced: tyro.conf.FlagCreatePairsOff[bool] = False,
) -> None:
    """List the runs there are, shipped ones included, show one's card, or change your own ones.

    A deleted run can be restored until it is erased. A shipped run stays as it is; its duplicate is your own.
    Runs that a labeling session's fine-tuning has replaced are counted, and listed with --replaced.

    For example:
      latent-explorer models list
      latent-explorer models show textures-petals
      latent-explorer models duplicate textures-petals my-petals
      latent-explorer models rename my-petals petals-again
      latent-explorer models note petals-again "before the new labels"
      latent-explorer models delete petals-again
      latent-explorer models restore petals-again
      latent-explorer models erase petals-again --yes

    Args:
        action: list, show, rename, note, duplicate, delete, restore or erase (a deleted run, for good).
        name: of the run.
        text: the new name, or the note; an empty note removes it.
        yes: erase without being asked again.
        replaced: list these runs too.
    """
    if action == "list":
        _list(with_replaced=replaced)
        return
    if name is None:
        raise BadValueError(f"Say which run to {action}: latent-explorer models {action} NAME.")
    if text is None and action in ("rename", "note"):
        missing = "NEW" if action == "rename" else '"TEXT"'
        raise BadValueError(f"Say what to put: latent-explorer models {action} {name} {missing}.")
    if action == "erase" and not yes and not _is_sure(name):
        print("Nothing is erased.")
        return
    print(_ACTIONS[action](name, text or ""))


def _show(name: str, _: str) -> str:
    from explorer.workflows.runs import open_run

    return open_run(name).card.model_dump_json(indent=2)


def _rename(name: str, new: str) -> str:
    from explorer.workflows import shelving
    from explorer.workflows.session_runs import told_of_uses

    shelving.rename(name, new)
    needed = told_of_uses(name) if new != name else ""
    known = f" A labeling session knows a run by its name, {name}. {needed}" if needed else ""
    return f"{name} is now called {new}.{known}"


def _note(name: str, note: str) -> str:
    from explorer.workflows import shelving

    shelving.annotate(name, note)
    return f"The note of {name} is {'kept' if note.strip() else 'removed'}."


def _duplicate(name: str, new: str) -> str:
    from explorer.workflows import shelving

    return f"{shelving.duplicate(name, new)} is a copy of {name}."


def _delete(name: str, _: str) -> str:
    from explorer.workflows import shelving
    from explorer.workflows.session_runs import told_of_uses

    needed = told_of_uses(name)
    shelving.delete(name)
    return " ".join(
        filter(None, [f"{name} is deleted.", needed, f"Bring it back: latent-explorer models restore {name}"])
    )


def _restore(name: str, _: str) -> str:
    from explorer.workflows import shelving

    found = shelving.restore(name)
    is_own = name == found or name.endswith(f"-{found}")  # a key ends with the name
    return f"{found} is back{'' if is_own else ', under this name as its own has been taken'}."


def _erase(name: str, _: str) -> str:
    from explorer.workflows import shelving

    needed = _needed_of_deleted(name)
    shelving.erase(name)
    return " ".join(filter(None, [f"{name} is erased.", needed]))


def _needed_of_deleted(which: str) -> str:
    """Which labeling sessions need a deleted run, by its key or its name."""
    from explorer.workflows import shelving
    from explorer.workflows.session_runs import told_of_erased

    found = [one.entry.name for one in shelving.deleted() if which in (one.key, one.entry.name)]
    return told_of_erased(found[:1])


_ACTIONS: dict[str, Callable[[str, str], str]] = {
    "show": _show,
    "rename": _rename,
    "note": _note,
    "duplicate": _duplicate,
    "delete": _delete,
    "restore": _restore,
    "erase": _erase,
}


def _is_sure(name: str) -> bool:
    """Ask whether a deleted run shall be gone for good; where nobody can answer, --yes must be said."""
    if not sys.stdin.isatty():
        raise BadValueError(f"Erasing cannot be undone; say --yes: latent-explorer models erase {name} --yes")
    if needed := _needed_of_deleted(name):
        print(needed)
    return input(f"Erase {name} for good? [y/N] ").strip().casefold() in ("y", "yes")


def _list(*, with_replaced: bool) -> None:
    from explorer.workflows import runs, shelving

    entries = runs.shelf()
    for entry in entries if with_replaced else runs.unreplaced(entries):
        print(_line(entry))
    own = [entry for entry in entries if entry.is_own]
    print(f"\n{count(len(own), 'run')} of your own, {shelving.in_bytes(sum(entry.n_bytes for entry in own))}.")
    if n := len(runs.replaced_runs(entries)):
        what = f"{count(n, 'run')} among them replaced by a later fine-tuning of the same session"
        print(f"{what}; to see them: latent-explorer models list --replaced")
    gone = shelving.deleted()
    if gone:
        print(f"{count(len(gone), 'deleted run')}, {shelving.in_bytes(shelving.trash_use())}; to restore or to erase:")
    for one in gone:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.when))
        print(f"{one.entry.name:32} deleted {when}  {shelving.in_bytes(one.entry.n_bytes):>8}  {one.key}")


def _line(entry: "ShelfEntry") -> str:
    """A run in a line: status, room on the disk, what it is, its first number, the beginning of its note."""
    from explorer.workflows.shelving import in_bytes

    size, card = in_bytes(entry.n_bytes), entry.card
    if card is None:
        return f"{entry.name:32} {size:>8}  cannot be opened: {entry.problem}"
    shown = {"test_accuracy": "test accuracy", "test_svm_accuracy": "SVM on test latents"}
    shown |= {"test_reconstruction_rmse": "test reconstruction error"}
    measured = card.metrics if card.epochs_done else {}
    score = next((f"{text} {measured[key].value:.3f}" for key, text in shown.items() if key in measured), "")
    note = shorten("".join(letter if letter.isprintable() else " " for letter in card.note), 60, placeholder="…")
    return f"{entry.name:32} {card.status:12} {size:>8}  {card.method} on {card.data.title}  {score}  {note}".rstrip()
