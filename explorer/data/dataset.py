"""A data set in memory or memory-mapped: items, labels, ids, split and factors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError, MissingDataError
from explorer.fields import Config

UNLABELLED = -1
BYTES_AT_ONCE = 4 << 20
Split = Literal["train", "test"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Dataset:
    """Items of one data set, in a fixed order.

    Args:
        name: its name in DATASETS.
        items: images, shape (n, channels, height, width), uint8; or vectors, shape (n, features),
            float32 and finite; may be memory-mapped.
        labels: class of each item, shape (n,), 0 to c - 1, or UNLABELLED.
        classes: the c class names, in label order; none for a data set without labels.
        ids: stable 64-bit id of each item, shape (n,), all different.
        is_test: True where the item belongs to the test split, shape (n,).
        factors: known generative variables, name to array of shape (n,).
        leak: why the test split cannot be trusted; empty when it can.
        identity: of a person's own data, another after each import; empty where name and settings say all.
        group: the factor whose equal values make a group: one content in several perspectives; empty without groups.

    Raises:
        BadDataError: shapes that do not fit together, doubled ids, or a label that is no class.
    """

    name: str
    items: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    ids: NDArray[np.int64]
    is_test: NDArray[np.bool_]
    factors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    leak: str = ""
    identity: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        n = len(self.items)
        if (self.items.ndim, self.items.dtype) not in {(4, np.dtype(np.uint8)), (2, np.dtype(np.float32))}:
            raise BadDataError(
                f"Items of {self.name} have shape {self.items.shape} and type {self.items.dtype}; expected images "
                "(n, channels, height, width) in uint8 or vectors (n, features) in float32. Convert them first."
            )
        for what, array in {"labels": self.labels, "ids": self.ids, "is_test": self.is_test, **self.factors}.items():
            if array.shape[:1] != (n,):
                raise BadDataError(
                    f"{self.name} has {n} items but {what} of shape {array.shape}; give one entry an item."
                )
        wrong = (self.labels != UNLABELLED) & ((self.labels < 0) | (self.labels >= len(self.classes)))
        if wrong.any():
            raise BadDataError(
                f"Label {self.labels[wrong][0]} of {self.name} is no class: expected 0 to {len(self.classes) - 1}, "
                f"or {UNLABELLED} for an unlabelled item. Correct the labels."
            )
        if (np.diff(np.sort(self.ids)) == 0).any():
            raise BadDataError(f"{self.name} has doubled item ids; give each item its own.")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one item: (channels, height, width) of an image, (features,) of a vector."""
        return self.items.shape[1:]

    def parts(self, rows: NDArray[np.intp]) -> Iterator[NDArray[np.uint8] | NDArray[np.float32]]:
        """Items at these rows in turn, so that memory does not grow with their number or size."""
        step = max(1, BYTES_AT_ONCE // max(self.items[:1].nbytes, 1))
        for start in range(0, len(rows), step):
            yield self.items[rows[start : start + step]]

    def rows(self, split: Split) -> NDArray[np.intp]:
        """Positions of a split's items, ascending."""
        return np.flatnonzero(self.is_test if split == "test" else ~self.is_test)


@dataclass(frozen=True)
class Download:
    """Files that a data set needs from elsewhere; they travel only when somebody asks for them.

    Args:
        title: of the data set, for people.
        size: bytes that travel.
        origin: where they come from, and their licence.
        fetch: brings those that are missing: (data root, progress). `progress` is called with
            (bytes done, bytes in all).
    """

    title: str
    size: int
    origin: str
    fetch: Callable[[Path, Progress | None], None]


@dataclass(frozen=True)
class DatasetSource:
    """One line of DATASETS: how to get a data set.

    Args:
        name: as typed on the command line.
        title: one sentence for people.
        config: its settings.
        load: makes or reads it, never from a network: (settings, data root, progress) to Dataset.
            `progress` is called with (items done, items in all). Raises MissingDataError.
        shifts: settings of data sets never trained on, by name: what a run is also tested on.
        training: settings of a training on it that differ from the usual ones.
        shape: of one item, as in `Dataset`; None where each import has its own.
        download: what `load` needs from elsewhere, if anything.
        is_made: `load` may take seconds to make it; False where it answers at once, or not at all.
        faces: triangles (m, 3) between the vertices whose x, y, z an item is; None where it is something else.
    """

    name: str
    title: str
    config: type[Config]
    load: Callable[[Any, Path, Progress | None], Dataset]
    shifts: Mapping[str, Callable[[Any], Config]] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    download: Download | None = None
    is_made: bool = True
    faces: Callable[[], NDArray[np.int64]] | None = None

    def prepare(self, config: Any, data_root: Path, progress: Progress | None = None) -> Dataset:
        """Load it, after a download where its files are missing: for the command line, never within a page.

        Raises:
            BadDataError: files that cannot be downloaded, or that are damaged.
            MissingDataError: items that no download can bring.
        """
        try:
            return self.load(config, data_root, progress)
        except MissingDataError:
            if self.download is None:
                raise
        self.download.fetch(data_root, progress)
        return self.load(config, data_root, progress)
