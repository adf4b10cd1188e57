"""Tables beside the items: CSV as people and spreadsheets write it, or Parquet."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.class_names import LONGEST_CLASS_NAME, printable
from explorer.data.pictures import Unreadable, open_regular
from explorer.errors import BadDataError

Table = dict[str, list[Any]]  # column name to one value a row; None where a cell is empty

NAMES = ("labels.csv", "labels.parquet")  # of a table that is found in a folder by itself
FILE_COLUMNS = ("file", "filename", "path")
LABEL_COLUMNS = ("label", "labels", "class", "y")
DELIMITERS = ",;\t|"
INT_LIMIT = 2**63
WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
CODE = re.compile(r"[+-]?0[0-9].*|.*_.*", re.DOTALL)  # 007 is no 7, and 1_000 no number to people


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


def read_cells(path: Path, *, keep_empty: bool = False) -> list[list[str]]:
    """Read the rows of a CSV file, its header among them.

    Args:
        path: the file.
        keep_empty: whether rows without any text count.

    Raises:
        BadDataError: not UTF-8, or not CSV.
        OSError: the file cannot be read.
    """
    try:
        with open_regular(path.resolve()) as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
            first = text.readline()
            text.seek(0)
            rows = csv.reader(text, delimiter=max(DELIMITERS, key=first.count), strict=True)
            return [row for row in rows if keep_empty or any(cell.strip() for cell in row)]
    except Unreadable as error:
        raise BadDataError(f"The table {path.name} {error}; give a .csv file.") from None
    except UnicodeDecodeError:
        raise BadDataError(f"The table {path.name} is not UTF-8 text; save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise BadDataError(f"The table {path.name} is not valid CSV ({error}); save it as CSV again.") from None


def with_header(rows: Sequence[Sequence[str]], name: str) -> Table:
    """Make columns of rows, the first of which names them; empty columns without a name are left out.

    Raises:
        BadDataError: no header, a doubled column, or a row that is longer than the header.
    """
    if not rows:
        raise BadDataError(f"The table {name} is empty; give it a header line and one line an item.")
    header, *cells = [[cell.strip() for cell in row] for row in rows]
    for number, row in enumerate(cells, 2):
        if any(row[len(header) :]):
            raise BadDataError(
                f"Row {number} of the table {name} has {len(row)} cells, but the header {len(header)}; "
                "quote cells that contain the separator."
            )
    used = [i for i, title in enumerate(header) if title or any(row[i] for row in cells if i < len(row))]
    check_names([header[i] for i in used], f"table {name}")
    return {header[i]: [(row[i] or None) if i < len(row) else None for row in cells] for i in used}


def check_names(names: Sequence[str], what: str) -> None:
    """Refuse columns that cannot be told apart.

    Args:
        names: of the columns.
        what: for the message, "table labels.csv".

    Raises:
        BadDataError: two of one name.
    """
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadDataError(f"The {what} has two columns {printable(twice)!r}; give each column its own name.")


def _read_parquet(path: Path) -> Table:
    import pyarrow.parquet as pq

    try:
        with open_regular(path.resolve()) as file, reading_parquet(f"The table {path.name}"):
            content = pq.ParquetFile(file)
            check_names(content.schema_arrow.names, f"table {path.name}")
            table = content.read()
            return {name: table.column(name).to_pylist() for name in table.column_names}
    except Unreadable as error:
        raise BadDataError(f"The table {path.name} {error}; give a .parquet file.") from None


@contextmanager
def reading_parquet(name: str) -> Iterator[None]:
    """Tell in one sentence what is wrong with a Parquet file, at its opening and with each part of it.

    Args:
        name: the beginning of the sentence.

    Raises:
        BadDataError: for whatever Arrow raises; damage too is an OSError there, as if the disk had failed.
    """
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = printable(str(error).split("\n", maxsplit=1)[0])
        raise BadDataError(f"{name} is no Parquet file that can be read ({reason}); write it again.") from None


def column(table: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first column with one of these names, in any case; empty if there is none."""
    lower = {name.lower(): name for name in reversed(list(table))}
    return next((lower[name] for name in names if name in lower), "")


def as_factor(values: Sequence[Any]) -> NDArray[Any]:
    """Make an array of a column: whole numbers, else numbers (NaN where empty), else texts.

    Texts with leading zeros stay texts, and so does a column whose whole numbers would change as float64.

    Args:
        values: texts, numbers or None, shape (n,).

    Returns:
        int64, float64 or text, shape (n,).
    """
    whole = [_whole(value) for value in values]
    if all(number is not None and -INT_LIMIT <= number < INT_LIMIT for number in whole):
        return np.array(whole, np.int64)
    try:
        numbers = [np.nan if value is None else _number(value) for value in values]
        if all(exact is None or exact == number for exact, number in zip(whole, numbers, strict=True)):
            return np.array(numbers, np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    return np.array(["" if value is None else printable(str(value)) for value in values], np.str_)


def _whole(value: Any) -> int | None:
    """The whole number that a cell holds, exactly; None where it holds something else."""
    if isinstance(value, str):
        return int(value) if WHOLE.fullmatch(value) and len(value) <= LONGEST_CLASS_NAME else None
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _number(value: Any) -> float:
    """The number that a cell holds.

    Raises:
        TypeError, ValueError, OverflowError: it holds something else, or a text like 007.
    """
    if isinstance(value, str) and CODE.fullmatch(value):
        raise ValueError(value)
    return float(value)
