"""One training a run at a time."""

import os
from threading import Event, Thread

import pytest

from explorer.errors import BadValueError
from explorer.zoo.lock import LOCK, is_training, training_alone


def test_a_second_training_of_a_run_is_refused_while_the_first_goes_on(tmp_path):
    with training_alone(tmp_path):
        assert is_training(tmp_path)
        with pytest.raises(BadValueError, match="being trained by another process"), training_alone(tmp_path):
            pass
    assert not is_training(tmp_path)
    with training_alone(tmp_path):
        pass


def test_a_lock_left_by_a_killed_process_holds_nobody_up(tmp_path):
    (tmp_path / LOCK).touch()
    assert not is_training(tmp_path)
    with training_alone(tmp_path):
        assert is_training(tmp_path)


def test_the_lock_is_released_when_the_training_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), training_alone(tmp_path):
        raise ZeroDivisionError
    assert not (tmp_path / LOCK).exists()


def test_who_holds_the_lock_for_an_instant_refuses_nobody(tmp_path):
    held, go_on = Event(), Event()

    def change() -> None:
        with training_alone(tmp_path):
            held.set()
            go_on.wait(60)

    other = Thread(target=change)
    other.start()
    held.wait(60)
    Thread(target=go_on.set).start()
    with training_alone(tmp_path):
        assert is_training(tmp_path)
    other.join(60)
    assert not (tmp_path / LOCK).exists()


def test_lock_of_another_run_that_has_taken_the_name_meanwhile_stays(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with training_alone(folder):
        folder.rename(tmp_path / "moved")
        folder.mkdir()
        (folder / LOCK).touch()
    assert (folder / LOCK).exists()
    assert not is_training(tmp_path / "moved")


def test_a_link_or_a_pipe_in_the_locks_place_is_neither_followed_nor_waited_for(tmp_path):
    (tmp_path / LOCK).symlink_to(tmp_path / "outside")
    assert not is_training(tmp_path)
    with pytest.raises(OSError, match="symbolic links"), training_alone(tmp_path):
        pass
    assert not (tmp_path / "outside").exists()
    (tmp_path / LOCK).unlink()
    os.mkfifo(tmp_path / LOCK)
    assert not is_training(tmp_path)
