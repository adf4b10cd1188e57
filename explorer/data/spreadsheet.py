"""CSV that no spreadsheet takes for a program."""

from io import BytesIO
from typing import Any

LEADERS = (
    "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # with these begins what a spreadsheet takes for a formula, full width too
)
FORMULA = r"^([=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])"


def write_csv(table: Any, *, with_header: bool = True) -> bytes:
    """An Arrow table in UTF-8, where a text that a spreadsheet would take for a formula has an apostrophe before it.

    Args:
        table: its texts, those of the header too, are made harmless.
        with_header: whether the columns' names come first.
    """
    import pyarrow.csv

    out = BytesIO()
    pyarrow.csv.write_csv(_harmless(table), out, pyarrow.csv.WriteOptions(include_header=with_header))
    return out.getvalue()


def without_apostrophe(text: str) -> str:
    """What a text of such a file was before it was made harmless."""
    return text[1:] if text[:1] == "'" and text[1:2] and text[1] in LEADERS else text


def _harmless(table: Any) -> Any:
    import pyarrow
    from pyarrow import compute, types

    def quoted(texts: Any) -> Any:
        return compute.replace_substring_regex(texts, pattern=FORMULA, replacement=r"'\1")

    columns = [quoted(column) if types.is_string(column.type) else column for column in table.columns]
    return pyarrow.table(columns, names=quoted(pyarrow.array(table.column_names)).to_pylist())
