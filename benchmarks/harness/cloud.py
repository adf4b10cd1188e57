"""Synthetic maps: ten Gaussian petals of any number of points, as a run of ours and as plain arrays."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.fields import Config, hyper
from explorer.latent.targets import PAPER_RADIUS, class_circle, petal_distance
from explorer.zoo.card import Card, DataPart, TargetsPart
from explorer.zoo.store import LATENTS, Latents, write_card, write_latents

CLASSES = 10
SIDE = 32
TEST_SHARE = 0.2
FOLDER = "LATENT_EXPLORER_BENCHMARK_CLOUDS"  # environment variable: where the peer finds its arrays


class NoiseConfig(Config):
    """Settings of the synthetic items."""

    n: int = hyper(10_000, low=10, help="items")


def labels_of(n: int) -> NDArray[np.int64]:
    """Class of each item, shape (n,)."""
    return np.arange(n) % CLASSES


def centres() -> NDArray[np.float64]:
    """Middle of each petal, shape (10, 2)."""
    return class_circle(CLASSES, distance=petal_distance(CLASSES)).centres


def places(n: int) -> NDArray[np.float32]:
    """Latents, shape (n, 2): each petal is round, half of the configured radius wide."""
    noise = np.random.default_rng(n).standard_normal((n, 2))
    return (centres()[labels_of(n)] + PAPER_RADIUS / 2 * noise).astype(np.float32)


def images(n: int) -> NDArray[np.uint8]:
    """Noise, shape (n, 1, 32, 32): windows into one strip, so that a million items cost nothing to make."""
    strip = np.random.default_rng(0).integers(0, 256, n + SIDE * SIDE, np.uint8)
    return np.lib.stride_tricks.as_strided(strip, (n, 1, SIDE, SIDE), (1, 1, SIDE, 1), writeable=False)


def is_test(n: int) -> NDArray[np.bool_]:
    """True for the items of the test split, which come last, shape (n,)."""
    return np.arange(n) >= n - int(TEST_SHARE * n)


def load(config: NoiseConfig, _root: Path, _progress: Progress | None = None) -> Dataset:
    """The items behind a synthetic map."""
    n, names = config.n, tuple(f"petal {i}" for i in range(CLASSES))
    return Dataset("noise", images(n), labels_of(n), names, np.arange(n), is_test(n))


NOISE = DatasetSource("noise", "Windows into noise: items for benchmarks of the map", NoiseConfig, load)


def write_run(runs_root: Path, n: int) -> str:
    """Write a run of n points; returns its name. It has latents and class centres, but no network."""
    name = f"petals-{n}"
    folder = runs_root / name
    folder.mkdir(parents=True)
    z, labels, test, ids = places(n), labels_of(n), is_test(n), np.arange(n)
    sure = (0.9 * np.eye(CLASSES) + 0.1 / CLASSES)[labels].astype(np.float32)
    none = np.empty((n, 0), np.float32)
    parts = {
        split: Latents(ids[rows], z[rows], labels[rows], sure[rows], *[none[rows]] * 3)
        for split, rows in (("train", ~test), ("test", test))
    }
    digest = write_latents(folder, parts)  # type: ignore[arg-type]
    write_card(folder, _card(name, n, int(test.sum()), {LATENTS: digest}))
    return name


def _card(name: str, n: int, test_items: int, files: dict[str, str]) -> Card:
    targets = class_circle(CLASSES, distance=petal_distance(CLASSES))
    values: dict[str, Any] = {
        "name": name,
        "title": "Synthetic petals",
        "status": "finished",
        "method": "supervised",
        "config": {},
        "paper": "none",
        "data": DataPart(name="noise", settings={"n": n}, train_items=n - test_items, test_items=test_items),
        "classes": [f"petal {i}" for i in range(CLASSES)],
        "shape": (1, SIDE, SIDE),
        "latent_dims": 2,
        "has_decoder": False,
        "targets": TargetsPart(centres=targets.centres.tolist(), radii=targets.radii.tolist()),
        "training": {},
        "epochs_done": 1,
        "device": "cpu",
        "command": "a benchmark",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {},
        "files": files,
    }
    return Card.model_validate(values)


def write_arrays(folder: Path, xy: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """Write the same points for the peer, found there by their number."""
    np.savez(folder / f"{len(xy)}.npz", xy=xy, labels=labels)


def read_arrays(n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Places (n, 2) and classes (n,), as written by `write_arrays`."""
    with np.load(Path(os.environ[FOLDER]) / f"{n}.npz") as arrays:
        return arrays["xy"], arrays["labels"]
