"""R-MAC: images compared by the strongest responses of a network in some regions of them.

Reference: Tolias, Sicre and Jégou, Particular object retrieval with integral max-pooling of CNN activations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError

SCALES = 3
OVERLAP = 0.4  # of neighbouring regions of the largest scale, as near as whole regions come to it


@dataclass(frozen=True)
class Region:
    """A square part of a map: its first row and column, and its side, in places of the map."""

    top: int
    left: int
    side: int


def regions(height: int, width: int) -> list[Region]:
    """The regions of a map: at scale l = 1, 2, 3 squares of side 2 min(h, w)/(l + 1), evenly spread.

    Args:
        height, width: of the map.

    Returns:
        l x l of each scale on a square map, more along the longer side of another; fewer on a map so small that some
        of a scale would coincide.
    """
    shorter, longer = min(height, width), max(height, width)
    more = _along(shorter, longer) - 1
    found = []
    for scale in range(1, SCALES + 1):
        side = 2 * shorter // (scale + 1)
        if side:
            rows, columns = (_starts(of, side, scale + more * (of > shorter)) for of in (height, width))
            found += [Region(top, left, side) for top in rows for left in columns]
    return found


def rmac(maps: NDArray[np.floating]) -> NDArray[np.float64]:
    """One vector of each image's feature maps.

    f = sum over regions of m/|m|, then f/|f|; m_c = max of map c over a region.

    Args:
        maps: shape (n, c, h, w), not negative, as they are after a ReLU.

    Returns:
        Shape (n, c), of length 1; maps that are 0 everywhere stay 0.

    Raises:
        BadDataError: another shape, or numbers that are not finite.

    Differs:
        No whitening by the principal components of another collection between the two normalisations.
    """
    maps = np.asarray(maps)
    if maps.ndim != 4 or 0 in maps.shape[1:]:  # noqa: PLR2004 - images, channels, rows, columns
        raise BadDataError(f"R-MAC pools maps of shape (n, channels, height, width), not {maps.shape}.")
    if not np.isfinite(maps).all():
        raise BadDataError("Some feature maps hold NaN or infinity, so nothing can be ranked by them.")
    pooled = np.zeros(maps.shape[:2])
    for region in regions(*maps.shape[2:]):
        rows, columns = (slice(start, start + region.side) for start in (region.top, region.left))
        pooled += _unit(maps[:, :, rows, columns].max(axis=(2, 3)))
    return _unit(pooled)


def _along(shorter: int, longer: int) -> int:
    """How many regions of the largest scale lie along the longer side."""
    if shorter == longer:
        return 1
    step = (longer - shorter) / (np.arange(2, longer - shorter + 2) - 1)
    return 2 + int(np.abs(1 - step / shorter - OVERLAP).argmin())


def _starts(length: int, side: int, count: int) -> list[int]:
    """Where so many regions begin that spread over a side."""
    return sorted({(length - side) * number // max(1, count - 1) for number in range(count)})


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Vectors scaled to length 1; zero vectors stay."""
    vectors = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
