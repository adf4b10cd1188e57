"""Pictures to measure with: noise that costs nothing to make, digits, and what compresses as photographs do."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NOISE_SIDE, DIGIT_SIDE, PHOTOGRAPH_SIDE = 32, 28, 64


def noise(n: int) -> NDArray[np.uint8]:
    """Noise, shape (n, 1, 32, 32): windows into one strip, so that a million items cost nothing to make."""
    side = NOISE_SIDE
    strip = np.random.default_rng(0).integers(0, 256, n + side * side, np.uint8)
    return np.lib.stride_tricks.as_strided(strip, (n, 1, side, side), (1, 1, side, 1), writeable=False)


def digits(n: int) -> NDArray[np.uint8]:
    """Grey digits as large as MNIST's, shape (n, 1, 28, 28)."""
    from sklearn.datasets import load_digits

    images = (load_digits().images[:n] * (255 / 16)).astype(np.uint8)
    large = np.stack([np.asarray(Image.fromarray(image).resize((DIGIT_SIDE, DIGIT_SIDE))) for image in images])
    return large[np.arange(n) % len(large), None]


def photographs(n: int) -> NDArray[np.uint8]:
    """Colour pictures, shape (n, 3, 64, 64)."""
    rng, side = np.random.default_rng(0), PHOTOGRAPH_SIDE
    return np.stack([np.moveaxis(photograph(rng, side, side), -1, 0) for _ in range(n)])


def photograph(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Shapes and grain, about as large as a phone's picture when compressed, shape (height, width, 3)."""
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    grain = rng.integers(-12, 13, (height, width, 1), np.int16)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


PICTURES: dict[str, Callable[[int], NDArray[np.uint8]]] = {
    "noise": noise,
    "digits": digits,
    "photographs": photographs,
}
