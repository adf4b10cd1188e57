"""Queries that a person brings along: an image, a drawing or a text; the first two are kept nowhere."""

from collections.abc import Callable

import streamlit as st

from explorer.data.uploads import LARGEST
from explorer.errors import BadDataError, ExplorerError
from explorer.ui.canvas import canvas
from explorer.ui.state import OpenRun, settings
from explorer.workflows.keeping import digest_of
from explorer.workflows.queries import Given, form_of_digits, of_drawing, of_text, of_upload

IMAGE, DRAWING, TEXT = "Image", "Drawing", "Text"
KEPT = "given:kept"  # in the session: what was made of the last upload or drawing


def sources(opened: OpenRun) -> list[str]:
    """What a query of this run can be given as."""
    card = opened.run.card
    return [IMAGE, *([DRAWING] if form_of_digits(card) else []), *([TEXT] if card.classes else [])]


def given(opened: OpenRun, picked: str) -> Given | None:
    """The query with the control it is given by; None while nothing is given.

    Args:
        opened: the run.
        picked: of `sources`.

    Raises:
        ExplorerError: a file or a text that says nothing here.
    """
    if picked == TEXT:
        return _text(opened)
    if picked == DRAWING:
        ink = canvas(key=f"drawn:{opened.name}", address="drawing")
        if ink is None:
            return None
        return _once((opened.name, opened.stamp, digest_of(ink)), lambda: of_drawing(opened.run, ink))
    return _upload(opened)


def _text(opened: OpenRun) -> Given | None:
    classes = opened.run.card.classes
    example = classes[0] if len(classes) == 1 else f"mostly {classes[0]}, a little {classes[1]}"
    text = st.text_input("In words", key="text", bind="query-params", placeholder=f"As in: {example}")
    return of_text(opened.run, opened.space, text) if text.strip() else None


def _upload(opened: OpenRun) -> Given | None:
    is_vector = len(opened.run.card.shape) == 1
    most = settings().max_image_pixels / 1e6
    picture = f"A picture of at most {most:.0f} million pixels, of an animation the first frame; it is kept nowhere"
    said = "One row of numbers, as .npy or .csv" if is_vector else picture
    file = st.file_uploader(said, key="upload", max_upload_size=LARGEST >> 20)
    form, digit = form_of_digits(opened.run.card), False
    if form is not None:
        digit = st.checkbox("As a digit", value=True, help="White on black, cut out and centred as the run's are.")
    if file is None:
        return None
    asked = (opened.name, opened.stamp, file.file_id, digit)
    try:
        return _once(asked, lambda: of_upload(opened.run, file.getvalue(), settings(), digit=digit))
    except BadDataError as error:
        advice = " If it is meant as it is, untick As a digit." if digit else ""
        raise BadDataError(f"{error}{advice}") from None


def _once(asked: tuple[object, ...], make: Callable[[], Given]) -> Given:
    """What was made of the last upload or drawing, or why it could not be: a slider's step asks for it again."""
    kept = st.session_state.get(KEPT)
    if kept is None or kept[0] != asked:
        try:
            kept = asked, make()
        except ExplorerError as error:
            kept = asked, error
        st.session_state[KEPT] = kept
    made: Given | ExplorerError = kept[1]
    if isinstance(made, ExplorerError):
        raise made.with_traceback(None)  # else it would grow each time
    return made
