"""One item after the other, which a person labels by keys.

A press belongs to the item that was on the screen when the key went down. The browser keeps it until the server has
acknowledged it, over a reload too, and reports all that is not acknowledged each time: nothing is lost in a burst.
"""

from collections.abc import Mapping
from functools import cache
from urllib.parse import quote, unquote

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.errors import BadValueError
from explorer.labeling.records import Press, person
from explorer.ui.messages import noted
from explorer.ui.questions.deck import ClassKey, Deck, Question, message
from explorer.ui.questions.program import QUESTIONS
from explorer.ui.questions.reading import number_of, presses_of, tab_of

__all__ = ["ClassKey", "Deck", "Question", "ask", "presses", "remembered", "tab"]

COOKIE = "latent-explorer-annotator"
HEIGHT = "clamp(560px, 100vh - 230px, 900px)"


def ask(deck: Deck, *, key: str, who: str = "", height: str = HEIGHT) -> None:
    """Show the first question, and take keys; a press runs the script or its fragment.

    Args:
        deck: what to ask, and what became of what was pressed.
        key: of the component in the session.
        who: the annotator's name, which the browser keeps for `remembered`; empty keeps what it has.
        height: where it is wide enough for two columns, a length in CSS.
    """
    report = _report(key)
    told = message(deck) | {
        "answered": _answers(key, deck),
        "heard": number_of(report),
        "cookie": who and f"{COOKIE}={quote(who, safe='')}",
        "height": "" if deck.is_quiet else height,
    }
    # In a list: see `scatter`.
    _component()(key=key, data=[told], on_report_change=noted)


def presses(key: str, identity: str) -> list[Press]:
    """What was pressed and neither written nor refused yet, the oldest first; call it before `ask`.

    Each must be answered in the next deck, or that deck must name the problem; until then it is told again.

    Args:
        key: of the component in the session.
        identity: of the deck.
    """
    answered = st.session_state.get(_answered(key), {})
    return [press for press in presses_of(_report(key), identity) if press.key not in answered]


def tab(key: str) -> str:
    """The name of the browser's tab, the same over a reload; empty until the browser has said it."""
    return tab_of(_report(key))


def remembered() -> str:
    """The annotator's name that this browser was last told, or empty."""
    told: object = st.context.cookies.get(COOKIE)
    if not isinstance(told, str):
        return ""
    try:
        return person(unquote(told, errors="strict"))
    except (BadValueError, UnicodeDecodeError):
        return ""


def _report(key: str) -> object:
    result = st.session_state.get(key)
    return result.get("report") if isinstance(result, Mapping) else None


def _answers(key: str, deck: Deck) -> dict[str, str]:
    """The answers to what the browser still holds: an earlier one may have been lost on its way."""
    held = {press.key for press in presses_of(_report(key), deck.identity)}
    known = {**st.session_state.get(_answered(key), {}), **deck.answered}
    st.session_state[_answered(key)] = answers = {name: said for name, said in known.items() if name in held}
    return answers


def _answered(key: str) -> str:
    return f"{key}:answered"


@cache
def _component() -> ComponentRenderer:
    return QUESTIONS.component('role="group" aria-label="Labeling" tabindex="-1"')
