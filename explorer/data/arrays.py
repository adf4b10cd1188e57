"""The data set `arrays`: a person's own images or vectors, out of .npy, .npz and Parquet files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.array_files import (
    LABEL_KEYS,
    UNPACKED,
    ArrayFile,
    check_column,
    mapped,
    open_npy,
    open_npz,
    reading,
)
from explorer.data.cache import ITEMS
from explorer.data.class_names import encode_labels, printable
from explorer.data.dataset import Progress
from explorer.data.identity import text_ids
from explorer.data.own import own_source
from explorer.data.own_writing import Content
from explorer.data.parquet_files import open_parquet
from explorer.data.pictures import Unreadable, open_regular
from explorer.data.scanning import Skipped, skip
from explorer.data.sidecar import column, read_cells, with_header
from explorer.data.streaming import ItemsWriter
from explorer.errors import BadDataError

OPENERS: dict[str, Callable[[Path, Path], ArrayFile]] = {
    ".npy": open_npy,
    ".npz": open_npz,
    ".parquet": open_parquet,
}
LARGEST_ID = 2**53 - 1
LARGEST_INT = 2**63 - 1
LONGEST_SIDE = 4096
CHANNELS = (1, 3)
Convert = Callable[[NDArray[Any]], NDArray[Any]]


def import_arrays(path: Path, into: Path, *, labels: Path | None, progress: Progress | None) -> Content:
    """Stream the items of an array file into one of uint8 images or float32 vectors.

    Args:
        path: a .npy, .npz or .parquet file. Images are (n, h, w), (n, h, w, c) or (n, c, h, w) with
            one or three channels, whole numbers in 0 to 255 or fractions in 0 to 1; vectors (n, f).
        into: a folder to write the items into.
        labels: a .npy or .csv file with the label of each item, in order.
        progress: called with (items done, items in all).

    Returns:
        Labels, ids (the row number, unless the file says), and its other arrays as factors.

    Raises:
        BadDataError: what cannot be used, and why.
        OSError: `into` cannot be written.
    """
    _check_readable(path)
    file = OPENERS[path.suffix.lower()](path, into)
    n = file.shape[0] if file.shape else 0
    _check_shape(file)
    given = _read_labels(labels, n) if labels else file.labels
    what = f"labels of {labels.name if labels else file.name}"
    numbers, classes = encode_labels(_listed(given, n, what) if given is not None else [None] * n)
    ids, named = _ids(file, n)
    factors, unused = _factors(file.factors)
    convert = _as_vectors if len(file.shape) == 2 else _as_images(file)
    _write(file, into / ITEMS, convert, progress)
    (into / UNPACKED).unlink(missing_ok=True)
    return Content(numbers, classes, ids, {**factors, **named}, skipped=[*file.skipped, *unused])


def _check_readable(path: Path) -> None:
    """A pipe or a device is never opened, and a wrong path is one sentence."""
    try:
        with open_regular(path.resolve()):
            pass
    except (OSError, Unreadable) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadDataError(f"{path} cannot be read ({reason}); correct the path or its permissions.") from None


def _check_shape(file: ArrayFile) -> None:
    if len(file.shape) not in (2, 3, 4) or 0 in file.shape:
        raise BadDataError(
            f"{file.name} has shape {file.shape}; expected vectors (n, f), or images (n, h, w), (n, h, w, c) or "
            "(n, c, h, w), and none of them empty. Reshape the array."
        )
    if len(file.shape) == 4 and not set(CHANNELS) & {file.shape[1], file.shape[3]}:
        raise BadDataError(
            f"The images of {file.name} have shape {file.shape}; expected 1 or 3 channels, as (n, h, w, c) or "
            "(n, c, h, w). Leave the other channels out."
        )
    if len(file.shape) > 2 and max(file.shape[1:]) > LONGEST_SIDE:
        raise BadDataError(
            f"The images of {file.name} have shape {file.shape}, but a side at most {LONGEST_SIDE:,} px; resize them."
        )


def _listed(values: Any, n: int, what: str) -> Sequence[Any]:
    """One value an item, as plain numbers or texts."""
    if isinstance(values, np.ndarray):
        check_column(values.shape, values.dtype, n, what)
        return list(values.tolist())
    check_column((len(values),), np.dtype(object), n, what)
    return list(values)


def _read_labels(path: Path, n: int) -> Sequence[Any] | NDArray[Any]:
    """Labels of a file of their own: a .npy array, or a CSV with one column or one called `label`."""
    _check_readable(path)
    if path.suffix.lower() == ".npy":
        return mapped(path, path.name)
    if path.suffix.lower() != ".csv":
        raise BadDataError(f"{path.name} is no file of labels; give a .npy or a .csv file.")
    with reading(path.name):
        rows = read_cells(path, keep_empty=True)
    name = column(dict.fromkeys(cell.strip() for cell in rows[0]) if rows else {}, LABEL_KEYS)
    if name:
        rows = [row for row in rows if row or len(rows[0]) == 1]  # a line without separators is a cell of one column
        labels = with_header(rows, path.name)[name]
    elif any(len(row) > 1 for row in rows):
        raise BadDataError(f"{path.name} has no column `label`; name the column of the labels so in its first line.")
    else:
        labels = [row[0] if row else None for row in rows]
    while len(labels) > n and not labels[-1]:  # empty lines at the end are of the file, not of items
        labels.pop()
    return labels


def _ids(file: ArrayFile, n: int) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Id of each item: its row, the given number, or a hash of the given text, which is kept as factor `id`."""
    if file.ids is None:
        return np.arange(n), {}
    given = _listed(file.ids, n, f"ids of {file.name}")
    texts = [str(one) for one in given]
    is_missing = any(one is None or one != one for one in given)  # noqa: PLR0124 - NaN alone differs from itself
    if is_missing or len(set(texts)) < n:
        raise BadDataError(f"The ids of {file.name} are doubled or missing; give each item its own, or leave them out.")
    if all(isinstance(one, int) for one in given):
        if min(given) < 0 or max(given) > LARGEST_ID:
            raise BadDataError(
                f"The ids of {file.name} reach from {min(given)} to {max(given)}; expected 0 to {LARGEST_ID}, or texts."
            )
        return np.array(given, np.int64), {}
    return text_ids(texts), {"id": np.array([printable(text) for text in texts])}


def _factors(arrays: Mapping[str, NDArray[Any]]) -> tuple[dict[str, NDArray[Any]], list[Skipped]]:
    """Arrays of whole numbers, fractions or texts; the others with reasons."""
    factors: dict[str, NDArray[Any]] = {}
    skipped = []
    for name, values in arrays.items():
        kind = values.dtype.kind
        if kind in "bi" or (kind == "u" and values.max() <= LARGEST_INT):
            factors[printable(name)] = values.astype(np.int64)
        elif kind in "uf":
            factors[printable(name)] = values.astype(np.float64)
        elif kind == "U":
            factors[printable(name)] = np.array([printable(text) for text in values.tolist()])
        else:
            skipped.append(skip(name, f"has values of type {values.dtype}, not numbers or texts"))
    return factors, skipped


def _as_vectors(chunk: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit becomes infinite, and is told
        return np.asarray(chunk, np.float32)


def _as_images(file: ArrayFile) -> Convert:
    """Make the function that turns a piece into uint8 (k, c, h, w); where both fit, channels come first."""
    last = len(file.shape) == 4 and file.shape[1] not in CHANNELS

    def convert(chunk: NDArray[Any]) -> NDArray[Any]:
        chunk = chunk[:, None] if chunk.ndim == 3 else chunk.transpose(0, 3, 1, 2) if last else chunk
        return _bytes(chunk, file.name)

    return convert


def _bytes(images: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Whole numbers in 0 to 255 as they are, fractions in 0 to 1 as shares of white, truth as black and white."""
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.bool_:
        return images.astype(np.uint8) * np.uint8(255)
    top = 1 if images.dtype.kind == "f" else 255
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= top):  # NaN fails too
        raise BadDataError(
            f"The images of {name} reach from {low:g} to {high:g}; expected whole numbers in 0 to 255 or fractions in "
            "0 to 1. Rescale them."
        )
    return images.astype(np.uint8) if top == 255 else np.rint(images * 255).astype(np.uint8)


def _write(file: ArrayFile, path: Path, convert: Convert, progress: Progress | None) -> None:
    """Write all pieces; rows that are not finite are counted and refused at the end."""
    bad, first = 0, -1
    with ItemsWriter(path) as writer:
        for chunk in _checked(file):
            items = convert(chunk)
            if items.ndim == 2 and not (finite := np.isfinite(items).all(axis=1)).all():
                first = writer.count + int(finite.argmin()) if first < 0 else first
                bad += int((~finite).sum())
            writer.append(items)
            if progress:
                progress(writer.count, file.shape[0])
    if bad:
        raise BadDataError(
            f"{bad:,} of {file.shape[0]:,} vectors of {file.name} hold NaN, infinite or too large values, the first in "
            f"row {first} (from 0); correct or leave them out."
        )


def _checked(file: ArrayFile) -> Iterator[NDArray[Any]]:
    """Pieces of real numbers, each of the shape that the file promised."""
    for chunk in file.chunks():
        if chunk.dtype.kind not in "biuf":
            raise BadDataError(
                f"The items of {file.name} have type {chunk.dtype}; expected real numbers. Convert them first."
            )
        if chunk.shape[1:] != file.shape[1:]:
            raise BadDataError(f"The vectors in {file.name} are not all of one length; correct them.")
        yield chunk


ARRAYS = own_source("arrays", "Your own images or vectors, after `latent-explorer data import FILE --name NAME`")
