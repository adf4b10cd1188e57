"""Work of some seconds in this process: beside the page, with progress and cancel, its result kept in memory."""

from collections.abc import Callable
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar
from weakref import ref

import streamlit as st

from explorer.data.dataset import Progress
from explorer.errors import ExplorerError
from explorer.ui import progress
from explorer.ui.gallery import problem
from explorer.ui.progress import Standing

Result = TypeVar("Result")
SOON = 0.4  # seconds that a page waits for work before it shows how far it is
WORK_KEPT = 12  # results of one kind, of all sessions
Key = tuple[str, ...]
FOR_ALL = "Ends it for everybody who is waiting for it."


class _CancelledError(Exception):
    """A person asked for it."""


class Loading(Generic[Result]):
    """One piece of work under way.

    Args:
        work: does it; calls what it is given with (items done, items in all), which ends it when it is cancelled.
    """

    def __init__(self, work: Callable[[Progress], Result]) -> None:
        self._work = work
        self._cancelled = Event()
        self.identity = token_hex(8)
        self.waiting: set[str] = set()  # sessions, see `leave`
        self.done, self.total = 0, 0
        self.result: Result | None = None
        self.problem = ""
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether there is a result or a problem, or it was cancelled."""
        return not self._thread.is_alive()

    @property
    def is_cancelled(self) -> bool:
        """Whether a person asked for its end."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End it at its next step; a result that comes before is not taken."""
        self._cancelled.set()

    def wait(self, seconds: float) -> bool:
        """Wait a moment for the end; True if it has come."""
        self._thread.join(seconds)
        return self.is_over

    def _run(self) -> None:
        try:
            result = self._work(self._report)
            if not self.is_cancelled:
                self.result = result
        except _CancelledError:
            pass
        except ExplorerError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - told on the page, in its thread it would be lost
            self.problem = f"This failed at a defect of the program ({type(error).__name__}: {error})."
        finally:
            del self._work  # it holds what it works on, such as an open run

    def _report(self, done: int, total: int) -> None:
        if self.is_cancelled:
            raise _CancelledError
        self.done, self.total = done, total


def watch(loading: "Loading[Result]", words: str, *, key: str) -> None:
    """Show how far it is, with a button to cancel; when it is over, what surrounds this runs again.

    All sessions that ask for the same work share it, so a cancel ends it for each; it says so, and each can begin anew.

    Args:
        loading: the work.
        words: what it is.
        key: tells its bar from those of other work on the page.
    """
    stop, is_asked = loading.cancel, loading.is_cancelled
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        progress.bar(loading.identity, _standing_of(loading, words), key=f"progress-{key}")
        st.button(
            "Cancel", key=f"cancel-{key}", icon=":material/close:", help=FOR_ALL, on_click=stop, disabled=is_asked
        )


_under_way: dict[Key, Loading[Any]] = {}
_lock = Lock()  # two sessions may ask for the same at once; it is begun once


def shared(
    key: Key, work: Callable[[Progress], Result], words: str, *, soon: float | None = None, replaces: bool = False
) -> Result | None:
    """The result of some work, begun when first asked for by any session; None while it lasts, and then how far it is.

    Args:
        key: names the work with all that its result depends on; its first part tells it from other work on the page.
        work: as `Loading` takes it.
        words: what it is, in words for a person.
        soon: seconds that the page waits for the result before it shows how far it is; None takes `SOON`.
        replaces: a session wants one work at a time of those whose keys begin alike, as when a slider moves: `leave`s
            the one before it.
    """
    if replaces:
        leave(key[0], unless=key)
    loading = _begun(key, work, replaces)
    if not loading.wait(SOON if soon is None else soon):
        with st.container(border=True, key=f"loading-{key[0]}"):
            watch(loading, words, key=key[0])
        return None
    if loading.result is None:
        problem(loading.problem or f"{words} was cancelled.")
        st.button("Try again", key=f"again-{key[0]}", icon=":material/refresh:", on_click=_forget, args=(key,))
    found: Result | None = loading.result
    return found


def _begun(key: Key, work: Callable[[Progress], Result], replaces: bool) -> "Loading[Result]":
    """The work of this key, begun where it is not there."""
    with _lock:
        loading = _under_way.pop(key, None) or Loading(work)
        _under_way[key] = loading  # at the end: that asked for last is kept longest
        over = [old for old, one in _under_way.items() if one.is_over and old[0] == key[0] and old != key]
        for old in over[:-WORK_KEPT]:
            del _under_way[old]
        if replaces:
            st.session_state[_slot(key[0])] = key
            loading.waiting.add(_session())
        return loading


def newest(key: Key, work: Callable[[Progress], Result]) -> tuple[Result | None, str]:
    """The result of some work, or that of the one before it for as long as this one lasts: what is in view stays there.

    There is no bar; when the work is over, what surrounds this runs again.

    Args:
        key: as of `shared`. Work whose keys agree in the first two parts is one series: of it one is done at a time.
        work: as `Loading` takes it.

    Returns:
        The newest result of the series, None before the first; and what went wrong with the newest work.
    """
    with _lock:
        series = [one for old, one in _under_way.items() if old[:2] == key[:2]]
    loading = next((one for one in series if not one.is_over), None) or _begun(key, work, False)
    if not loading.is_over:
        progress.quietly(loading.identity, _standing_of(loading, ""), key=f"newest-{key[0]}")
    results = [one.result for one in (*series, loading) if one.is_over and one.result is not None]
    return (results[-1] if results else None), loading.problem


def _standing_of(loading: "Loading[Any]", words: str) -> Callable[[], Standing | None]:
    """How far some work is, for who follows it: its result may be large, so this must not keep it."""
    alive = ref(loading)

    def look() -> Standing | None:
        work = alive()
        if work is None or work.is_over:
            return None
        return Standing(words, min(1.0, work.done / work.total) if work.total else 0.0)

    return look


def leave(kind: str, *, unless: Key | None = None) -> None:
    """Let this session no longer wait for work that `replaces`; it is cancelled where no other session waits for it.

    Args:
        kind: how its key begins.
        unless: the work of this key is not left.
    """
    key: Key | None = st.session_state.get(_slot(kind))
    if key is None or key == unless:
        return
    del st.session_state[_slot(kind)]
    with _lock:
        loading = _under_way.get(key)
        if loading is not None:
            loading.waiting.discard(_session())
            if not loading.waiting and not loading.is_over:
                loading.cancel()
                del _under_way[key]  # who comes back begins anew


def is_known(key: Key) -> bool:
    """Whether work of this key was begun."""
    return key in _under_way


def _session() -> str:
    """Tells this session from others."""
    return str(st.session_state.setdefault("loading:session", token_hex(8)))


def _slot(kind: str) -> str:
    return f"loading:{kind}"


def _forget(key: Key) -> None:
    _under_way.pop(key, None)
