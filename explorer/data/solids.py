"""The data set `solids`: objects of eleven categories, drawn from all around in ten hues and before ten backgrounds.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, whose rendered models are not free: each instance is a group that is shown in several perspectives.
"""

import colorsys
import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data import cache
from explorer.data.backgrounds import PATTERNS, backgrounds
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.rendering import SIDE, renderer
from explorer.data.shapes import CATEGORIES
from explorer.fields import Config, hyper

HUES = 10
AZIMUTHS = tuple(range(0, 360, 45))
ELEVATIONS = (0, 15, 30, 45)
VIEWS = len(AZIMUTHS) * len(ELEVATIONS)
SATURATION = 0.8  # so that shading is seen in every hue
COARSE = 2  # pixels of a pattern, in each direction
VERSION = 1  # raise it when the pixels change
CHUNK = 50  # instances between two words of progress
TEST_EACH = 5  # of each category one instance of so many is for the test


class SolidsConfig(Config):
    """Settings of the data set `solids`."""

    n: int = hyper(
        1100, low=55, high=50_000, help="Instances, the categories in turn, a fifth for the test", unit="instances"
    )
    perspectives: int = hyper(6, low=2, high=VIEWS, help="Images of each instance", symbol="K", unit="images")
    seed: int = hyper(0, low=0, high=9_999_999, help="Another seed gives other shapes and perspectives")


def load(config: SolidsConfig, data_root: Path, progress: Progress | None = None) -> Dataset:
    """Read the data set from its cache, or draw it, piece by piece, and keep it there.

    Args:
        config: the settings.
        data_root: the cache lies in its folder `solids`; what lies there needs no renderer.
        progress: called with (images done, images in all).

    Returns:
        Images of shape (3, 64, 64) in the order of their instances, memory-mapped; a class is a category; factors
        "category", "azimuth", "elevation" and "hue" in degrees, "background" and "instance", which makes the groups. No
        view of an instance comes twice. An instance is in one split with all its images, and depends on the seed and
        its number alone.

    Raises:
        MissingDataError: there is no cache, and VTK is not installed or cannot draw.
        ExplorerError: the cache cannot be written, and the images take over 1 GB.
    """
    folder = data_root / "solids" / f"v{VERSION}-n{config.n}-k{config.perspectives}-seed{config.seed}"
    settings = json.dumps({"version": VERSION, **config.model_dump()})
    found = cache.pieces_through_cache(
        folder,
        settings,
        name="solids",
        shape=(3, SIDE, SIDE),
        make_table=lambda: _table(config),
        draw=lambda table: _images(config, table["factors"], progress),
    )
    return replace(found, group="instance")


def _table(config: SolidsConfig) -> dict[str, Any]:
    """All that the cache keeps beside the images."""
    k, numbers = config.perspectives, np.arange(config.n)
    seen = [_perspectives(config, number) for number in range(config.n)]
    view, hue, background = (np.concatenate([one[name] for one in seen]) for name in ("view", "hue", "background"))
    instance = np.repeat(numbers, k)
    labels = instance % len(CATEGORIES)
    return {
        "labels": labels,
        "classes": tuple(CATEGORIES),
        "ids": (config.seed << 26) + (instance << 5) + np.tile(np.arange(k), config.n),  # below 2**53
        "is_test": instance // len(CATEGORIES) % TEST_EACH == 0,
        "factors": {
            "category": np.array(list(CATEGORIES))[labels],
            "azimuth": np.array(AZIMUTHS)[view // len(ELEVATIONS)],
            "elevation": np.array(ELEVATIONS)[view % len(ELEVATIONS)],
            "hue": hue * (360 // HUES),
            "background": np.array(list(PATTERNS))[background],
            "instance": instance,
        },
    }


def _perspectives(config: SolidsConfig, number: int) -> dict[str, NDArray[np.int64]]:
    """View, hue, background and its shift of an instance's images; more of them begin with the fewer."""
    rng = np.random.default_rng([config.seed, 1, number])
    drawn = {
        "view": rng.permutation(VIEWS),
        "hue": rng.integers(0, HUES, VIEWS),
        "background": rng.integers(0, len(PATTERNS), VIEWS),
        "shift": rng.integers(0, SIDE, (VIEWS, 2)),
    }
    return {name: values[: config.perspectives] for name, values in drawn.items()}


def _images(
    config: SolidsConfig, factors: dict[str, NDArray[Any]], progress: Progress | None
) -> Generator[NDArray[np.uint8], None, None]:
    """The images of some instances at a time, (m, 3, 64, 64)."""
    draws, k = list(CATEGORIES.values()), config.perspectives
    views = np.stack([factors["azimuth"], factors["elevation"]], axis=1).reshape(config.n, k, 2).tolist()
    with renderer() as render:
        for start in range(0, config.n, CHUNK):
            numbers = range(start, min(start + CHUNK, config.n))
            layers = []
            for number in numbers:
                parts = draws[number % len(draws)](np.random.default_rng([config.seed, 0, number]))
                layers.append(render(parts, views[number]))
            seen = [_perspectives(config, number) for number in numbers]
            hue, background, shift = (
                np.concatenate([one[name] for one in seen]) for name in ("hue", "background", "shift")
            )
            behind = backgrounds(background, shift, SIDE // COARSE).repeat(COARSE, axis=1).repeat(COARSE, axis=2)
            yield composed(np.concatenate(layers), hue, behind)
            if progress:
                progress(numbers.stop * k, config.n * k)


def composed(layers: NDArray[np.uint8], hues: NDArray[np.integer], behind: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Give rendered solids their hue and background: hue * colour + white + (1 - cover) * background.

    Args:
        layers: hue, white and cover of each pixel, shape (n, 3, h, w).
        hues: 0 to 9, shape (n,).
        behind: grey backgrounds, 0 to 1, shape (n, h, w).

    Returns:
        Shape (n, 3, h, w).
    """
    colours = np.array([colorsys.hsv_to_rgb(number / HUES, SATURATION, 1) for number in range(HUES)], np.float32)
    hue, white, cover = (layers[:, channel, None].astype(np.float32) / 255 for channel in range(3))
    drawn = hue * colours[hues, :, None, None] + white + (1 - cover) * behind[:, None]
    return np.asarray(np.rint(255 * drawn.clip(0, 1)), np.uint8)


SOLIDS = DatasetSource(
    "solids",
    "Rendered solids: aeroplanes to trains of 64x64 from all around, each shape shown six times; needs VTK once",
    SolidsConfig,
    load,
    training={"augment": False, "batch_size": 60, "epochs": 30},
    shape=(3, SIDE, SIDE),
)
