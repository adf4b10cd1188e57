"""A digit as people draw or photograph it, brought to the form of MNIST's: white on black, of one size, centred.

Reference: LeCun et al., MNIST: digits fit into 20x20 pixels, and their centre of mass lies in the middle of 28x28.
"""

import numpy as np
from numpy.typing import NDArray

from explorer.data.handwriting import stroke_width
from explorer.data.ink import ink_of
from explorer.errors import BadDataError

SIDE, BOX = 28, 20
WHITE = 255
THINNEST, USUAL = 1.2 / BOX, 1.9 / BOX  # strokes by length of the digit: of MNIST's, 1 in 100 is thinner; the median


def as_digit(
    image: NDArray[np.uint8], *, side: int = SIDE, box: int = BOX, dark_on_light: bool | None = None
) -> NDArray[np.uint8]:
    """White ink on black, cut to what is written, its longer side brought to `box`, its centre of mass to the middle.

    Strokes far thinner than MNIST's, as of a ballpoint on a page, are thickened first: they would vanish.

    Args:
        image: grey values, shape (height, width).
        side: of the result, px.
        box: longer side of what is written, px, at most `side`; where it is as large, the middle of what is written
            lies in the middle, as in scikit-learn's digits.
        dark_on_light: see `ink_of`.

    Returns:
        Shape (side, side), the strongest ink 255 before it is resized.

    Raises:
        BadDataError: an image without ink.
    """
    ink = ink_of(image, dark_on_light=dark_on_light)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise BadDataError("There is nothing written in this image; draw a digit, or upload one in dark ink on paper.")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = _resized(_thickened(np.asarray(np.rint(cut * (WHITE / cut.max())), np.uint8)), box)
    centre = _centre_of_mass(small) if box < side else (np.array(small.shape) - 1) / 2
    middle = side / 2 if box < side else (side - 1) / 2
    top, left = np.rint(middle - centre).astype(int).clip(0, side - np.array(small.shape))
    digit = np.zeros((side, side), np.uint8)
    digit[top : top + small.shape[0], left : left + small.shape[1]] = small
    return digit


def _thickened(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink, cut to what is written, with strokes as thick as MNIST's usually are if hardly any of those is so thin."""
    from scipy.ndimage import maximum_filter

    longest = max(ink.shape)
    thickness = float(stroke_width(ink[None])[0])
    if thickness >= THINNEST * longest:
        return ink
    grown = int((USUAL * longest - thickness) / 2)  # on each side
    return np.asarray(maximum_filter(np.pad(ink, grown), size=2 * grown + 1), np.uint8) if grown else ink


def _resized(ink: NDArray[np.uint8], box: int) -> NDArray[np.uint8]:
    """Ink whose longer side is `box`: a smaller pixel is the mean of those it covers."""
    from PIL import Image

    height, width = ink.shape
    scale = box / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    filter_ = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(ink).resize(size, filter_), np.uint8)


def _centre_of_mass(ink: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Row and column of the centre of mass."""
    weights = ink.astype(np.float64)
    total = max(weights.sum(), 1.0)
    rows, columns = (weights.sum(axis=axis) for axis in (1, 0))
    moments = np.array([rows @ np.arange(len(rows)), columns @ np.arange(len(columns))])
    return np.asarray(moments / total)
