"""Whole runs on disk: measured, copied, moved into the trash and out of it, erased for good.

A move is one rename: a crash leaves a run where it was or where it should be, never half.
"""

import errno
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import BadRunError
from explorer.files import move_folder
from explorer.zoo.card import Card
from explorer.zoo.lock import LOCK, training_alone
from explorer.zoo.snapshots import FOLDER as SNAPSHOTS
from explorer.zoo.snapshots import snapshot_files
from explorer.zoo.store import CARD, EVENTS, STATE, write_card

TRASH = ".trash"  # deleted runs, as WHEN-NAME: hidden, and one level too deep to be taken for runs
SCRAP = ".scrap"  # copies in the making and what is being erased: nobody's, once a day old
KEY = re.compile(r"([0-9]{19})-(.+)")
COPYING, ERASING = "copying", "erasing"
TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
ABANDONED = 24 * 60 * 60  # seconds; no copy takes as long


@dataclass(frozen=True)
class Deleted:
    """A run in the trash.

    Args:
        name: that it had.
        folder: where it lies.
        when: it was deleted, seconds since 1970.
    """

    name: str
    folder: Path
    when: float

    @property
    def key(self) -> str:
        """What tells it from another deleted run of the same name."""
        return self.folder.name


def disk_use(folder: Path) -> int:
    """Bytes of all files in a folder and below; links count as themselves."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it may vanish meanwhile
                total += os.lstat(os.path.join(where, name)).st_size
    return total


def deleted_runs(root: Path) -> list[Deleted]:
    """What lies in the trash of a runs root, latest first."""
    try:
        folders = [folder for folder in (root / TRASH).iterdir() if folder.is_dir()]
    except OSError:  # none yet
        return []
    keys = [(folder, KEY.fullmatch(folder.name)) for folder in folders]
    found = [Deleted(key[2], folder, int(key[1]) / 1e9) for folder, key in keys if key]
    return sorted(found, key=lambda one: one.key, reverse=True)


def throw_away(folder: Path) -> Deleted:
    """Move a run into the trash of its runs root; its lock must be held.

    Raises:
        OSError: the run is gone, or the disk cannot be written; nothing has changed.
    """
    when = time.time_ns()
    target = folder.parent / TRASH / f"{when:019}-{folder.name}"
    target.parent.mkdir(exist_ok=True)
    move_run(folder, target)
    return Deleted(folder.name, target, when / 1e9)


def move_run(folder: Path, target: Path) -> None:
    """Move a run's folder by one rename; its lock must be held, which then is no more.

    Raises:
        FileExistsError: the target exists.
        OSError: the run is gone, or the disk cannot be written; nothing has changed.
    """
    taken = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if os.path.lexists(target):  # an empty folder would be replaced
        raise taken
    try:
        move_folder(folder, target)
    except OSError as error:
        if error.errno in TAKEN:
            raise taken from None
        raise
    with suppress(OSError):
        (target / LOCK).unlink()  # whoever takes it from now on makes a new one


def erase(deleted: Deleted) -> None:
    """Remove a deleted run for good; links in it are removed, never followed.

    Raises:
        OSError: it is gone, or cannot be moved; nothing has changed.
    """
    root = deleted.folder.parent.parent
    out = root / SCRAP / f"{ERASING}-{deleted.key}-{secrets.token_hex(4)}"
    out.parent.mkdir(exist_ok=True)
    move_folder(deleted.folder, out)  # from here on it is no run: a crash leaves none half erased
    sweep(root)


def sweep(root: Path) -> None:
    """Remove what erasing and copying left behind when they were killed."""
    for name in os.listdir(root / SCRAP) if (root / SCRAP).is_dir() else ():
        left = root / SCRAP / name
        with suppress(OSError):  # it may have been moved into place or removed meanwhile
            if name.startswith(ERASING) or time.time() - left.lstat().st_mtime > ABANDONED:
                _remove(left)


def copy_run(folder: Path, card: Card, target: Path, check: Callable[[], None]) -> None:
    """Copy the files of a run that are known or that its card vouches for; a crash leaves no half run.

    Args:
        folder: of the run.
        card: of the copy.
        target: folder of the copy; there must be none yet.
        check: called when all is copied; what it raises ends the copy.

    Raises:
        BadRunError: a file that the card vouches for is missing, or one is a link or no file.
        FileExistsError: the target exists.
        OSError: the disk cannot be read or written; nothing is left.
    """
    making = target.parent / SCRAP / f"{COPYING}-{target.name}-{secrets.token_hex(4)}"
    making.mkdir(parents=True)
    try:
        for path in _known_files(folder, card):
            _copy_file(path, making / path.relative_to(folder), folder.name)
        write_card(making, card)
        check()
        with training_alone(making):
            move_run(making, target)
    except BaseException:  # Ctrl-C too must not leave half a copy
        _remove(making)
        raise


def _known_files(folder: Path, card: Card) -> list[Path]:
    """What the card vouches for, and events, state of the training and snapshots where there are any."""
    names = {*card.files, *(name for name in (STATE, EVENTS) if os.path.lexists(folder / name))}
    return [*(folder / name for name in names - {CARD, LOCK, SNAPSHOTS}), *snapshot_files(folder)]


def _copy_file(path: Path, target: Path, run: str) -> None:
    """Copy one regular file; a link could lead out of the run, a pipe would wait for ever."""
    with ExitStack() as stack:
        try:
            source = stack.enter_context(open(path, "rb", opener=_as_it_lies))
        except OSError:
            source = None
        if source is None or not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise BadRunError(
                f"{path.name} of {run} is missing or no plain file, so the run cannot be duplicated; put it back first."
            )
        target.parent.mkdir(exist_ok=True)
        with open(target, "xb") as file:  # nobody looks at it before the whole copy is moved into place
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())


def _as_it_lies(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
