"""What a component of ours in a browser reports: state with a growing number, so that each report is taken once."""

from collections.abc import Mapping
from typing import Any, TypeGuard

import streamlit as st


def fresh(result: object, event: str, identity: str, *, key: str) -> Mapping[str, Any] | None:
    """A component's report, if it is about this content and newer than the last one taken; else None.

    Args:
        result: the component's state in the session.
        event: name of the report in it.
        identity: names the content that is drawn now; a report about another one is too late.
        key: of the component in the session.
    """
    message = result.get(event) if isinstance(result, Mapping) else None
    if not isinstance(message, Mapping) or message.get("identity") != identity:
        return None
    seen: dict[str, int] = st.session_state.setdefault(f"{key}:seen", {})
    number = message.get("seq")
    if not is_int(number) or number <= seen.get(event, 0):
        return None
    seen[event] = number
    return message


def is_int(value: object) -> TypeGuard[int]:
    """Whether a value that a browser sent is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def noted() -> None:
    """Streamlit keeps only events that have a callback; the script itself reads them."""
