"""The data set `folder`: a person's own pictures.

A subfolder a class, or flat and unlabelled, or with a table that lists the files.
"""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.cache import ITEMS
from explorer.data.class_names import encode_labels, printable
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.identity import text_ids
from explorer.data.own import ImportConfig, OwnConfig, read_own
from explorer.data.own_writing import Content
from explorer.data.pictures import Look, Unreadable, decoder, quiet_decoding
from explorer.data.scanning import Found, Skipped, scan, skip, split_folders
from explorer.data.sidecar import FILE_COLUMNS, LABEL_COLUMNS, NAMES, Table, as_factor, column, read_table
from explorer.data.streaming import ItemsWriter, in_order, workers
from explorer.errors import BadDataError

FIRST_REASONS = 3


@dataclass(frozen=True)
class Listing:
    """The files to read and what is said about them.

    Args:
        files: in the order of the items.
        labels: class name of each, or None, shape (n,).
        columns: what a table says besides, one value a file.
        skipped: what is left out, with reasons.
        left_out: number of files that the table does not list.
    """

    files: list[Found]
    labels: list[Any]
    columns: Table
    skipped: list[Skipped]
    left_out: int = 0


def import_folder(
    root: Path, asked: ImportConfig, into: Path, *, max_pixels: int, progress: Progress | None = None
) -> Content:
    """Read every picture of a folder into one file; nothing is written into the folder.

    Args:
        root: the folder.
        asked: size, channels and fit of the pictures; the table that lists the files, if there is
            one that is not called labels.csv or labels.parquet in the folder.
        into: another folder, to write the items into.
        max_pixels: a picture of more is skipped.
        progress: called with (files done, files in all).

    Returns:
        Labels, ids (a hash of the path in the folder), the path as factor `file`, the table's
        other columns as factors, and what was skipped.

    Raises:
        BadDataError: no readable picture, or a table that does not fit.
        OSError: `into` cannot be written.
    """
    root = root.resolve()
    listing = _list(root, asked.table)
    splits = split_folders(listing.files)
    look = Look(asked.size, asked.channels, asked.fit, max_pixels)
    kept, unreadable = _decode(listing.files, look, into / ITEMS, progress)
    skipped = [*listing.skipped, *unreadable]
    if not kept:
        raise BadDataError(_nothing(root, skipped))
    files = [listing.files[i].relative for i in kept]
    labels, classes = encode_labels(listing.labels[i] for i in kept)
    factors = {"file": np.array([printable(file) for file in files])}
    factors |= {name: as_factor([values[i] for i in kept]) for name, values in listing.columns.items()}
    tops = [file.split("/")[0] for file in files]
    if splits:
        factors["split"] = np.array(tops)
    is_test = np.array([splits[top] for top in tops]) if splits else None
    if is_test is not None and (is_test.all() or not is_test.any()):
        missing = "train" if is_test.all() else "test"
        raise BadDataError(f"No picture of the {missing} folder of {root} can be read; add some or remove the folder.")
    return Content(labels, classes, text_ids(files), factors, is_test, skipped, listing.left_out)


def _list(root: Path, table: Path | None) -> Listing:
    """What to read: all files, or those of the table."""
    files, skipped = scan(root)
    beside = [one for one in files if one.relative in NAMES]
    if table is None and len(beside) == len(NAMES):
        raise BadDataError(f"{root} holds {' and '.join(NAMES)}; say which one to use with --table.")
    if table is None and beside:
        table = beside[0].path
    files = [one for one in files if one.path != table and one.relative not in NAMES]
    if table is None:
        splits = split_folders(files)
        return Listing(files, [_class_of(one.relative, bool(splits)) for one in files], {}, skipped)
    return _by_table(read_table(table), table.name, files, skipped)


def _class_of(relative: str, below_splits: bool) -> str | None:
    """The top folder, below the split's if there are splits; None for a file beside the class folders."""
    folders = relative.split("/")[int(below_splits) : -1]
    return printable(folders[0]) if folders else None


def _by_table(table: Table, name: str, files: list[Found], skipped: list[Skipped]) -> Listing:
    """Take the files that the table lists, in its order; files that it does not list are left out."""
    file_column = column(table, FILE_COLUMNS)
    if not file_column:
        raise BadDataError(
            f"The table {name} has no column `file`, only: {', '.join(table)[:200]}. "
            "Name the column of the paths `file`."
        )
    label_column = column(table, LABEL_COLUMNS)
    there = {one.relative: one for one in files}
    known = {one.file for one in skipped}
    splits = split_folders(files)
    rows: dict[str, int] = {}
    problems: list[Skipped] = []
    for row, written in enumerate(table[file_column]):
        relative = _normal(str(written or ""), there)
        if relative in rows:
            problems.append(skip(relative, f"is listed twice in {name}; its first line counts"))
        elif relative in there:
            rows[relative] = row
        elif printable(relative) not in known:
            problems.append(skip(relative, _not_there(relative, name)))
    labels = table[label_column] if label_column else [_class_of(file, bool(splits)) for file in rows]
    order = list(rows.values())
    others = [c for c in table if c not in (file_column, label_column) and c.lower() not in ("file", "split")]
    return Listing(
        [there[file] for file in rows],
        [labels[row] for row in order] if label_column else labels,
        {printable(c): [table[c][row] for row in order] for c in others},
        [*skipped, *problems],
        len(files) - len(rows),
    )


def _normal(written: str, there: dict[str, Found]) -> str:
    """The path as the scan writes it; backslashes separate folders where no file has them in its name."""
    normal = posixpath.normpath(written) if written else ""
    return normal if normal in there else posixpath.normpath(written.replace("\\", "/")) if written else ""


def _not_there(relative: str, name: str) -> str:
    if not relative:
        return f"is an empty cell in {name}"
    if relative.startswith(("/", "../")) or relative == "..":
        return f"is listed in {name} but leaves the folder"
    return f"is listed in {name} but is not in the folder"


def _decode(
    files: Sequence[Found], look: Look, path: Path, progress: Progress | None
) -> tuple[list[int], list[Skipped]]:
    """Write every readable picture behind the last; gives their positions, and the others with reasons."""
    decode = decoder(look)

    def attempt(one: Found) -> NDArray[np.uint8] | Unreadable:
        try:
            return decode(one.path)
        except Unreadable as error:
            return error

    kept: list[int] = []
    skipped: list[Skipped] = []
    with quiet_decoding(), ItemsWriter(path) as writer:
        for i, picture in enumerate(in_order(attempt, files, workers())):
            if isinstance(picture, Unreadable):
                skipped.append(skip(files[i].relative, str(picture)))
            else:
                writer.append(picture[None])
                kept.append(i)
            if progress:
                progress(i + 1, len(files))
    return kept, skipped


def _nothing(root: Path, skipped: Sequence[Skipped]) -> str:
    """Why a folder gives no item."""
    if not skipped:
        return f"{root} holds no files; put pictures there, a subfolder for each class."
    first = "; ".join(f"{one.file} {one.reason}" for one in skipped[:FIRST_REASONS])
    return f"{root} holds no picture that can be read ({len(skipped):,} skipped: {first}); add PNG or JPEG files."


def load(config: OwnConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
    """Read an import of pictures; see `read_own`."""
    return read_own("folder", config.name, data_root)


FOLDER = DatasetSource(
    "folder", "Your own pictures, after `latent-explorer data import PATH --name NAME`", OwnConfig, load
)
