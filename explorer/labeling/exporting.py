"""The labels of a session as a file: a row an opinion, so that conflicts travel too."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.data.spreadsheet import write_csv
from explorer.labeling.log import Column, times
from explorer.labeling.records import Session
from explorer.labeling.state import Opinions, State, contains
from explorer.labeling.store import LabelStore
from explorer.registry import lookup

if TYPE_CHECKING:
    import pyarrow

BLOCK = 50_000  # rows that are texts in memory at a time


def export_labels(store: LabelStore, session: Session, kind: str) -> bytes:
    """The labels of a session as a file in memory; arguments and raises as `write_labels`."""
    file = BytesIO()
    write_labels(store, session, kind, file)
    return file.getvalue()


def write_labels(store: LabelStore, session: Session, kind: str, file: BinaryIO) -> None:
    """Write the labels of a session, the earliest first; in Label Studio's JSON by item.

    Columns: id, class, annotator, at (UTC), counts, true of the opinion that is the item's label, and settles, true of
    one that settled a conflict. Skips, flags and what was undone stay in the store: a backup holds everything.

    Args:
        store: where it is.
        session: which.
        kind: a name in ENCODINGS.
        file: where it is written.

    Raises:
        UnknownNameError: no such kind.
        StoreError: the database cannot be read.
        OSError: the file cannot be written.
    """
    write = lookup(ENCODINGS, kind, "kind of file")
    write(_read(store, session), file)


@dataclass(frozen=True, eq=False)
class _Columns:
    """Each opinion that holds, by item and then by moment; columns have shape (n,).

    Args:
        held: the opinions.
        classes: their numbers.
        at: microseconds since 1970.
        counts: whether it is its item's label.
        settles: whether it settled a conflict.
        class_names: by number.
        annotators: names by number, None where there is none.
    """

    held: Opinions
    classes: Column
    at: Column
    counts: NDArray[np.bool_]
    settles: NDArray[np.bool_]
    class_names: tuple[str, ...]
    annotators: list[str | None]

    def by_moment(self) -> NDArray[np.intp]:
        """Rows, the earliest first."""
        return np.argsort(self.held.orders, kind="stable")

    def by_item(self) -> NDArray[np.intp]:
        """Rows as they are."""
        return np.arange(len(self.classes))

    def tables(self, rows: NDArray[np.intp]) -> Iterator["pyarrow.Table"]:
        """These rows, a block at a time; one table without rows where there are none."""
        for start in range(0, max(1, len(rows)), BLOCK):
            yield self._table(rows[start : start + BLOCK])

    def _table(self, rows: NDArray[np.intp]) -> "pyarrow.Table":
        import pyarrow

        def named(names: Any, numbers: Column) -> Any:
            return pyarrow.array(names, pyarrow.string()).take(pyarrow.array(numbers[rows]))

        moments = np.datetime_as_string(self.at[rows].astype("datetime64[us]"))
        return pyarrow.table(
            {
                "id": pyarrow.array(self.held.items[rows]),
                "class": named(self.class_names, self.classes),
                "annotator": named(self.annotators, self.held.annotators),
                "at": pyarrow.array(np.char.add(moments, "+00:00"), pyarrow.string()),
                "counts": pyarrow.array(self.counts[rows]),
                "settles": pyarrow.array(self.settles[rows]),
            }
        )


def _read(store: LabelStore, session: Session) -> _Columns:
    with store.database.reading() as connection:
        state, at = store.state_at(connection, session), times(connection, session.id)
    names, (held, classes) = store.annotators(), state.held()
    counts = np.append(held.items[1:] != held.items[:-1], True)[: len(held.items)]
    annotators = [names.get(number) for number in range(max(names, default=0) + 1)]
    return _Columns(
        held, classes, at[held.orders - 1], counts, _settles(state, held), tuple(state.classes.names), annotators
    )


def _settles(state: State, held: Opinions) -> NDArray[np.bool_]:
    """Which opinions settled the conflict on their item: also where their annotator said the same again since."""
    made, in_force = state.settlements, state.settled()
    holds = contains(in_force.ids, made.items)
    rows = np.flatnonzero(contains(made.items, held.items))
    at = np.searchsorted(made.items, held.items[rows])
    again = holds[at] & (held.annotators[rows] == made.annotators[at]) & (held.orders[rows] > made.orders[at])
    found = np.zeros(len(held.items), bool)
    found[rows] = again | (held.orders[rows] == made.orders[at])
    return found


def _csv(columns: _Columns, file: BinaryIO) -> None:
    for n, table in enumerate(columns.tables(columns.by_moment())):
        file.write(write_csv(table, with_header=not n))


def _parquet(columns: _Columns, file: BinaryIO) -> None:
    from pyarrow.parquet import ParquetWriter

    tables = columns.tables(columns.by_moment())
    first = next(tables)
    with ParquetWriter(file, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _lines(columns: _Columns, file: BinaryIO) -> None:
    for table in columns.tables(columns.by_moment()):
        file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist()).encode())


def _label_studio(columns: _Columns, file: BinaryIO) -> None:
    """A task an item, whose id is a text there, since JavaScript rounds numbers above 2**53."""
    rows = (row for table in columns.tables(columns.by_item()) for row in table.to_pylist())
    before = "[\n"
    for item, said in groupby(rows, itemgetter("id")):
        task = {"data": {"item": str(item)}, "annotations": [_annotation(row) for row in said]}
        file.write((before + json.dumps(task, ensure_ascii=False)).encode())
        before = ",\n"
    file.write(b"\n]\n" if before != "[\n" else b"[]\n")


def _annotation(row: dict[str, Any]) -> dict[str, Any]:
    """An opinion, as Label Studio has it; what settles a conflict is what it calls the ground truth."""
    choice = {"from_name": "class", "to_name": "item", "type": "choices", "value": {"choices": [row["class"]]}}
    said = {"completed_by": {"first_name": row["annotator"]}, "created_at": row["at"], "result": [choice]}
    return said | {"ground_truth": True} if row["settles"] else said


ENCODINGS: dict[str, Callable[[_Columns, BinaryIO], None]] = {
    "csv": _csv,  # UTF-8; an apostrophe before what looks like a formula
    "jsonl": _lines,
    "parquet": _parquet,
    "label-studio": _label_studio,
}
