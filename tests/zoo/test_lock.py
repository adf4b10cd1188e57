"""One training a run at a time."""

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
