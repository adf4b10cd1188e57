"""Parquet files of vectors, read in batches."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.array_files import CHUNK, ID_KEYS, ITEM_KEYS, LABEL_KEYS, ArrayFile
from explorer.data.scanning import skip
from explorer.data.sidecar import as_factor, check_names, column, reading_parquet
from explorer.errors import BadDataError

NUMBER = 8  # bytes
BUFFER = 1 << 20  # bytes: without it, a whole column of a group of rows is read at once


def open_parquet(path: Path, _scratch: Path) -> ArrayFile:
    """A column of lists, or else all columns of numbers, are the vectors; other columns are factors.

    Raises:
        BadDataError: content that is no such file, or has no such columns.
    """
    import pyarrow.parquet as pq
    from pyarrow import types

    with reading_parquet(path.name):
        file = pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False)
        check_names(file.schema_arrow.names, f"Parquet file {path.name}")
        fields = {entry.name: entry.type for entry in file.schema_arrow}
        flat = [name for name, kind in fields.items() if not types.is_nested(kind)]
        labels, ids = column(dict.fromkeys(flat), LABEL_KEYS), column(dict.fromkeys(flat), ID_KEYS)
        free = {name: kind for name, kind in fields.items() if name not in (labels, ids)}
        vectors = _vector_columns(path.name, free)
        beside = [name for name in flat if name not in vectors]
        small = file.read(columns=beside)
        values = {name: small.column(name).to_pylist() for name in beside}
        n, features = file.metadata.num_rows, _features(file, vectors, path.name)
    given = {name: values.pop(name) if name else None for name in (labels, ids)}
    factors = {name: as_factor(column) for name, column in values.items()}
    skipped = [
        skip(name, "holds lists or records, not numbers or texts") for name in free if name not in (*flat, *vectors)
    ]
    batch = max(1, CHUNK // (NUMBER * max(1, features)))

    def chunks() -> Iterator[NDArray[Any]]:
        with reading_parquet(path.name):
            for rows in file.iter_batches(batch, columns=vectors):
                yield _vectors(path.name, [rows.column(name) for name in vectors])

    return ArrayFile(path.name, (n, features), chunks, given[labels], given[ids], factors, skipped)


def _features(file: Any, vectors: list[str], name: str) -> int:
    """Numbers in a vector, by the first row alone; 0 where there is none."""
    for row in file.iter_batches(1, columns=vectors):
        return int(_vectors(name, [row.column(column) for column in vectors]).shape[1])
    return 0


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
