"""Which training items stand side by side in an epoch: members of a group, or pairs of equal and of other classes."""

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError


def check_groups(groups: NDArray[np.integer], size: int, name: str) -> None:
    """Raise where groups cannot be drawn from.

    Args:
        groups: group of each item, shape (n,).
        size: members that are drawn of each group, at least 2.
        name: of the data set, for the message.

    Raises:
        BadDataError: fewer than two groups, or one with fewer members.
    """
    values, counts = np.unique(groups, return_counts=True)
    if len(values) < 2:  # noqa: PLR2004 - one to tell from another
        raise BadDataError(f"{name} has {len(values)} group to train on; groups are told apart, so give two or more.")
    if counts.min() < size:
        few = int(counts.min())
        raise BadDataError(
            f"Group {values[counts.argmin()]} of {name} has {few} training item{'s' * (few != 1)}, but {size} of "
            "each are drawn; lower --group-size (2 at least), or leave such groups out."
        )


def group_members(groups: NDArray[np.integer], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw so many members of every group, the groups in random order.

    Args:
        groups: group of each item, shape (n,); each has `size` members or more (see `check_groups`).
        size: k.
        rng: the randomness.

    Returns:
        Rows of the items, shape (g, k), those of a group all different.
    """
    order = np.lexsort([rng.random(len(groups)), groups])
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order[0]] - 1))
    return np.asarray(order[rng.permutation(starts)[:, None] + np.arange(size)])


def pairs(labels: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.intp]:
    """Pair every labelled item with another: half of them of its own class, the others of another one.

    Args:
        labels: class of each item, shape (n,), two classes or more; -1 (unlabelled) is left out.
        rng: the randomness.

    Returns:
        Rows of the items, shape (m, 2), the first ones all different; an item alone in its class is paired with
        another class.
    """
    rows = rng.permutation(np.flatnonzero(labels != UNLABELLED))
    by_class = {label: rows[labels[rows] == label] for label in np.unique(labels[rows])}
    chance, place = rng.random((2, len(rows)))
    partners = np.empty_like(rows)
    for label, own in by_class.items():
        mine = labels[rows] == label
        others = rows[~mine]
        same = chance[mine] < 0.5 if len(own) > 1 else np.zeros(len(own), np.bool_)  # noqa: PLR2004 - half of them
        shift = 1 + (place[mine] * (len(own) - 1)).astype(np.intp)  # never itself
        near = own[(np.arange(len(own)) + shift) % len(own)]
        far = others[(place[mine] * len(others)).astype(np.intp)]
        partners[mine] = np.where(same, near, far)
    return np.stack([rows, partners], axis=1)
