"""Which files of a folder are items, and what is said about them: by their folders, or by a table."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.data.class_names import printable
from explorer.data.scanning import TEST, TRAIN, Found, Skipped, scan, skip, split_names
from explorer.data.sidecar import FILE_COLUMNS, LABEL_COLUMNS, NAMES, Table, column, read_table
from explorer.errors import BadDataError


@dataclass(frozen=True)
class Listing:
    """The files to read and what is said about them.

    Args:
        files: in the order of the items.
        labels: class name of each, or None, shape (n,).
        splits: `train`, `test` and the like of each, shape (n,); None where nothing says so.
        columns: what a table says besides, one value a file.
        skipped: what is left out, with reasons.
        left_out: number of files that the table does not list.
    """

    files: list[Found]
    labels: list[Any]
    splits: list[str] | None
    columns: Table
    skipped: list[Skipped]
    left_out: int = 0


def list_files(root: Path, table: Path | None) -> Listing:
    """Find what to read: all files, or those of the table.

    Args:
        root: the folder, resolved.
        table: lists the files; without it, a labels.csv or labels.parquet in the folder does.

    Raises:
        BadDataError: a folder or a table that cannot be read.
    """
    files, skipped = scan(root)
    beside = [one for one in files if one.relative in NAMES]
    if table is None and len(beside) == len(NAMES):
        raise BadDataError(f"{root} holds {' and '.join(NAMES)}; say which one to use with --table.")
    table = table.resolve() if table else beside[0].path if beside else None
    files = [one for one in files if one.path != table and one.relative not in NAMES]
    if table:
        return _by_table(read_table(table), table.name, files, skipped)
    splits = split_names(files)
    return Listing(files, [_class_of(one, splits) for one in files], splits, {}, skipped)


def _class_of(one: Found, splits: list[str] | None) -> str | None:
    """The top folder, below the split's if there are splits; None for a file beside the class folders."""
    folders = one.relative.split("/")[1 if splits else 0 : -1]
    return printable(folders[0]) if folders else None


def _by_table(table: Table, name: str, files: list[Found], skipped: list[Skipped]) -> Listing:
    """Take the files that the table lists, in its order; files that it does not list are left out.

    A column for the label or the split goes before the folders.
    """
    file_column, label_column = column(table, FILE_COLUMNS), column(table, LABEL_COLUMNS)
    split_column = column(table, ("split",))
    if not file_column:
        raise BadDataError(
            f"The table {name} has no column `file`, only: {', '.join(table)[:200]}. "
            "Name the column of the paths `file`."
        )
    there = {one.relative: one for one in files}
    rows, problems = _rows(table[file_column], name, there, skipped)
    taken, order = [there[file] for file in rows], list(rows.values())
    splits = _splits(table[split_column], order, name) if split_column else split_names(taken)
    folders = split_names(taken)
    return Listing(
        taken,
        [table[label_column][row] for row in order] if label_column else [_class_of(one, folders) for one in taken],
        splits,
        {
            printable(other): [table[other][row] for row in order]
            for other in table
            if other not in (file_column, label_column, split_column) and other.lower() not in ("file", "split")
        },
        [*skipped, *problems],
        len(files) - len(rows),
    )


def _rows(
    cells: list[Any], name: str, there: Mapping[str, Found], skipped: list[Skipped]
) -> tuple[dict[str, int], list[Skipped]]:
    """Row of each listed file that is there, and what is wrong with the other rows."""
    known = {one.file for one in skipped}
    rows: dict[str, int] = {}
    problems: list[Skipped] = []
    for row, written in enumerate(cells):
        relative = _normal(str(written or ""), there)
        if relative in rows:
            problems.append(skip(relative, f"is listed twice in {name}; its first line counts"))
        elif relative in there:
            rows[relative] = row
        elif printable(relative) not in known:
            problems.append(skip(relative, _not_there(relative, name)))
    return rows, problems


def _splits(cells: list[Any], order: list[int], name: str) -> list[str]:
    """The split that a table says of each file."""
    splits = [str(cells[row] or "").strip() for row in order]
    wrong = next((split for split in splits if split.lower() not in TEST | {TRAIN}), None)
    if wrong is not None:
        raise BadDataError(
            f"The column `split` of {name} holds {printable(wrong)!r}; write train or test, or leave the column out."
        )
    return splits


def _normal(written: str, there: Mapping[str, Found]) -> str:
    """The path as the scan writes it; backslashes separate folders where no file has them in its name."""
    if not written:
        return ""
    normal = posixpath.normpath(written)
    return normal if normal in there else posixpath.normpath(written.replace("\\", "/"))


def _not_there(relative: str, name: str) -> str:
    if not relative:
        return f"is an empty cell in {name}"
    if relative.startswith("/"):
        return f"is listed in {name} by its full path; write paths relative to the folder"
    if relative.startswith("../") or relative == "..":
        return f"is listed in {name} but leaves the folder"
    return f"is listed in {name} but is not in the folder"
