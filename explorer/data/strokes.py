"""A drawing as the strokes that a pen made, in a text short enough for an address, and the picture they give.

The text is base64 for addresses. Of each stroke it holds the pen's width (1 byte; 128 is added for the eraser), the
number of points (2 bytes, little-endian), then x and y of each point (1 byte each), x to the right, y down, on a square
of 256 x 256.
"""

import base64
import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError

SIDE = 256
ERASER = 128  # added to the width
MOST_BYTES = 24_000  # 12,000 points: a page written full
SMOOTH = 2  # pixels drawn for one that is kept, in each direction
INK = 255


@dataclass(frozen=True)
class Stroke:
    """What one movement of the pen left.

    Args:
        points: (x, y) in 0 to 255, one or more.
        width: of the pen, 1 to 127, in the same unit.
        erases: whether it takes ink away.
    """

    points: tuple[tuple[int, int], ...]
    width: int
    erases: bool = False


def read_strokes(text: str) -> list[Stroke]:
    """Read a drawing's text, believing nothing.

    Raises:
        BadDataError: a text that is no drawing, or one that is too long.
    """
    refusal = BadDataError("This drawing cannot be read; draw it again.")
    if len(text) > MOST_BYTES * 4 // 3:
        raise BadDataError(f"This drawing has more than {MOST_BYTES // 2:,} points; draw it with fewer strokes.")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refusal from None
    strokes, at = [], 0
    while at < len(raw):
        width, n = raw[at], int.from_bytes(raw[at + 1 : at + 3], "little")
        end = at + 3 + 2 * n
        if not (width % ERASER and n and end <= len(raw)):
            raise refusal
        points = tuple(zip(raw[at + 3 : end : 2], raw[at + 4 : end : 2], strict=True))
        strokes.append(Stroke(points, width % ERASER, width >= ERASER))
        at = end
    return strokes


def drawn(strokes: list[Stroke]) -> NDArray[np.uint8]:
    """The picture of a drawing: white ink on black, with round ends and corners.

    Args:
        strokes: in the order in which they were made.

    Returns:
        Grey values, shape (256, 256).
    """
    from PIL import Image, ImageDraw

    picture = Image.new("L", (SIDE * SMOOTH, SIDE * SMOOTH))
    pen = ImageDraw.Draw(picture)
    for one in strokes:
        ink, radius = 0 if one.erases else INK, one.width * SMOOTH / 2
        path = [((x + 0.5) * SMOOTH, (y + 0.5) * SMOOTH) for x, y in one.points]
        pen.line(path, fill=ink, width=one.width * SMOOTH)
        for x, y in path:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return np.asarray(picture.reduce(SMOOTH), np.uint8)
