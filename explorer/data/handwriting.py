"""Style of handwritten digits, measured from their pixels: how far they lean and how thick their strokes are.

Reference: METHODS 5: the fine label of MNIST is slant x stroke width within the class, from image moments.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED

Measure = Callable[[NDArray[np.float32]], NDArray[np.float32]]
IMAGES_AT_ONCE = 2000
BINS = 3


def slant(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far digits lean to the right.

    atan(-mu_11 / mu_02), of the central moments of ink: x to the right, y down.

    Args:
        images: ink, shape (n, height, width).

    Returns:
        Degrees, shape (n,), -90 to 90; 0 for upright ones and for an image without ink.
    """
    return _in_parts(images, _slant)


def stroke_width(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How thick the strokes of digits are.

    2 * area / perimeter, the area in ink and the perimeter where ink changes from pixel to pixel.

    Args:
        images: ink, shape (n, height, width).

    Returns:
        Pixels, shape (n,); 0 for an image without ink.
    """
    return _in_parts(images, _stroke_width)


def style_labels(
    labels: NDArray[np.integer], slants: NDArray[np.floating], widths: NDArray[np.floating], *, bins: int = BINS
) -> NDArray[np.int64]:
    """Fine label of each item: its class, and within the class its bin of slant and of stroke width.

    Args:
        labels: classes, shape (n,); unlabelled items stay so.
        slants, widths: of each item, shape (n,).
        bins: of each of the two, of equal counts within a class.

    Returns:
        Shape (n,), label * bins^2 + bin of slant * bins + bin of width.
    """
    fine = np.full(len(labels), UNLABELLED, np.int64)
    for label in np.unique(labels[labels != UNLABELLED]):
        rows = np.flatnonzero(labels == label)
        cells = [np.argsort(np.argsort(of[rows], kind="stable")) * bins // len(rows) for of in (slants, widths)]
        fine[rows] = label * bins**2 + cells[0] * bins + cells[1]
    return fine


def _slant(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    y, x = np.mgrid[: ink.shape[1], : ink.shape[2]].astype(np.float32)
    total = np.maximum(ink.sum(axis=(1, 2)), 1)
    mean_x, mean_y = ((ink * axis).sum(axis=(1, 2)) / total for axis in (x, y))
    dx, dy = x - mean_x[:, None, None], y - mean_y[:, None, None]
    mixed, down = ((ink * product).sum(axis=(1, 2)) for product in (dx * dy, dy * dy))
    return np.asarray(np.degrees(np.arctan2(-mixed, np.maximum(down, np.finfo(np.float32).tiny))))


def _stroke_width(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    edge = sum(np.abs(np.diff(padded, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    return np.asarray(2 * ink.sum(axis=(1, 2)) / np.maximum(edge, 1))


def _in_parts(images: NDArray[np.uint8], measure: Measure) -> NDArray[np.float32]:
    parts = [measure(images[i : i + IMAGES_AT_ONCE].astype(np.float32)) for i in range(0, len(images), IMAGES_AT_ONCE)]
    return np.concatenate([np.empty(0, np.float32), *parts]).astype(np.float32)
