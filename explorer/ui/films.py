"""Films of a run, made once for all sessions, and the pictures of their frames."""

from base64 import b64encode
from contextlib import suppress
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import ExplorerError
from explorer.figures import VectorScale, film
from explorer.latent.neighbour_graph import NeighbourGraph
from explorer.ui.loading import shared
from explorer.ui.state import OpenRun
from explorer.workflows.ends import End
from explorer.workflows.morph_paths import PathKind
from explorer.workflows.morphing import Film, morph, training_graph
from explorer.workflows.outside import reach

Items = NDArray[np.uint8] | NDArray[np.floating]


class Reel:
    """A film with the real items nearest to its frames, and its frames as pictures, each drawn once.

    Args:
        ends: where it begins and ends.
        shown: the film.
        real: the nearest real item of each frame; None where there are no images.
        scale: of vectors.
    """

    def __init__(self, ends: tuple[End, End], shown: Film, real: Items | None, scale: VectorScale | None) -> None:
        self.ends, self.film, self.real, self.scale = ends, shown, real, scale
        self._drawn: dict[tuple[str, int, int], str] = {}

    def decoded_url(self, i: int, side: int) -> str:
        """What the decoder makes of frame i as a data URL of about that size; empty without a decoder."""
        return self._url("decoded", self.film.decoded, i, side)

    def real_url(self, i: int, side: int) -> str:
        """The real item nearest to frame i likewise; empty without images."""
        return self._url("real", self.real, i, side)

    def moving_url(self, side: int) -> str:
        """The film there and back as a data URL of about that size; empty where there is nothing to show."""
        shown = self.real if self.film.decoded is None else self.film.decoded
        if shown is None:
            return ""
        key = ("moving", 0, side)
        if key not in self._drawn:
            moving = film.webp(film.frames(shown, scale=self.scale, side=side))
            self._drawn[key] = "data:image/webp;base64," + b64encode(moving).decode()
        return self._drawn[key]

    def _url(self, what: str, items: Items | None, i: int, side: int) -> str:
        if items is None:
            return ""
        key = (what, i, side)
        if key not in self._drawn:  # no lock: two who ask at once draw the same
            png = film.mosaic_png(items[i : i + 1], 1, scale=self.scale, side=side)
            self._drawn[key] = "data:image/png;base64," + b64encode(png).decode()
        return self._drawn[key]


def reel(opened: OpenRun, ends: tuple[End, End], kind: PathKind) -> Reel | None:
    """The film of a morph, made when first asked for; None while it is made, and then how far that is.

    Args:
        opened: the run.
        ends: where it begins and ends.
        kind: of the path.
    """

    def work(progress: Progress) -> Reel:
        shown = morph(
            opened.run,
            opened.space,
            ends,
            kind,
            reach=reach_of(opened),
            graph=lambda: graph_of(opened),
            progress=progress,
        )
        return Reel(ends, shown, real_items(opened, shown.rows), scale_of(opened))

    has_images = "" if opened.without_images else "with images"
    key = ("film", opened.name, opened.stamp, ends[0].name, ends[1].name, kind, has_images)
    return shared(key, work, f"Morphing {ends[0].name} to {ends[1].name}", replaces=True)


def real_items(opened: OpenRun, rows: NDArray[np.intp]) -> Items | None:
    """The images behind rows of the map; None where there are none, which is told above."""
    with suppress(ExplorerError):
        return opened.items.images(opened.space.latents.ids[rows])
    return None


def scale_of(opened: OpenRun) -> VectorScale | None:
    """The scale of the run's vectors; None for images, and where it cannot be had."""
    with suppress(ExplorerError):
        return opened.images.scale
    return None


_reaches: WeakKeyDictionary[OpenRun, float] = WeakKeyDictionary()
_graphs: WeakKeyDictionary[OpenRun, NeighbourGraph] = WeakKeyDictionary()
_joining = Lock()  # a graph of 10,000 nodes takes seconds: two who ask at once wait for the same


def reach_of(opened: OpenRun) -> float:
    """The distance from which a latent lies off the run's data, measured once."""
    if opened not in _reaches:
        _reaches[opened] = reach(opened.run)
    return _reaches[opened]


def graph_of(opened: OpenRun) -> NeighbourGraph:
    """The neighbour graph of the run's training latents, made once."""
    with _joining:
        if opened not in _graphs:
            _graphs[opened] = training_graph(opened.space)
        return _graphs[opened]
