"""The data set `textures`: grey 32x32 clothes textures in five classes, computed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from explorer.data.cache import through_cache
from explorer.data.cloth import OTHER, SIDE, TRAINING, Factors, draw, photograph_anew
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.photograph import photograph
from explorer.errors import BadValueError
from explorer.fields import Config, hyper

CLASSES = ("uniform", "horizontal lines", "vertical lines", "squares", "dots")
VERSION = 2  # raise it when the pixels change: caches of other versions are left alone
CHUNK = 250  # pieces of cloth that share a random stream
ONLY_ON_SIBLINGS = ("sibling", "mirror_x", "mirror_y", "erased", "erased_x", "erased_y", "erased_aspect", "erased_tone")
LEAK = (
    'Split "post": other photographs of the test pieces of cloth are in the training set, '
    'so the test accuracy is too good; split "pre" gives the true one.'
)


class TexturesConfig(Config):
    """Settings of the data set `textures`."""

    n: int = hyper(10_000, low=50, high=1_000_000, help="Images to generate", unit="images")
    seed: int = hyper(0, low=0, high=99_999_999, help="Another seed gives other pieces of cloth")
    split: Literal["pre", "post"] = hyper(
        "pre", help='"pre": split pieces of cloth, then photograph; "post": split photographs, which leaks'
    )
    siblings: int = hyper(1, low=1, high=20, help="Photographs of each piece of cloth", unit="images")
    cameras: Literal["training", "other"] = hyper(
        "training", help='"other": worse cameras and other cloth, to measure generalisation'
    )

    @model_validator(mode="after")
    def _fits(self) -> "TexturesConfig":
        if self.split == "post" and self.siblings < 2:
            raise BadValueError(
                'textures: split = "post" needs siblings of at least 2, but siblings is 1. '
                'Raise siblings, or choose split = "pre".'
            )
        if self.n < 10 * self.siblings:
            raise BadValueError(
                f"textures: n = {self.n} with {self.siblings} siblings gives less than ten pieces of cloth, two for "
                f"each class. Raise n to at least {10 * self.siblings}, or lower siblings."
            )
        return self


def textures(config: TexturesConfig, progress: Progress | None = None) -> Dataset:
    """Generate the data set.

    An image depends on seed, cameras, its piece of cloth and its number among the siblings only:
    another n or another number of siblings leaves it, its id and (in split "pre") its side of the
    split as they are. Pieces take the classes in turn.

    Args:
        config: the settings.
        progress: called with (images done, n) every 250 images.

    Returns:
        The images in order of piece, then sibling. In split "pre" siblings of test pieces are
        missing, so that there are fewer than n images where siblings > 1.
    """
    piece, sibling = np.divmod(np.arange(config.n), config.siblings)
    is_test = _split(config, piece, sibling)
    keep = np.ones(config.n, np.bool_) if config.split == "post" else ~is_test | (sibling == 0)
    images = np.empty((np.count_nonzero(keep), 1, SIDE, SIDE), np.uint8)
    parts: list[Factors] = []
    filled, step = 0, CHUNK * config.siblings
    for chunk, start in enumerate(range(0, config.n, step)):
        pixels, factors = _chunk(config, chunk, progress)  # (step, 32, 32)
        rows = np.flatnonzero(keep[start : start + step])
        images[filled : filled + len(rows), 0] = pixels[rows]
        parts.append({name: values[rows] for name, values in factors.items()})
        filled += len(rows)
    return Dataset(
        name="textures",
        items=images,
        labels=piece[keep] % len(CLASSES),
        classes=CLASSES,
        ids=_ids(config, piece[keep], sibling[keep]),
        is_test=is_test[keep],
        factors={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        leak=_leak(config),
    )


def _random(config: TexturesConfig, *place: int) -> np.random.Generator:
    """The random stream of one place in the data set; all places have equally many numbers."""
    return np.random.default_rng([config.seed, int(config.cameras == "other"), *place])


def _split(config: TexturesConfig, piece: NDArray[np.int64], sibling: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Choose one of each five of a class for the test, pieces in "pre" and images in "post"."""
    label, rank = piece % len(CLASSES), piece // len(CLASSES)
    if config.split == "post":
        rank = rank * config.siblings + sibling
    block = rank // 5
    chosen = _random(config, 0, 0, 0).integers(0, 5, (block.max() + 1, len(CLASSES)))
    chosen[0] %= 2  # a data set of two items a class has one for the test, too
    is_test: NDArray[np.bool_] = rank % 5 == chosen[block, label]
    return is_test


def _ids(config: TexturesConfig, piece: NDArray[np.int64], sibling: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pack seed, cameras (1 bit), piece (20 bits) and sibling (5 bits): below 2**53, exact in JavaScript too."""
    ids: NDArray[np.int64] = (config.seed << 26) + (int(config.cameras == "other") << 25) + (piece << 5) + sibling
    return ids


def _chunk(config: TexturesConfig, chunk: int, progress: Progress | None) -> tuple[NDArray[np.uint8], Factors]:
    """All photographs of 250 pieces of cloth, siblings side by side."""
    labels = np.arange(CHUNK) % len(CLASSES)
    original = draw(_random(config, 1, chunk, 0), labels, OTHER if config.cameras == "other" else TRAINING)
    images, factors = [], []
    for sibling in range(config.siblings):
        rng = _random(config, 2, chunk, sibling)
        factors.append(photograph_anew(rng, original, sibling) if sibling else original)
        images.append(photograph(rng, labels, factors[-1]))
        if progress:
            progress(min(CHUNK * (chunk * config.siblings + sibling + 1), config.n), config.n)
    dropped = ONLY_ON_SIBLINGS if config.siblings == 1 else ()
    merged = {name: np.stack([one[name] for one in factors], 1).reshape(-1) for name in original if name not in dropped}
    merged = {name: v.astype(np.float32) if v.dtype.kind == "f" else v.astype(np.int64) for name, v in merged.items()}
    merged["source"] = np.repeat(np.arange(CHUNK) + CHUNK * chunk, config.siblings)
    return np.stack(images, 1).reshape(-1, SIDE, SIDE), merged


def load(config: TexturesConfig, data_root: Path, progress: Progress | None = None) -> Dataset:
    """Read the data set from its cache, or generate and cache it.

    Args:
        config: the settings.
        data_root: the cache lies in its folder `textures`.
        progress: as for `textures`.

    Returns:
        The data set, its images memory-mapped; in memory where the data root cannot be written. The photographs
        of a piece of cloth are a group.
    """
    dataset = through_cache(
        data_root / "textures" / _folder_name(config),
        json.dumps({"version": VERSION, **config.model_dump()}, sort_keys=True),
        lambda: textures(config, progress),
        name="textures",
        leak=_leak(config),
    )
    return replace(dataset, group="source") if config.siblings > 1 else dataset


def _leak(config: TexturesConfig) -> str:
    return LEAK if config.split == "post" else ""


def _folder_name(config: TexturesConfig) -> str:
    return f"v{VERSION}-{config.cameras}-{config.split}-n{config.n}-siblings{config.siblings}-seed{config.seed}"


def _other_cameras(config: TexturesConfig) -> TexturesConfig:
    """Cloth and cameras that a run on `config` never saw, without siblings, so that nothing leaks."""
    cameras: Literal["training", "other"] = "training" if config.cameras == "other" else "other"
    return TexturesConfig(n=2000, seed=config.seed, cameras=cameras)


TEXTURES = DatasetSource(
    "textures",
    "Clothes textures: uniform, horizontal and vertical lines, squares and dots, computed as if photographed",
    TexturesConfig,
    load,
    shifts={"other_cameras": _other_cameras},
    shape=(1, SIDE, SIDE),
)
