"""Images, hits, bars and sentences on a page. Every foreign text is escaped."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.figures import UNKNOWN, Items, VectorScale, class_colours, item_png

QUERY_PIXELS, HIT_PIXELS = 96, 64
Item = Items  # one of them
VERDICTS = {
    "right": ("same class", "&#10003;"),
    "class": ("same class, another style", "&#9681;"),
    "wrong": ("other class", "&#10007;"),
}
STYLE = Path(__file__).with_name("style.css")


@dataclass(frozen=True)
class Picture:
    """An item with its caption.

    Args:
        image: an image (channels, height, width), uint8 or float in 0 to 1; or a vector (features,).
        caption: lines below it.
        mark: "right", "wrong" or empty; drawn as a glyph and a border, never by colour alone.
        label: class for the colour swatch, or None.
        scale: of the run's vectors, or None for images.
    """

    image: Item
    caption: Sequence[str]
    mark: str = ""
    label: int | None = None
    scale: VectorScale | None = None


def style() -> None:
    """Load the styles; call once a page."""
    st.html(STYLE)


def plain(text: str) -> str:
    """Foreign text without Markdown's meanings: no link, no picture from another host, no directive."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-!|<>$:~" else c for c in text)


def problem(text: str) -> None:
    """Show the sentence that says what is wrong and what to do; it may quote foreign text."""
    st.error(plain(text), icon=":material/error:")


@contextmanager
def telling() -> Iterator[None]:
    """What fails in a part of the page is told there in its sentence, and the other parts stay."""
    try:
        yield
    except ExplorerError as error:
        problem(str(error))


def data_url(content: bytes, kind: str = "png") -> str:
    """A picture as a URL that holds it.

    Args:
        content: its file.
        kind: of file, as a MIME type ends.
    """
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _img(item: Picture, side: int, alt: str) -> str:
    """An `img` element: an image at a whole multiple of its pixels, a vector's bars a pixel a pixel."""
    png = item_png(item.image, scale=item.scale)
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])  # as every PNG's header says
    factor = max(1, side // max(height, width)) if item.image.ndim > 1 else 1
    return f'<img src="{data_url(png)}" width="{factor * width}" height="{factor * height}" alt="{alt}">'


def pictures(items: Sequence[Picture], *, side: int, n_classes: int, name: str, kind: str = "le-pictures") -> None:
    """Show images side by side, wrapping, each at a whole multiple of its pixels.

    Args:
        items: what to show.
        side: wanted size of an image on the page, pixels; the nearest whole multiple below is taken.
        n_classes: for the class colours.
        name: what the group is, for screen readers and tests.
        kind: style of the group.
    """
    cells = "".join(cells_of(items, side=side, n_classes=n_classes))
    st.html(f'<div class="{kind}" role="list" aria-label="{escape(name)}" data-name="{escape(name)}">{cells}</div>')


def cells_of(items: Sequence[Picture], *, side: int, n_classes: int) -> list[str]:
    """The elements of `pictures`, one an item, with every foreign text escaped; the arguments are the same."""
    colours = class_colours(n_classes)
    return [_cell(item, side, colours) for item in items]


def _cell(item: Picture, side: int, colours: Sequence[str]) -> str:
    lines = [escape(line) for line in item.caption]
    if item.label is not None:
        lines[0] = _swatch(item.label, colours) + lines[0]
    said, glyph = VERDICTS.get(item.mark, ("", ""))
    alt = escape(", ".join([*item.caption, *([said] if said else [])]))
    badge = f'<span class="le-mark" title="{said}">{glyph}</span>' if glyph else ""
    img = _img(item, side, alt)
    text = "".join(f"<span>{line}</span>" for line in lines)
    return f'<div class="le-picture {item.mark}" role="listitem"><div class="le-frame">{img}{badge}</div>{text}</div>'


@dataclass(frozen=True)
class Row:
    """An item in words, where there is no picture of it.

    Args:
        cells: one a column.
        mark, label: as of a `Picture`.
    """

    cells: Sequence[str]
    mark: str = ""
    label: int | None = None


def table(heads: Sequence[str], rows: Sequence[Row], *, n_classes: int, name: str) -> None:
    """Show items as rows.

    Args:
        heads: of the columns.
        rows: what to show.
        n_classes: for the class colours.
        name: what the group is, for screen readers and tests.
    """
    colours = class_colours(n_classes)
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    lines = "".join(_line(row, colours) for row in rows)
    st.html(
        f'<table class="le-table" aria-label="{escape(name)}" data-name="{escape(name)}">'
        f"<thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _line(row: Row, colours: Sequence[str]) -> str:
    first, *others = (escape(cell) for cell in row.cells)
    said, glyph = VERDICTS.get(row.mark, ("", ""))
    badge = f' <span title="{said}">{glyph}</span>' if glyph else ""
    cells = "".join(f"<td>{cell}</td>" for cell in others)
    return f"<tr><td>{_swatch(row.label, colours)}{first}{badge}</td>{cells}</tr>"


def _swatch(label: int | None, colours: Sequence[str]) -> str:
    if label is None:
        return ""
    return f'<i class="le-swatch" style="background:{colours[label] if label >= 0 else UNKNOWN}"></i>'


def heading(text: str, how: str = "") -> None:
    """A small heading of the inspector, and below it in a line how to read what follows."""
    reading = f'<div class="le-remark">{escape(how)}</div>' if how else ""
    st.html(f'<div class="le-heading">{escape(text)}</div>{reading}')


def remark(text: str) -> None:
    """A small line of the inspector that says how to read what is beside it."""
    st.html(f'<div class="le-remark">{escape(text)}</div>')


def facts(lines: Sequence[tuple[str, str]]) -> None:
    """Lines of text, the first part of each in bold."""
    st.html('<div class="le-facts">' + "<br>".join(f"<b>{escape(a)}</b> {escape(b)}" for a, b in lines) + "</div>")


def bars(
    values: NDArray[np.floating],
    names: Sequence[str],
    *,
    name: str,
    whole: float = 1.0,
    colours: Sequence[str] | None = None,
) -> None:
    """Show one value a class, or of anything else that has names, as labelled bars.

    Args:
        values: 0 to `whole`, shape (c,); NaN where there is none.
        names: the class names.
        name: what the values are, for screen readers and tests.
        whole: the value of a full bar.
        colours: of the bars; None takes those of the classes.
    """
    rows = "".join(
        f'<div class="le-bar"><span title="{escape(label)}">{escape(label)}</span>'
        f'<div><i style="width:{100 * np.nan_to_num(value) / whole:.1f}%;background:{colour}"></i></div>'
        f"<b>{'none' if np.isnan(value) else f'{value:.3f}'}</b></div>"
        for value, label, colour in zip(values, names, colours or class_colours(len(names)), strict=True)
    )
    st.html(f'<div class="le-bars" role="group" aria-label="{escape(name)}" data-name="{escape(name)}">{rows}</div>')
