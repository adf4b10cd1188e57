import os
from pathlib import Path
from typing import BinaryIO

import pytest

from explorer.files import write_atomically


def test_new_file_holds_what_was_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.bin", lambda file: file.write(b"new"))
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a longer old text")
    write_atomically(tmp_path / "a.bin", lambda file: file.write(b"new"))
    assert (tmp_path / "a.bin").read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()])
def test_error_while_writing_keeps_the_old_file_and_leaves_no_temporary_one(
    tmp_path: Path, error: BaseException
) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(type(error)):
        write_atomically(tmp_path / "a.bin", fail)
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_old_file_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    def look(file: BinaryIO) -> None:
        file.write(b"new")
        file.flush()
        assert (tmp_path / "a.bin").read_bytes() == b"old"

    (tmp_path / "a.bin").write_bytes(b"old")
    write_atomically(tmp_path / "a.bin", look)
    assert (tmp_path / "a.bin").read_bytes() == b"new"


def test_file_is_synced_before_the_rename_and_its_folder_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr("os.fsync", lambda descriptor: (steps.append("sync"), fsync(descriptor)))
    monkeypatch.setattr("os.replace", lambda old, new: (steps.append("rename"), replace(old, new)))
    write_atomically(tmp_path / "a.bin", lambda file: file.write(b"new"))
    assert steps == ["sync", "rename", "sync"]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a.bin", lambda file: file.write(b"new"))
