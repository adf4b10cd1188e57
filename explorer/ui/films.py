"""Films of a run, made once for all sessions, and the pictures of their frames."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import ExplorerError
from explorer.figures import Items, VectorScale, film
from explorer.latent.neighbour_graph import NeighbourGraph
from explorer.ui.gallery import data_url
from explorer.ui.loading import shared
from explorer.ui.state import OpenRun
from explorer.workflows.decodings import prior_reach
from explorer.workflows.ends import End
from explorer.workflows.morph_paths import PathKind
from explorer.workflows.morphing import Film, morph, training_graph
from explorer.workflows.outside import reach

AT_ONCE = 8  # real items that are held before they are made smaller
WAIT = 0.2  # seconds between two looks whether to go on waiting for what another session measures


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
        """The film there and back, each frame beside its nearest real item, as a data URL; empty without either."""
        there = [items for items in (self.film.decoded, self.real) if items is not None]
        if not there:
            return ""
        key = ("moving", 0, side)
        if key not in self._drawn:
            moving = film.frames(there[0], *there[1:], scale=self.scale, side=side)
            self._drawn[key] = data_url(film.webp(moving), "webp")
        return self._drawn[key]

    def _url(self, what: str, items: Items | None, i: int, side: int) -> str:
        if items is None:
            return ""
        key = (what, i, side)
        if key not in self._drawn:  # no lock: two who ask at once draw the same
            self._drawn[key] = data_url(film.tile_png(items[i], scale=self.scale, side=side))
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
            graph=lambda: graph_of(opened, progress),
            progress=progress,
        )
        return Reel(ends, shown, real_items(opened, shown.rows), scale_of(opened))

    has_images = "" if opened.without_images else "with images"
    key = ("film", opened.name, opened.stamp, ends[0].name, ends[1].name, kind, has_images)
    return shared(key, work, f"Morphing {ends[0].name} to {ends[1].name}", replaces=True)


def real_items(opened: OpenRun, rows: NDArray[np.intp], side: int = film.LARGEST) -> Items | None:
    """The items behind rows of the map as `compact` keeps them; None where there are none, which is told above."""
    with suppress(ExplorerError):
        ids, items = opened.space.latents.ids[rows], opened.items
        return np.concatenate(
            [film.compact(items.images(ids[i : i + AT_ONCE]), side) for i in range(0, max(1, len(ids)), AT_ONCE)]
        )
    return None


def scale_of(opened: OpenRun) -> VectorScale | None:
    """The scale of the run's vectors; None for images, and where it cannot be had."""
    with suppress(ExplorerError):
        return opened.images.scale
    return None


class _Measured:
    """What is measured once a run; who asks for the same at once waits for it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.reach: float | None = None
        self.prior_reach: float | None = None
        self.graph: NeighbourGraph | None = None


_measured: WeakKeyDictionary[OpenRun, _Measured] = WeakKeyDictionary()
_beginning = Lock()


@contextmanager
def _alone(opened: OpenRun, progress: Progress | None = None) -> Iterator[_Measured]:
    """What is measured of a run, while nobody else measures; one who is cancelled waits no longer."""
    with _beginning:
        found = _measured.setdefault(opened, _Measured())
    while not found.lock.acquire(timeout=WAIT):
        if progress:
            progress(0, 1)
    try:
        yield found
    finally:
        found.lock.release()


def reach_of(opened: OpenRun) -> float:
    """The distance from which a latent lies off the run's data, measured once."""
    with _alone(opened) as found:
        if found.reach is None:
            found.reach = reach(opened.run)
        return found.reach


def prior_reach_of(opened: OpenRun) -> float:
    """The distance from which a draw from the prior lies off the run's data, measured once."""
    with _alone(opened) as found:
        if found.prior_reach is None:
            found.prior_reach = prior_reach(opened.run)
        return found.prior_reach


def graph_of(opened: OpenRun, progress: Progress | None = None) -> NeighbourGraph:
    """The neighbour graph of the run's training latents, made once; `progress` as `training_graph` calls it."""
    with _alone(opened, progress) as found:
        if found.graph is None:
            found.graph = training_graph(opened.space, progress)
        return found.graph
