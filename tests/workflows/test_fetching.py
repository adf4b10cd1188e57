"""Downloads in a process of their own: watched, cancelled, killed, refused, and never half."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Semaphore

import pytest

from explorer.data import DATASETS
from explorer.data.mnist import MNIST
from explorer.data.mnist_files import FILES, ORIGINS
from explorer.errors import BadValueError, MissingDataError, UnknownNameError
from explorer.settings import Settings
from explorer.workflows import background, fetching
from explorer.workflows.background import Job
from tests.mirrored import N_TEST, N_TRAIN, PIECE, VARIABLE, Mirror, archives, contents, origin, put, serving

ROOT = Path(__file__).parents[2]
WAIT = 60.0  # seconds
ALL = sum(map(len, archives().values()))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-m", "tests.mirrored"))
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror that lets pieces through one by one, as its gate is released."""
    with serving(Mirror(put(tmp_path / "mirror", archives()), Semaphore(0))) as running:
        come_from(monkeypatch, running.address)
        yield running


def come_from(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Both in this process and in those that it begins."""
    monkeypatch.setenv(VARIABLE, address)
    monkeypatch.setitem(ORIGINS, "MNIST", origin(address))


@pytest.fixture
def job(settings: Settings) -> Iterator[Job]:
    job = fetching.download_job(MNIST, settings)
    yield job
    job.cancel()
    until(lambda: not job.is_running)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def trickle(mirror: Mirror, condition: Callable[[], object]) -> None:
    """Let one piece after the other through; a status is not written at each of them."""
    until(lambda: condition() or mirror.let_through())


def done(job: Job) -> int:
    status = job.look()
    return status.done if status is not None and status.stage == "downloading" else -1


def raw(settings: Settings) -> set[str]:
    return {path.name for path in (settings.data_root / "MNIST").rglob("*") if path.is_file()}


def is_there(settings: Settings) -> bool:
    try:
        return len(MNIST.load(MNIST.config(), settings.data_root, None)) == N_TRAIN + N_TEST
    except MissingDataError:
        return False


def test_progress_moves_with_the_bytes_and_the_data_are_there_at_its_end(settings, mirror, job):
    fetching.begin(MNIST, settings)
    assert job.is_running
    until(lambda: done(job) == 0)
    trickle(mirror, lambda: done(job) > 0)
    before = done(job)
    assert before % PIECE == 0
    trickle(mirror, lambda: done(job) > before)
    assert done(job) < job.look().total == ALL
    assert not is_there(settings)
    fetching.begin(MNIST, settings)  # nothing happens
    mirror.open()
    until(lambda: not job.is_running)
    assert job.look() is None
    assert is_there(settings)
    assert mirror.asked == [f"{name}.gz" for name in FILES]


def test_cancelled_download_leaves_nothing_half_and_begins_anew(settings, mirror, job):
    fetching.begin(MNIST, settings)
    trickle(mirror, lambda: done(job) > 0)
    job.cancel()
    until(lambda: not job.is_running)
    assert job.look() is None
    assert raw(settings) == set()
    assert not is_there(settings)
    mirror.open()
    fetching.begin(MNIST, settings)
    until(lambda: not job.is_running)
    assert is_there(settings)


def test_killed_download_is_told_and_is_not_there(settings, mirror, job):
    fetching.begin(MNIST, settings)
    trickle(mirror, lambda: done(job) > 0)
    os.kill(holder(job), signal.SIGKILL)
    until(lambda: not job.is_running)
    assert job.look().problem.startswith("it ended without a result while downloading")
    assert raw(settings) == set()
    assert not is_there(settings)


def holder(job: Job) -> int:
    """The process that was begun for a job."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            is_ours = str(job.stem.parents[1]) in (process / "environ").read_text("utf-8", "replace")
        except OSError:
            continue
        if b"tests.mirrored" in words and is_ours:
            return int(process.name)
    raise AssertionError("no such process")


def test_failed_download_says_why_until_it_is_begun_again(settings, mirror, job):
    put(mirror.folder, {f"{FILES[1]}.gz": b"truncated"})
    mirror.open()
    fetching.begin(MNIST, settings)
    until(lambda: not job.is_running)
    assert f"could not be downloaded ({FILES[1]}.gz came truncated or corrupted)" in job.look().problem
    assert not is_there(settings)
    put(mirror.folder, archives())
    fetching.begin(MNIST, settings)
    until(lambda: not job.is_running)
    assert job.look() is None
    assert is_there(settings)


def test_no_network_is_one_sentence(settings, job, monkeypatch):
    come_from(monkeypatch, "http://127.0.0.1:1/")
    fetching.begin(MNIST, settings)
    until(lambda: not job.is_running)
    assert "could not be downloaded (urlopen error [Errno 111] Connection refused). Try again" in job.look().problem
    assert "\n" not in job.look().problem


def test_download_under_way_is_not_begun_a_second_time_by_hand(settings, mirror, job):
    fetching.begin(MNIST, settings)
    until(lambda: done(job) == 0)
    with pytest.raises(BadValueError, match="The download of MNIST is under way in another process"):
        fetching.prepare(MNIST, settings)
    assert mirror.asked == [f"{FILES[0]}.gz"]


def test_data_that_are_there_need_neither_job_nor_network(settings):
    put(settings.data_root / "MNIST" / "raw", contents())
    assert len(fetching.prepare(MNIST, settings)) == N_TRAIN + N_TEST
    assert not (settings.data_root / fetching.FOLDER).exists()


def test_import_that_is_missing_is_no_download(settings):
    with pytest.raises(UnknownNameError, match="Say which import to use"):
        fetching.prepare(DATASETS["folder"], settings)
    assert not settings.data_root.exists()
