"""NumPy's files as they lie on disk, opened without ever holding the items in memory."""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.scanning import Skipped, skip
from explorer.errors import BadDataError

ITEM_KEYS = ("x", "images", "vectors", "data")
LABEL_KEYS = ("labels", "label", "y", "class")
ID_KEYS = ("ids", "id")
UNPACKED = "unpacked.npy"
CHUNK = 1 << 24  # bytes
LONGEST_HEADER = 1 << 14  # bytes; NumPy believes none of more than 10,000
LONGEST_ENTRY = 4096  # bytes of one label, id or factor: a text of 1,024 characters


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


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Tell an OSError as one of what is read; around writing it would blame the wrong disk."""
    try:
        yield
    except OSError as error:
        raise BadDataError(
            f"{name} cannot be read ({error.strerror or error}); check the disk that it lies on, or copy it first."
        ) from None


def check_column(shape: tuple[int, ...], dtype: np.dtype[Any], n: int, what: str) -> None:
    """Refuse labels or ids by their header, before they fill the memory.

    Args:
        shape, dtype: of the array.
        n: number of items.
        what: for the message, "labels of x in a.npz".

    Raises:
        BadDataError: not one entry an item, or entries of more than 4 KiB.
    """
    if shape != (n,):
        raise BadDataError(f"The {what} have shape {shape}, but there are {n:,} items; give one entry an item.")
    if dtype.itemsize > LONGEST_ENTRY:
        raise BadDataError(
            f"The {what} have type {dtype}, but an entry has at most {LONGEST_ENTRY:,} bytes; "
            "give numbers or shorter texts."
        )


def open_npy(path: Path, _scratch: Path) -> ArrayFile:
    """Open one array, memory-mapped.

    Raises:
        BadDataError: content that is no such array, or Python objects.
    """
    array = mapped(path, path.name)
    return ArrayFile(path.name, array.shape, lambda: _pieces(array))


def mapped(path: Path, name: str) -> NDArray[Any]:
    """Memory-map an .npy file.

    Args:
        path: the file.
        name: for messages.

    Raises:
        BadDataError: content that is no such array, or Python objects.
    """
    try:
        with reading(name):
            array = np.load(path, mmap_mode="r", allow_pickle=False)
    except BadDataError:
        raise
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
        keys = [member.removesuffix(".npy") for member in archive.namelist() if member.endswith(".npy")]
        key = next((key for key in ITEM_KEYS if key in keys), keys[0] if len(keys) == 1 else "")
        if not key:
            raise BadDataError(
                f"{path.name} has no array named {', '.join(ITEM_KEYS)}, only: {', '.join(keys)[:200] or 'none'}. "
                "Save the items as `x`."
            )
        name = f"{key} in {path.name}"
        shape, _ = _header(archive, key, path.name)
        columns = _columns(
            archive, [other for other in keys if other != key], shape[0] if shape else 0, path.name, name
        )
        with archive.open(f"{key}.npy") as packed, open(scratch / UNPACKED, "wb") as unpacked:
            for piece in _unpacked(packed, path.name):
                unpacked.write(piece)
        array = mapped(scratch / UNPACKED, name)
        return ArrayFile(name, array.shape, lambda: _pieces(array), *columns)


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a .npz file; what is wrong with it is one sentence."""
    try:
        with reading(path.name):
            archive = zipfile.ZipFile(path)
        with archive:
            yield archive
    except (BadDataError, OSError):
        raise
    except Exception as error:  # and so does a damaged archive
        raise _refused(path.name, error) from None


def _unpacked(packed: IO[bytes], name: str) -> Iterator[bytes]:
    """Content of a member, some megabytes at a time."""
    while True:
        with reading(name):
            piece = packed.read(CHUNK)
        if not piece:
            return
        yield piece


def _columns(
    archive: zipfile.ZipFile, others: Sequence[str], n: int, file: str, items: str
) -> tuple[NDArray[Any] | None, NDArray[Any] | None, dict[str, NDArray[Any]], list[Skipped]]:
    """Sort the arrays beside the items into labels, ids, factors and what fits nowhere; none is read before it fits."""
    labels = next((name for name in LABEL_KEYS if name in others), "")
    ids = next((name for name in ID_KEYS if name in others), "")
    columns: dict[str, NDArray[Any]] = {}
    skipped = []
    for name in others:
        shape, dtype = _header(archive, name, file)
        if name in (labels, ids):
            check_column(shape, dtype, n, f"{'labels' if name == labels else 'ids'} of {items}")
        elif shape != (n,):
            skipped.append(skip(name, f"has shape {shape}, not one entry an item"))
            continue
        elif dtype.itemsize > LONGEST_ENTRY:
            skipped.append(skip(name, f"has entries of {dtype.itemsize:,} bytes, more than {LONGEST_ENTRY:,}"))
            continue
        with reading(file), archive.open(f"{name}.npy") as member:
            columns[name] = np.lib.format.read_array(member, allow_pickle=False)
    factors = {name: values for name, values in columns.items() if name not in (labels, ids)}
    return columns.get(labels), columns.get(ids), factors, skipped


def _header(archive: zipfile.ZipFile, name: str, file: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array in a .npz file, by its first bytes.

    Raises:
        ValueError: Python objects, or a member that unpacks to more or less than its header says.
    """
    member = archive.getinfo(f"{name}.npy")
    with reading(file), archive.open(member) as packed:
        start = BytesIO(packed.read(LONGEST_HEADER))
    shape, dtype = read_header(start)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("Only these two are unpacked piece by piece")
    if member.file_size != start.tell() + math.prod(shape) * dtype.itemsize:
        raise ValueError("Another size than its header says")
    return shape, dtype


def read_header(start: BytesIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that the first bytes of a .npy file tell.

    Raises:
        ValueError: Python objects, or bytes that are no such header; others come from damage.
    """
    first = np.lib.format.read_magic(start) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(start)
    if dtype.hasobject:
        raise ValueError("Objects")
    return shape, dtype
