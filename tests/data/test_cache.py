import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.data import cache
from explorer.data.dataset import UNLABELLED, Dataset
from explorer.errors import ExplorerError


def small(n: int = 6, name: str = "small") -> Dataset:
    return Dataset(
        name=name,
        items=np.arange(n * 12, dtype=np.uint8).reshape(n, 1, 3, 4),
        labels=np.arange(n) % 3 - 1,
        classes=("left", "righté \0"),
        ids=np.arange(n) * 10,
        is_test=np.arange(n) % 2 == 1,
        factors={"tone": np.linspace(0, 1, n), "file": np.array([f"a/{i}.png" for i in range(n)]), "": np.arange(n)},
        leak="seen before",
    )


def vectors(n: int = 5) -> Dataset:
    items = np.linspace(-1, 1, n * 7, dtype=np.float32).reshape(n, 7)
    return Dataset("vectors", items, np.full(n, UNLABELLED), (), np.arange(n), np.zeros(n, np.bool_))


def assert_equal(a: Dataset, b: Dataset) -> None:
    assert (a.name, a.classes, a.leak, a.factors.keys()) == (b.name, b.classes, b.leak, b.factors.keys())
    columns = {"items": a.items, "labels": a.labels, "ids": a.ids, "is_test": a.is_test} | dict(a.factors)
    others = {"items": b.items, "labels": b.labels, "ids": b.ids, "is_test": b.is_test} | dict(b.factors)
    for name, values in columns.items():
        assert values.dtype == others[name].dtype, name
        np.testing.assert_array_equal(values, others[name])


@pytest.mark.parametrize("dataset", [small(), vectors()], ids=["images", "vectors"])
def test_what_was_written_is_read_with_its_items_mapped(tmp_path, dataset):
    cache.write(tmp_path / "new" / "folder", "settings", dataset)
    found = cache.read(tmp_path / "new" / "folder", "settings", name=dataset.name, leak=dataset.leak)
    assert_equal(found, dataset)
    assert isinstance(found.items, np.memmap)
    assert not found.items.flags.writeable


def test_cache_that_is_missing_or_of_other_settings_is_none(tmp_path):
    assert cache.read(tmp_path, "a", name="small") is None
    cache.write(tmp_path, "a", small())
    assert cache.read(tmp_path, "b", name="small") is None
    assert cache.read(tmp_path, "a", name="small") is not None


@pytest.mark.parametrize("file", [cache.ITEMS, cache.TABLE])
@pytest.mark.parametrize("kept", [None, 0, 10, 100, -1])
def test_cache_with_a_truncated_or_missing_file_is_none(tmp_path, file, kept):
    cache.write(tmp_path, "a", small())
    path = tmp_path / file
    if kept is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:kept])
    assert cache.read(tmp_path, "a", name="small") is None


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damaged_byte_gives_the_data_or_none_and_never_an_error(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    cache.write(folder, "a", small())
    path = folder / data.draw(st.sampled_from([cache.ITEMS, cache.TABLE]))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    found = cache.read(folder, "a", name="small", leak="seen before")
    if found is not None and path.name == cache.TABLE:
        assert_equal(found, small())


def test_table_of_other_items_is_none(tmp_path):
    cache.write(tmp_path, "a", small(6))
    np.save(tmp_path / cache.ITEMS, small(7).items)
    assert cache.read(tmp_path, "a", name="small") is None


@pytest.mark.parametrize("file", [cache.ITEMS, cache.TABLE])
def test_pickled_objects_are_never_read(tmp_path, file):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    cache.write(tmp_path, "a", small())
    trap = np.array([Trap()] * 6, dtype=object)
    with open(tmp_path / file, "wb") as stream:
        if file == cache.ITEMS:
            np.save(stream, trap, allow_pickle=True)
        else:
            np.savez(stream, about=trap, labels=trap, ids=trap, is_test=trap)
    assert cache.read(tmp_path, "a", name="small") is None


def test_objects_are_never_written(tmp_path):
    odd = replace(small(), factors={"odd": np.array([{}] * 6, dtype=object)})
    with pytest.raises(ValueError, match="[Oo]bject arrays"):
        cache.write(tmp_path, "a", odd)
    assert cache.read(tmp_path, "a", name="small") is None


def test_crash_after_the_items_leaves_no_table_that_vouches_for_them(tmp_path, monkeypatch):
    cache.write(tmp_path, "a", small())
    other = replace(small(), items=small().items[::-1].copy())

    def crash(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cache, "write_table", crash)
    with pytest.raises(KeyboardInterrupt):
        cache.write(tmp_path, "b", other)
    np.testing.assert_array_equal(np.load(tmp_path / cache.ITEMS), other.items)
    assert cache.read(tmp_path, "a", name="small") is None


def test_table_alone_completes_items_that_were_streamed(tmp_path):
    dataset = small()
    items = np.lib.format.open_memmap(tmp_path / cache.ITEMS, "w+", np.uint8, dataset.items.shape)
    items[:] = dataset.items
    items.flush()
    cache.write_table(
        tmp_path, "a", labels=dataset.labels, classes=dataset.classes, ids=dataset.ids, is_test=dataset.is_test,
        factors=dataset.factors,
    )  # fmt: skip
    assert_equal(cache.read(tmp_path, "a", name="small", leak=dataset.leak), dataset)
    cache.forget(tmp_path)
    assert cache.read(tmp_path, "a", name="small") is None
    cache.forget(tmp_path)


def test_data_set_is_made_once_and_then_read(tmp_path):
    made = []

    def make() -> Dataset:
        made.append(small())
        return made[-1]

    for _ in range(2):
        found = cache.through_cache(tmp_path / "x", "a", make, name="small", leak="seen before")
        assert_equal(found, small())
        assert isinstance(found.items, np.memmap)
    assert len(made) == 1
    cache.through_cache(tmp_path / "x", "b", make, name="small")
    assert len(made) == 2


def test_folder_that_cannot_be_written_gives_the_data_in_memory(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("a file where a folder should be")
    assert_equal(cache.through_cache(tmp_path / "file" / "x", "a", small, name="small"), small())

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert_equal(cache.through_cache(tmp_path / "x", "a", small, name="small"), small())
    assert list((tmp_path / "x").iterdir()) == []


def test_many_at_once_all_end_well(tmp_path):
    found = []

    def one() -> None:
        found.extend(cache.through_cache(tmp_path, "a", small, name="small", leak="seen before") for _ in range(5))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    for dataset in found:
        assert_equal(dataset, small())


def drawn(folder, pieces):
    table = {
        "labels": np.zeros(4, np.int64),
        "classes": ("a",),
        "ids": np.arange(4),
        "is_test": np.zeros(4, bool),
        "factors": {},
    }
    return cache.pieces_through_cache(
        folder, "{}", name="drawn", shape=(1, 2, 2), make_table=lambda: table, draw=lambda _: pieces()
    )


def two_pieces():
    for start in (0, 2):
        yield np.arange(start * 4, start * 4 + 8, dtype=np.uint8).reshape(2, 1, 2, 2)


def test_pieces_lie_on_disk_in_their_order(tmp_path):
    found = drawn(tmp_path / "new", two_pieces)
    assert isinstance(found.items, np.memmap)
    assert found.items.ravel().tolist() == list(range(16))
    assert drawn(tmp_path / "new", None).items.tolist() == found.items.tolist(), "and are not drawn again"


def test_pieces_that_cannot_be_written_are_kept_in_memory_unless_they_are_too_many(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("a file where the folder should be")
    found = drawn(tmp_path / "taken", two_pieces)
    assert found.items.ravel().tolist() == list(range(16))
    monkeypatch.setattr(cache, "MOST_IN_MEMORY", 15)
    with pytest.raises(ExplorerError, match=r"drawn takes .* GB.*Make room there"):
        drawn(tmp_path / "taken", two_pieces)
