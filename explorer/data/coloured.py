"""The data set `coloured`: handwritten digits in ten hues, ten orientations and before ten backgrounds.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, MNIST-CRB: each digit instance is a group that is shown in six perspectives.
"""

import colorsys
import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.data import cache
from explorer.data.backgrounds import PATTERNS, backgrounds
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.digits import DIGITS, DigitsConfig
from explorer.data.mnist import MNIST, MnistConfig
from explorer.errors import BadValueError, MissingDataError
from explorer.fields import Config, hyper

SIDE = 28
HUES = ORIENTATIONS = 10
LARGE = 20  # pixels that an 8x8 digit is enlarged to
VERSION = 1  # raise it when the pixels change
CHUNK = 250  # instances that share a random stream
TEST_SHARE = 0.2


class ColouredConfig(Config):
    """Settings of the data set `coloured`."""

    n: int = hyper(1750, low=20, high=70_000, help="Digit instances, a fifth of them for the test", unit="instances")
    perspectives: int = hyper(6, low=2, high=32, help="Images of each instance", symbol="K", unit="images")
    seed: int = hyper(0, low=0, high=9_999_999, help="Another seed gives other instances and perspectives")
    source: Literal["auto", "mnist", "digits"] = hyper(
        "auto",
        help="whose digits: MNIST's, or scikit-learn's, which need no download; auto takes MNIST's if they are here",
    )


def load(config: ColouredConfig, data_root: Path, progress: Progress | None = None) -> Dataset:
    """Read the data set from its cache, or draw it, piece by piece, and keep it there.

    Args:
        config: the settings.
        data_root: the digits' own, too; the cache lies in its folder `coloured`.
        progress: called with (images done, images in all).

    Returns:
        Images of shape (3, 28, 28) in the order of their instances, memory-mapped; a class is a digit; factors
        "digit", "hue", "orientation", "background" and "instance", which makes the groups. An instance is in one
        split with all its images, and only test digits of the source are in the test.

    Raises:
        MissingDataError: MNIST's digits are asked for and not here.
        BadValueError: more instances than the source has digits.
        ExplorerError: the cache cannot be written, and the images take over 1 GB.
    """
    source, glyphs = _glyphs(config, data_root)
    identity = source if config.source == "auto" else ""  # else the settings say it
    folder = data_root / "coloured" / f"v{VERSION}-{source}-n{config.n}-k{config.perspectives}-seed{config.seed}"
    settings = json.dumps({"version": VERSION, "source": source, **config.model_dump(exclude={"source"})})
    found = cache.pieces_through_cache(
        folder,
        settings,
        name="coloured",
        shape=(3, SIDE, SIDE),
        make_table=lambda: _table(config, glyphs),
        draw=lambda _: _images(config, glyphs, progress),
    )
    return replace(found, identity=identity, group="instance")


def _glyphs(config: ColouredConfig, data_root: Path) -> tuple[str, Dataset]:
    """Whose digits are taken, and the digits."""
    if config.source != "digits":
        try:
            return _checked(config, "mnist", MNIST.load(MnistConfig(), data_root, None))
        except MissingDataError:
            if config.source == "mnist":
                raise
    return _checked(config, "digits", DIGITS.load(DigitsConfig(), data_root, None))


def _checked(config: ColouredConfig, source: str, glyphs: Dataset) -> tuple[str, Dataset]:
    tests = config.n - _training(config)
    if _training(config) > len(glyphs.rows("train")) or tests > len(glyphs.rows("test")):
        most = min(int(len(glyphs.rows("train")) / (1 - TEST_SHARE)), int(len(glyphs.rows("test")) / TEST_SHARE))
        raise BadValueError(
            f"n = {config.n} instances, but the digits of the data set {source} are enough for {most}; lower --data.n."
        )
    return source, glyphs


def _training(config: ColouredConfig) -> int:
    """How many instances are for training."""
    return config.n - round(TEST_SHARE * config.n)


def _rows(config: ColouredConfig, glyphs: Dataset) -> NDArray[np.intp]:
    """The digits that are shown, one an instance: first those for training, then those for the test."""
    rng, training = np.random.default_rng([config.seed, 0]), _training(config)
    train, test = (rng.permutation(glyphs.rows(split)) for split in ("train", "test"))
    return np.concatenate([train[:training], test[: config.n - training]])


def _perspectives(config: ColouredConfig, chunk: int) -> dict[str, NDArray[np.int64]]:
    """Factors of all images of some instances, and how far their backgrounds are shifted."""
    rng, n = np.random.default_rng([config.seed, 1, chunk]), CHUNK * config.perspectives
    kinds = {"hue": HUES, "orientation": ORIENTATIONS, "background": len(PATTERNS)}
    return {factor: rng.integers(0, many, n) for factor, many in kinds.items()} | {
        "shifts": rng.integers(0, SIDE, (n, 2))
    }


def _table(config: ColouredConfig, glyphs: Dataset) -> dict[str, Any]:
    """All that the cache keeps beside the images."""
    rows, k = _rows(config, glyphs), config.perspectives
    labels, instance = np.repeat(glyphs.labels[rows], k), np.repeat(glyphs.ids[rows], k)
    seen = [_perspectives(config, chunk) for chunk in range(-(-config.n // CHUNK))]
    drawn = {
        name: np.concatenate([one[name] for one in seen])[: len(labels)]
        for name in ("hue", "orientation", "background")
    }
    return {
        "labels": labels,
        "classes": glyphs.classes,
        "ids": (config.seed << 26) + (instance << 5) + np.tile(np.arange(k), len(rows)),  # below 2**53
        "is_test": np.repeat(np.arange(len(rows)) >= _training(config), k),
        "factors": {
            "digit": labels,
            "hue": drawn["hue"] * (360 // HUES),
            "orientation": drawn["orientation"] * (360 // ORIENTATIONS),
            "background": np.array(list(PATTERNS))[drawn["background"]],
            "instance": instance,
        },
    }


def _images(
    config: ColouredConfig, glyphs: Dataset, progress: Progress | None
) -> Generator[NDArray[np.uint8], None, None]:
    """The images of some instances at a time, (m, 3, 28, 28)."""
    rows, k = _rows(config, glyphs), config.perspectives
    (froms, weights), colours = _turns(), _colours()
    for chunk, start in enumerate(range(0, len(rows), CHUNK)):
        some = rows[start : start + CHUNK]
        seen = {name: values[: len(some) * k] for name, values in _perspectives(config, chunk).items()}
        ink = np.repeat(_enlarged(glyphs.items[some, 0]), k, axis=0).reshape(-1, SIDE * SIDE)
        where, weight = froms[seen["orientation"]], weights[seen["orientation"]]  # (m, 784, 4) each
        gathered = np.take_along_axis(ink, where.reshape(len(ink), -1), axis=1).reshape(where.shape)
        turned = (gathered * weight).sum(axis=2).reshape(-1, 1, SIDE, SIDE)
        behind = backgrounds(seen["background"], seen["shifts"], SIDE)[:, None]
        drawn = turned * colours[seen["hue"], :, None, None] + (1 - turned) * behind
        yield np.rint(255 * drawn).astype(np.uint8)
        if progress:
            progress(min(start + CHUNK, len(rows)) * k, len(rows) * k)


def _enlarged(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ink of digits, 0 to 1, on 28 x 28: those of 8 x 8 are enlarged and centred."""
    if images.shape[1:] == (SIDE, SIDE):
        return images.astype(np.float32) / np.float32(255)
    whole = np.zeros((len(images), SIDE, SIDE), np.float32)
    rim = (SIDE - LARGE) // 2
    for image, room in zip(images, whole[:, rim : rim + LARGE, rim : rim + LARGE], strict=True):
        room[:] = np.asarray(Image.fromarray(image).resize((LARGE, LARGE), Image.Resampling.BICUBIC), np.float32) / 255
    return whole


def _turns() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each orientation and pixel the four pixels that it comes from and their weights, (10, 784, 4) each."""
    centre = (SIDE - 1) / 2
    y, x = (axis.ravel() - centre for axis in np.mgrid[:SIDE, :SIDE])
    where, weight = (
        np.zeros((ORIENTATIONS, SIDE * SIDE, 4), np.intp),
        np.zeros((ORIENTATIONS, SIDE * SIDE, 4), np.float32),
    )
    for number in range(ORIENTATIONS):
        angle = 2 * np.pi * number / ORIENTATIONS
        columns = np.cos(angle) * x - np.sin(angle) * y + centre
        rows = np.sin(angle) * x + np.cos(angle) * y + centre
        for corner, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
            row, column = np.floor(rows) + down, np.floor(columns) + right
            inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
            share = (1 - np.abs(rows - row)) * (1 - np.abs(columns - column))
            where[number, :, corner] = np.where(inside, row * SIDE + column, 0).astype(np.intp)
            weight[number, :, corner] = np.where(inside, share, 0)
    return where, weight


def _colours() -> NDArray[np.float32]:
    """RGB of each hue, bright and full, 0 to 1, shape (10, 3)."""
    return np.array([colorsys.hsv_to_rgb(number / HUES, 1, 1) for number in range(HUES)], np.float32)


COLOURED = DatasetSource(
    "coloured",
    "Coloured digits: ten hues, orientations and backgrounds, each digit shown six times",
    ColouredConfig,
    load,
    training={"augment": False, "batch_size": 120, "epochs": 30},
    shape=(3, SIDE, SIDE),
)
