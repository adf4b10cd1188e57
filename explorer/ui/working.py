"""A bar for work in the background: what it costs, how far it is, or why it failed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.errors import ExplorerError
from explorer.ui import progress
from explorer.ui.gallery import problem
from explorer.ui.loading import FOR_ALL
from explorer.ui.progress import Standing
from explorer.workflows.background import Job, Status

WRONG = "working:problem"
Steps = Callable[[int, int], str]
"""Words for steps done and steps in all."""


@dataclass(frozen=True)
class Work:
    """Work that a person may begin.

    Args:
        key: names the bar on its page; the style of "st-key-KEY" is its own.
        name: of what comes of it.
        job: that does it.
        begin: begins it.
        words: what it is and costs, as Markdown.
        press: what the button says.
        icon: of the button.
        failed: begins the sentence that says why it failed.
        steps: words for how far it is; kept while the work is followed, so it must hold no run.
        dismiss: takes the bar away; None where it stays.
    """

    key: str
    name: str
    job: Job
    begin: Callable[[], object]
    words: str
    press: str
    icon: str
    failed: str
    steps: Steps
    dismiss: Callable[[], None] | None = None


def bar(work: Work) -> None:
    """Offer the work, or show how far it is; when it has ended, the surrounding fragment, or page, runs again."""
    status = work.job.look()
    wrong = failure(work.job)
    if wrong or (status is not None and status.problem):
        problem(wrong or f"{work.failed}: {status.problem if status else ''}")
    with st.container(border=True, key=work.key):
        if status is None or status.problem:
            _offer(work)
        else:
            _watch(work, status)


def _offer(work: Work) -> None:
    with line(work.key):
        st.markdown(work.words)
        st.button(
            work.press,
            key=f"{work.key}-begin",
            type="primary",
            icon=work.icon,
            on_click=attempt,
            args=(work.job, work.begin),
        )
        if work.dismiss is not None:
            dismissal(work.key, work.dismiss)


def dismissal(key: str, dismiss: Callable[[], None]) -> None:
    """The small button that takes a bar away."""
    st.button("Dismiss", key=f"{key}-dismiss", type="tertiary", on_click=dismiss)


def line(key: str) -> DeltaGenerator:
    """Room for words and buttons side by side; its style keeps them in one row where there is room."""
    return st.container(key=f"le-line-{key}", horizontal=True, vertical_alignment="center", gap="small")


def attempt(job: Job, act: Callable[[], object]) -> None:
    """Do what a button says; the job's bar, or `failure`, tells why it could not be done."""
    with attempting(job):
        act()


@contextmanager
def attempting(job: Job) -> Iterator[None]:
    """Let the job's bar, or `failure`, tell why something could not be done with it."""
    told = st.session_state.setdefault(WRONG, {})
    told.pop(job.stem, None)
    try:
        yield
    except ExplorerError as error:
        told[job.stem] = (str(error), _since(job))


def failure(job: Job) -> str:
    """Why this session's last attempt failed, until the next one or until the job is another; else empty."""
    words, since = st.session_state.get(WRONG, {}).get(job.stem, ("", None))
    return words if since == _since(job) else ""


def _since(job: Job) -> float:
    status = job.look()
    return status.began if status else 0.0


def _watch(work: Work, status: Status) -> None:
    identity = blake2b(f"{work.job.stem}:{status.began}".encode(), digest_size=8).hexdigest()
    look = partial(_standing, work.job, status.began, work.name, work.steps)
    with line(work.key):
        progress.bar(identity, look, key=f"{work.key}-progress")
        st.button(
            "Cancel",
            key=f"{work.key}-cancel",
            icon=":material/close:",
            help=FOR_ALL,
            disabled=status.is_cancelled,
            on_click=attempt,
            args=(work.job, work.job.cancel),
        )


def _standing(job: Job, began: float, name: str, steps: Steps) -> Standing | None:
    """How far the job is that was begun then; asked long after the page was drawn, it holds nothing else of it."""
    status = job.look()
    if status is None or status.problem or status.began != began:
        return None
    return Standing(_progress(name, steps, status), min(1.0, status.done / max(1, status.total)))


def _progress(name: str, steps: Steps, status: Status) -> str:
    if status.is_cancelled:
        return f"{name}: being cancelled"
    done = f", {steps(status.done, status.total)}" if status.total else ""
    since = f", for {time.time() - status.began:.0f} s" if status.began else ""
    return f"{name}: {status.stage}{done}{since}"
