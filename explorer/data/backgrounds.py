"""Ten grey textures that stand behind coloured digits, computed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

DARK, LIGHT = 0.15, 0.55  # so that every hue stands out from each of them
Pattern = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.floating]]

PATTERNS: dict[str, Pattern] = {
    "plain": lambda x, y: 0.5 + 0 * x + 0 * y,
    "horizontal stripes": lambda x, y: (y % 6 < 3) + 0 * x,
    "vertical stripes": lambda x, y: (x % 6 < 3) + 0 * y,
    "diagonal stripes": lambda x, y: ((x + y) % 8 < 4) + 0.0,
    "checks": lambda x, y: ((x // 5 + y // 5) % 2) + 0.0,
    "dots": lambda x, y: (np.hypot(x % 7 - 3, y % 7 - 3) < 2) + 0.0,
    "rings": lambda x, y: (np.hypot(x % 28 - 14, y % 28 - 14) % 7 < 3.5) + 0.0,
    "waves": lambda x, y: 0.5 + 0.5 * np.sin(0.9 * y + 2 * np.sin(0.45 * x)),
    "bricks": lambda x, y: ((y % 6 >= 1) & ((x + 5 * (y // 6 % 2)) % 10 >= 1)) + 0.0,
    "shading": lambda x, y: (np.abs(x % 28 - 14) + np.abs(y % 28 - 14)) / 28,
}


def backgrounds(which: NDArray[np.integer], shifts: NDArray[np.integer], side: int) -> NDArray[np.float32]:
    """Draw backgrounds.

    Args:
        which: positions in PATTERNS, shape (n,).
        shifts: of each pattern, down and right, pixels, shape (n, 2).
        side: of the square images, pixels.

    Returns:
        Shape (n, side, side), DARK to LIGHT.
    """
    y, x = np.mgrid[:side, :side].astype(np.float64)
    drawn = np.empty((len(which), side, side), np.float32)
    for number, pattern in enumerate(PATTERNS.values()):
        for row in np.flatnonzero(which == number):
            drawn[row] = pattern(x + shifts[row, 1], y + shifts[row, 0])
    return drawn * np.float32(LIGHT - DARK) + np.float32(DARK)
