"""Work that a process of its own does: started once, watched and cancelled by any process, outliving them all.

A job is known by its files. `start` is locked from the moment it is begun until its process has locked
`lock`, and that one until the work is over; both end with the process, however that ends. `status` says
how far it is, or why it failed; a file `cancel` asks it to end.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import IO

from explorer.errors import BadValueError, ExplorerError
from explorer.files import telling_of_the_disk
from explorer.zoo.store import write_bytes

# -P: a file of the folder that the server stands in must not be taken for a library.
COMMAND = (sys.executable, "-P", "-m", "explorer")
WRITTEN_EVERY = 0.3  # seconds
LOOKED_EVERY = 0.2
NICENESS, LOWEST = 10, 19
DISK_ADVICE = "Make room or choose another data root."
TRIES = 100
LAST_BYTES = 4000
STARTED = "EXPLORER_STARTED"
"""Environment variable of a background process: the number of the open file that it was begun with."""
_at_work: "list[Job]" = []  # in this process; one may do the work of others in turn
Report = Callable[[str, int, int], None]
"""Is told the stage, steps done and steps in all."""


@dataclass(frozen=True)
class Status:
    """How far a job is.

    Args:
        stage: what is being done.
        done, total: steps; 0 and 0 where that is not known.
        began: when it started, seconds of the epoch.
        problem: why it failed; empty while it runs.
        is_cancelled: somebody has asked it to end.
    """

    stage: str
    done: int = 0
    total: int = 0
    began: float = 0.0
    problem: str = ""
    is_cancelled: bool = False


@dataclass(frozen=True)
class Job:
    """One piece of work, at most once at a time on all processes.

    Args:
        stem: path that its files begin with; the folder is made when it begins.
        title: of the work, for people.
    """

    stem: Path
    title: str

    def begin(self, *arguments: str) -> bool:
        """Run `latent-explorer ARGUMENTS` in the background; nothing happens while the job runs already.

        Returns:
            Whether it was started.

        Raises:
            ExplorerError: a folder that cannot be written.
        """
        with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            # The process inherits this lock and lets go of it with the other in hand: two who ask at once start one.
            with self._file("start").open("a") as start:
                if not _lock(start) or _is_locked(self._file("lock")):
                    return False
                self._clear()
                self._write(Status("starting", began=time.time()))
                self._spawn(arguments, start.fileno())
                return True

    def _spawn(self, arguments: tuple[str, ...], inherited: int) -> None:
        with self._file("log").open("wb") as log:
            try:
                process = subprocess.Popen(
                    [*COMMAND, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[inherited],
                    env={**os.environ, STARTED: str(inherited)},
                )
            except OSError as error:
                self._clear()
                why = error.strerror or error
                raise BadValueError(f"{self.title} could not be started: {why}; end other programs first.") from error
        with suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, min(LOWEST, os.nice(0) + NICENESS))  # pages stay quick
        Thread(target=process.wait, daemon=True).start()  # leaves no zombie behind

    def cancel(self) -> None:
        """Ask the job to end; it does within a moment."""
        if self.is_running:
            with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
                self._file("cancel").touch()

    @property
    def is_running(self) -> bool:
        """Whether a process is at it now."""
        return _is_locked(self._file("start")) or _is_locked(self._file("lock"))

    def look(self) -> Status | None:
        """How far it is, or why it failed; None where it was never begun, was cancelled, or ended well."""
        running = self.is_running
        status, is_cancelled = self._read(), self._file("cancel").exists()
        if running:
            status = status or Status("starting")
            return Status(status.stage, status.done, status.total, status.began, is_cancelled=is_cancelled)
        if is_cancelled:
            return None
        if status is None or status.problem:
            return status
        if self.is_running:
            return self.look()  # it was begun this moment
        return Status(status.stage, problem=f"it ended without a result while {status.stage}{self._last_words()}")

    @contextmanager
    def working(self, report: Report = lambda *_: None) -> Iterator[Report]:
        """Do the work in this process: holds the job's lock, keeps its status, ends when it is cancelled.

        Args:
            report: is told how far it is too.

        Yields:
            A function to call with stage, steps done and steps in all.

        Raises:
            BadValueError: another process is at it.
        """
        with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
            self.stem.parent.mkdir(parents=True, exist_ok=True)
            lock = self._file("lock").open("a")
        with lock:
            is_ours, was_begun = _lock(lock), self._release_start()
            if not is_ours:
                raise BadValueError(f"{self.title} is under way in another process; wait for its end.")
            began = self._taken_over() if was_begun else self._anew()
            over = Event()
            Thread(target=self._end_when_cancelled, args=(over,), daemon=True).start()
            _at_work.append(self)
            try:
                yield self._reporter(began, report)
            except KeyboardInterrupt:
                self._clear()
                raise
            except BaseException as error:
                self._write(Status("", began=began, problem=_in_words(error)))
                raise
            else:
                self._clear()
            finally:
                _at_work.remove(self)
                over.set()

    def _release_start(self) -> bool:
        """Let go of the lock that this process was begun with for this job; False where it was not.

        The job then ends with its work and may be begun again in the seconds that libraries take to unload.
        """
        try:
            inherited = int(os.environ.get(STARTED, ""))
            is_ours = os.path.samestat(os.fstat(inherited), self._file("start").stat())
        except (OSError, ValueError, OverflowError):
            return False
        if is_ours:
            fcntl.flock(inherited, fcntl.LOCK_UN)
        return is_ours

    def _taken_over(self) -> float:
        """When the job was begun that this process was started for."""
        status = self._read()
        return status.began if status else time.time()

    def _anew(self) -> float:
        """Begin in this process; a cancellation of former work is not meant for it."""
        began = time.time()
        self._clear()
        self._write(Status("starting", began=began))
        return began

    def _reporter(self, began: float, report: Report) -> Report:
        last = ("", 0.0)

        def told(stage: str, done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if stage != last[0] or now - last[1] > WRITTEN_EVERY:
                last = stage, now
                self._write(Status(stage, done, total, began))
            report(stage, done, total)

        return told

    def _end_when_cancelled(self, over: Event) -> None:
        while not over.wait(LOOKED_EVERY):
            if self._file("cancel").exists():
                for job in _at_work:  # none of them has failed
                    with suppress(OSError):
                        job._file("cancel").touch()
                os.kill(os.getpid(), signal.SIGTERM)  # ends even a long computation in compiled code

    def _file(self, kind: str) -> Path:
        return self.stem.with_name(f"{self.stem.name}.{kind}")

    def _clear(self) -> None:
        for kind in ("status", "cancel", "log"):
            self._file(kind).unlink(missing_ok=True)

    def _write(self, status: Status) -> None:
        with telling_of_the_disk(self.stem.parent, DISK_ADVICE):
            write_bytes(self.stem.parent, self._file("status").name, json.dumps(asdict(status)).encode())

    def _read(self) -> Status | None:
        try:
            return Status(**json.loads(self._file("status").read_text("utf-8")))
        except (OSError, ValueError, TypeError):  # never begun, or damaged: it then counts as not begun
            return None

    def _last_words(self) -> str:
        """The last line that the process wrote, where it wrote any."""
        try:
            lines = self._file("log").read_bytes()[-LAST_BYTES:].decode("utf-8", "replace").split("\n")
        except OSError:  # begun by hand, in a terminal
            lines = []
        words = [line.strip() for line in lines if line.strip()]
        return f": {words[-1]}" if words else " (was it killed, or was there no memory left?)"


def _in_words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory for it; end other programs, then begin again."
    return str(error) if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"


def _lock(file: IO[str]) -> bool:
    """Take the lock of an open file; False while another process has it."""
    for _ in range(TRIES):  # who only looks whether it is locked holds it for an instant
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.005)
        else:
            return True
    return False


def _is_locked(path: Path) -> bool:
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file yet, or no such folder
        return False
    return False
