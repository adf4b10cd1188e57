"""Work in processes of its own: started once, watched, cancelled, and told when it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from explorer.errors import BadDataError, BadValueError, ExplorerError
from explorer.workflows import background
from explorer.workflows.background import Job, Status

ROOT = Path(__file__).parents[2]
WAIT = 60.0  # seconds
# A worker like any other: it says that it has begun, reports, and goes on until it is ended.
WORKER = """
import os, sys, time
from pathlib import Path
from explorer.workflows.background import Job
stem = Path(sys.argv[1])
with stem.with_name("begun").open("a") as begun:
    begun.write("x")
stem.with_name("pid").write_text(str(os.getpid()))
with Job(stem, "Test").working() as report:
    report("counting", 3, 10)
    time.sleep(60)
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job whose background process is the worker above; whatever still runs is ended."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    job = Job(tmp_path / "jobs" / "one", "Test")
    command(monkeypatch, WORKER)
    yield job
    job.cancel()
    until(lambda: not job.is_running)


def command(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(background, "COMMAND", (sys.executable, "-c", code))


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def counting(job: Job) -> bool:
    status = job.look()
    return status is not None and status.stage == "counting"


def test_job_never_begun_is_nothing(job):
    assert job.look() is None
    assert not job.is_running
    job.cancel()
    assert not job.stem.parent.exists()


def test_many_who_ask_at_once_start_one_process(job):
    asking = [Thread(target=job.begin, args=(str(job.stem),)) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert job.is_running
    until(lambda: counting(job))
    job.begin(str(job.stem))
    assert job.stem.with_name("begun").read_text() == "x"
    assert job.look() == Status("counting", 3, 10, job.look().began)
    assert abs(job.look().began - time.time()) < WAIT


def test_job_is_running_from_the_moment_it_is_begun(job):
    job.begin(str(job.stem))
    assert job.is_running
    assert job.look().stage == "starting"


def test_cancelled_job_ends_and_can_be_begun_again(job):
    job.begin(str(job.stem))
    until(lambda: counting(job))
    job.cancel()
    assert job.look() is None or job.look().is_cancelled
    until(lambda: not job.is_running)
    assert job.look() is None
    assert job.begin(str(job.stem))
    until(lambda: counting(job))
    assert not job.look().is_cancelled


def test_a_cancellation_that_nobody_has_seen_ends_no_later_work_by_hand(job):
    job.begin(str(job.stem))
    until(lambda: counting(job))
    job.cancel()
    until(lambda: not job.is_running)
    with job.working():
        time.sleep(3 * background.LOOKED_EVERY)  # or this process would be ended
        assert not job.look().is_cancelled


def test_who_does_the_work_of_others_in_turn_and_is_cancelled_leaves_none_of_them_failed(job, monkeypatch):
    inner = Job(job.stem.with_name("inner"), "Inner")
    nested = WORKER.replace(
        "    report(", "    inner = Job(stem.with_name('inner'), 'Inner').working()\n    inner.__enter__()\n    report("
    )
    command(monkeypatch, nested)
    for cancelled, other in ((job, inner), (inner, job)):
        assert job.begin(str(job.stem))
        until(lambda: counting(job) and inner.is_running)
        cancelled.cancel()
        until(lambda: not job.is_running and not inner.is_running)
        assert (cancelled.look(), other.look()) == (None, None)


def test_job_begun_again_is_another_one_from_the_same_time_on(job):
    job.begin(str(job.stem))
    first = job.look().began
    until(lambda: counting(job))
    assert job.look().began == first
    job.cancel()
    until(lambda: not job.is_running)
    job.begin(str(job.stem))
    assert job.look().began > first


def test_process_that_cannot_be_started_is_one_sentence_and_no_job(job, monkeypatch):
    def full(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(background.subprocess, "Popen", full)
    with pytest.raises(ExplorerError, match="Test could not be started: Resource temporarily unavailable; end other"):
        job.begin(str(job.stem))
    assert job.look() is None


def test_job_that_cancels_before_its_process_is_up_ends_too(job):
    job.begin(str(job.stem))
    job.cancel()
    until(lambda: not job.is_running)
    assert job.look() is None


def test_process_that_dies_says_its_last_words(job, monkeypatch):
    command(monkeypatch, "raise SystemExit('no module named so')")
    job.begin(str(job.stem))
    until(lambda: not job.is_running)
    assert job.look().problem == "it ended without a result while starting: no module named so"


def test_killed_process_is_told(job):
    job.stem.parent.mkdir()
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(job.stem)])
    until(lambda: counting(job))
    worker.kill()
    worker.wait()
    assert "while counting (was it killed, or was there no memory left?)" in job.look().problem


def test_only_one_process_works_at_a_time(job):
    job.begin(str(job.stem))
    until(lambda: counting(job))
    with pytest.raises(BadValueError, match="Test is under way in another process"), job.working():
        pass
    assert counting(job)  # who was refused has not touched the other's status


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BadDataError("All latents are the same."), "All latents are the same."),
        (MemoryError(), "there is not enough memory for it; end other programs, then begin again."),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_error_is_told_until_the_job_is_begun_again(tmp_path, error, told):
    job = Job(tmp_path / "one", "Test")
    with pytest.raises(type(error)), job.working():
        raise error
    assert job.look().problem == told
    with job.working():
        assert not job.look().problem
    assert job.look() is None


def test_interrupted_work_is_no_failure(tmp_path):
    job = Job(tmp_path / "one", "Test")
    with pytest.raises(KeyboardInterrupt), job.working():
        raise KeyboardInterrupt
    assert job.look() is None


def test_work_that_is_over_is_not_ended_by_a_late_cancel(tmp_path):
    job = Job(tmp_path / "one", "Test")
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("ended by its own watch"))
    try:
        with job.working():
            pass
        (tmp_path / "one.cancel").touch()
        time.sleep(3 * background.LOOKED_EVERY)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_each_new_stage_is_written_at_once_but_not_each_step(tmp_path, monkeypatch):
    job = Job(tmp_path / "one", "Test")
    monkeypatch.setattr(background, "WRITTEN_EVERY", 60.0)
    with job.working() as report:
        report("first", 0, 5)
        report("first", 4, 5)
        assert (job.look().stage, job.look().done) == ("first", 0)
        report("second", 0, 0)
        assert job.look().stage == "second"


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"stage": "x", "unknown": 1}', "null"])
def test_damaged_status_counts_as_none(tmp_path, content):
    (tmp_path / "one.status").write_text(content)
    assert Job(tmp_path / "one", "Test").look() is None


def test_who_began_it_is_told_each_step(job: Job) -> None:
    told: list[tuple[str, int, int]] = []
    with job.working(lambda *step: told.append(step)) as report:
        for step in range(1, 4):
            report("counting", step, 3)
    assert told == [("counting", step, 3) for step in range(1, 4)]


def test_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    job = Job(tmp_path / "file" / "jobs" / "one", "Test")
    with pytest.raises(ExplorerError, match="could not be written: Not a directory"):
        job.begin()
    with pytest.raises(ExplorerError, match="choose another data root"), job.working():
        pass


def test_background_process_gives_way_to_the_pages(job):
    job.begin(str(job.stem))
    until(lambda: counting(job))
    worker = int(job.stem.with_name("pid").read_text())
    assert os.getpriority(os.PRIO_PROCESS, worker) == min(19, background.NICENESS + os.nice(0))


def test_job_is_over_with_its_work_and_can_be_begun_again_while_its_process_ends(job, monkeypatch):
    """Unloading libraries takes seconds, in which nothing is left to wait for: a press must not be lost to them."""
    work, _, _ = WORKER.partition("    report(")
    command(monkeypatch, f"{work}    pass\nstem.with_name('over').touch()\ntime.sleep(60)\n")
    job.begin(str(job.stem))
    until(lambda: job.stem.with_name("over").exists())
    ending = int(job.stem.with_name("pid").read_text())
    assert not job.is_running
    assert job.look() is None
    command(monkeypatch, WORKER)
    assert job.begin(str(job.stem))
    until(lambda: counting(job))
    os.kill(ending, signal.SIGKILL)  # it was still there
    assert counting(job)
