"""The training items of a data set: in memory on the device, or read from disk batch by batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.data.dataset import Dataset

MOST_BYTES_IN_MEMORY = 4 << 30
ITEMS_AT_ONCE = 256


class TrainingItems:
    """The training split of a data set, as it is stored, with the labels that the training may see.

    Args:
        dataset: its training split is taken.
        labels: of all its items, -1 where unlabelled or not known, shape (len(dataset),).
        device: where batches are wanted.
    """

    def __init__(self, dataset: Dataset, labels: np.ndarray[tuple[int], np.dtype[np.int64]], device: torch.device):
        self.rows = dataset.rows("train")
        self.device = device
        self.labels = torch.from_numpy(labels[self.rows]).to(device)
        self._stored = dataset.items
        fits = len(self.rows) * dataset.items[:1].nbytes <= MOST_BYTES_IN_MEMORY
        self._held = torch.from_numpy(dataset.items[self.rows]).to(device) if fits else None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Tensor) -> Tensor:
        """Items at these positions of the split, shape (k, *shape), on the device."""
        if self._held is not None:
            return self._held[chosen]
        wanted = self.rows[chosen.cpu().numpy()]
        order = np.argsort(wanted)  # a disk reads forward
        taken = np.empty((len(wanted), *self._stored.shape[1:]), self._stored.dtype)
        taken[order] = self._stored[wanted[order]]
        return torch.from_numpy(taken).to(self.device)

    def parts(self, chosen: Tensor) -> Iterator[Tensor]:
        """Items at these positions in turn, so that memory does not grow with their number."""
        for part in torch.split(chosen, ITEMS_AT_ONCE):
            yield self.take(part)
