"""What decides the look of a photographed piece of cloth: its factors, drawn at random.

All arrays have one row an item. `photograph.photograph` turns them into pixels.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Factors = dict[str, NDArray[Any]]
Range = tuple[float, float]

SIDE = 32
UNIFORM, HORIZONTAL, VERTICAL, SQUARES, DOTS = range(5)
CHECKED, GRID, TILES, GINGHAM = range(4)  # layouts of squares; lines: GINGHAM adds a thin line; dots: staggered from 2
SMALLEST_PERIOD = np.array([3.0, 3.0, 3.0, 6.0, 5.0])  # px by class: below, 32 pixels cannot show the shape


@dataclass(frozen=True)
class Cameras:
    """Ranges (low, high) of one capture setting; lengths in pixels of the 32x32 image, tones in 0 to 1."""

    period: Range
    contrast: Range
    mean_tone: Range
    angle: float  # degrees, both ways
    perspective: Range
    light: Range
    fold: Range
    blur: Range
    noise: Range
    jpeg_quality: tuple[int, int]
    resolution: tuple[int, int]  # of the low-resolution share
    low_resolution: float  # share of items
    gain: Range
    lift: Range


TRAINING = Cameras(
    period=(3, 12),
    contrast=(0.12, 0.75),
    mean_tone=(0.18, 0.82),
    angle=10,
    perspective=(0, 0.15),
    light=(0, 0.3),
    fold=(0, 0.35),
    blur=(0.1, 0.9),
    noise=(0.004, 0.045),
    jpeg_quality=(30, 95),
    resolution=(12, 20),
    low_resolution=0.25,
    gain=(0.85, 1.15),
    lift=(-0.05, 0.05),
)
OTHER = Cameras(
    period=(4.5, 16),
    contrast=(0.14, 0.5),
    mean_tone=(0.25, 0.75),
    angle=10,
    perspective=(0.05, 0.18),
    light=(0.15, 0.4),
    fold=(0.05, 0.4),
    blur=(0.6, 1.2),
    noise=(0.025, 0.05),
    jpeg_quality=(20, 50),
    resolution=(13, 20),
    low_resolution=0.75,
    gain=(0.7, 0.95),
    lift=(0.06, 0.2),
)


def draw(rng: np.random.Generator, labels: NDArray[np.int64], cameras: Cameras) -> Factors:
    """Draw all that decides the look of each piece of cloth in its original photograph.

    Factors that a class does not use (the period of uniform cloth) are drawn all the same.

    Args:
        rng: source of randomness.
        labels: class of each piece, shape (n,), 0 to 4.
        cameras: the capture setting.

    Returns:
        Factor name to array of shape (n,).
    """
    n, patterned = len(labels), labels != UNIFORM
    layout = rng.integers(0, 4, n)
    low = np.log(np.maximum(cameras.period[0], SMALLEST_PERIOD[labels]))
    period = np.exp(low + rng.random(n) * (np.log(cameras.period[1]) - low))
    tone = rng.uniform(*cameras.mean_tone, n)
    contrast = np.exp(rng.uniform(math.log(cameras.contrast[0]), math.log(cameras.contrast[1]), n))
    cloth = {
        "layout": layout,
        "period": period,
        "phase": rng.random(n),
        "phase_across": rng.random(n),
        "duty": _duty(rng.random(n), labels, layout, period),
        "mean_tone": tone,
        "contrast": np.minimum(contrast, 1.8 * np.minimum(tone, 1 - tone)),
        "polarity": rng.choice([-1.0, 1.0], n),
        "mottle": rng.uniform(0, 0.035, n),
    }
    drawn = cloth | _draw_capture(rng, n, cameras) | _draw_folds(rng, patterned, cameras)
    for name, limit in _visible(drawn, labels).items():
        strictest = np.maximum if name in ("jpeg_quality", "resolution") else np.minimum
        drawn[name] = np.where(patterned, strictest(drawn[name], limit), drawn[name])
    return drawn | _draw_things(rng, patterned) | _never_erased(n)


def _draw_capture(rng: np.random.Generator, n: int, cameras: Cameras) -> Factors:
    """Place of the camera, light, lens, sensor and file."""
    coarse = rng.integers(cameras.resolution[0], cameras.resolution[1] + 1, n)
    return {
        "angle": np.clip(rng.normal(0, cameras.angle / 2, n), -cameras.angle, cameras.angle),
        "perspective": rng.uniform(*cameras.perspective, n),
        "perspective_angle": rng.uniform(0, 2 * np.pi, n),
        "light": rng.uniform(*cameras.light, n),
        "light_angle": rng.uniform(0, 2 * np.pi, n),
        "blur": rng.uniform(*cameras.blur, n),
        "noise": rng.uniform(*cameras.noise, n),
        "gain": rng.uniform(*cameras.gain, n),
        "lift": rng.uniform(*cameras.lift, n),
        "resolution": np.where(rng.random(n) < cameras.low_resolution, coarse, SIDE),
        "jpeg_quality": rng.integers(cameras.jpeg_quality[0], cameras.jpeg_quality[1] + 1, n),
    }


def _visible(f: Factors, labels: NDArray[np.int64]) -> Factors:
    """How bad a photograph may be before nobody can name the pattern; found by looking at many."""
    period, contrast = f["period"], f["contrast"]
    shaped = labels >= SQUARES  # a blurred square is a dot
    # JPEG drops a fine wave when half a step of its table exceeds the wave: steps of 7 * contrast tables still keep it.
    quality = np.where(contrast < 1 / 7, 100 - 350 * contrast, 50 / (7 * contrast))
    return {
        "blur": np.where(shaped, 0.1, 0.2) * period,
        "noise": contrast / 5,
        "fold": 0.6 * contrast / f["mean_tone"],
        "resolution": np.minimum(np.ceil(np.where(shaped, 5, 3.2) * SIDE / period), SIDE).astype(np.int64),
        "jpeg_quality": np.ceil(quality).astype(np.int64),
    }


def _duty(
    chance: NDArray[np.float64], labels: NDArray[np.int64], layout: NDArray[np.int64], period: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Share of a period that is line, square or dot (its diameter)."""
    thin = np.maximum(0.22, 1.1 / period)
    lines = thin + chance * (1 - 2 * thin)
    squares = np.choose(layout, [0.45 + 0.1 * chance, thin + 0.13 * chance, 0.52 + 0.16 * chance, 0.42 + 0.16 * chance])
    return np.choose(labels, [lines, lines, lines, squares, 0.42 + 0.26 * chance])


def _draw_folds(rng: np.random.Generator, patterned: NDArray[np.bool_], cameras: Cameras) -> Factors:
    """Folds: on half of the cloth hardly any, on uniform cloth up to twice as strong and as close as wide lines."""
    n = len(patterned)
    low, high = cameras.fold
    fold = low + (high - low) * rng.random(n) ** 2 * np.where(patterned, 1.0, 1.7)
    closest = np.where(patterned, 16.0, 9.0)
    crossing = rng.choice([0.0, np.pi / 2], n) + rng.normal(0, 0.15, n)
    return {
        "fold": fold,
        "fold_angle": np.where(rng.random(n) < 0.5, crossing, rng.uniform(0, np.pi, n)),
        "fold_wavelength": closest + rng.random(n) * (44 - closest),
        "fold_phase": rng.uniform(0, 2 * np.pi, n),
        "fold_bend": rng.uniform(0.2, 1.2, n),
    }


def _draw_things(rng: np.random.Generator, patterned: NDArray[np.bool_]) -> Factors:
    """Prints on uniform cloth, and straps and arms before any cloth, though rarely before a pattern."""
    n = len(patterned)
    arm = rng.random(n) < 0.4
    width = np.where(arm, rng.uniform(4.5, 9, n), rng.uniform(1.2, 3.5, n))  # half of it, in px
    shown = rng.random(n) < np.where(patterned, 0.08, 0.3)
    printed = (rng.random(n) < 0.3) & ~patterned
    return {
        "occlusion": np.where(shown, width, 0),
        "occlusion_angle": rng.uniform(0, 2 * np.pi, n),
        "occlusion_offset": np.where(arm, rng.uniform(9, 16, n), rng.uniform(-11, 11, n)),
        "occlusion_tone": rng.uniform(0.08, 0.92, n),
        "print": np.where(printed, rng.uniform(2.5, 8, n), 0),
        "print_x": rng.uniform(-8, 8, n),
        "print_y": rng.uniform(-8, 8, n),
        "print_lobes": rng.integers(1, 6, n),
        "print_depth": rng.uniform(0, 0.45, n),
    }


def _never_erased(n: int) -> Factors:
    """What only siblings of an original have."""
    return {
        "sibling": np.zeros(n, np.int64),
        "mirror_x": np.ones(n),
        "mirror_y": np.ones(n),
        "erased": np.zeros(n),
        "erased_x": np.zeros(n),
        "erased_y": np.zeros(n),
        "erased_aspect": np.ones(n),
        "erased_tone": np.zeros(n),
    }


def photograph_anew(rng: np.random.Generator, original: Factors, sibling: int) -> Factors:
    """Draw the factors of another photograph of the same pieces of cloth.

    Args:
        rng: source of randomness.
        original: factors of the original photographs.
        sibling: number of the photograph, 1 or more.

    Returns:
        The same factors with other rotation (up to 15 degrees), perspective, mirroring, brightness,
        contrast and, on half of them, an erased rectangle of up to 30 % of the image.
    """
    n = len(original["period"])
    erased = np.where(rng.random(n) < 0.5, rng.uniform(0.03, 0.3, n), 0)
    return original | {
        "sibling": np.full(n, sibling),
        "angle": rng.uniform(-15, 15, n),
        "perspective": original["perspective"] * 0.5 + rng.uniform(0, 0.12, n),
        "perspective_angle": rng.uniform(0, 2 * np.pi, n),
        "mirror_x": rng.choice([-1.0, 1.0], n),
        "mirror_y": rng.choice([-1.0, 1.0], n),
        "gain": original["gain"] * rng.uniform(0.8, 1.2, n),
        "lift": original["lift"] + rng.uniform(-0.06, 0.06, n),
        "erased": erased,
        "erased_x": rng.uniform(-11, 11, n),
        "erased_y": rng.uniform(-11, 11, n),
        "erased_aspect": np.exp(rng.uniform(-0.7, 0.7, n)),
        "erased_tone": rng.random(n),
    }
