"""The labels of a session as a file: a row an opinion, so that conflicts travel too."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np

from explorer.data.spreadsheet import write_csv
from explorer.labeling.log import times
from explorer.labeling.records import Session, moment
from explorer.labeling.store import LabelStore
from explorer.registry import lookup

Row = dict[str, Any]


def export_labels(store: LabelStore, session: Session, kind: str) -> bytes:
    """The labels of a session as a file, the earliest first.

    Columns: id, class, annotator, at (UTC) and counts, true of the opinion that is the item's label. Skips, flags
    and what was undone stay in the store: a backup holds everything.

    Args:
        store: where it is.
        session: which.
        kind: a name in ENCODINGS.

    Raises:
        UnknownNameError: no such kind.
        StoreError: the database cannot be read.
    """
    return lookup(ENCODINGS, kind, "kind of file")(_rows(store, session))


def _rows(store: LabelStore, session: Session) -> list[Row]:
    """Each opinion that holds, the earliest first."""
    with store.database.reading() as connection:
        state, at = store.state_at(connection, session), times(connection, session.id)
    names, (held, classes) = store.annotators(), state.held()
    counts = np.append(held.items[1:] != held.items[:-1], True)[: len(held.items)]
    columns = (held.items, classes, held.annotators, at[held.orders - 1], counts)
    sort = np.argsort(held.orders, kind="stable")
    return [
        {
            "id": item,
            "class": state.classes.names[number],
            "annotator": names[who],
            "at": moment(when).isoformat(),
            "counts": holds,
        }
        for item, number, who, when, holds in zip(*(column[sort].tolist() for column in columns), strict=True)
    ]


def _table(rows: list[Row]) -> Any:
    import pyarrow

    text = pyarrow.string()
    columns = {"id": pyarrow.int64(), "class": text, "annotator": text, "at": text, "counts": pyarrow.bool_()}
    return pyarrow.Table.from_pylist(rows, pyarrow.schema(list(columns.items())))


def _parquet(rows: list[Row]) -> bytes:
    import pyarrow.parquet

    out = BytesIO()
    pyarrow.parquet.write_table(_table(rows), out)
    return out.getvalue()


def _lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _label_studio(rows: list[Row]) -> bytes:
    """A task an item, whose id is a text there, since JavaScript rounds numbers above 2**53."""
    tasks: dict[int, list[Row]] = {}
    for row in rows:
        choice = {"from_name": "class", "to_name": "item", "type": "choices", "value": {"choices": [row["class"]]}}
        said = {"completed_by": {"first_name": row["annotator"]}, "created_at": row["at"], "result": [choice]}
        tasks.setdefault(row["id"], []).append(said)
    found = [{"data": {"item": str(item)}, "annotations": said} for item, said in tasks.items()]
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


ENCODINGS: dict[str, Callable[[list[Row]], bytes]] = {
    "csv": lambda rows: write_csv(_table(rows)),  # UTF-8; an apostrophe before what looks like a formula
    "jsonl": _lines,
    "parquet": _parquet,
    "label-studio": _label_studio,
}
