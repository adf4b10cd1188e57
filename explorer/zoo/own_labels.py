"""Labels that a run was trained with in place of its data set's own: those of a labeling session."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.data.dataset import Dataset
from explorer.data.labels import relabelled
from explorer.errors import BadRunError
from explorer.zoo.card import Card
from explorer.zoo.store import LABELS, verified, write_bytes


@dataclass(frozen=True, eq=False)
class OwnLabels:
    """Labels of a run's own; their names are the classes of its card.

    Args:
        ids: of labelled training items, shape (m,).
        labels: their classes, 0 to c - 1, shape (m,).
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]


def write_labels(folder: Path, own: OwnLabels) -> str:
    """Write the labels into a run's folder and return the file's SHA-256."""
    arrays = {"ids": np.ascontiguousarray(own.ids, np.int64), "labels": np.ascontiguousarray(own.labels, np.int64)}
    return write_bytes(folder, LABELS, dump_tensors(arrays))


def read_labels(folder: Path, card: Card) -> OwnLabels | None:
    """Read a run's own labels; None for a run that was trained with those of its data set.

    Raises:
        BadRunError: labels that are missing, altered or no classes of the run.
    """
    if LABELS not in card.files:
        return None
    try:
        arrays = parse_tensors(verified(folder, card, LABELS))
        ids, labels = arrays["ids"], arrays["labels"]
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        ids = labels = np.empty(0)
    is_whole = ids.dtype == labels.dtype == np.int64 and ids.ndim == 1 and ids.shape == labels.shape
    if not is_whole or ((labels < 0) | (labels >= len(card.classes))).any() or len(np.unique(ids)) != len(ids):
        raise BadRunError(f"{LABELS} of {folder.name} holds no labels of its classes; train the run again.")
    return OwnLabels(ids, labels)


def with_own_labels(dataset: Dataset, folder: Path, card: Card) -> Dataset:
    """A run's data set with the labels that the run was trained with.

    Raises:
        BadRunError: see `read_labels`.
    """
    own = read_labels(folder, card)
    return dataset if own is None else relabelled(dataset, card.classes, own.ids, own.labels)
