"""Parquet files of vectors, read in batches."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.array_files import ID_KEYS, ITEM_KEYS, LABEL_KEYS, ArrayFile
from explorer.data.sidecar import as_factor, column
from explorer.errors import BadDataError

BATCH = 4096  # rows


def open_parquet(path: Path, _scratch: Path) -> ArrayFile:
    """A column of lists, or else all columns of numbers, are the vectors; other columns are factors.

    Raises:
        BadDataError: content that is no such file, or has no such columns.
    """
    import pyarrow
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        fields = {entry.name: entry.type for entry in file.schema_arrow}
        labels, ids = column(fields, LABEL_KEYS), column(fields, ID_KEYS)
        free = {name: kind for name, kind in fields.items() if name not in (labels, ids)}
        vectors = _vector_columns(path.name, free)
        factors = [name for name in free if name not in vectors and not pyarrow.types.is_nested(free[name])]
        small = file.read(columns=[name for name in (*factors, labels, ids) if name])
        values = {name: small.column(name).to_pylist() for name in small.column_names}
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadDataError(f"{path.name} is no Parquet file that can be read ({error}); write it again.") from None

    def chunks() -> Iterator[NDArray[Any]]:
        for batch in file.iter_batches(BATCH, columns=vectors):
            yield _vectors(path.name, [batch.column(name) for name in vectors])

    n = file.metadata.num_rows
    features = next(chunks()).shape[1] if n else 0
    others = {name: as_factor(values[name]) for name in factors}
    return ArrayFile(path.name, (n, features), chunks, values.get(labels), values.get(ids), others)


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _vector_columns(name: str, fields: Mapping[str, Any]) -> list[str]:
    """The column of lists, by its name if there are several; else all columns of numbers."""
    from pyarrow import types

    lists = [column for column, kind in fields.items() if _is_list(kind)]
    named = [column for column in lists if column.lower() in ITEM_KEYS]
    if len(lists) > 1 and not named:
        raise BadDataError(f"{name} has the list columns {', '.join(lists)[:200]}; name the one with the vectors `x`.")
    if lists:
        return (named or lists)[:1]
    numbers = [column for column, kind in fields.items() if types.is_integer(kind) or types.is_floating(kind)]
    if not numbers:
        raise BadDataError(f"{name} has no column of lists or numbers; give vectors in a list column `x`.")
    return numbers


def _vectors(name: str, columns: list[Any]) -> NDArray[Any]:
    """Vectors of some rows, shape (k, f); NaN where a number is missing."""
    import pyarrow.compute as pc

    if not _is_list(columns[0].type):
        return np.stack([one.to_numpy(zero_copy_only=False) for one in columns], axis=1)
    lengths = pc.list_value_length(columns[0]).unique().to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise BadDataError(f"The vectors in {name} are not all of one length, or some are missing; correct them.")
    flat: NDArray[Any] = columns[0].flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, lengths[0])
