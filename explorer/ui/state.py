"""What sessions share: open runs, their maps and items, kept once a process and renewed when a run changes."""

from contextlib import suppress
from functools import cached_property, lru_cache
from math import nan
from pathlib import Path
from threading import Lock, Timer
from typing import TypeVar
from urllib.parse import quote

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.errors import BadRunError, BadValueError, ExplorerError
from explorer.evaluation.faithfulness import trustworthiness
from explorer.figures import VectorScale, class_colours, vector_scale
from explorer.settings import Settings, load_settings
from explorer.ui.scatter import Cloud
from explorer.ui.tokens import PREFIX, make_token
from explorer.workflows import colouring
from explorer.workflows.beside import Beside, lay_beside
from explorer.workflows.columns import Column
from explorer.workflows.maps import ONTO, PCA, LatentMap, is_linear, laid_out, latent_map, linear_map
from explorer.workflows.projecting import Kept
from explorer.workflows.runs import Items, ShelfEntry, load_items, open_run, run_roots, shelf
from explorer.workflows.targets import training_targets
from explorer.zoo.run import Run
from explorer.zoo.store import CARD, find_run

Kind = TypeVar("Kind")
RUNS_KEPT = 8
MAPS_KEPT = 8  # of a run, beside its own
ONTO_PARTS = 3  # behind the name of a map: the other run, its version, its map
PAUSE = 1.5  # seconds that a page has to itself before something slow is measured beside it
VECTORS_LOOKED_AT = 1000


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The installation's settings, read once."""
    return load_settings()


class OpenRun:
    """A run as the pages use it: opened when first asked for, shared by all sessions.

    Args:
        run: the run.
        stamp: names the version of its files.
    """

    def __init__(self, run: Run, stamp: str) -> None:
        self.run = run
        self.stamp = stamp
        # Locks of their own: who waits for images that are being made must not hold up another session's map.
        self._space_lock, self._items_lock, self._maps_lock = Lock(), Lock(), Lock()
        self._measuring_lock, self._targets_lock = Lock(), Lock()
        self._space: LatentMap | None = None
        self._items: Items | None = None
        self._maps: dict[str, LatentMap] = {}
        self._besides: dict[str, Beside] = {}
        self._trust: dict[str, float | None] = {}
        self._columns: dict[str, Column] = {}
        self._offered: dict[bool, dict[str, str]] = {}
        self._targets: NDArray[np.float32] | None = None

    @property
    def space(self) -> LatentMap:
        """The run's latents on the map.

        Raises:
            BadRunError: latents that are missing, altered or do not match the items.
        """
        with self._space_lock:
            if self._space is None:
                self._space = latent_map(self.run)
            return self._space

    def on(self, name: str) -> LatentMap | None:
        """The run's items on one of its maps; None where that has not been computed.

        Args:
            name: see `LatentMap`: linear maps are made at once, maps by neighbours read where they are kept;
                or the address of one that was laid beside another run's.

        Raises:
            UnknownNameError, BadValueError: no such map of this run.
            BadDataError: kept files that are damaged; they are removed.
            BadRunError: see `space`.
        """
        space = self.space
        if name == PCA:
            return space
        if name.count(ONTO) == ONTO_PARTS:
            return self._turned(name)
        with self._maps_lock:
            if name not in self._maps:
                made = self._made(name)
                if made is None:
                    return None
                _keep(self._maps, name, made)
            return self._maps[name]

    def _made(self, name: str) -> LatentMap | None:
        """The map of this name, made or read; see `on`."""
        if is_linear(name):
            return linear_map(self.space, name)
        found = self.kept(name).read()
        return None if found is None else laid_out(self.space, name, found)

    def beside(self, name: str, first: "OpenRun", onto: LatentMap) -> Beside | None:
        """One of the run's maps laid beside a map of another run; None where it has not been computed.

        Args:
            name: of the run's map.
            first: the other run.
            onto: its map, which stays as it is.

        Raises:
            UnknownNameError, BadValueError, BadDataError, BadRunError: see `on`.
            BadValueError: runs on different data, or with too few items in common.
        """
        second = self.on(name)
        if second is None:
            return None
        key = ONTO.join((name, first.name, first.stamp, onto.name))
        with self._maps_lock:
            found = self._besides.get(key)
        if found is None:  # made outside the lock: the other run may be asking for its map beside this one's
            place = key.partition(ONTO)[2]
            found = lay_beside(onto, first.run.card, second, self.run.card, onto=place)
            with self._maps_lock:
                _keep(self._besides, key, found)
        return found

    def _turned(self, address: str) -> LatentMap | None:
        """The map of an address that names what it was turned onto; see `beside`."""
        name, run, stamp, other = address.split(ONTO)
        first = open_for_page(run)
        if first.stamp != stamp:
            raise BadValueError(f"The run {run} has changed since this map was drawn beside it; reload the page.")
        onto = first.on(other)
        found = None if onto is None else self.beside(name, first, onto)
        return None if found is None else found.space

    def kept(self, name: str) -> Kept:
        """Where a map by neighbours is kept, and how it is computed; raises as `Kept` does."""
        return Kept(self.run, name, settings())

    def trustworthiness(self, space: LatentMap) -> float | None:
        """How far a map can be trusted; None while that is being measured, which the first question begins."""
        if space.projection is None:
            return space.trustworthiness
        with self._maps_lock:
            if space.name not in self._trust:  # a turn changes nothing
                self._trust[space.name] = None
                measuring = Timer(PAUSE, self._measure, (space,))
                measuring.daemon = True
                measuring.start()
            return self._trust[space.name]

    def _measure(self, space: LatentMap) -> None:
        measured = nan
        try:
            with self._measuring_lock:
                measured = trustworthiness(space.latents.z, space.places)
        finally:
            self._trust[space.name] = measured

    @property
    def has_items(self) -> bool:
        """Whether the images are at hand, so that `items` answers at once."""
        return self._items is not None

    @property
    def items(self) -> Items:
        """The images behind the latents; the first time they may have to be made."""
        space = self.space
        with self._items_lock:
            if self._items is None:
                items = load_items(self.run.card, settings())
                items.images(space.latents.ids[:1])
                self._items = items
            return self._items

    @cached_property
    def vector_scale(self) -> VectorScale | None:
        """The scale that pictures of the run's vectors share; None for images."""
        vectors = self.items.dataset.items
        return vector_scale(vectors[:: len(vectors) // VECTORS_LOOKED_AT + 1]) if vectors.ndim == 2 else None

    def prepare(self) -> None:
        """Fetch images and network ahead of their first use; a problem is told when they are used."""
        with suppress(ExplorerError):
            self.items  # noqa: B018 - it loads them
            if self.run.card.has_decoder:
                self.run.decode(self.space.latents.z[:1])

    def colourings(self, *, wait: bool = False) -> dict[str, str]:
        """What a point's colour can say beside its class: names of columns, with their titles for a choice.

        Args:
            wait: for the items, which the data's factors come from; else these are left out until items are at hand.
                Where items cannot be had, they are left out too.
        """
        dataset = None
        if wait or self.has_items:
            with suppress(ExplorerError):
                dataset = self.items.dataset
        has_factors = dataset is not None
        if has_factors not in self._offered:
            self._offered[has_factors] = colouring.offered(self.space, dataset)
        return self._offered[has_factors]

    def column(self, name: str) -> Column:
        """One of the colourings, in the order that all maps of the run share.

        Raises:
            UnknownNameError: no such column.
            ExplorerError: a factor of items that cannot be had.
        """
        if name not in self._columns:  # no lock: two who ask at once compute the same
            items = self.items if name.startswith(colouring.FACTOR) else None
            self._columns[name] = colouring.column(self.space, self.run.card, name, items)
        return self._columns[name]

    def targets(self) -> NDArray[np.float32]:
        """Targets of the items of a structuring run, computed once; raises as `training_targets` does."""
        space = self.space
        with self._targets_lock:
            if self._targets is None:
                self._targets = training_targets(self.run, space, lambda: self.items)
            return self._targets

    def column_url(self, name: str) -> str:
        """Where the browser gets a column's bytes."""
        return self._address("column", f"/{quote(name, safe='')}")

    def regions_url(self, space: LatentMap) -> str:
        """Where it gets the decision regions of a map, with `&box=` and `&size=` added."""
        return self._address("regions", on=space)

    def targets_url(self, space: LatentMap) -> str:
        """Where it gets the targets of the items on a map."""
        return self._address("targets", on=space)

    def _address(self, route: str, rest: str = "", on: LatentMap | None = None) -> str:
        """Address of one of the routes, for this session."""
        which = "" if on is None or on.address == PCA else f"&map={quote(on.address)}"
        return address(f"{route}/{self.name}{rest}", f"version={self.stamp}{which}")

    def cloud(self, space: LatentMap) -> Cloud:
        """What the map component needs to fetch and draw one of the run's maps."""
        classes = tuple(self.run.card.classes)
        layout = "" if space.address == PCA else space.address
        return Cloud(
            identity=f"{self.name}:{self.stamp}" + (f":{layout}" if layout else ""),
            url=self._address("points", on=space),
            n=len(space),
            thumbnail_url=self._address("image", "/{index}"),
            classes=classes,
            colours=class_colours(len(classes)),
            has_confidence=space.confidence is not None,
            items=f"{self.name}:{self.stamp}",
            layout=layout,
        )

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.run.folder.name


def _keep(kept: dict[str, Kind], name: str, made: Kind) -> None:
    """Keep what was made, and let go of what was made first, once there is much."""
    kept[name] = made
    if len(kept) > MAPS_KEPT:
        kept.pop(next(iter(kept)))


def open_for_page(name: str) -> OpenRun:
    """The run called `name`, opened anew when its card has changed on disk.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used.
    """
    folder = open_run(name, settings()).folder
    return _open(folder, stamp_of(folder))


def stamp_of(folder: Path) -> str:
    """Names the version of a run's files.

    Raises:
        BadRunError: a run that has just been removed.
    """
    try:
        return f"{(folder / CARD).stat().st_mtime_ns:x}"
    except OSError:
        raise BadRunError(f"The run {folder.name} has just been removed; choose another.") from None


def address(path: str, query: str) -> str:
    """Address of one of our routes, with this session's token."""
    context = get_script_run_ctx()
    token = make_token(context.session_id if context else "")
    base = f"{st.get_option('server.baseUrlPath') or ''}/{PREFIX}".lstrip("/")
    return f"/{base}/{path}?{query}&token={token}"


@lru_cache(maxsize=RUNS_KEPT)
def _open(folder: Path, stamp: str) -> OpenRun:
    return OpenRun(Run(folder), stamp)


def folder_of(name: str) -> Path:
    """Folder of the run called `name`; raises UnknownNameError for none."""
    return find_run(name, run_roots(settings()))


def runs() -> list[ShelfEntry]:
    """Every run on the shelf."""
    return shelf(settings())
