"""What files lie in a folder: read-only, in a fixed order, never leaving it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.data.class_names import natural, printable
from explorer.errors import BadDataError

JUNK = {"__macosx", "thumbs.db", "desktop.ini"}  # what systems leave behind, beside hidden files
TRAIN = "train"
TEST = {"test", "val", "valid", "validation"}


@dataclass(frozen=True)
class Found:
    """One file.

    Args:
        relative: its path in the folder, with slashes; bytes that are no UTF-8 as lone surrogates.
        path: to open it by; never a link.
    """

    relative: str
    path: Path


@dataclass(frozen=True)
class Skipped:
    """One file or part of an array file that gave no item, and why."""

    file: str
    reason: str


def skip(relative: str, reason: str) -> Skipped:
    """Note a file that is left out; `reason` ends the sentence "the file ..."."""
    return Skipped(printable(relative), reason)


def scan(root: Path) -> tuple[list[Found], list[Skipped]]:
    """List the files of a folder and of the folders in it, in natural order.

    Hidden files and what systems leave behind are passed over. A link is followed only to a
    file inside the folder, so nothing comes from elsewhere and nothing turns in circles.

    Args:
        root: the folder, resolved.

    Returns:
        The files; and what else was there, each with the reason.

    Raises:
        BadDataError: the folder itself cannot be read.
    """
    found: list[Found] = []
    skipped: list[Skipped] = []
    folders = [""]
    while folders:
        inner = folders.pop()
        try:
            with os.scandir(root / inner) as entries:
                there = [entry for entry in entries if entry.name[:1] != "." and entry.name.lower() not in JUNK]
        except OSError as error:
            if not inner:
                raise BadDataError(f"{root} cannot be read ({error.strerror}); correct its permissions.") from None
            skipped.append(skip(inner, f"cannot be read ({error.strerror})"))
            continue
        for entry in there:
            relative = f"{inner}/{entry.name}" if inner else entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(relative)
            else:
                _sort_in(entry, relative, root, found, skipped)
    return sorted(found, key=lambda one: natural(one.relative)), sorted(skipped, key=lambda one: natural(one.file))


def _sort_in(entry: os.DirEntry[str], relative: str, root: Path, found: list[Found], skipped: list[Skipped]) -> None:
    """Put what is no folder among the files, or among the skipped."""
    if entry.is_symlink():
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(root):
            skipped.append(skip(relative, "is a link that leaves the folder"))
        elif target.is_file() and not target.is_symlink():
            found.append(Found(relative, target))
        else:
            skipped.append(skip(relative, "is a link to a folder or to nothing; such links are not followed"))
    elif entry.is_file():
        found.append(Found(relative, Path(entry.path)))
    else:
        skipped.append(skip(relative, "is no regular file"))


def split_names(files: Sequence[Found]) -> list[str] | None:
    """The split of each file where the top folders are the splits, as in train/cat/1.png and test/cat/2.png.

    Args:
        files: of the folder.

    Returns:
        The top folder of each file, shape (n,), where all files lie in `train` and in one or more of
        `test`, `val`, `valid`, `validation`; otherwise None.
    """
    tops = [one.relative.split("/", maxsplit=1)[0] if "/" in one.relative else "" for one in files]
    lower = {top.lower() for top in tops}
    return tops if TRAIN in lower and len(lower) > 1 and lower <= TEST | {TRAIN} else None
