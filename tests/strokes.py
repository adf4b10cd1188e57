"""Drawings as a browser writes them."""

import base64

from explorer.data.strokes import ERASER, Stroke


def write_strokes(strokes: list[Stroke]) -> str:
    """The text of a drawing; `read_strokes` gives it back."""
    raw = bytearray()
    for one in strokes:
        raw.append(one.width + ERASER * one.erases)
        raw += len(one.points).to_bytes(2, "little")
        raw += bytes(value for point in one.points for value in point)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
