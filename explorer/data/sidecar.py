"""Tables beside the items: CSV as people and spreadsheets write it, or Parquet."""

import csv
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.class_names import printable
from explorer.data.pictures import Unreadable, open_regular
from explorer.errors import BadDataError

Table = dict[str, list[Any]]  # column name to one value a row; None where a cell is empty

NAMES = ("labels.csv", "labels.parquet")  # of a table that is found in a folder by itself
FILE_COLUMNS = ("file", "filename", "path")
LABEL_COLUMNS = ("label", "labels", "class", "y")
DELIMITERS = ",;\t|"
INT_LIMIT = 2**63


def read_table(path: Path) -> Table:
    """Read a table whole.

    Args:
        path: a .csv or .parquet file. CSV is UTF-8, with or without a byte order mark, with a
            header line, separated by commas, semicolons, tabs or bars.

    Returns:
        Columns by name, in order.

    Raises:
        BadDataError: no such file, another suffix, or content that is no such table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path)
        if path.suffix.lower() != ".csv":
            raise BadDataError(f"{path.name} is no table that can be read; give a .csv or a .parquet file.")
        return with_header(read_cells(path), path.name)
    except OSError as error:
        raise BadDataError(f"The table {path} cannot be read: {error.strerror or error}. Correct the path.") from None


def read_cells(path: Path) -> list[list[str]]:
    """Read the rows of a CSV file, its header among them; empty lines are left out.

    Raises:
        BadDataError: not UTF-8, or not CSV.
        OSError: the file cannot be read.
    """
    try:
        with open_regular(path.resolve()) as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            first = text.readline()
            text.seek(0)
            rows = csv.reader(text, delimiter=max(DELIMITERS, key=first.count), strict=True)
            return [row for row in rows if any(cell.strip() for cell in row)]
    except Unreadable as error:
        raise BadDataError(f"The table {path.name} {error}; give a .csv file.") from None
    except UnicodeDecodeError:
        raise BadDataError(f"The table {path.name} is not UTF-8 text; save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise BadDataError(f"The table {path.name} is not valid CSV ({error}); save it as CSV again.") from None


def with_header(rows: Sequence[Sequence[str]], name: str) -> Table:
    """Make columns of rows, the first of which names them.

    Raises:
        BadDataError: no header, a doubled column, or a row that is longer than the header.
    """
    if not rows:
        raise BadDataError(f"The table {name} is empty; give it a header line and one line an item.")
    header = [cell.strip() for cell in rows[0]]
    if len(set(header)) < len(header):
        twice = next(column for column in header if header.count(column) > 1)
        raise BadDataError(f"The table {name} has two columns {twice!r}; give each column its own name.")
    for number, row in enumerate(rows[1:], 2):
        if len(row) > len(header):
            raise BadDataError(
                f"Row {number} of the table {name} has {len(row)} cells, but the header {len(header)}; "
                "quote cells that contain the separator."
            )
    columns: Table = {column: [] for column in header}
    for row in rows[1:]:
        for i, column in enumerate(header):
            columns[column].append((row[i].strip() or None) if i < len(row) else None)
    return columns


def _read_parquet(path: Path) -> Table:
    import pyarrow
    import pyarrow.parquet as pq

    try:
        with open_regular(path.resolve()) as file:
            table = pq.read_table(file)
            return {name: table.column(name).to_pylist() for name in table.column_names}
    except Unreadable as error:
        raise BadDataError(f"The table {path.name} {error}; give a .parquet file.") from None
    except (pyarrow.ArrowException, ValueError) as error:
        raise BadDataError(f"The table {path.name} is no Parquet file that can be read ({error}).") from None


def column(table: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first column with one of these names, in any case; empty if there is none."""
    lower = {name.lower(): name for name in reversed(list(table))}
    return next((lower[name] for name in names if name in lower), "")


def as_factor(values: Sequence[Any]) -> NDArray[Any]:
    """Make an array of a column: whole numbers, else numbers (NaN where empty), else texts.

    Args:
        values: texts, numbers or None, shape (n,).

    Returns:
        int64, float64 or text, shape (n,).
    """
    try:
        whole = [int(value) for value in values]
        if all(float(value) == number and abs(number) < INT_LIMIT for value, number in zip(values, whole, strict=True)):
            return np.array(whole, np.int64)
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return np.array([np.nan if value is None else float(value) for value in values], np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.array(["" if value is None else printable(str(value)) for value in values], np.str_)
