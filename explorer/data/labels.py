"""Which labels the items of a data set have: groups of classes instead of classes, and how many are known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.data.dataset import UNLABELLED, Dataset
from explorer.errors import BadValueError


def known_labels(
    labels: NDArray[np.int64], is_test: NDArray[np.bool_], *, share: float, seed: int
) -> NDArray[np.int64]:
    """Keep the labels of a share of the training items, drawn class by class, and forget the others.

    Of a class with n_c labelled training items, max(1, round(share * n_c)) stay known.

    Args:
        labels: class of each item, shape (n,); an item may be UNLABELLED already.
        is_test: True for test items, shape (n,); they keep their labels.
        share: 0 to 1; 1 keeps all, 0 one of each class.
        seed: of the draw; with the same seed a larger share contains the smaller one.

    Returns:
        The labels, shape (n,), UNLABELLED where not known.

    Raises:
        BadValueError: a share outside 0 to 1.
    """
    known = is_test | stratified(np.where(is_test, UNLABELLED, labels), share=share, seed=seed)
    return np.where(known, labels, UNLABELLED)


def stratified(labels: NDArray[np.int64], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Draw the same share of every class: max(1, round(share * n_c)) of its n_c items.

    Args:
        labels: class of each item, shape (n,); UNLABELLED items are never drawn.
        share: 0 to 1.
        seed: of the draw; with the same seed a larger share contains the smaller one.

    Returns:
        True where drawn, shape (n,).

    Raises:
        BadValueError: a share outside 0 to 1.
    """
    if not 0 <= share <= 1:
        raise BadValueError(f"share = {share}, but it must lie in 0 to 1: the part of each class's items to draw.")
    chance = np.random.default_rng(seed).random(len(labels))
    drawn = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels[labels != UNLABELLED]):
        rows = np.flatnonzero(labels == label)
        first = np.argsort(chance[rows], kind="stable")
        drawn[rows[first[: max(1, round(share * len(rows)))]]] = True
    return drawn


def random_groups(classes: Sequence[str], *, n_groups: int, seed: int) -> dict[str, tuple[int, ...]]:
    """Put classes at random into groups of sizes as even as possible.

    Args:
        classes: their names, in label order.
        n_groups: number of groups, 1 to the number of classes.
        seed: of the draw.

    Returns:
        Group name, which lists its classes ("0 4 7 9"), to labels, ascending; the groups in order
        of their first label.
    """
    order = np.argsort(np.random.default_rng(seed).random(len(classes)), kind="stable")
    groups = sorted(tuple(sorted(part.tolist())) for part in np.array_split(order, n_groups))
    return {" ".join(classes[label] for label in group): group for group in groups}


def grouped(dataset: Dataset, groups: Mapping[str, Sequence[int]]) -> Dataset:
    """Make the groups of classes the classes.

    Args:
        dataset: with its original labels.
        groups: group name to original labels, in the order of the new labels.

    Returns:
        The same items; UNLABELLED where an original label is in no group.
    """
    group_of = np.full(len(dataset.classes) + 1, UNLABELLED, np.int64)  # its last entry is UNLABELLED's own
    for number, members in enumerate(groups.values()):
        group_of[list(members)] = number
    return replace(dataset, labels=group_of[dataset.labels], classes=tuple(groups))


def relabelled(dataset: Dataset, classes: Sequence[str], ids: ArrayLike, labels: ArrayLike) -> Dataset:
    """Give a data set other classes, and its training items other labels.

    Args:
        dataset: with labels of its own.
        classes: the new class names.
        ids: of labelled training items, shape (m,); those that are no training items are left out.
        labels: their new classes, shape (m,).

    Returns:
        The same items. A training item that is not named is UNLABELLED; a test item keeps its class where there is
        one of the same name.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    same = np.array([*(numbers.get(name, UNLABELLED) for name in dataset.classes), UNLABELLED], np.int64)
    found = np.where(dataset.is_test, same[dataset.labels], UNLABELLED)
    _, rows, given = np.intersect1d(dataset.ids, np.asarray(ids, np.int64), return_indices=True)
    is_train = ~dataset.is_test[rows]
    found[rows[is_train]] = np.asarray(labels, np.int64)[given[is_train]]
    return replace(dataset, labels=found, classes=tuple(classes))
