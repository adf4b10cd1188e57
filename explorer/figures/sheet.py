"""Hits of queries as one picture for a paper or a slide: the query in front, its hits behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from unicodedata import combining, normalize

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.figures import VectorScale, item_picture

SIDE, GAP, EDGE, TEXT = 96, 14, 4, 15  # pixels
INK, GROUND = "#1b1f24", "#ffffff"
SIGN = 13  # pixels of a verdict's sign, drawn: the font has none
A_ROW = 12  # hits in one row of the picture


@dataclass(frozen=True, eq=False)
class Strip:
    """One query and what it found.

    Args:
        title: above it.
        query: the item that asked; None where it has no picture.
        hits: items, best first.
        captions: one line below each hit.
        verdicts: "right", "class", "wrong" or empty for each.
    """

    title: str
    query: NDArray[np.uint8] | NDArray[np.floating] | None
    hits: Sequence[NDArray[np.uint8] | NDArray[np.floating]]
    captions: Sequence[str]
    verdicts: Sequence[str]


def hits_sheet(strips: Sequence[Strip], *, scale: VectorScale | None = None) -> bytes:
    """Queries with their hits as PNG, on white, in any theme the same.

    Args:
        strips: one or more.
        scale: see `vector_png`.
    """
    cell, line = SIDE + GAP, SIDE + TEXT + GAP
    rows = [-(-len(strip.hits) // A_ROW) for strip in strips]
    titles = max(_width(_letters(strip.title)) for strip in strips) + 2 * GAP
    width = max(titles, cell * (1 + max(min(A_ROW, len(strip.hits)) for strip in strips)) + 2 * GAP)
    height = sum(max(1, count) * line + TEXT + GAP + EDGE for count in rows) + GAP
    sheet = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for strip, count in zip(strips, rows, strict=True):
        draw.text((GAP, top), _letters(strip.title), INK, _font())
        _draw(sheet, draw, strip, top + TEXT + 2 * EDGE, scale)
        top += max(1, count) * line + TEXT + GAP + EDGE
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _draw(sheet: Image.Image, draw: ImageDraw.ImageDraw, strip: Strip, top: int, scale: VectorScale | None) -> None:
    if strip.query is not None:
        _paste(sheet, item_picture(strip.query, SIDE, scale=scale), GAP, top)
        draw.text((GAP, top + SIDE), "query", INK, _font())
    for i, (hit, caption, verdict) in enumerate(zip(strip.hits, strip.captions, strip.verdicts, strict=True)):
        left = 2 * GAP + (SIDE + GAP) * (1 + i % A_ROW)
        y = top + i // A_ROW * (SIDE + TEXT + GAP)
        _paste(sheet, item_picture(hit, SIDE, scale=scale), left, y)
        if verdict:
            _sign(draw, verdict, left + SIDE - SIGN, y + SIDE - SIGN)
            if verdict == "right":
                draw.rectangle(
                    (left - EDGE, y - EDGE, left + SIDE + EDGE - 1, y + SIDE + EDGE - 1), outline=INK, width=2
                )
        draw.text((left, y + SIDE + 2), _within_cell(_letters(caption)), INK, _font())


def _letters(text: str) -> str:
    """The text in letters that the font has: of an accented one the letter, of any other a question mark."""
    parts = normalize("NFKD", text.replace("\u03b1", "alpha"))
    return "".join(part for part in parts if not combining(part)).encode("ascii", "replace").decode()


def _within_cell(text: str) -> str:
    """The text without the end of its first word, where it is wider than a hit."""
    name, space, rest = text.partition(" ")
    while name and _width(text) > SIDE + GAP - EDGE:
        name = name[:-1]
        text = f"{name}.{space}{rest}"
    return text


def _width(text: str) -> int:
    return round(_font().getlength(text))


def _sign(draw: ImageDraw.ImageDraw, verdict: str, left: int, top: int) -> None:
    """A tick, a half-filled circle or a cross, on a white ground."""
    right, foot = left + SIGN - 1, top + SIGN - 1
    draw.rectangle((left, top, right, foot), fill=GROUND)
    if verdict == "right":
        draw.line((left + 2, top + 6, left + 5, foot - 2, right - 1, top + 2), fill=INK, width=2)
    elif verdict == "class":
        draw.ellipse((left + 2, top + 2, right - 2, foot - 2), outline=INK)
        draw.pieslice((left + 2, top + 2, right - 2, foot - 2), -90, 90, fill=INK)
    else:
        draw.line((left + 2, top + 2, right - 2, foot - 2), fill=INK, width=2)
        draw.line((left + 2, foot - 2, right - 2, top + 2), fill=INK, width=2)


def _paste(sheet: Image.Image, picture: Image.Image, left: int, top: int) -> None:
    at = left + (SIDE - picture.width) // 2, top + (SIDE - picture.height) // 2
    sheet.paste(picture, at, picture if picture.mode == "RGBA" else None)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(TEXT - 2)
