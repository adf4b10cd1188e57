"""The data set `folder`: a person's own pictures.

A subfolder a class, or flat and unlabelled, or with a table that lists the files.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.cache import ITEMS
from explorer.data.class_names import encode_labels, printable
from explorer.data.dataset import Progress
from explorer.data.fitting import Look
from explorer.data.identity import text_ids
from explorer.data.listing import list_files
from explorer.data.own import ImportConfig, own_source
from explorer.data.own_writing import Content
from explorer.data.pictures import Unreadable, decoder, quiet_decoding
from explorer.data.scanning import TRAIN, Found, Skipped, skip
from explorer.data.sidecar import as_factor
from explorer.data.streaming import ItemsWriter, in_order, workers
from explorer.errors import BadDataError

FIRST_REASONS = 3
SMALL_FILE = 16_384  # bytes: below, Python's lock makes threads slower than one alone
LOOKED_AT = 100  # files


def import_folder(
    root: Path, asked: ImportConfig, into: Path, *, max_pixels: int, progress: Progress | None = None
) -> Content:
    """Read every picture of a folder into one file; nothing is written into the folder.

    Args:
        root: the folder.
        asked: size, channels and fit of the pictures; the table that lists the files, if there is
            one that is not called labels.csv or labels.parquet in the folder.
        into: another folder, to write the items into.
        max_pixels: a picture of more is skipped.
        progress: called with (files done, files in all).

    Returns:
        Labels, ids (a hash of the path in the folder), the path as factor `file`, the table's
        other columns as factors, and what was skipped.

    Raises:
        BadDataError: no readable picture, or a table that does not fit.
        OSError: `into` cannot be written.
    """
    root = root.resolve()
    listing = list_files(root, asked.table)
    look = Look(asked.size, asked.channels, asked.fit, max_pixels)
    kept, unreadable = _decode(listing.files, look, into / ITEMS, progress)
    skipped = [*listing.skipped, *unreadable]
    if not kept:
        raise BadDataError(_nothing(root, skipped))
    files = [listing.files[i].relative for i in kept]
    labels, classes = encode_labels(listing.labels[i] for i in kept)
    factors = {"file": np.array([printable(file) for file in files])}
    factors |= {name: as_factor([values[i] for i in kept]) for name, values in listing.columns.items()}
    is_test = None
    if listing.splits:
        factors["split"] = np.array([listing.splits[i] for i in kept])
        is_test = np.array([listing.splits[i].lower() != TRAIN for i in kept])
        _check_split(root, is_test)
    return Content(labels, classes, text_ids(files), factors, is_test, skipped, listing.left_out)


def _check_split(root: Path, is_test: NDArray[np.bool_]) -> None:
    """Both splits must have come to something."""
    if is_test.all() or not is_test.any():
        missing = "training" if is_test.all() else "test"
        raise BadDataError(f"No picture of the {missing} split of {root} can be read; add some, or leave splits out.")


def _decode(
    files: Sequence[Found], look: Look, path: Path, progress: Progress | None
) -> tuple[list[int], list[Skipped]]:
    """Write every readable picture behind the last; gives their positions, and the others with reasons."""
    decode = decoder(look)

    def attempt(one: Found) -> NDArray[np.uint8] | Unreadable:
        try:
            return decode(one.path)
        except Unreadable as error:
            return error

    kept: list[int] = []
    skipped: list[Skipped] = []
    with quiet_decoding(), ItemsWriter(path) as writer:
        for i, picture in enumerate(in_order(attempt, files, _threads(files))):
            if isinstance(picture, Unreadable):
                skipped.append(skip(files[i].relative, str(picture)))
            else:
                writer.append(picture[None])
                kept.append(i)
            if progress:
                progress(i + 1, len(files))
    return kept, skipped


def _threads(files: Sequence[Found]) -> int:
    """One for small pictures, else one for each processor."""
    some = files[:: max(1, len(files) // LOOKED_AT)]
    sizes = 0
    for one in some:
        with suppress(OSError):  # a file that has gone meanwhile is told when it is read
            sizes += os.lstat(one.path).st_size
    return workers() if sizes > SMALL_FILE * len(some) else 1


def _nothing(root: Path, skipped: Sequence[Skipped]) -> str:
    """Why a folder gives no item."""
    if not skipped:
        return f"{root} holds no files; put pictures there, a subfolder for each class."
    first = "; ".join(f"{one.file} {one.reason}" for one in skipped[:FIRST_REASONS])
    return f"{root} holds no picture that can be read ({len(skipped):,} skipped: {first}); add PNG or JPEG files."


FOLDER = own_source("folder", "Your own pictures, after `latent-explorer data import PATH --name NAME`")
