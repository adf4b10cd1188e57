"""A data set on disk: its items as one array that is memory-mapped, the rest as one table.

`items.npy` is written first and `table.npz` last: a table vouches for the items beside it.
"""

import json
import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset
from explorer.errors import ExplorerError
from explorer.files import write_atomically

ITEMS = "items.npy"
TABLE = "table.npz"
MOST_IN_MEMORY = 1_000_000_000  # bytes of items that are not on disk


def through_cache(folder: Path, settings: str, make: Callable[[], Dataset], *, name: str, leak: str = "") -> Dataset:
    """Read a data set from its folder, or make it and keep it there.

    Args:
        folder: its own folder below the data root; made where it is missing.
        settings: all that the content depends on; a cache of other settings is made anew.
        make: makes the data set.
        name, leak: of the data set, as in `Dataset`.

    Returns:
        The data set, its items memory-mapped; in memory where the folder cannot be written.
    """
    cached = read(folder, settings, name=name, leak=leak)
    if cached is not None:
        return cached
    dataset = make()
    try:
        write(folder, settings, dataset)
    except OSError:  # a full or read-only disk costs time at the next start, nothing else
        return dataset
    return read(folder, settings, name=name, leak=leak) or dataset


def pieces_through_cache(
    folder: Path,
    settings: str,
    *,
    name: str,
    shape: tuple[int, ...],
    make_table: Callable[[], Mapping[str, Any]],
    draw: Callable[[Mapping[str, Any]], Generator[NDArray[np.uint8], None, None]],
) -> Dataset:
    """Read a data set from its folder, or draw it there piece by piece, so that it is never all in memory.

    Args:
        folder, settings, name: as `through_cache` takes them.
        shape: of one item.
        make_table: makes all columns of the data set but the items, as `write_table` takes them.
        draw: draws the items of such a table in their order.

    Returns:
        The data set, its items memory-mapped; in memory where the folder cannot be written.

    Raises:
        ExplorerError: the folder cannot be written, and the items take over 1 GB.
    """
    if (cached := read(folder, settings, name=name)) is not None:
        return cached
    table = make_table()
    whole = (len(table["labels"]), *shape)
    try:
        with closing(draw(table)) as parts:
            write_items(folder, whole, parts)
        write_table(folder, settings, **table)
        if (cached := read(folder, settings, name=name)) is not None:
            return cached
    except OSError as error:  # a full or read-only disk costs time at the next start, where memory will do
        if math.prod(whole) > MOST_IN_MEMORY:
            raise ExplorerError(
                f"The data set {name} takes {math.prod(whole) / 1e9:.1f} GB, and {folder} could not be written: "
                f"{error.strerror or error}. Make room there, choose another data root, or lower --data.n."
            ) from error
    with closing(draw(table)) as parts:
        return Dataset(name, np.concatenate(list(parts)), **table)


def read(folder: Path, settings: str, *, name: str, leak: str = "") -> Dataset | None:
    """Read a data set whose items stay on disk, memory-mapped and read-only.

    Args:
        folder: where `write` put it.
        settings: as given to `write`.
        name, leak: of the data set, as in `Dataset`.

    Returns:
        The data set; None where it is missing, damaged or of other settings.
    """
    try:
        with np.load(folder / TABLE, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            if about["settings"] != settings:
                return None
            factors = {factor: file[f"factor_{i}"] for i, factor in enumerate(about["factors"])}
            labels, ids, is_test = file["labels"], file["ids"], file["is_test"]
        items = np.load(folder / ITEMS, mmap_mode="r", allow_pickle=False)
        return Dataset(name, items, labels, tuple(about["classes"]), ids, is_test, factors, leak)
    except Exception:  # a damaged file can raise nearly anything, and is only ever made anew
        return None


def write(folder: Path, settings: str, dataset: Dataset) -> None:
    """Write a data set so that `read` finds it whole or not at all.

    Args:
        folder: made where it is missing.
        settings: all that the content depends on.
        dataset: its name and leak are not kept.

    Raises:
        OSError: no permission or no space; what was there before is untouched or no longer believed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    forget(folder)
    write_atomically(folder / ITEMS, lambda file: np.save(file, dataset.items, allow_pickle=False))
    write_table(
        folder,
        settings,
        labels=dataset.labels,
        classes=dataset.classes,
        ids=dataset.ids,
        is_test=dataset.is_test,
        factors=dataset.factors,
    )


def write_items(folder: Path, shape: tuple[int, ...], parts: Iterable[NDArray[np.uint8]]) -> None:
    """Write items that are never all in memory; `write_table` follows.

    Args:
        folder: made where it is missing.
        shape: of all items, (n, channels, height, width).
        parts: items in their order, in pieces.

    Raises:
        OSError: no permission or no space; what was there before is no longer believed.
    """

    def write_all(file: BinaryIO) -> None:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for part in parts:
            file.write(np.ascontiguousarray(part).data)

    folder.mkdir(parents=True, exist_ok=True)
    forget(folder)
    write_atomically(folder / ITEMS, write_all)


def write_table(
    folder: Path,
    settings: str,
    *,
    labels: NDArray[np.int64],
    classes: Sequence[str],
    ids: NDArray[np.int64],
    is_test: NDArray[np.bool_],
    factors: Mapping[str, NDArray[Any]],
) -> None:
    """Write the table after the items: for whoever writes `ITEMS` himself, piece by piece.

    Call `forget` before the items in the folder change.

    Args:
        folder: must exist and hold the items.
        settings: all that the content depends on.
        labels, classes, ids, is_test, factors: as in `Dataset`; factors are numbers or texts.

    Raises:
        OSError: no permission or no space.
    """
    about = json.dumps({"settings": settings, "classes": list(classes), "factors": list(factors)})
    table = {f"factor_{i}": values for i, values in enumerate(factors.values())}
    table |= {"about": np.array(about), "labels": labels, "ids": ids, "is_test": is_test}
    write_atomically(folder / TABLE, lambda file: np.savez(file, allow_pickle=False, **table))


def forget(folder: Path) -> None:
    """Remove the table, so that nothing vouches for items that are about to change.

    Raises:
        OSError: no permission.
    """
    (folder / TABLE).unlink(missing_ok=True)
