"""What of a page stands in its address, written so that nothing of it is lost.

The browser sends its address along with whatever it reports. What it reports before it has heard of a change brings
the old address with it; taken at its word, it would undo the change: a clicked point would no longer be asked about.
"""

from dataclasses import dataclass
from time import monotonic

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

WRITTEN = "address written"  # in the session
LATE = 60.0  # seconds that an address may be behind, a slow run among them; later a person has changed it back


@dataclass(frozen=True)
class _Written:
    """A part that was written.

    Args:
        value: what it is now; None for none.
        stale: what it was before, as long as the browser may still say so.
        page: that it was written on.
        at: when, on the clock that only runs forward.
    """

    value: str | None
    stale: frozenset[str | None]
    page: str
    at: float


def write(part: str, value: str | None) -> None:
    """Change a part of the address.

    Args:
        part: its name.
        value: what it says from now on; None removes it.
    """
    written = _written()
    before = written.get(part)
    stale = {st.query_params.get(part)} | ({before.value, *before.stale} if before else set())
    written[part] = _Written(value, frozenset(stale - {value}), _page(), monotonic())
    _put(part, value)


def catch_up(*, is_whole: bool = False) -> None:
    """Put back what the browser had not heard of when it asked for this run; call it before the address is read.

    Args:
        is_whole: the whole page runs, not a part of it.
    """
    written = _written()
    context = get_script_run_ctx()
    if is_whole and context is not None and context.is_history_navigation:  # a person goes back: it is old rightly
        written.clear()
    for part, one in list(written.items()):
        now = st.query_params.get(part)
        if one.page != _page() or monotonic() - one.at >= LATE or now not in one.stale | {one.value}:
            del written[part]
        elif now != one.value:  # where it is, this server may have said so, and not the browser
            _put(part, one.value)


def _put(part: str, value: str | None) -> None:
    if value is None:
        st.query_params.pop(part, None)
    else:
        st.query_params[part] = value


def _written() -> dict[str, _Written]:
    found: dict[str, _Written] = st.session_state.setdefault(WRITTEN, {})
    return found


def _page() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.page_script_hash
