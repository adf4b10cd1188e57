"""The command line in this process, in an installation of its own, with small data sets for it to train on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from explorer.cli import main
from explorer.data import DATASETS
from explorer.data.mnist import FILES
from tests.runs import items, vectors

SMALL = (
    *("--epochs", "1", "--batch-size", "32", "--width", "0.0625", "--hidden", "16", "8"),
    *("--precision", "32-true", "--threads", "1"),
)


@dataclass(frozen=True)
class Case:
    """A small data set to train on.

    Args:
        data: its name in DATASETS.
        flags: of the command line, after METHOD DATA.
        prepare: puts its files below a home, and imports what must be imported.
    """

    data: str
    flags: Sequence[str] = ()
    prepare: Callable[[Path], None] = field(default=lambda _: None)


def set_up(home: Path, patch: pytest.MonkeyPatch) -> Path:
    """Let settings point to an empty installation; data sets of other cameras are left out, to be quick."""
    for name, value in {"RUNS_ROOT": home / "runs", "DATA_ROOT": home / "data", "CONFIG": home / "config.toml"}.items():
        patch.setenv(f"LATENT_EXPLORER_{name}", str(value))
    patch.setenv("LATENT_EXPLORER_DEVICE", "cpu")
    for name, source in DATASETS.items():
        patch.setitem(DATASETS, name, replace(source, shifts={}))
    return home


def train(method: str, data: str, name: str, *flags: str) -> int:
    """`latent-explorer train`, small; gives its exit code."""
    return main(["train", method, data, "--name", name, *SMALL, *flags])


def imported(home: Path, path: Path, name: str, *flags: str) -> Path:
    """Import a folder or a file under a name."""
    assert main(["data", "import", str(path), "--name", name, *flags]) == 0
    return home


def pictures(folder: Path, per_class: Mapping[str, int], size: tuple[int, int] = (8, 8), mode: str = "L") -> Path:
    """Noise as PNG files, a subfolder a class; the class "" lies in the folder itself."""
    rng = np.random.default_rng(0)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    for label, n in per_class.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(n):
            pixels = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(pixels, mode).save(folder / label / f"{number}.png")
    return folder


def _mnist(folder: str) -> Callable[[Path], None]:
    def put(home: Path) -> None:
        raw = home / "data" / folder / "raw"
        raw.mkdir(parents=True)
        dataset = items(60, (1, 28, 28), n_classes=10)
        splits = slice(0, 40), slice(40, 60)
        parts = [array[rows] for rows in splits for array in (dataset.items[:, 0], dataset.labels)]
        for name, part in zip(FILES, parts, strict=True):
            sizes = b"".join(size.to_bytes(4, "big") for size in part.shape)
            (raw / name).write_bytes(bytes([0, 0, 8, part.ndim]) + sizes + part.astype(np.uint8).tobytes())

    return put


def _svhn(home: Path) -> None:
    (home / "data" / "SVHN").mkdir(parents=True)
    for name, n in (("train", 40), ("test", 20)):
        dataset = items(n, (3, 32, 32), n_classes=10)
        file = home / "data" / "SVHN" / f"{name}_32x32.mat"
        savemat(file, {"X": dataset.items.transpose(2, 3, 1, 0), "y": (dataset.labels[:, None] + 9) % 10 + 1})


def _folder(home: Path) -> None:
    imported(home, pictures(home / "pictures", {"a": 12, "b": 12, "c": 12}, mode="RGB"), "pictures", "--size", "16")


def _array(name: str, values: Mapping[str, np.ndarray]) -> Callable[[Path], None]:
    def put(home: Path) -> None:
        np.savez(home / f"{name}.npz", **values)
        imported(home, home / f"{name}.npz", name)

    return put


VECTORS, IMAGES = vectors(), items()
CASES = {
    "textures": Case("textures", ("--data.n", "100")),
    "digits": Case("digits", ("--data.test-share", "0.5", "--batch-size", "128")),
    "coloured": Case("coloured", ("--data.n", "100", "--data.perspectives", "6", "--data.source", "digits")),
    "solids": Case("solids", ("--data.n", "55")),
    "bodies": Case("bodies", ("--data.n", "60")),
    "mnist": Case("mnist", prepare=_mnist("MNIST")),
    "svhn": Case("svhn", prepare=_svhn),
    "fashion-mnist": Case("fashion-mnist", prepare=_mnist("FashionMNIST")),
    "folder": Case("folder", ("--data.name", "pictures"), _folder),
    "vectors": Case(
        "arrays", ("--data.name", "vectors"), _array("vectors", {"x": VECTORS.items, "labels": VECTORS.labels})
    ),
    "images": Case("arrays", ("--data.name", "images"), _array("images", {"x": IMAGES.items, "labels": IMAGES.labels})),
}
