"""Small pictures of maps: the page names their addresses at once, and the browser fetches what it comes to see."""

from functools import lru_cache
from html import escape
from pathlib import Path
from textwrap import wrap
from threading import Lock
from urllib.parse import quote

from explorer.figures import THUMBNAIL, UNKNOWN, map_thumbnail
from explorer.ui.addresses import route_address
from explorer.ui.state import settings, stamp_of
from explorer.workflows.maps import latent_map
from explorer.workflows.runs import run_roots
from explorer.zoo.run import Run
from explorer.zoo.store import find_run

POINTS = 3000
KEPT = 256
LETTERS_A_LINE, LINE = 48, 17  # pixels
_DRAWING = Lock()  # one after the other: thirty at once would starve another session's page


def url(folder: Path) -> str:
    """Where the browser fetches the thumbnail of a run's map; a changed card gives another address.

    Raises:
        BadRunError: a run that has just been removed.
    """
    return route_address(f"thumbnail/{quote(folder.name)}", f"version={stamp_of(folder)}")


def thumbnail(name: str) -> bytes:
    """The thumbnail of a run's map as PNG, drawn once for each version of the run.

    Raises:
        UnknownNameError: no such run.
        BadRunError: latents that are missing, altered or do not match the items.
    """
    folder = find_run(name, run_roots(settings()))
    version = stamp_of(folder)
    with _DRAWING:
        return _drawn(folder, version)


@lru_cache(maxsize=KEPT)
def _drawn(folder: Path, version: str) -> bytes:  # noqa: ARG001 - a new version asks for a new picture
    run = Run(folder)  # not one of those that the Map keeps open: a look at the shelf must not close them
    space = latent_map(run)
    some = slice(0, POINTS)  # points are shuffled: a prefix is a fair sample
    return map_thumbnail(space.places[some], space.latents.labels[some], len(run.card.classes), circles=space.circles)


def in_words(sentence: str) -> bytes:
    """A picture of a sentence as SVG, in a thumbnail's size: why there is none."""
    width, height = THUMBNAIL
    lines = wrap(sentence, LETTERS_A_LINE)[: height // LINE - 1]
    top = (height - LINE * (len(lines) - 1)) / 2
    text = "".join(f'<text x="50%" y="{top + LINE * row:.0f}">{escape(line)}</text>' for row, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="13" text-anchor="middle" dominant-baseline="middle" '
        f'fill="{UNKNOWN}">{text}</svg>'
    ).encode()
