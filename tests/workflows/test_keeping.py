"""What is kept is read back as it was, or removed."""

import os

import numpy as np
import pytest
from safetensors.numpy import load, save

from explorer.workflows import keeping
from explorer.workflows.keeping import Kept

ARRAYS = {"a": np.array([0.0, 0.5, np.nan, 1.0]), "b": np.array([[1, 2]], np.uint8)}
LIKE = {"a": (np.float64, (4,)), "b": (np.uint8, (1, 2))}


@pytest.fixture
def kept(tmp_path) -> Kept:
    found = Kept(tmp_path / "scores", {"version": 1})
    found.write(ARRAYS)
    return found


def test_arrays_come_back_as_they_were(kept):
    found = kept.read(LIKE)
    assert sorted(found) == ["a", "b"]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
    assert Kept(kept.path.parent, {"version": 2}).read(LIKE) is None


def flipped(content: bytes) -> bytes:
    at = content.index(np.float64(0.5).tobytes())
    return content[:at] + np.float64(0.25).tobytes() + content[at + 8 :]


def sealed(**changes) -> bytes:
    arrays = {name: array for name, array in ({**ARRAYS, **changes}).items() if array is not None}
    return save({**arrays, keeping.SEAL: keeping._seal(arrays)})


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:-1],
        lambda content: content + b"x" * keeping.MOST_BYTES,
        lambda content: content[:8] + b"[" * (len(content) - 8),
        flipped,
        lambda content: save({**load(content), "c": np.zeros(1)}),
        lambda _: save(ARRAYS),
        lambda _: sealed(a=np.zeros(5)),
        lambda _: sealed(a=np.zeros(4, np.float32)),
        lambda _: sealed(a=np.array([0, 0, 0, 1.5])),
        lambda _: sealed(a=np.array([0, 0, 0, np.inf])),
        lambda _: sealed(b=None),
    ],
    ids=["empty", "cut", "huge", "header", "flipped", "more", "bare", "longer", "other type", "high", "inf", "fewer"],
)
def test_what_is_damaged_is_removed_and_not_believed(kept, damage):
    kept.path.write_bytes(damage(kept.path.read_bytes()))
    assert kept.read(LIKE) is None
    assert not kept.path.exists()


def test_what_is_used_least_lately_goes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_FILES", 2)
    first, second, third = (Kept(tmp_path, {"n": n}) for n in range(3))
    for age, one in ((30, first), (20, second)):
        one.write(ARRAYS)
        os.utime(one.path, (os.path.getmtime(one.path) - age,) * 2)
    assert first.read(LIKE) is not None
    third.write(ARRAYS)
    assert [one.path.exists() for one in (first, second, third)] == [True, False, True]


def test_disk_that_cannot_be_written_keeps_nothing_and_breaks_nothing(tmp_path):
    (tmp_path / "scores").write_text("a file in its place")
    kept = Kept(tmp_path / "scores", {})
    kept.write(ARRAYS)
    assert kept.read(LIKE) is None
