"""Items on their way to the disk: worked on by threads in order, written one after the other."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Input = TypeVar("Input")
Result = TypeVar("Result")

PER_TASK = 8  # inputs: a thread's task costs more than a small picture
TASKS_AHEAD = 3  # a worker: results that wait to be written are bounded by this
MOST_WORKERS = 16
BUFFER = 1 << 20
CHUNK = 1 << 24  # bytes copied at once


def workers() -> int:
    """Threads worth starting: one for each processor that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST_WORKERS)


def in_order(work: Callable[[Input], Result], inputs: Sequence[Input], threads: int) -> Iterator[Result]:
    """Work on inputs in threads and yield the results in the order of the inputs.

    Args:
        work: must not raise.
        inputs: shape (n,).
        threads: how many; one is the caller's own.

    Yields:
        n results. Never more than 24 a thread wait, however slow the caller is.
    """
    if threads == 1:
        yield from map(work, inputs)
        return
    tasks = iter([inputs[i : i + PER_TASK] for i in range(0, len(inputs), PER_TASK)])
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
    waiting: deque[Future[list[Result]]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(lambda part: [work(each) for each in part], task))
            if len(waiting) >= TASKS_AHEAD * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class ItemsWriter:
    """An .npy file that grows: the number of items is filled in at the end.

    Images of one and of three channels may come mixed: with the first that has colour, all get
    three channels.

    Args:
        path: of the file to make; a context manager closes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self._dtype: np.dtype[Any] = np.dtype(np.uint8)
        self._file = open(path, "xb", buffering=BUFFER)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> "ItemsWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self._write_header()
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def append(self, items: NDArray[Any]) -> None:
        """Write some items behind the others.

        Args:
            items: shape (k, ...), all calls of the same type and item shape but for the channels.
        """
        if not self.shape:
            self.shape, self._dtype = items.shape[1:], items.dtype
            self._write_header()
        if items.shape[1] > self.shape[0] and len(self.shape) == 3:
            self._add_colour()
        elif items.shape[1:] != self.shape:
            items = np.repeat(items, 3, axis=1)
        self._file.write(np.ascontiguousarray(items).data)
        self.count += len(items)

    def _write_header(self) -> None:
        """Write the header; NumPy leaves room in it for any number of items, so its length never changes."""
        self._file.seek(0)
        shape = (self.count, *self.shape)
        header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def _add_colour(self) -> None:
        """Write anew what was grey so far, with three channels."""
        self._write_header()
        self._file.close()
        grey = self.path.with_suffix(".grey.npy")
        self.path.rename(grey)
        self._file = open(self.path, "xb", buffering=BUFFER)  # noqa: SIM115 - closed by __exit__
        self.shape, count = (3, *self.shape[1:]), self.count
        self._write_header()
        if count:
            old = np.load(grey, mmap_mode="r")
            step = max(1, CHUNK // (3 * old[0].nbytes))
            for i in range(0, count, step):
                self._file.write(np.repeat(old[i : i + step], 3, axis=1).data)
        grey.unlink()
