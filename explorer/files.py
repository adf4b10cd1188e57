"""Plain names of folders, and writing and moving so that a crash leaves the old file or the new one, never half."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from explorer.errors import ExplorerError

LONGEST_NAME = 100
NAME = re.compile(f"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")
NAME_RULE = f"use up to {LONGEST_NAME} letters, digits, dots, dashes and underscores, beginning with a letter or digit"


def is_plain_name(text: str) -> bool:
    """Whether a folder may be called so: never a path, never hidden."""
    return NAME.fullmatch(text) is not None and ".." not in text


@contextmanager
def telling_of_the_disk(folder: Path, advice: str, kind: type[ExplorerError] = ExplorerError) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into one sentence.

    Args:
        folder: what is written.
        advice: what to do next.
        kind: of the error that tells it.
    """
    try:
        yield
    except OSError as error:
        raise kind(f"{folder} could not be written: {error.strerror or error}. {advice}") from error


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name beside it, sync it and rename it into place.

    Two processes may write the same path at once: the last to end wins, each whole.

    Args:
        path: the file to make or replace; its folder must exist.
        write: called once with the open file.

    Raises:
        OSError: no such folder, no permission or no space; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too must not leave the temporary file
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def move_folder(folder: Path, target: Path) -> None:
    """Move a folder by one rename; both must lie on one disk.

    Raises:
        OSError: no such folder, a target that holds something, or no permission; nothing has changed.
    """
    os.rename(folder, target)
    with suppress(OSError):  # it is done; only a power cut within seconds could take it back
        for parent in {folder.parent, target.parent}:
            _sync_folder(parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
