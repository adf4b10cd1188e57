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
    monkeypatch.setattr(module, "MOST_BYTES_IN_MEMORY", 0)
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
