"""Arrays that were measured, kept below the data root by what they were measured of, and checked on reading."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.zoo.store import read_bytes, write_bytes

MOST_FILES = 200
MOST_BYTES = 10_000_000  # of a file
SEAL = "seal"
Arrays = Mapping[str, NDArray[Any]]


class Kept:
    """One measurement's arrays on disk.

    Args:
        folder: where all of its kind are; the oldest go once there are many.
        made_of: all that the arrays depend on, as JSON can say it.
    """

    def __init__(self, folder: Path, made_of: Mapping[str, Any]) -> None:
        key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
        self.path = folder / f"{key}.safetensors"

    def read(self, like: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]) -> dict[str, NDArray[Any]] | None:
        """The arrays; None where there are none, or damaged ones, which are removed.

        Args:
            like: type and shape that each must have; floats must lie in 0 to 1 or be NaN.
        """
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            arrays = parse_tensors(read_bytes(self.path))
            _check(arrays, like)
        except FileNotFoundError:
            return None
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError):
            with suppress(OSError):
                self.path.unlink()
            return None
        with suppress(OSError):
            os.utime(self.path)  # what is used stays
        return arrays

    def write(self, arrays: Arrays) -> None:
        """Keep the arrays; on a disk that is full or cannot be written they are measured anew the next time."""
        sealed = {**{name: np.ascontiguousarray(array) for name, array in arrays.items()}, SEAL: _seal(arrays)}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path.parent, self.path.name, dump_tensors(sealed))
            _thin(self.path.parent)


def _check(arrays: dict[str, NDArray[Any]], like: Mapping[str, tuple[type[np.generic], tuple[int, ...]]]) -> None:
    """Raise ValueError or KeyError for arrays that are not the ones that were written; takes their seal away."""
    seal = arrays.pop(SEAL)
    if {name: (array.dtype.type, array.shape) for name, array in arrays.items()} != dict(like):
        raise ValueError("other arrays")
    if not np.array_equal(seal, _seal(arrays)):
        raise ValueError("altered")
    for array in arrays.values():
        if array.dtype.kind == "f" and not (np.isnan(array) | ((array >= 0) & (array <= 1))).all():
            raise ValueError("no measures")


def _seal(arrays: Arrays) -> NDArray[np.uint8]:
    """SHA-256 of names and contents, shape (32,)."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def digest_of(*arrays: NDArray[Any]) -> str:
    """SHA-256 of arrays, for what is made of them."""
    return _seal({str(number): array for number, array in enumerate(arrays)}).tobytes().hex()


def _thin(folder: Path) -> None:
    """Remove what was used least lately, once there is much."""
    found = []
    for path in folder.glob("*.safetensors"):
        with suppress(OSError):  # another process may be at it too
            found.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(found)[:-MOST_FILES]:
        path.unlink(missing_ok=True)
