"""Photographs of cloth, computed: drawn factors in, grey 32x32 pixels out.

The scene is evaluated at 64x64 places on the warped cloth, so rotation, perspective and
folds cost nothing extra. The camera (blur, pixel size, scaling up) is one matrix an axis.
All arrays have one row an item, and no row depends on another.
"""

import numpy as np
from numpy.typing import NDArray

from explorer.data.cloth import (
    CHECKED,
    DOTS,
    GINGHAM,
    GRID,
    HORIZONTAL,
    SIDE,
    SQUARES,
    TILES,
    UNIFORM,
    VERTICAL,
    Factors,
)

Floats = NDArray[np.float32]

FINE = 64
PLACES = ((np.arange(FINE) + 0.5) * SIDE / FINE - SIDE / 2).astype(np.float32)  # px from the middle
EDGE = 0.7  # px over which a tone changes on the cloth: no staircase on slanted lines

# The luminance table of the JPEG standard (ITU-T T.81, table K.1).
LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)


def photograph(rng: np.random.Generator, labels: NDArray[np.int64], factors: Factors) -> NDArray[np.uint8]:
    """Compute one photograph for each row of the factors.

    Args:
        rng: source of sensor noise and mottle.
        labels: class of each item, shape (n,), 0 to 4.
        factors: as drawn by `cloth.draw`, arrays of shape (n,).

    Returns:
        Grey images, shape (n, 32, 32).
    """
    f = {name: values.astype(np.float32)[:, None, None] for name, values in factors.items()}
    x, y = PLACES * f["mirror_x"], PLACES[:, None] * f["mirror_y"]  # (n, 1, 64), (n, 64, 1)
    u, v, fold = _on_cloth(x, y, f)  # (n, 64, 64) each
    scene = f["mean_tone"] + f["polarity"] * f["contrast"] * _pattern(u, v, labels, f)
    _print(scene, u, v, f)
    scene *= 1 + _mottle(rng, f)
    scene *= np.maximum(1 + _light(x, y, f) + f["fold"] * fold, 0.1)
    _occlude(scene, x, y, f)
    _erase(scene, f)
    return _compress(_expose(rng, scene, f), factors["jpeg_quality"])


def _on_cloth(x: Floats, y: Floats, f: dict[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Where on the cloth each place of the image lies, in px, and how folds light it, in -1 to 1."""
    tilt = f["perspective"] * np.float32(2 / SIDE)
    tilt_x, tilt_y = tilt * np.cos(f["perspective_angle"]), tilt * np.sin(f["perspective_angle"])
    depth: Floats = 1 + tilt_x * x + tilt_y * y
    x, y = x / depth, y / depth
    across_x, across_y = np.cos(f["fold_angle"]), np.sin(f["fold_angle"])
    wave = np.float32(2 * np.pi) / f["fold_wavelength"]
    bend = f["fold_bend"] * np.sin((across_x * y - across_y * x) * (0.6 * wave) + f["fold_phase"])
    fold = np.sin((across_x * x + across_y * y) * wave + f["fold_phase"] + bend)
    # A fold pulls the pattern along, at a slope of at most a seventh: lines wave and keep their direction.
    pull = np.minimum(f["fold"], 0.4) * 0.35 / wave * fold
    x += across_x * pull
    y += across_y * pull
    turn = f["angle"] * np.float32(np.pi / 180)
    cos, sin = np.cos(turn), np.sin(turn)
    return cos * x + sin * y, cos * y - sin * x, 0.4 * fold + 0.6 * fold * np.abs(fold)


def _pattern(u: Floats, v: Floats, labels: NDArray[np.int64], f: dict[str, Floats]) -> Floats:
    """The woven pattern, from -0.5 to 0.5 and 0 on uniform cloth, shape (n, 64, 64)."""
    pattern = np.zeros_like(u)
    for label, shape in ((HORIZONTAL, _lines), (VERTICAL, _lines), (SQUARES, _squares), (DOTS, _dots)):
        rows = labels == label
        own = {name: f[name][rows] for name in ("period", "phase", "phase_across", "duty", "layout")}
        along, across = (v, u) if label == VERTICAL else (u, v)
        pattern[rows] = shape(along[rows], across[rows], own) - np.float32(0.5)
    pattern[labels == UNIFORM] = 0
    return pattern


def _stripes(t: Floats, period: Floats, phase: Floats, duty: Floats) -> Floats:
    """1 within stripes across `t`, 0 between them, with soft edges."""
    turns = t / period + phase
    turns -= np.rint(turns)
    np.abs(turns, out=turns)
    inside: Floats = np.clip((0.5 * duty - turns) * (period / EDGE) + 0.5, 0, 1)
    return inside


def _lines(_: Floats, across: Floats, f: dict[str, Floats]) -> Floats:
    """Lines; in one layout with a thin, fainter line in each wide gap."""
    lines = _stripes(across, f["period"], f["phase"], f["duty"])
    thin = (f["layout"] == GINGHAM) & (f["period"] * (1 - f["duty"]) > 4)
    rows = thin[:, 0, 0]
    period = f["period"][rows]
    lines[rows] += np.float32(0.6) * _stripes(across[rows], period, f["phase"][rows] + 0.5, 1.2 / period)
    return lines


def _squares(along: Floats, across: Floats, f: dict[str, Floats]) -> Floats:
    """Checkered cloth, grids, single squares and gingham, by layout."""
    a = _stripes(along, f["period"], f["phase_across"], f["duty"])
    b = _stripes(across, f["period"], f["phase"], f["duty"])
    both = a * b
    of_a, of_both = np.zeros_like(f["layout"]), np.zeros_like(f["layout"])  # layout = of_a (a + b) + of_both a b
    for layout, weights in {CHECKED: (1, -2), GRID: (1, -1), TILES: (0, 1), GINGHAM: (0.5, 0)}.items():
        of_a[f["layout"] == layout], of_both[f["layout"] == layout] = weights
    return of_a * (a + b) + of_both * both


def _dots(along: Floats, across: Floats, f: dict[str, Floats]) -> Floats:
    """Round dots in a square or a staggered layout."""
    u, v = along / f["period"] + f["phase_across"], across / f["period"] + f["phase"]
    squared = np.square(u - np.rint(u)) + np.square(v - np.rint(v))
    rows = f["layout"][:, 0, 0] >= 2
    # Staggered: a second lattice in the gaps of a wider one. sqrt(2) keeps the distance between dots.
    u, v = u[rows] / np.float32(2**0.5), v[rows] / np.float32(2**0.5)
    first = np.square(u - np.rint(u)) + np.square(v - np.rint(v))
    u, v = u + np.float32(0.5), v + np.float32(0.5)
    second = np.square(u - np.rint(u)) + np.square(v - np.rint(v))
    squared[rows] = 2 * np.minimum(first, second)
    inside: Floats = np.clip((0.5 * f["duty"] - np.sqrt(squared)) * (f["period"] / EDGE) + 0.5, 0, 1)
    return inside


def _print(scene: Floats, u: Floats, v: Floats, f: dict[str, Floats]) -> None:
    """Print one blob with lobes, like a logo, on the items that have one."""
    rows = f["print"][:, 0, 0] > 0
    own = {name: values[rows] for name, values in f.items() if name.startswith("print")}
    x, y = u[rows] - own["print_x"], v[rows] - own["print_y"]
    lobes = own["print_depth"] * np.cos(np.arctan2(y, x) * own["print_lobes"] + own["print_x"])
    ink = np.clip((own["print"] * (1 + lobes) - np.hypot(x, y)) / EDGE, 0, 1)
    scene[rows] += f["polarity"][rows] * f["contrast"][rows] * ink


def _mottle(rng: np.random.Generator, f: dict[str, Floats]) -> Floats:
    """Uneven yarn: smooth random spots of about 3 px, shape (n, 64, 64)."""
    spots = rng.standard_normal((len(f["mottle"]), 12, 12), dtype=np.float32)
    spread = _scale_up(np.full((1, 1, 1), 12, np.float32), FINE, 12)  # (1, 64, 12)
    smooth: Floats = f["mottle"] * np.matmul(np.matmul(spread, spots), spread.transpose(0, 2, 1))
    return smooth


def _light(x: Floats, y: Floats, f: dict[str, Floats]) -> Floats:
    """A lamp from one side: a gradient from -light to light."""
    strength = f["light"] * (2 / SIDE)
    slope: Floats = strength * np.cos(f["light_angle"]) * x + strength * np.sin(f["light_angle"]) * y
    return slope


def _occlude(scene: Floats, x: Floats, y: Floats, f: dict[str, Floats]) -> None:
    """Lay a strap or an arm, rounded by its shading, over the items that have one."""
    rows = f["occlusion"][:, 0, 0] > 0
    width, angle = f["occlusion"][rows], f["occlusion_angle"][rows]
    away = np.cos(angle) * x[rows] + np.sin(angle) * y[rows] - f["occlusion_offset"][rows]
    cover = np.clip((width - np.abs(away)) / EDGE, 0, 1)
    own = f["occlusion_tone"][rows] * (1 - np.float32(0.3) * np.square(np.clip(away / width, -1, 1)))
    scene[rows] += cover * (own - scene[rows])


def _erase(scene: Floats, f: dict[str, Floats]) -> None:
    """Fill a rectangle with one tone on the items that have one."""
    rows = f["erased"][:, 0, 0] > 0
    side = np.sqrt(f["erased"][rows]) * (SIDE / 2)  # half of it
    aspect = f["erased_aspect"][rows]
    in_x = np.abs(PLACES - f["erased_x"][rows]) < side * aspect
    in_y = np.abs(PLACES[:, None] - f["erased_y"][rows]) < side / aspect
    scene[rows] = np.where(in_x & in_y, f["erased_tone"][rows], scene[rows])


def _expose(rng: np.random.Generator, scene: Floats, f: dict[str, Floats]) -> Floats:
    """Blur the scene, sample it with the sensor's pixels, add noise and scale to 32x32, in 0 to 255."""
    resolution = f["resolution"]
    pixel = np.minimum(np.arange(SIDE, dtype=np.float32), resolution - 1)[:, 0, :, None]  # (n, 32, 1)
    centre = (pixel + 0.5) * (SIDE / resolution) - SIDE / 2
    width = np.hypot(f["blur"], np.float32(0.3) * SIDE / resolution)  # 0.3: deviation of a box of width 1
    lens = np.exp(-0.5 * np.square((PLACES - centre) / width))  # (n, 32, 64)
    lens /= lens.sum(-1, keepdims=True)
    seen = lens @ scene @ lens.transpose(0, 2, 1) * f["gain"] + f["lift"]
    seen += f["noise"] * rng.standard_normal(seen.shape, dtype=np.float32)
    np.clip(seen, 0, 1, out=seen)
    wide = _scale_up(resolution, SIDE, SIDE)
    pixels: Floats = wide @ seen @ wide.transpose(0, 2, 1) * np.float32(255)
    return pixels


def _scale_up(resolution: Floats, side: int, columns: int) -> Floats:
    """Linear interpolation from the first `resolution` pixels to `side`, shape (n, side, columns)."""
    place = (np.arange(side, dtype=np.float32)[:, None] + 0.5) * (resolution / side) - 0.5  # (n, side, 1)
    place = np.clip(place, 0, resolution - 1)
    weights: Floats = np.maximum(1 - np.abs(place - np.arange(columns, dtype=np.float32)), 0)
    return weights


def _compress(pixels: Floats, quality: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Lose what a JPEG of that quality (1 to 100) loses, in blocks of 8x8."""
    from scipy.fft import dctn, idctn  # imports slowly

    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    step = np.clip((LUMINANCE * scale[:, None, None] + 50) // 100, 1, 255).astype(np.float32)[:, None, :, None, :]
    blocks = pixels.reshape(-1, SIDE // 8, 8, SIDE // 8, 8) - np.float32(128)
    waves = dctn(blocks, axes=(2, 4), norm="ortho")
    blocks = idctn(np.rint(waves / step) * step, axes=(2, 4), norm="ortho") + np.float32(128)
    grey: NDArray[np.uint8] = np.clip(np.rint(blocks), 0, 255).astype(np.uint8)
    return grey.reshape(pixels.shape)
