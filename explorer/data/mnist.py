"""The data sets `mnist` and `fashion-mnist`, out of the files that torchvision uses too."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from explorer.data.cache import through_cache
from explorer.data.dataset import Dataset, DatasetSource, Download, Progress
from explorer.data.handwriting import slant, stroke_width
from explorer.data.labels import grouped, random_groups
from explorer.data.mnist_files import FILES, ORIGINS, SIDE, fetch, read_split
from explorer.errors import MissingDataError
from explorer.fields import Config, hyper

DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
GARMENT_GROUPS: dict[str, dict[str, tuple[int, ...]]] = {
    "seasons": {"summer": (0, 3, 5, 6), "winter": (2, 4, 9), "all-year": (1, 7, 8)},
    "upper-body": {"upper body": (0, 2, 3, 4, 6), "not upper body": (1, 5, 7, 8, 9)},  # a dress covers the upper body
}
MEASURES = {"slant": slant, "stroke": stroke_width}
VERSION = 2  # raise it when the conversion or what is measured changes


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
    """Read the handwritten digits from their cache or their files.

    Args:
        config: the settings; they change labels, never images, ids and split.
        data_root: the files lie in its folder `MNIST/raw`, the cache in `mnist`.

    Returns:
        60,000 training images, then 10,000 test images, shape (1, 28, 28), memory-mapped; the
        factor "digit" is the digit, 0 to 9, "slant" how far it leans to the right, degrees, and
        "stroke" how thick it is written, pixels.

    Raises:
        MissingDataError: no cache, and not all of the files.
        BadDataError: files that are damaged.
    """
    dataset = _ungrouped("mnist", "MNIST", data_root, DIGITS, measured=("slant", "stroke"))
    dataset = replace(dataset, factors={"digit": dataset.labels, **dataset.factors})
    if config.grouping == "none":
        return dataset
    return grouped(dataset, random_groups(DIGITS, n_groups=3, seed=config.grouping_seed))


def load_fashion_mnist(config: FashionMnistConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
    """Read the photographs of garments from their cache or their files.

    Args:
        config: the settings; they change labels, never images, ids and split.
        data_root: the files lie in its folder `FashionMNIST/raw`, the cache in `fashion-mnist`.

    Returns:
        60,000 training images, then 10,000 test images, shape (1, 28, 28), memory-mapped; the
        factor "garment" is the name of the garment.

    Raises:
        MissingDataError: no cache, and not all of the files.
        BadDataError: files that are damaged.
    """
    dataset = _ungrouped("fashion-mnist", "FashionMNIST", data_root, GARMENTS)
    dataset = replace(dataset, factors={"garment": np.array(GARMENTS)[dataset.labels]})
    return dataset if config.grouping == "none" else grouped(dataset, GARMENT_GROUPS[config.grouping])


def _ungrouped(
    name: str, source: str, data_root: Path, classes: tuple[str, ...], measured: tuple[str, ...] = ()
) -> Dataset:
    """The data set with its original classes, memory-mapped; `source` is torchvision's name of it."""
    return through_cache(
        data_root / name / f"v{VERSION}",
        f"{name} v{VERSION}",
        lambda: _from_files(name, source, data_root, classes, measured),
        name=name,
    )


def _from_files(
    name: str, source: str, data_root: Path, classes: tuple[str, ...], measured: tuple[str, ...]
) -> Dataset:
    """The training split, then the test split; an id is a row number."""
    folder = data_root / source / "raw"
    if not all((folder / file).is_file() for file in FILES):
        raise MissingDataError(
            f"The files of {source} are not all in {folder}; download them: latent-explorer data prepare {name}"
        )
    (train, train_labels), (test, test_labels) = read_split(folder, FILES[:2]), read_split(folder, FILES[2:])
    labels, images = np.concatenate([train_labels, test_labels]), np.concatenate([train, test])
    return Dataset(
        name=name,
        items=images[:, None],
        labels=labels,
        classes=classes,
        ids=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= len(train_labels),
        factors={factor: MEASURES[factor](images) for factor in measured},
    )


def _download(title: str, source: str, origin: str) -> Download:
    return Download(title, ORIGINS[source].size, origin, partial(fetch, source))


MNIST = DatasetSource(
    "mnist",
    "MNIST: 70,000 handwritten digits of 28x28, downloaded once",
    MnistConfig,
    load_mnist,
    training={"augment": False, "batch_size": 128, "epochs": 20},
    shape=(1, SIDE, SIDE),
    download=_download("MNIST", "MNIST", "from PyTorch's mirror, licence CC BY-SA 3.0"),
    is_made=False,
)
FASHION_MNIST = DatasetSource(
    "fashion-mnist",
    "Fashion-MNIST: 70,000 photographs of garments of 28x28, downloaded once",
    FashionMnistConfig,
    load_fashion_mnist,
    training={"augment": False, "batch_size": 128, "epochs": 20},
    shape=(1, SIDE, SIDE),
    download=_download("Fashion-MNIST", "FashionMNIST", "from Zalando Research, licence MIT"),
    is_made=False,
)
