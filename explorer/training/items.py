"""The training items of a data set: in memory on the device, or read from disk batch by batch."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.zoo.run import ITEMS_AT_ONCE

SHARE_OF_MEMORY = 0.5  # of what is free may be taken by the items


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
        self._held = self._read_all() if self._fit() else None

    def __len__(self) -> int:
        return len(self.rows)

    def _fit(self) -> bool:
        """Whether they leave memory to train in, here and on the device."""
        needed = len(self.rows) * self._stored[:1].nbytes
        free = free_memory()
        if self.device.type == "cuda":
            free = min(free, torch.cuda.mem_get_info(self.device)[0])
        return needed <= SHARE_OF_MEMORY * free

    def _read_all(self) -> Tensor | None:
        """All items on the device; None where there is less memory than was said."""
        try:
            return torch.from_numpy(self._stored[self.rows]).to(self.device)
        except (MemoryError, torch.OutOfMemoryError):
            return None

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


def free_memory() -> int:
    """Bytes that this process may still take, as far as the system tells."""
    known = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2]
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            known = [1024 * int(line.split()[1])]
    limit, used = (_text(f"/sys/fs/cgroup/memory.{name}").strip() for name in ("max", "current"))
    if limit.isdecimal() and used.isdecimal():  # a container's
        known.append(int(limit) - int(used))
    return max(0, min(known))


def _text(path: str) -> str:
    """Content of a file of the system; empty where there is none."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""
