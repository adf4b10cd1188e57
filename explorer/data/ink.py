"""What is written in an image, apart from what it is written on."""

import numpy as np
from numpy.typing import NDArray

SMALL = 64  # px: no photograph
SIGMAS = 1.4826  # standard deviations of a normal distribution in its median absolute deviation
GRAIN = 5  # standard deviations of paper that no grain reaches
FAINT = 0.35  # of the ink's strength: ruled lines and smears lie below
STRONG = 90  # per cent of the inked pixels that are weaker
SPECK = 0.05  # of the largest piece's area: a smaller piece is dirt
ROUNDS = 4  # of fitting the ground and leaving out what is not
FITTED = 20_000  # pixels that the ground is fitted to


def ink_of(image: NDArray[np.uint8], *, dark_on_light: bool | None = None) -> NDArray[np.float64]:
    """How much ink lies on each pixel.

    Where most of the edge is of one grey, as in a drawing, or the image is as small as an item, the ground is the
    edge's median, and every departure from it is ink. Otherwise it is a photograph or a scan: its ground is a surface
    of second degree; grain, smears, ruled lines and specks are no ink, and the ink is evened.

    Args:
        image: grey values, shape (height, width).
        dark_on_light: whether ink is darker than the ground; None: whichever there is more of.

    Returns:
        Shape (height, width), 0 without ink, in grey values.
    """
    values = image.astype(np.float64)
    edge = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
    ground = np.median(edge)
    if np.median(np.abs(edge - ground)) == 0 or max(values.shape) <= SMALL:
        return _departure(values - ground, dark_on_light)
    return _on_paper(values, dark_on_light)


def _departure(difference: NDArray[np.float64], dark_on_light: bool | None) -> NDArray[np.float64]:
    """How far each pixel departs from the ground towards ink."""
    lighter, darker = difference.clip(0), (-difference).clip(0)
    if dark_on_light is None:
        dark_on_light = bool(darker.sum() > lighter.sum())
    return darker if dark_on_light else lighter


def _on_paper(values: NDArray[np.float64], dark_on_light: bool | None) -> NDArray[np.float64]:
    """The ink of a photograph, shape (h, w), at most 255."""
    from scipy.ndimage import gaussian_filter

    difference, grain = _without_ground(gaussian_filter(values, 1.0))
    ink = _departure(np.where(np.abs(difference) > GRAIN * grain, difference, 0), dark_on_light)
    if not ink.any():
        return ink
    strong = np.percentile(ink[ink > 0], STRONG)
    faint = max(GRAIN * grain, FAINT * strong)
    evened = ((ink - faint) / max(strong - faint, 1.0)).clip(0, 1) * 255
    return np.asarray(evened * _is_written(evened > 0))


def _without_ground(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Departures from the surface of second degree that lies nearest to most pixels, and the grain around it."""
    rows, columns = (np.linspace(-1, 1, n) for n in values.shape)
    y, x = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)  # (h * w, 6)
    flat = values.ravel()
    some = slice(None, None, max(1, len(flat) // FITTED))
    near = np.ones(len(flat[some]), np.bool_)
    for _ in range(ROUNDS):
        surface = np.linalg.lstsq(terms[some][near], flat[some][near], rcond=None)[0]
        off = np.abs(flat[some] - terms[some] @ surface)
        near = off <= max(GRAIN / 2 * SIGMAS * float(np.median(off)), 1.0)
    difference = flat - terms @ surface
    return difference.reshape(values.shape), max(SIGMAS * float(np.median(np.abs(difference))), 1.0)


def _is_written(inked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pieces of connected pixels that are large enough to be written."""
    from scipy.ndimage import label

    pieces, n = label(inked, structure=np.ones((3, 3)))
    areas = np.bincount(pieces.ravel(), minlength=n + 1)
    areas[0] = 0
    return np.asarray((areas >= SPECK * areas.max(initial=1))[pieces] & inked)
