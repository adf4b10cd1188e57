"""Rename, annotate, duplicate and delete one's own runs; a deleted run can be restored until it is erased."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from explorer import places
from explorer.errors import BadValueError, UnknownNameError
from explorer.files import LONGEST_NAME, telling_of_the_disk
from explorer.settings import Settings, load_settings
from explorer.workflows.runs import ShelfEntry, check_free, entry_of, run_roots
from explorer.zoo import trash
from explorer.zoo.card import LONGEST_TEXT, Card
from explorer.zoo.lock import is_training, training_alone
from explorer.zoo.store import find_run, read_card, run_folders, write_card
from explorer.zoo.trash import Deleted, disk_use

COPY = "-copy"
ADVICE = "Make room or choose another runs root; the run is as it was."
UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class DeletedRun:
    """A run that can be restored.

    Args:
        key: tells it from another deleted run of the same name.
        when: it was deleted, seconds since 1970.
        entry: as the shelf showed it.
    """

    key: str
    when: float
    entry: ShelfEntry


def rename(name: str, new: str, settings: Settings | None = None) -> None:
    """Give one's own run another name; its card, latents and kept maps stay as they are.

    Raises:
        UnknownNameError: no such run.
        BadValueError: a shipped run, one that is being trained, or a new name that is taken or is no plain name.
        ExplorerError: a disk that cannot be written; the run is as it was.
    """
    settings = settings or load_settings()
    folder, target = _own(name, settings), settings.runs_root / new
    if name == new:
        return
    check_free(new, settings)
    with _telling(folder, target), training_alone(folder):
        trash.move_run(folder, target)  # all there is to do: a run is called as its folder is


def annotate(name: str, note: str, settings: Settings | None = None) -> None:
    """Write a note on the card of one's own run, in place of the last one; an empty one removes it.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used.
        BadValueError: a shipped run, one that is being trained, or a note that is too long.
        ExplorerError: a disk that cannot be written; the run is as it was.
    """
    folder, note = _own(name, settings or load_settings()), note.strip()
    if len(note) > LONGEST_TEXT:
        raise BadValueError(f"A note has at most {LONGEST_TEXT:,} characters, and this one {len(note):,}; shorten it.")
    with _telling(folder), training_alone(folder):
        write_card(folder, read_card(folder).model_copy(update={"note": note}))


def duplicate(name: str, new: str = "", settings: Settings | None = None) -> str:
    """Copy a run, shipped or one's own, into a run of one's own.

    Args:
        name: of the run.
        new: name of the copy; empty takes NAME-copy, or NAME-copy-2 and so on.
        settings: of the installation.

    Returns:
        The name of the copy.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used, or a file of it is missing.
        BadValueError: a run that is being trained, or a new name that is taken or is no plain name.
        ExplorerError: a disk that cannot be written; nothing is left.
    """
    settings = settings or load_settings()
    folder = find_run(name, run_roots(settings))
    new = new or free_name(f"{name[: LONGEST_NAME - len(COPY)]}{COPY}", settings)
    check_free(new, settings)
    card, target = read_card(folder), settings.runs_root / new
    _check_still(folder, card)
    with _telling(folder, target):
        settings.runs_root.mkdir(parents=True, exist_ok=True)
        trash.sweep(settings.runs_root)
        trash.copy_run(folder, card.model_copy(update={"name": new}), target, lambda: _check_still(folder, card))
    return new


def delete(name: str, settings: Settings | None = None) -> str:
    """Move one's own run into the trash, from which `restore` brings it back.

    Returns:
        Its key in the trash.

    Raises:
        UnknownNameError: no such run.
        BadValueError: a shipped run, or one that is being trained.
        ExplorerError: a disk that cannot be written; the run is as it was.
    """
    folder = _own(name, settings or load_settings())
    with _telling(folder), training_alone(folder):
        return trash.throw_away(folder).key


def deleted(settings: Settings | None = None) -> list[DeletedRun]:
    """Every deleted run, the latest first."""
    found = trash.deleted_runs((settings or load_settings()).runs_root)
    entries = [(one, entry_of(one.folder, one.name)) for one in found]
    return [DeletedRun(one.key, one.when, entry) for one, entry in entries if entry is not None]


def trash_use(settings: Settings | None = None) -> int:
    """Bytes that deleted runs take."""
    return disk_use((settings or load_settings()).runs_root / trash.TRASH)


def restore(which: str, settings: Settings | None = None) -> str:
    """Bring a deleted run back.

    Args:
        which: its key, or its name for the one that was deleted last.
        settings: of the installation.

    Returns:
        Its name: the old one, or a free one like it where that has been taken meanwhile.

    Raises:
        UnknownNameError: no such deleted run.
        ExplorerError: a disk that cannot be written; the run stays deleted.
    """
    settings = settings or load_settings()
    one = _in_trash(which, settings)
    with _telling(one.folder, name=one.name), training_alone(one.folder):
        while True:
            name = free_name(one.name, settings)
            with suppress(FileExistsError):  # another session has taken it this moment: then the next one
                trash.move_run(one.folder, settings.runs_root / name)
                return name


def erase(which: str, settings: Settings | None = None) -> None:
    """Remove a deleted run for good.

    Args:
        which: its key, or its name for the one that was deleted last.
        settings: of the installation.

    Raises:
        UnknownNameError: no such deleted run.
        ExplorerError: a disk that cannot be written; the run stays deleted.
    """
    one = _in_trash(which, settings or load_settings())
    with _telling(one.folder, name=one.name):
        trash.erase(one)  # no lock: it begins with one rename, and what is deleted is not trained


def free_name(name: str, settings: Settings) -> str:
    """The name if neither a run nor a folder has it, else the first free one of NAME-2, NAME-3, and so on."""
    taken = run_folders(run_roots(settings))
    names = chain([name], (f"{name[: LONGEST_NAME - 8]}-{number}" for number in count(2)))
    return next(one for one in names if one not in taken and not os.path.lexists(settings.runs_root / one))


def in_bytes(n: int) -> str:
    """A size on disk in words, which no line breaks: 4.9 MB."""
    power = min(int(math.log10(n)) // 3, len(UNITS) - 1) if n else 0
    size = n / 1000**power
    return f"{size:.{int(power > 0 and size < 10)}f}\N{NO-BREAK SPACE}{UNITS[power]}"


def _own(name: str, settings: Settings) -> Path:
    """Folder of one's own run; a shipped one stays as it is."""
    folder = find_run(name, run_roots(settings))
    if folder.parent == places.models():
        raise BadValueError(f"{name} is a shipped run, which stays as it is; duplicate it and change the copy.")
    return folder


def _check_still(folder: Path, card: Card) -> None:
    """Refuse a copy of a run that was trained or changed meanwhile, as its files may not belong together."""
    if is_training(folder) or read_card(folder) != card:
        raise BadValueError(f"{folder.name} is being trained or changed now; duplicate it when that has ended.")


def _in_trash(which: str, settings: Settings) -> Deleted:
    found = trash.deleted_runs(settings.runs_root)
    for one in found:
        if which in (one.key, one.name):
            return one
    known = f"Choose one of: {', '.join(dict.fromkeys(one.name for one in found))}." if found else "Nothing is deleted."
    raise UnknownNameError(f"There is no deleted run {which[:120]!r}. {known}")


@contextmanager
def _telling(folder: Path, target: Path | None = None, *, name: str = "") -> Iterator[None]:
    """Tell in one sentence of a run that another session moved meanwhile, a taken name or a full disk."""
    with telling_of_the_disk(target or folder, ADVICE):
        try:
            yield
        except FileNotFoundError:
            if folder.exists():
                raise
            raise UnknownNameError(
                f"The run {name or folder.name} has just been renamed, deleted, restored or erased elsewhere; look at "
                "the list again."
            ) from None
        except FileExistsError:
            if target is None:
                raise
            raise BadValueError(f"There is a folder {target.name!r} already. Choose another name.") from None
