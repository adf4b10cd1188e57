"""Synthetic maps: ten Gaussian petals of any number of points, as a run of ours and as plain arrays."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.fields import Config, hyper
from explorer.latent.confidence import fit_svm
from explorer.latent.targets import PAPER_RADIUS, class_circle, petal_distance
from explorer.workflows.maps import latent_map
from explorer.workflows.runs import open_run
from explorer.zoo.card import Card, DataPart, TargetsPart
from explorer.zoo.classifier import write_svm
from explorer.zoo.store import LATENTS, SVM, Latents, write_card, write_latents
from harness.pictures import PICTURES

CLASSES = 10
TEST_SHARE = 0.2
FITTED = 10_000  # items that the SVM is fitted on: enough for petals, and a million more would take minutes
FOLDER = "LATENT_EXPLORER_BENCHMARK_CLOUDS"  # environment variable: where the peer finds its arrays


class PetalsConfig(Config):
    """Settings of the synthetic items."""

    n: int = hyper(10_000, low=10, help="items")
    pictures: Literal["noise", "digits", "photographs"] = hyper("noise", help="what they show")


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


def is_test(n: int) -> NDArray[np.bool_]:
    """True for the items of the test split, which come last, shape (n,)."""
    return np.arange(n) >= n - int(TEST_SHARE * n)


def load(config: PetalsConfig, _root: Path, _progress: Progress | None = None) -> Dataset:
    """The items behind a synthetic map."""
    n, names = config.n, tuple(f"petal {i}" for i in range(CLASSES))
    return Dataset("petals", PICTURES[config.pictures](n), labels_of(n), names, np.arange(n), is_test(n))


PETALS = DatasetSource("petals", "Items for benchmarks of the map", PetalsConfig, load)


def prepare(folder: Path, *configs: PetalsConfig) -> dict[str, str]:
    """Write runs and arrays of the same points; returns the environment in which both servers find them."""
    for config in configs:
        write_run(folder / "runs", config)
        write_arrays(folder, places(config.n), labels_of(config.n))
    return {
        "LATENT_EXPLORER_RUNS_ROOT": str(folder / "runs"),
        "LATENT_EXPLORER_DATA_ROOT": str(folder / "data"),
        FOLDER: str(folder),
    }


def name_of(config: PetalsConfig) -> str:
    """What such a run is called."""
    return f"{'petals' if config.pictures == 'noise' else config.pictures}-{config.n}"


def write_run(runs_root: Path, config: PetalsConfig) -> None:
    """Write a run of n points. It has latents, class centres and an SVM, but no network."""
    name, n = name_of(config), config.n
    folder = runs_root / name
    folder.mkdir(parents=True)
    z, labels, test, ids = places(n), labels_of(n), is_test(n), np.arange(n)
    none = np.empty((n, 0), np.float32)
    parts = {
        split: Latents(ids[rows], z[rows], labels[rows], *[none[rows]] * 4)
        for split, rows in (("train", ~test), ("test", test))
    }
    files = {
        LATENTS: write_latents(folder, parts),  # type: ignore[arg-type]
        SVM: write_svm(folder, fit_svm(z[:FITTED], labels[:FITTED], CLASSES)),
    }
    write_card(folder, _card(name, config, int(test.sum()), files))


def _card(name: str, config: PetalsConfig, test_items: int, files: dict[str, str]) -> Card:
    targets = class_circle(CLASSES, distance=petal_distance(CLASSES))
    values: dict[str, Any] = {
        "name": name,
        "title": "Synthetic petals",
        "status": "finished",
        "method": "supervised",
        "config": {},
        "paper": "none",
        "data": DataPart(
            name=PETALS.name,
            settings=config.model_dump(),
            train_items=config.n - test_items,
            test_items=test_items,
        ),
        "classes": [f"petal {i}" for i in range(CLASSES)],
        "shape": PICTURES[config.pictures](1).shape[1:],
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


def mirror(folder: Path, run: str) -> int:
    """Write the points of any run for the peer; returns how many there are."""
    space = latent_map(open_run(run))
    write_arrays(folder, space.places, space.latents.labels)
    return len(space)


def write_arrays(folder: Path, xy: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """Write the same points for the peer, found there by their number."""
    np.savez(folder / f"{len(xy)}.npz", xy=xy, labels=labels)


def read_arrays(n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Places (n, 2) and classes (n,), as written by `write_arrays`."""
    with np.load(Path(os.environ[FOLDER]) / f"{n}.npz") as arrays:
        return arrays["xy"], arrays["labels"]
