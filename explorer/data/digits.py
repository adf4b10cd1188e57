"""The data set `digits`: scikit-learn's handwritten digits, 8x8, which need no download."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from explorer.data.cache import through_cache
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.labels import grouped, random_groups, stratified
from explorer.fields import Config, hyper

CLASSES = tuple("0123456789")
VERSION = 1  # raise it when the pixels change
INK = 16  # scikit-learn's values are 0 to 16


class DigitsConfig(Config):
    """Settings of the data set `digits`."""

    test_share: float = hyper(0.2, low=0.05, high=0.5, help="Part of each digit's images kept for the test")
    seed: int = hyper(0, low=0, high=99_999_999, help="Another seed splits otherwise")
    grouping: Literal["none", "random"] = hyper(
        "none", help='"none": a class is a digit; "random": a class is one of three random groups of digits'
    )
    grouping_seed: int = hyper(0, low=0, high=99_999_999, help="Another seed gives other random groups")


def load(config: DigitsConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
    """Read the data set from its cache, or from scikit-learn.

    Args:
        config: the settings; they change split and labels, never images and ids.
        data_root: the cache lies in its folder `digits`.

    Returns:
        1,797 images, shape (1, 8, 8); the factor "digit" is the digit, 0 to 9.
    """
    dataset = through_cache(data_root / "digits" / f"v{VERSION}", f"digits v{VERSION}", _from_sklearn, name="digits")
    split = replace(dataset, is_test=stratified(dataset.labels, share=config.test_share, seed=config.seed))
    if config.grouping == "none":
        return split
    return grouped(split, random_groups(CLASSES, n_groups=3, seed=config.grouping_seed))


def _from_sklearn() -> Dataset:
    """All images in scikit-learn's order, not yet split; an id is a row number."""
    from sklearn.datasets import load_digits

    found = load_digits()
    labels = found.target.astype(np.int64)
    return Dataset(
        name="digits",
        items=np.rint(found.images[:, None] * (255 / INK)).astype(np.uint8),
        labels=labels,
        classes=CLASSES,
        ids=np.arange(len(labels)),
        is_test=np.zeros(len(labels), np.bool_),
        factors={"digit": labels},
    )


DIGITS = DatasetSource(
    "digits",
    "Handwritten digits, 1,797 of 8x8, from scikit-learn: no download",
    DigitsConfig,
    load,
    training={"augment": False, "batch_size": 32, "epochs": 60},
    shape=(1, 8, 8),
)
