"""Decoded items in rows and columns, with what each row and column stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.figures import Items, VectorScale, film
from explorer.ui.gallery import data_url

SIDE = 56


@dataclass(frozen=True)
class Sheet:
    """Rows of pictures, drawn.

    Args:
        heads: what each column is.
        labels: what each row is.
        urls: of the pictures, row by row; empty where there is none.
        off: whether each lies off the data.
        notes: words at the end of each row; none where there are none.
    """

    heads: tuple[str, ...]
    labels: tuple[str, ...]
    urls: tuple[tuple[str, ...], ...]
    off: tuple[tuple[bool, ...], ...]
    notes: tuple[str, ...] = ()


def urls_of(items: Items, columns: int, *, scale: VectorScale | None, side: int = SIDE) -> tuple[tuple[str, ...], ...]:
    """Data URLs of items, row by row."""
    drawn = [data_url(film.tile_png(item, scale=scale, side=side)) for item in items]
    return tuple(tuple(drawn[start : start + columns]) for start in range(0, len(drawn), columns))


def rows_of(flags: NDArray[np.bool_], columns: int) -> tuple[tuple[bool, ...], ...]:
    """Flags row by row."""
    return tuple(tuple(row) for row in flags.reshape(-1, columns).tolist())


def show(sheet: Sheet, *, name: str) -> None:
    """Draw a sheet; what lies off the data has a dashed frame and says so.

    Args:
        sheet: the pictures.
        name: what the group is, for screen readers and tests.
    """
    notes = sheet.notes or [""] * len(sheet.labels)
    top = "".join(f"<th>{escape(head)}</th>" for head in sheet.heads)
    lines = "".join(
        _line(label, urls, off, note)
        for label, urls, off, note in zip(sheet.labels, sheet.urls, sheet.off, notes, strict=True)
    )
    st.html(
        f'<div class="le-sheet"><table aria-label="{escape(name)}" data-name="{escape(name)}">'
        f"<thead><tr><th></th>{top}<th></th></tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _line(label: str, urls: Sequence[str], off: Sequence[bool], note: str) -> str:
    cells = "".join(
        f"<td{' class=off' if is_off else ''}>"
        + (f'<img src="{url}" alt="{"off the data" if is_off else ""}">' if url else "")
        + "</td>"
        for url, is_off in zip(urls, off, strict=True)
    )
    return f"<tr><th>{escape(label)}</th>{cells}<td>{escape(note)}</td></tr>"


def picture(png: bytes, *, name: str, across: str = "", up: str = "") -> None:
    """Draw one large picture, at most as wide as there is room, with the names of its axes.

    Args:
        png: the picture.
        name: what it is, for screen readers and tests.
        across, up: what the axes are.
    """
    side = f'<span class="le-up">{escape(up)}</span>' if up else ""
    below = f'<span class="le-across">{escape(across)}</span>' if across else ""
    st.html(
        f'<figure class="le-mosaic" data-name="{escape(name)}">{side}'
        f'<img src="{data_url(png)}" alt="{escape(name)}">{below}</figure>'
    )
