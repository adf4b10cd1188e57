"""The data set `svhn`: house numbers in photographs, out of the files that torchvision uses too."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.cache import through_cache
from explorer.data.dataset import Dataset, DatasetSource, Download, Progress
from explorer.data.downloading import downloaded, keep
from explorer.data.mnist import DIGITS
from explorer.errors import BadDataError, MissingDataError
from explorer.fields import Config

SIDE = 32
VERSION = 1  # raise it when the conversion changes
ADDRESS = "http://ufldl.stanford.edu/housenumbers/"
CHECKSUMS = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}
SIZE = 246_316_178  # of both, bytes
LARGEST = 300 << 20  # bytes of one file


class SvhnConfig(Config):
    """Settings of the data set `svhn`: none."""


def load(config: SvhnConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:  # noqa: ARG001 - none
    """Read the house numbers from their cache or their files.

    Args:
        config: has no settings.
        data_root: the files lie in its folder `SVHN`, the cache in `svhn`.

    Returns:
        Training images, then test images, shape (3, 32, 32), memory-mapped; the factor "digit" is the digit, 0 to 9.

    Raises:
        MissingDataError: no cache, and not both of the files.
        BadDataError: a file that is damaged.
    """
    return through_cache(
        data_root / "svhn" / f"v{VERSION}", f"svhn v{VERSION}", lambda: _from_files(data_root / "SVHN"), name="svhn"
    )


def _from_files(folder: Path) -> Dataset:
    """The training split, then the test split; an id is a row number."""
    if not all((folder / name).is_file() for name in CHECKSUMS):
        raise MissingDataError(
            f"{' and '.join(CHECKSUMS)} are not both in {folder}; download them: latent-explorer data prepare svhn"
        )
    (train, train_labels), (test, test_labels) = (_read(folder / name) for name in CHECKSUMS)
    labels = np.concatenate([train_labels, test_labels])
    return Dataset(
        name="svhn",
        items=np.concatenate([train, test]),
        labels=labels,
        classes=DIGITS,
        ids=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= len(train_labels),
        factors={"digit": labels},
    )


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 3, 32, 32) and digits (n,) of one file; in it 10 stands for 0."""
    from scipy.io import loadmat  # imports slowly

    damaged = BadDataError(
        f"{path} is truncated or no file of house numbers: expected X of shape {SIDE} x {SIDE} x 3 x n in bytes and y "
        "with n labels of 1 to 10. Remove it, so that it is downloaded again, or put the right one there."
    )
    if path.stat().st_size > LARGEST:
        raise damaged
    try:
        found = loadmat(path, variable_names=("X", "y"))
        images, labels = np.asarray(found["X"]), np.asarray(found["y"]).ravel().astype(np.int64)
    except Exception:  # noqa: BLE001 - a damaged file can raise nearly anything
        raise damaged from None
    if images.dtype != np.uint8 or images.shape != (SIDE, SIDE, 3, len(labels)) or not len(labels):
        raise damaged
    if labels.min() < 0 or labels.max() > len(DIGITS):
        raise damaged
    return np.ascontiguousarray(images.transpose(3, 2, 0, 1)), labels % len(DIGITS)


def fetch(data_root: Path, progress: Progress | None = None) -> None:
    """Put the files that are missing into the folder `SVHN`, each whole or not at all.

    Raises:
        BadDataError: no network, a server that gives something else, or a disk that is full or cannot be written.
    """
    folder, done = data_root / "SVHN", 0
    for name, checksum in CHECKSUMS.items():
        if (folder / name).is_file():
            continue

        def report(so_far: int, before: int = done) -> None:
            if progress:
                progress(min(before + so_far, SIZE), SIZE)

        content, problem = downloaded([ADDRESS + name], checksum, report, largest=LARGEST)
        if content is None:
            raise BadDataError(
                f"{name} of SVHN is not in {folder} and could not be downloaded ({problem}). Try again with a network, "
                "or put it there."
            )
        keep(folder / name, content)
        done += len(content)
    if progress:
        progress(SIZE, SIZE)


SVHN = DatasetSource(
    "svhn",
    "SVHN: 99,289 house numbers of 32x32 in photographs, downloaded once",
    SvhnConfig,
    load,
    training={"augment": False, "batch_size": 128, "epochs": 20},
    shape=(3, SIDE, SIDE),
    download=Download("SVHN", SIZE, "from Stanford University, for research only", fetch),
    is_made=False,
)
