"""NumPy's files as they lie on disk, opened without ever holding the items in memory."""

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.scanning import Skipped, skip
from explorer.errors import BadDataError

ITEM_KEYS = ("x", "images", "vectors", "data")
LABEL_KEYS = ("labels", "label", "y", "class")
ID_KEYS = ("ids", "id")
UNPACKED = "unpacked.npy"
CHUNK = 1 << 24  # bytes


@dataclass(frozen=True)
class ArrayFile:
    """One file of items.

    Args:
        name: of the file and the array in it, for messages.
        shape: of all items, (n, ...).
        chunks: gives the items piece by piece, in order.
        labels, ids: one entry an item, numbers or texts, or None.
        factors: other arrays of one entry an item.
        skipped: arrays that are no such thing.
    """

    name: str
    shape: tuple[int, ...]
    chunks: Callable[[], Iterator[NDArray[Any]]]
    labels: Sequence[Any] | NDArray[Any] | None = None
    ids: Sequence[Any] | NDArray[Any] | None = None
    factors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    skipped: Sequence[Skipped] = ()


def open_npy(path: Path, _scratch: Path) -> ArrayFile:
    """Open one array, memory-mapped.

    Raises:
        BadDataError: content that is no such array, or Python objects.
    """
    array = _mapped(path, path.name)
    return ArrayFile(path.name, array.shape, lambda: _pieces(array))


def _mapped(path: Path, name: str) -> NDArray[Any]:
    """Memory-map an .npy file."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy parses a damaged header with errors of every kind
        raise _refused(name, error) from None
    if not isinstance(array, np.ndarray):  # a .npz file under another name
        raise BadDataError(f"{name} holds several arrays; give it the suffix .npz.")
    return array


def _refused(name: str, error: Exception) -> BadDataError:
    if "bject" in str(error):
        return BadDataError(
            f"{name} holds Python objects, which are never loaded, as they can run code; "
            "save numbers or texts: array.astype(float) or array.astype(str)."
        )
    return BadDataError(f"{name} is no NumPy array that can be read; save it again with numpy.save or numpy.savez.")


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Rows of an array, some megabytes at a time."""
    step = max(1, CHUNK // max(1, array[:1].nbytes))
    for i in range(0, len(array), step):
        yield array[i : i + step]


def open_npz(path: Path, scratch: Path) -> ArrayFile:
    """Unpack the items as a stream, and read the small arrays.

    Args:
        path: the file; its items are `x`, `images`, `vectors`, `data` or its only array.
        scratch: a folder to unpack them into, as UNPACKED.

    Raises:
        BadDataError: content that is no such file, holds Python objects or no items.
        OSError: `scratch` cannot be written.
    """
    with _zip(path) as archive:
        keys = [member.removesuffix(".npy") for member in archive.namelist()]
        key = next((key for key in ITEM_KEYS if key in keys), keys[0] if len(keys) == 1 else "")
        if not key:
            raise BadDataError(
                f"{path.name} has no array named {', '.join(ITEM_KEYS)}, only: {', '.join(keys)[:200]}. "
                "Save the items as `x`."
            )
        items = scratch / UNPACKED
        with archive.open(f"{key}.npy") as packed, open(items, "wb") as unpacked:
            copyfileobj(packed, unpacked, CHUNK)
        array = _mapped(items, f"{key} in {path.name}")
        return _with_columns(path, archive, [other for other in keys if other != key], key, array)


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a .npz file; what is wrong with it is one sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (BadDataError, OSError):
        raise
    except Exception as error:  # and so does a damaged archive
        raise _refused(path.name, error) from None


def _with_columns(
    path: Path, archive: zipfile.ZipFile, others: Sequence[str], key: str, array: NDArray[Any]
) -> ArrayFile:
    """Sort the other arrays of a .npz file into labels, ids, factors and what fits nowhere."""
    labels = next((name for name in LABEL_KEYS if name in others), "")
    ids = next((name for name in ID_KEYS if name in others), "")
    columns: dict[str, NDArray[Any]] = {}
    skipped = []
    for name in others:
        shape = _member_shape(archive, name)
        if name not in (labels, ids) and shape != array.shape[:1]:
            skipped.append(skip(name, f"has shape {shape}, not one entry an item"))
            continue
        with archive.open(f"{name}.npy") as file:
            columns[name] = np.lib.format.read_array(file, allow_pickle=False)
    factors = {name: values for name, values in columns.items() if name not in (labels, ids)}
    found = columns.get(labels), columns.get(ids)
    return ArrayFile(f"{key} in {path.name}", array.shape, lambda: _pieces(array), *found, factors, skipped)


def _member_shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    """Shape of an array in a .npz file, from its header alone."""
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(file)[0]
        return np.lib.format.read_array_header_2_0(file)[0]
