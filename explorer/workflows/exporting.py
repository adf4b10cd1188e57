"""The points of a map as a table with ids, for a spreadsheet or another program."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.data.spreadsheet import write_csv
from explorer.workflows.maps import LatentMap
from explorer.workflows.retrieving import Collection, Found
from explorer.workflows.runs import FILE, Items

Kind = Literal["csv", "parquet"]


def export_points(
    space: LatentMap,
    classes: list[str],
    kind: Kind,
    *,
    mask: NDArray[np.bool_] | None = None,
    items: Items | None = None,
) -> bytes:
    """The points of a map as a file: a row an item, in the map's order.

    Columns: id, class, split, predicted, confidence, error (root mean squared, of the reconstruction), latent z1 ...,
    place x and y on the map, and of data at hand its factors and file. Empty is what is not known: the class of an
    unlabelled item, what is predicted by a run that predicts nothing. A run without such errors has no column error.

    Args:
        space: the map.
        classes: names of the run's classes.
        kind: "csv", in UTF-8, where a text that a spreadsheet would take for a formula has an apostrophe before it;
            or "parquet", where every text is as it is.
        mask: which items, shape (n,); None takes all.
        items: the run's data set; None leaves factors and file out.

    Raises:
        BadRunError: an item that the data set does not have.
    """
    import pyarrow.parquet

    rows = np.arange(len(space)) if mask is None else np.flatnonzero(mask)
    columns = _columns(space, classes, rows)
    if items is not None:
        columns = _beside(columns, items.factors(space.latents.ids[rows]))
    table, out = pyarrow.table(columns), BytesIO()
    if kind == "csv":
        return write_csv(table)
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()


def export_hits(found: Found, gallery: Collection, told: Mapping[str, str]) -> bytes:
    """The hits of a query as CSV, best first, as harmless to a spreadsheet as `export_points` makes it.

    Columns: rank, id, class, what they were ranked by, and verdict (right, class or wrong; see `Found`); then what was
    asked, the same in each row.

    Args:
        found: the hits.
        gallery: where they are.
        told: what was asked, by column, such as the run, the query and the way to rank.
    """
    import pyarrow

    ids, labels = gallery.ids[found.rows], gallery.labels[found.rows]
    columns = {
        "rank": _values(np.arange(1, len(ids) + 1)),
        "id": _values(ids),
        "class": _names(labels, list(gallery.classes)),
        found.scored: _values(found.scores),
        "verdict": pyarrow.array([verdict or None for verdict in found.verdicts], pyarrow.string()),
    }
    columns |= {name: pyarrow.array([text] * len(ids), pyarrow.string()) for name, text in told.items()}
    return write_csv(pyarrow.table(columns))


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows of the same columns as a CSV file in UTF-8, without a text that a spreadsheet would take for a formula.

    Args:
        rows: one or more; numbers, texts, or None for what is not known.
    """
    import pyarrow

    return write_csv(pyarrow.Table.from_pylist(list(rows)))


def _columns(space: LatentMap, classes: list[str], rows: NDArray[np.intp]) -> dict[str, Any]:
    """What the run says of these items, by column."""
    latents = space.latents
    nothing, unsure = np.full(len(rows), -1), np.full(len(rows), np.nan, np.float32)
    columns = {
        "id": _values(latents.ids[rows]),
        "class": _names(latents.labels[rows], classes),
        "split": _names(space.is_test[rows].astype(np.int64), ["train", "test"]),
        "predicted": _names(nothing if space.predicted is None else space.predicted[rows], classes),
        "confidence": _values(unsure if space.confidence is None else space.confidence[rows]),
    }
    if latents.error.shape[1]:
        columns["error"] = _values(latents.error[rows, 0])
    columns |= {f"z{i + 1}": _values(column) for i, column in enumerate(latents.z[rows].T)}
    return columns | {axis: _values(column) for axis, column in zip("xy", space.places[rows].T, strict=True)}


def _beside(columns: dict[str, Any], factors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The columns with the factors behind them, the file last; a factor called like another column says so."""
    found = dict(columns)
    for name in sorted(factors, key=lambda name: name == FILE):
        free = name
        while free in found:
            free = f"factor {free}"
        found[free] = _values(factors[name])
    return found


def _values(values: NDArray[Any]) -> Any:
    """An Arrow column; what is NaN is empty."""
    import pyarrow

    return pyarrow.array(np.ascontiguousarray(values), from_pandas=True)


def _names(numbers: NDArray[np.integer], names: list[str]) -> Any:
    """An Arrow column of the names that these numbers stand for; empty where the number is negative."""
    import pyarrow

    codes = pyarrow.array(numbers, mask=numbers < 0)
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(names, pyarrow.string())).dictionary_decode()
