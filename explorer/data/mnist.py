"""The data sets `mnist` and `fashion-mnist`: torchvision's files, downloaded where they are missing."""

import socket
import zlib
from dataclasses import replace
from http.client import HTTPException
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.data.cache import through_cache
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.labels import grouped, random_groups
from explorer.errors import BadDataError
from explorer.fields import Config, hyper

DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
GARMENT_GROUPS: dict[str, dict[str, tuple[int, ...]]] = {
    "seasons": {"summer": (0, 3, 5, 6), "winter": (2, 4, 9), "all-year": (1, 7, 8)},
    "upper-body": {"upper body": (0, 2, 3, 4, 6), "not upper body": (1, 5, 7, 8, 9)},  # a dress covers the upper body
}
VERSION = 1  # raise it when the conversion changes
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SIDE = 28
UNSIGNED_BYTE = 8  # its number in the idx format
PATIENCE = 30  # seconds without an answer of the server
FAILURES = (OSError, RuntimeError, ValueError, EOFError, HTTPException, zlib.error)  # of a download, as torchvision's


class MnistConfig(Config):
    """Settings of the data set `mnist`."""

    grouping: Literal["none", "random"] = hyper(
        "none", help='"none": a class is a digit; "random": a class is one of three random groups of digits'
    )
    grouping_seed: int = hyper(0, low=0, high=99_999_999, help="Another seed gives other random groups")


class FashionMnistConfig(Config):
    """Settings of the data set `fashion-mnist`."""

    grouping: Literal["none", "seasons", "upper-body"] = hyper(
        "none",
        help='"none": a class is a kind of garment; "seasons": summer, winter or all-year; '
        '"upper-body": worn on the upper body or not',
    )


def load_mnist(config: MnistConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
    """Read the handwritten digits from their cache, torchvision's files or the network.

    Args:
        config: the settings; they change labels, never images, ids and split.
        data_root: the files lie in its folder `MNIST/raw`, the cache in `mnist`.

    Returns:
        60,000 training images, then 10,000 test images, shape (1, 28, 28), memory-mapped; the
        factor "digit" is the digit, 0 to 9.

    Raises:
        BadDataError: files that are missing and cannot be downloaded, or that are damaged.
    """
    dataset = _ungrouped("mnist", "MNIST", data_root, DIGITS)
    dataset = replace(dataset, factors={"digit": dataset.labels})
    if config.grouping == "none":
        return dataset
    return grouped(dataset, random_groups(DIGITS, n_groups=3, seed=config.grouping_seed))


def load_fashion_mnist(config: FashionMnistConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
    """Read the photographs of garments from their cache, torchvision's files or the network.

    Args:
        config: the settings; they change labels, never images, ids and split.
        data_root: the files lie in its folder `FashionMNIST/raw`, the cache in `fashion-mnist`.

    Returns:
        60,000 training images, then 10,000 test images, shape (1, 28, 28), memory-mapped; the
        factor "garment" is the name of the garment.

    Raises:
        BadDataError: files that are missing and cannot be downloaded, or that are damaged.
    """
    dataset = _ungrouped("fashion-mnist", "FashionMNIST", data_root, GARMENTS)
    dataset = replace(dataset, factors={"garment": np.array(GARMENTS)[dataset.labels]})
    return dataset if config.grouping == "none" else grouped(dataset, GARMENT_GROUPS[config.grouping])


def _ungrouped(name: str, source: str, data_root: Path, classes: tuple[str, ...]) -> Dataset:
    """The data set with its original classes, memory-mapped; `source` is torchvision's name of it."""
    return through_cache(
        data_root / name / f"v{VERSION}",
        f"{name} v{VERSION}",
        lambda: _from_files(name, source, data_root, classes),
        name=name,
    )


def _from_files(name: str, source: str, data_root: Path, classes: tuple[str, ...]) -> Dataset:
    """The training split, then the test split; an id is a row number."""
    folder = data_root / source / "raw"
    if not all((folder / file).is_file() for file in FILES):
        _download(source, data_root, folder)
    (train, train_labels), (test, test_labels) = _split(folder, FILES[:2]), _split(folder, FILES[2:])
    labels = np.concatenate([train_labels, test_labels])
    return Dataset(
        name=name,
        items=np.concatenate([train, test])[:, None],
        labels=labels,
        classes=classes,
        ids=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= len(train_labels),
    )


def _split(folder: Path, files: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 28, 28) and labels (n,) of one split; n may be smaller than the official one."""
    images, labels = _read_idx(folder / files[0], 3), _read_idx(folder / files[1], 1)
    if images.shape != (len(labels), SIDE, SIDE) or len(labels) == 0 or labels.max() > 9:
        raise BadDataError(
            f"{files[0]} and {files[1]} in {folder} do not fit together: expected n images of {SIDE}x{SIDE} and n "
            f"labels of 0 to 9, but found shapes {images.shape} and {labels.shape} with labels up to "
            f"{labels.max(initial=0)}. Remove both, so that they are downloaded again, or put the right ones there."
        )
    return images, labels.astype(np.int64)


def _read_idx(path: Path, dims: int) -> NDArray[np.uint8]:
    """Read one file of bytes: two zeros, the type, the dimensions, each size in four bytes, then the values.

    Differs:
        torchvision would read it too, but imports torch first and does not say which file is damaged.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BadDataError(f"{path} cannot be read ({error.strerror}). Correct its permissions.") from error
    start = 4 + 4 * dims
    shape = tuple(content[4:start].view(">u4").tolist()) if len(content) >= start else ()
    if content[:4].tolist() != [0, 0, UNSIGNED_BYTE, dims] or prod(shape) != len(content) - start:
        raise BadDataError(
            f"{path} is truncated or no file of {dims}-dimensional bytes in the idx format. Remove it, so that it is "
            "downloaded again, or put the right one there."
        )
    return content[start:].reshape(shape)


def _download(source: str, data_root: Path, folder: Path) -> None:
    """Let torchvision fetch the files, with its own progress bar and checksums; an archive there needs no network."""
    from torchvision import datasets

    usual = socket.getdefaulttimeout()  # torchvision sets none, and would wait minutes for a network that drops all
    socket.setdefaulttimeout(PATIENCE)
    try:
        getattr(datasets, source)(str(data_root), download=True)
    except FAILURES as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip("<>. ")
        raise BadDataError(
            f"The files of {source} are not all in {folder} and could not be downloaded ({reason}). Try again with a "
            f"network, put {', '.join(FILES)} there, packed as .gz or not, or set LATENT_EXPLORER_DATA_ROOT to a "
            f"folder that holds {source}/raw."
        ) from error
    finally:
        socket.setdefaulttimeout(usual)


MNIST = DatasetSource(
    "mnist",
    "MNIST: 70,000 handwritten digits of 28x28, downloaded once",
    MnistConfig,
    load_mnist,
    training={"augment": False, "batch_size": 128, "epochs": 20},
    shape=(1, SIDE, SIDE),
)
FASHION_MNIST = DatasetSource(
    "fashion-mnist",
    "Fashion-MNIST: 70,000 photographs of garments of 28x28, downloaded once",
    FashionMnistConfig,
    load_fashion_mnist,
    training={"augment": False, "batch_size": 128, "epochs": 20},
    shape=(1, SIDE, SIDE),
)
