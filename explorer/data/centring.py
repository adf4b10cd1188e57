"""A digit as people draw or photograph it, brought to the form of MNIST's: white on black, of one size, centred.

Reference: LeCun et al., MNIST: digits fit into 20x20 pixels, and their centre of mass lies in the middle of 28x28.
"""

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError

SIDE, BOX = 28, 20
WHITE = 255
NOISE = 3  # median departures of the edge from its median: shades and grain of paper lie within
MOST_NOISE = 0.5  # of the strongest ink


def as_digit(
    image: NDArray[np.uint8], *, side: int = SIDE, box: int = BOX, dark_on_light: bool | None = None
) -> NDArray[np.uint8]:
    """White ink on black, cut to what is written, its longer side brought to `box`, its centre of mass to the middle.

    Most of the edge is ground: its median is black, and what departs from that about as little as the edge itself
    does is no ink.

    Args:
        image: grey values, shape (height, width).
        side: of the result, px.
        box: longer side of what is written, px, at most `side`; where it is as large, the middle of what is written
            lies in the middle, as in scikit-learn's digits.
        dark_on_light: whether ink is darker than the ground; None: whichever departs more from the ground.

    Returns:
        Shape (side, side), the strongest ink 255 before it is resized.

    Raises:
        BadDataError: an image without ink.
    """
    ink = _ink(image.astype(np.float64), dark_on_light)
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise BadDataError("There is nothing written in this image; draw a digit, or upload one in dark ink on paper.")
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = _resized(np.asarray(np.rint(cut * (WHITE / cut.max())), np.uint8), box)
    centre = _centre_of_mass(small) if box < side else (np.array(small.shape) - 1) / 2
    middle = side / 2 if box < side else (side - 1) / 2
    top, left = np.rint(middle - centre).astype(int).clip(0, side - np.array(small.shape))
    digit = np.zeros((side, side), np.uint8)
    digit[top : top + small.shape[0], left : left + small.shape[1]] = small
    return digit


def _ink(image: NDArray[np.float64], dark_on_light: bool | None) -> NDArray[np.float64]:
    """How far each pixel departs from the ground towards ink, less what the ground itself does, shape (h, w)."""
    edge = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    ground = np.median(edge)
    lighter, darker = (image - ground).clip(0), (ground - image).clip(0)
    if dark_on_light is None:
        dark_on_light = bool(darker.sum() > lighter.sum())
    ink = darker if dark_on_light else lighter
    noise = NOISE * np.median(np.abs(edge - ground))
    return np.asarray((ink - min(noise, MOST_NOISE * ink.max())).clip(0))


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
