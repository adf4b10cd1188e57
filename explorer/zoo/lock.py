"""One training a run at a time: a lock that ends with its process, however that ends.

Who changes a run's card or moves its folder holds the same lock, so that no training is under way meanwhile.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import BadValueError

LOCK = "training.lock"
PATIENCE = 0.5  # seconds: changes take less, trainings more


@contextmanager
def training_alone(folder: Path) -> Iterator[None]:
    """Hold a run's lock while it is trained, or changed.

    Raises:
        BadValueError: another process is training it.
        OSError: no such folder, or one that cannot be written.
    """
    descriptor = _take(folder)
    try:
        yield
    finally:
        if _is_at(descriptor, folder / LOCK):  # the folder may have been moved, and its name taken by another
            (folder / LOCK).unlink(missing_ok=True)
        os.close(descriptor)


def is_training(folder: Path) -> bool:
    """Whether a process is training the run now."""
    try:
        # A foreign folder may hold a link or a pipe of that name: neither is followed or waited for.
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _take(folder: Path) -> int:
    """The lock as an open file; who looks or changes a card holds it for an instant, so this waits a little."""
    deadline = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, folder / LOCK):  # else who held it has removed it: another may make it anew
                return descriptor
        except BlockingIOError:
            pass
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise BadValueError(
                f"{folder.name} is being trained by another process; wait for its end, or stop that one first."
            )
        time.sleep(0.01)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one that the path names now."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
