"""One file that a person uploads as a query: believed in nothing, kept nowhere.

A picture of any size and mode becomes an image as a run takes them, by the same steps as one of an
imported folder; for a run on vectors, a row of numbers becomes a vector.
"""

import math
import re
from io import BytesIO
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from explorer.data.array_files import read_header
from explorer.data.fitting import Fit, Look
from explorer.data.pictures import Unreadable, decode_bytes, quiet_decoding
from explorer.errors import BadDataError

LARGEST = 32 << 20  # bytes
INK_SIDE = 512  # px: enough of a written digit, which ends at 28
GREY, COLOUR = 1, 3  # channels
NPY = b"\x93NUMPY"
LONGEST_NUMBER = 100  # bytes of a number as text, its separator among them
LONGEST_HEADER = 1 << 14  # bytes before the numbers
GAPS = re.compile(r"[,;|\s]+")
_one_large_at_a_time = Lock()


def uploaded_item(
    content: bytes, shape: tuple[int, ...], *, max_pixels: int, fit: Fit = "crop"
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Make an item of an uploaded file: of an animation its first frame, turned upright, transparency over white.

    Args:
        content: the file.
        shape: of the run's items: (channels, height, width), 1 channel for grey or 3, or (features,).
        max_pixels: a picture of more is refused before it is decoded.
        fit: see `Look`.

    Returns:
        A uint8 image of that shape; or, of a row of numbers in .npy or CSV, a finite float32 vector.

    Raises:
        BadDataError: a file that gives none, and why.
    """
    _check_size(content)
    if len(shape) == 1:
        return _vector(content, shape[0])
    channels, height, width = shape
    if channels not in (GREY, COLOUR):
        raise BadDataError(
            f"This run's images have {channels} channels, but a picture has 1 or 3; search from one of its items."
        )
    return _picture(content, Look(height, "grey" if channels == GREY else "colour", fit, max_pixels, width))


def uploaded_ink(content: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """The grey values of an uploaded picture as large as they are, or 512 px at most: for `as_digit`.

    Args:
        content: the file.
        max_pixels: a picture of more is refused before it is decoded.

    Returns:
        Shape (height, width).

    Raises:
        BadDataError: as `uploaded_item`.
    """
    _check_size(content)
    return np.asarray(_picture(content, Look(INK_SIDE, "grey", "within", max_pixels))[0])


def _check_size(content: bytes) -> None:
    if len(content) > LARGEST:
        raise BadDataError(
            f"The uploaded file has {len(content) / 2**20:.0f} MB, but an upload at most {LARGEST >> 20} MB; "
            "upload a smaller one."
        )


def _picture(content: bytes, look: Look) -> NDArray[np.uint8]:
    try:
        with quiet_decoding():
            return decode_bytes(content, look, _one_large_at_a_time)
    except Unreadable as error:
        advice = "" if ";" in str(error) else "; upload another picture, as PNG or JPEG"
        raise BadDataError(f"The uploaded file {error}{advice}.") from None


def _vector(content: bytes, features: int) -> NDArray[np.float32]:
    """The numbers of a file, if they are as many as a vector of the run has."""
    if len(content) > LONGEST_HEADER + LONGEST_NUMBER * features:
        raise _no_vector("holds more", features)
    try:
        values = _of_npy(content) if content.startswith(NPY) else _of_text(content)
    except Exception:  # NumPy parses a damaged header with errors of every kind
        raise _no_vector("is no row of numbers", features) from None
    if values.size != features:
        raise _no_vector(f"holds {values.size:,} numbers", features)
    with np.errstate(over="ignore"):
        vector = values.reshape(features).astype(np.float32)
    if not np.isfinite(vector).all():
        raise _no_vector("holds numbers that are NaN, infinite or too large", features)
    return vector


def _no_vector(what: str, features: int) -> BadDataError:
    return BadDataError(
        f"The uploaded file {what}, but this run was trained on vectors of {features:,} numbers, so a picture does not "
        "fit either; upload one row of numbers as .npy or .csv."
    )


def _of_npy(content: bytes) -> NDArray[np.floating]:
    """The numbers of a .npy file; any error where it holds none."""
    shape, dtype = read_header(BytesIO(content[:LONGEST_HEADER]))
    if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize > len(content):
        raise ValueError("No numbers, or fewer than the header promises")
    return np.asarray(np.load(BytesIO(content), allow_pickle=False), np.float64)


def _of_text(content: bytes) -> NDArray[np.floating]:
    """All numbers of a text, in rows or columns, after a line of names if there is one; ValueError for others."""
    lines = content.decode("utf-8-sig").strip().splitlines()
    rows = [[cell for cell in GAPS.split(line) if cell] for line in lines]
    try:
        return np.array([float(cell) for row in rows for cell in row])
    except ValueError:
        return np.array([float(cell) for row in rows[1:] for cell in row])
