"""A morph as files."""

import re
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import streamlit as st

from explorer.errors import MissingDataError
from explorer.figures import Items, film
from explorer.ui import downloads, unknowns
from explorer.ui.films import Reel
from explorer.ui.gallery import remark
from explorer.ui.state import OpenRun
from explorer.workflows.morph_paths import PathKind

KINDS: dict[str, tuple[Callable[..., bytes], str]] = {
    "GIF": (film.gif, "image/gif"),
    "WebP": (film.webp, "image/webp"),
    "MP4": (film.mp4, "video/mp4"),
}
STRIP_EACH = 4
LETTERS = 40  # of each part of a file's name
WITHOUT_VIDEO = "MP4 needs the extra `video`: pip install 'latent-explorer[video]'."


def offer(opened: OpenRun, reel: Reel, kind: PathKind) -> None:
    """A link for each kind of file; nothing is made before it is pressed."""
    with st.popover("Export", icon=":material/download:", help="The film as a file", key="export-film"):
        beside = None
        if reel.film.decoded is not None and reel.real is not None:
            unknowns.expect("beside_real", unknowns.is_switch)
            if st.checkbox("With the nearest real items", key="beside_real", bind="query-params"):
                beside = reel.real
        if max(opened.run.card.shape[1:], default=0) > film.LARGEST:
            remark(f"The items are larger: a file shows them at {film.LARGEST} pixels a side.")
        name = _plain_name([opened.name, *(end.name for end in reel.ends), kind])
        for title, (write, mime) in KINDS.items():
            lacks = title == "MP4" and find_spec("av") is None
            downloads.offer(
                title,
                partial(_content, reel, write, beside),
                name=f"{name}.{title.lower()}",
                mime=mime,
                key=f"export-{title.lower()}",
                disabled=lacks or _shown(reel) is None,
                help=WITHOUT_VIDEO if lacks else None,
            )
        downloads.offer(
            "Strip (PNG)",
            partial(_strip, reel),
            name=f"{name}.png",
            mime="image/png",
            key="export-strip",
            disabled=_shown(reel) is None,
        )


def _plain_name(parts: list[str]) -> str:
    """A file's name of texts that may be foreign."""
    return "-".join(re.sub(r"[^A-Za-z0-9._]+", "-", part).strip("-.")[:LETTERS] for part in parts)


def _shown(reel: Reel) -> Items | None:
    """What the film shows: decoded items, or the nearest real ones of a run without a decoder."""
    return reel.real if reel.film.decoded is None else reel.film.decoded


def _needed(reel: Reel) -> Items:
    shown = _shown(reel)
    if shown is None:
        raise MissingDataError("This run has no decoder, and its items are not here: there is no picture to save.")
    return shown


def _content(reel: Reel, write: Callable[..., bytes], beside: Items | None) -> bytes:
    shown = _needed(reel)
    return write(film.frames(shown, beside, scale=reel.scale, side=film.export_side(shown)))


def _strip(reel: Reel) -> bytes:
    shown = _needed(reel)
    real = None if reel.real is None or reel.film.decoded is None else reel.real[::STRIP_EACH]
    return film.strip_png(shown[::STRIP_EACH], real, reel.film.is_off[::STRIP_EACH], scale=reel.scale)
