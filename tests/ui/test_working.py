"""A bar of work under way holds nothing of the page that drew it."""

import gc
from functools import partial
from weakref import ref

from explorer.ui import progress, working
from explorer.workflows.background import Job


class Opened:
    """Stands for an open run."""


def test_followed_work_holds_no_run(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_component", lambda: lambda **_: None)
    monkeypatch.setattr(progress, "_looks", {})
    opened, job = Opened(), Job(tmp_path / "work", "The work")
    alive = ref(opened)
    with job.working() as report:
        report("counting", 3, 12)
        work = working.Work(
            key="work",
            name="Numbers",
            job=job,
            begin=partial(print, opened),
            words="",
            press="",
            icon=":material/close:",
            failed="",
            steps=lambda done, total: f"{done} of {total}",
            dismiss=partial(print, opened),
        )
        working._watch(work, job.look())
        del work, opened
        gc.collect()
        assert alive() is None
        (look,) = progress._looks.values()
        assert look().share == 0.25
        assert look().words.startswith("Numbers: counting, 3 of 12, for ")
    assert look() is None
