"""Values that the page's address asks for and no control knows: told in one sentence, until the next choice."""

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from explorer.ui.gallery import plain

KEY = "address:unknown"
LONGEST = 40  # letters of a value that are quoted
PARTS = ("run", "item", "at")  # of the address, beside what its controls say


@dataclass
class _Asked:
    """What a session's address asked for.

    Args:
        controls: keys that may stand in it.
        unknown: a value that nobody knows and what is shown instead, by key; empty for what the control says.
        chosen: what had been chosen when it was told first.
    """

    controls: set[str] = field(default_factory=set)
    unknown: dict[str, tuple[str, str]] = field(default_factory=dict)
    chosen: dict[str, object] = field(default_factory=dict)


def expect(key: str, is_known: Callable[[str], bool], shown: str = "") -> None:
    """Look at what the address asks of a control, before it is drawn: Streamlit drops in silence what it does not know.

    Args:
        key: of the control, and in the address.
        is_known: whether the control has this value.
        shown: what is shown in place of one that it has not; empty for what the control says.
    """
    asked: _Asked = st.session_state.setdefault(KEY, _Asked())
    asked.controls.add(key)
    value = st.query_params.get(key)
    is_drawn = key in st.session_state  # then what it says was chosen, and the address may be an older one
    if value is not None and not is_drawn and not is_known(value):
        asked.unknown[key] = value, shown


def within(low: float, high: float) -> Callable[[str], bool]:
    """Whether a text is a number from `low` to `high`."""

    def is_known(text: str) -> bool:
        try:
            return low <= float(text) <= high
        except ValueError:
            return False

    return is_known


def is_switch(text: str) -> bool:
    """Whether a text says yes or no."""
    return text.casefold() in ("true", "false")


def tell() -> None:
    """Say what the address asked for in vain and what is shown instead; call it once all controls are drawn."""
    asked: _Asked = st.session_state.get(KEY, _Asked())
    if not asked.unknown:
        return
    now = {key: st.session_state.get(key) for key in asked.controls} | {key: st.query_params.get(key) for key in PARTS}
    if asked.chosen and any(asked.chosen.get(key) != value for key, value in now.items() if key in asked.chosen):
        asked.unknown.clear()
        return
    asked.chosen = now
    wanted = _listed([f"{key}={value[:LONGEST]}" for key, (value, _) in asked.unknown.items()])
    instead = _listed([shown or str(st.session_state.get(key)) for key, (_, shown) in asked.unknown.items()])
    st.warning(
        plain(f"The address asks for {wanted}, which this page does not know; shown instead: {instead}."),
        icon=":material/link_off:",
    )


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
