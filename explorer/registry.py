"""Look a name up in one of the tables (METHODS, DATASETS, METRICS)."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from explorer.errors import UnknownNameError

Entry = TypeVar("Entry")


def lookup(table: Mapping[str, Entry], name: str, what: str) -> Entry:
    """Return the entry called `name`.

    Args:
        table: entries by name.
        name: the wanted one.
        what: what the table holds, in the singular, for the message ("method", "data set").

    Raises:
        UnknownNameError: no such name; the message lists the allowed ones.
    """
    if name in table:
        return table[name]
    near = get_close_matches(name, table, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise UnknownNameError(f"There is no {what} {name!r}. {hint}Choose one of: {', '.join(table)}.")
