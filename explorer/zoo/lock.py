"""One training a run at a time: a lock that ends with its process, however that ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import BadValueError

LOCK = "training.lock"


@contextmanager
def training_alone(folder: Path) -> Iterator[None]:
    """Hold a run's lock while it is trained.

    Raises:
        BadValueError: another process is training it.
    """
    with (folder / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadValueError(
                f"{folder.name} is being trained by another process; wait for its end, or stop that one first."
            ) from None
        try:
            yield
        finally:
            (folder / LOCK).unlink(missing_ok=True)


def is_training(folder: Path) -> bool:
    """Whether a process is training the run now."""
    try:
        with (folder / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
