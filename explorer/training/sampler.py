"""Which items each step of an epoch takes."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.sampling import check_groups, group_members, pairs
from explorer.errors import BadDataError
from explorer.fields import Config
from explorer.method import Method

FEWEST_GROUPS = 2  # of a step: a group is told from others


class Sampler:
    """The order of the training items, anew in each epoch, from (seed, epoch) alone.

    Args:
        method, config: say whether items come one by one, in pairs or in groups.
        dataset: its training split is drawn from.
        labels: of the training items as the training sees them, shape (n,).
        batch_size: items a step; fewer where there are fewer.
        labelled_part: of the items of a step that are drawn among the labelled ones, however few these are, where
            items come one by one; 0 takes all items in turn.
    """

    def __init__(  # noqa: PLR0913 - what a step takes depends on all of them
        self,
        method: Method,
        config: Config,
        dataset: Dataset,
        labels: NDArray[np.int64],
        batch_size: int,
        *,
        labelled_part: float = 0,
    ) -> None:
        self.sampling, self.size = method.sampling, method.group_size(config)
        self._labels = labels
        self._groups = groups_of(dataset) if self.sampling == "groups" else None
        units = self._units()
        self._at_once = min(units, max(FEWEST_GROUPS if self.size > 1 else 1, batch_size // self.size))
        self.steps = max(1, units // self._at_once)  # the rest has its turn in another epoch's order
        self._labelled_at_once = round(labelled_part * self._at_once) if 0 < (labels >= 0).sum() < len(labels) else 0

    @property
    def items_a_step(self) -> int:
        """Items that each step takes."""
        return self._at_once * self.size

    def _units(self) -> int:
        if self._groups is not None:
            return len(np.unique(self._groups))
        return len(self._labels) if self.sampling == "single" else int((self._labels >= 0).sum())

    def epoch(self, rng: np.random.Generator, generator: torch.Generator) -> Iterator[Tensor]:
        """Positions in the training split that each step takes, those of a pair or group side by side.

        Args:
            rng: randomness of pairs and groups.
            generator: randomness of single items, on the device of the items.
        """
        if self.sampling == "single" and self._labelled_at_once:
            yield from self._mixed(generator)
            return
        if self.sampling == "single":
            order = torch.randperm(len(self._labels), generator=generator, device=generator.device)
        else:
            drawn = pairs(self._labels, rng) if self._groups is None else group_members(self._groups, self.size, rng)
            order = torch.from_numpy(drawn.reshape(-1)).to(generator.device)
        yield from torch.split(order, self.items_a_step)[: self.steps]

    def _mixed(self, generator: torch.Generator) -> Iterator[Tensor]:
        """Steps of labelled items, each as often as another, and of unlabelled ones."""
        labelled = torch.from_numpy(self._labels >= 0).to(generator.device)
        parts = [
            _in_turn(rows.nonzero().squeeze(1), at_once * self.steps, generator).view(self.steps, at_once)
            for rows, at_once in (
                (labelled, self._labelled_at_once),
                (~labelled, self._at_once - self._labelled_at_once),
            )
        ]
        yield from torch.cat(parts, dim=1)


def _in_turn(rows: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """So many of these rows (m,), all of them before one comes again, each time in a new order."""
    times = -(-n // len(rows))
    orders = [torch.randperm(len(rows), generator=generator, device=rows.device) for _ in range(times)]
    return rows[torch.cat(orders)[:n]]


def groups_of(dataset: Dataset) -> NDArray[np.int64]:
    """Group of each training item, shape (n,).

    Raises:
        BadDataError: a data set without groups.
    """
    if not dataset.group:
        raise BadDataError(
            f"{dataset.name} does not say which items show the same content, so there are no groups to learn from; "
            "choose a data set of groups, such as coloured or solids."
        )
    return np.asarray(dataset.factors[dataset.group][dataset.rows("train")], np.int64)


def check_sampling(method: Method, config: Config, dataset: Dataset) -> None:
    """Raise where the method cannot take its items from this data set.

    Raises:
        BadDataError: groups that are missing or too small.
    """
    if method.sampling == "groups":
        check_groups(groups_of(dataset), method.group_size(config), dataset.name)
