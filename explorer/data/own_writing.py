"""Make an import: in a temporary folder that is renamed into place when it is whole."""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from explorer.data import cache
from explorer.data.dataset import UNLABELLED, Dataset
from explorer.data.identity import choose_test
from explorer.data.own import RECORD, ImportConfig, ImportRecord, Kind, SkippedFile, aside, there, vouched
from explorer.data.scanning import Skipped
from explorer.errors import BadDataError, BadValueError
from explorer.files import write_atomically

DAY = 24 * 3600  # seconds


@dataclass(frozen=True)
class Content:
    """What an import found, its items already written, in their order.

    Args:
        labels, classes, ids, factors: as in `Dataset`.
        is_test: the split, where the data itself says it.
        skipped: what gave no item, with reasons.
        left_out: files that a table does not list.
    """

    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    ids: NDArray[np.int64]
    factors: Mapping[str, NDArray[Any]]
    is_test: NDArray[np.bool_] | None = None
    skipped: Sequence[Skipped] = field(default_factory=tuple)
    left_out: int = 0


@contextmanager
def building(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Give a temporary folder to fill, and put it in place when it is full; whatever fails leaves nothing.

    Args:
        folder: where it goes.
        replace: whether an import that is there already may go; it stays until the new one is whole.

    Raises:
        BadValueError: the name is taken.
        BadDataError: the data root cannot be written, or is full.
    """
    taken = BadValueError(
        f"There is an import {folder.name!r} already. Choose another --name, or say --replace to put the new one "
        "in its place."
    )
    if there(folder).exists() and not replace:
        raise taken
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_after_crashes(folder)
        temporary.mkdir()
        yield temporary
        _put_in_place(temporary, folder, replace=replace)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # somebody else's import was faster
            raise taken from None
        raise BadDataError(
            f"{folder} could not be written: {error.strerror or error}. Make room or choose another data root "
            "(LATENT_EXPLORER_DATA_ROOT); nothing was changed."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put_in_place(temporary: Path, folder: Path, *, replace: bool) -> None:
    """Rename, the old import put aside until the new one stands; `there` finds it if a crash comes between."""
    if not (replace and folder.exists()):
        os.rename(temporary, folder)
        return
    before = aside(folder)
    try:
        os.rename(folder, before)
        os.rename(temporary, folder)
    except BaseException:
        if not folder.exists():
            os.rename(before, folder)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _clear_after_crashes(folder: Path) -> None:
    """Undo a replacement that stopped half-way, and remove what was being built more than a day ago."""
    before = aside(folder)
    if before.exists():
        if folder.exists():
            shutil.rmtree(before)
        else:
            os.rename(before, folder)
    for left in folder.parent.glob(f".{folder.name}.*.tmp"):
        if time.time() - left.stat().st_mtime > DAY:
            shutil.rmtree(left, ignore_errors=True)


def finish(folder: Path, kind: Kind, source: Path, asked: ImportConfig, content: Content) -> ImportRecord:
    """Write the table and the record beside the items.

    Args:
        folder: as given by `building`; holds items.npy.
        kind: the data set's name in DATASETS.
        source: where the items came from.
        asked: what to make of them.
        content: what was found.

    Raises:
        BadDataError: a single item, or none, or parts that do not fit together.
        OSError: the disk is full.
    """
    n = len(content.ids)
    if n < 2:
        raise BadDataError(f"{source} gives {n} item, but a training and a test split need 2 or more; add items.")
    is_test = content.is_test
    if is_test is None:
        is_test = choose_test(content.ids, share=asked.test_share, seed=asked.seed)
    labels, classes, ids, factors = content.labels, content.classes, content.ids, content.factors
    items = np.load(folder / cache.ITEMS, mmap_mode="r", allow_pickle=False)
    dataset = Dataset(kind, items, labels, tuple(classes), ids, is_test, factors)  # refuses what does not fit
    cache.write_table(folder, vouched(kind), labels=labels, classes=classes, ids=ids, is_test=is_test, factors=factors)
    counts = np.bincount(content.labels[content.labels != UNLABELLED], minlength=len(content.classes))
    record = ImportRecord(
        identity=uuid4().hex,
        kind=kind,
        source=str(source.absolute()).encode("utf-8", "backslashreplace").decode(),
        asked=asked.model_dump(mode="json"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        shape=dataset.shape,
        items=n,
        test_items=int(is_test.sum()),
        unlabelled=int((content.labels == UNLABELLED).sum()),
        classes=dict(zip(content.classes, counts.tolist(), strict=True)),
        left_out=content.left_out,
        skipped=[SkippedFile(file=one.file, reason=one.reason) for one in content.skipped],
    )

    def write(file: BinaryIO) -> None:
        file.write(record.model_dump_json(indent=1).encode())

    write_atomically(folder / RECORD, write)
    return record
