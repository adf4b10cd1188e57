"""A bar of work under way holds nothing of the page that drew it, and follows no other work."""

import gc
from collections.abc import Callable
from functools import partial
from weakref import ref

from explorer.ui import progress, working
from explorer.workflows.background import Job


class Opened:
    """Stands for an open run."""


def numbers(job: Job, act: Callable[[], object]) -> working.Work:
    """Work that counts."""
    return working.Work(
        key="work",
        name="Numbers",
        job=job,
        begin=act,
        words="",
        press="",
        icon=":material/close:",
        failed="",
        steps=lambda done, total: f"{done} of {total}",
        dismiss=act,
    )


def test_followed_work_holds_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_component", lambda: lambda **_: None)
    monkeypatch.setattr(progress, "_looks", {})
    opened, job = Opened(), Job(tmp_path / "work", "The work")
    alive = ref(opened)
    with job.working() as report:
        report("counting", 3, 12)
        work = numbers(job, partial(print, opened))
        working._watch(work, job.look())
        del work, opened
        gc.collect()
        assert alive() is None
        (look,) = progress._looks.values()
        assert look().share == 0.25
        assert look().words.startswith("Numbers: counting, 3 of 12, for ")
    assert look() is None


def test_work_begun_anew_is_not_the_work_that_is_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_component", lambda: lambda **_: None)
    monkeypatch.setattr(progress, "_looks", {})
    job = Job(tmp_path / "work", "The work")
    with job.working():
        working._watch(numbers(job, print), job.look())
    (first,) = progress._looks.values()
    with job.working():
        assert first() is None  # its page has to run again, whatever is under way by now
        working._watch(numbers(job, print), job.look())
        (_, second) = progress._looks.values()
        assert second() is not None
