import os

import numpy as np
import pytest
import torch

from explorer.training import items as module
from explorer.training.items import TrainingItems
from tests.runs import items, vectors

CPU = torch.device("cpu")


@pytest.mark.parametrize("make", [items, vectors])
def test_items_from_disk_equal_those_in_memory(make, tmp_path, monkeypatch):
    dataset = make()
    held = TrainingItems(dataset, dataset.labels, CPU)
    np.save(tmp_path / "items.npy", dataset.items)
    monkeypatch.setattr(module, "free_memory", lambda: 0)
    mapped = type(dataset)(**{**vars(dataset), "items": np.load(tmp_path / "items.npy", mmap_mode="r")})
    read = TrainingItems(mapped, dataset.labels, CPU)
    assert read._held is None
    chosen = torch.tensor([5, 0, 17, 17, 3])
    assert torch.equal(read.take(chosen), held.take(chosen))
    assert torch.equal(read.take(chosen), torch.from_numpy(dataset.items[dataset.rows("train")[chosen.numpy()]]))
    assert read.take(chosen).dtype == held.take(chosen).dtype


def test_only_the_training_split_is_there_with_the_labels_that_were_given():
    dataset = items(n=40)
    seen = np.where(np.arange(40) % 2, dataset.labels, -1)
    training = TrainingItems(dataset, seen, CPU)
    assert len(training) == 32
    assert training.labels.tolist() == seen[:32].tolist()


def test_parts_are_all_items_in_order(monkeypatch):
    monkeypatch.setattr(module, "ITEMS_AT_ONCE", 10)
    dataset = items(n=40)
    training = TrainingItems(dataset, dataset.labels, CPU)
    parts = list(training.parts(torch.arange(32)))
    assert [len(part) for part in parts] == [10, 10, 10, 2]
    assert torch.equal(torch.cat(parts), torch.from_numpy(dataset.items[:32]))


def test_items_are_held_where_they_take_no_more_than_half_of_what_is_free(monkeypatch):
    dataset = items(n=40)
    needed = 32 * 256
    for free, held in ((2 * needed, True), (2 * needed - 1, False)):
        monkeypatch.setattr(module, "free_memory", lambda free=free: free)
        assert (TrainingItems(dataset, dataset.labels, CPU)._held is not None) == held


def test_items_are_read_from_disk_where_there_was_less_memory_than_said():
    class Large(np.ndarray):
        def __getitem__(self, at):
            if isinstance(at, np.ndarray) and len(at) == 32:
                raise MemoryError
            return np.asarray(self)[at]

    dataset = items(n=40)
    large = type(dataset)(**{**vars(dataset), "items": dataset.items.view(Large)})
    training = TrainingItems(large, dataset.labels, CPU)
    assert training._held is None
    assert torch.equal(training.take(torch.tensor([3, 1])), torch.from_numpy(dataset.items[[3, 1]]))


def test_free_memory_is_less_than_the_machine_has():
    assert 0 < module.free_memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"/proc/meminfo": "MemTotal: 99 kB\nMemAvailable:      2 kB\n"}, 2048),
        ({"/proc/meminfo": "MemAvailable: 9 kB", "max": "5000", "current": "4000"}, 1000),
        ({"/proc/meminfo": "MemAvailable: 9 kB", "max": "max", "current": "4000"}, 9216),
        ({"/proc/meminfo": "MemAvailable: 9 kB", "max": "10", "current": "40"}, 0),
    ],
)
def test_free_memory_is_the_least_that_system_and_container_leave(files, free, monkeypatch):
    named = {
        "/proc/meminfo": "/proc/meminfo",
        "max": "/sys/fs/cgroup/memory.max",
        "current": "/sys/fs/cgroup/memory.current",
    }
    texts = {named[key]: text for key, text in files.items()}
    monkeypatch.setattr(module, "_text", lambda path: texts.get(path, ""))
    assert module.free_memory() == free
