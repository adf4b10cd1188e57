"""What sessions share: open runs, their maps and items, kept once a process and renewed when a run changes."""

from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from math import nan
from pathlib import Path
from threading import Lock, Timer
from typing import TypeVar
from urllib.parse import quote

from explorer.errors import BadRunError, BadValueError, ExplorerError, MissingDataError
from explorer.evaluation.faithfulness import trustworthiness
from explorer.figures import class_colours, tile_side
from explorer.settings import Settings, load_settings
from explorer.ui.addresses import route_address
from explorer.ui.images import Images
from explorer.ui.painting import Painting
from explorer.ui.scatter import Cloud
from explorer.workflows.beside import Beside, lay_beside
from explorer.workflows.linear_maps import linear_map
from explorer.workflows.maps import ONTO, PCA, LatentMap, is_linear, laid_out, latent_map
from explorer.workflows.projecting import Kept
from explorer.workflows.replay import NAME as REPLAY
from explorer.workflows.replay import Replay, read_replay
from explorer.workflows.runs import Items, ShelfEntry, load_items, run_roots, shelf
from explorer.zoo.run import Run
from explorer.zoo.snapshots import FOLDER as SNAPSHOTS
from explorer.zoo.store import CARD, find_run

Kind = TypeVar("Kind")
RUNS_KEPT = MAPS_KEPT = 8  # maps: of a run, beside its own
ONTO_PARTS = 3  # behind the name of a map: the other run, its version, its map
PAUSE = 1.5  # seconds that a page has to itself before something slow is measured beside it


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
        # Locks of their own: who waits for one thing must not hold up another session's map.
        self._space_lock, self._maps_lock, self._replay_lock, self._measuring_lock = (Lock() for _ in range(4))
        self._space: LatentMap | None = None
        self.images = Images(run.card, self._load_items)
        self._maps: dict[str, LatentMap] = {}
        self._besides: dict[str, Beside] = {}
        self._replay: Replay | ExplorerError | None = None
        self._trust: dict[str, float | None] = {}
        self.painting = Painting(self)

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
            MissingDataError: see `replay`.
            BadRunError: see `space`.
        """
        space = self.space
        if name == PCA:
            return space
        if name == REPLAY:
            return self.replay.space
        if name.count(ONTO) == ONTO_PARTS:
            return self._turned(name)
        with self._maps_lock:
            if name not in self._maps:
                made = self._made(name)
                if made is None:
                    return None
                _keep(self._maps, name, made)
            return self._maps[name]

    @property
    def has_replay(self) -> bool:
        """Whether the run kept what its training is replayed from."""
        return SNAPSHOTS in self.run.card.files

    @property
    def replay(self) -> Replay:
        """The run's training, epoch by epoch; read once, and what was wrong with it is remembered.

        Raises:
            MissingDataError: a run that kept no snapshots.
            BadRunError: snapshots that are altered or too large.
        """
        space = self.space
        with self._replay_lock:
            if self._replay is None:
                why = f"{self.name} kept no snapshots of its training, so there is nothing to replay."
                try:
                    self._replay = read_replay(self.run, space) or MissingDataError(why)
                except ExplorerError as error:
                    self._replay = error
        if isinstance(self._replay, ExplorerError):
            raise self._replay.with_traceback(None)  # else it would grow each time
        return self._replay

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
                measured = trustworthiness(space.latents.z, space.places, space.geometry)
        finally:
            self._trust[space.name] = measured

    def _load_items(self) -> Items:
        items = load_items(self.run.card, settings(), folder=self.run.folder)
        items.images(self.space.latents.ids[:1])
        return items

    @property
    def items(self) -> Items:
        """The images behind the latents; see `Images.items`."""
        return self.images.items

    @property
    def without_images(self) -> ExplorerError | None:
        """Why the images cannot be shown, if they cannot; see `Images.refusal`."""
        return self.images.refusal

    def prepare(self) -> None:
        """Fetch images and network ahead of their first use; a problem is told when they are used."""
        with suppress(ExplorerError):
            self.items  # noqa: B018 - it loads them
        with suppress(ExplorerError):
            if self.run.card.has_decoder:
                self.run.decode(self.space.latents.z[:1])

    def address(self, route: str, rest: str = "", on: LatentMap | None = None) -> str:
        """Where this session's browser gets something of the run.

        Args:
            route: as in explorer/ui/routes.py.
            rest: of the path, after the run's name, quoted.
            on: the map that it is about; None for what all maps share.
        """
        which = "" if on is None or on.address == PCA else f"&map={quote(on.address, safe='!')}"
        return route_address(f"{route}/{self.name}{rest}", f"version={self.stamp}{which}")

    def cloud(self, space: LatentMap) -> Cloud:
        """What the map component needs to fetch and draw one of the run's maps."""
        classes = tuple(self.run.card.classes)
        layout = "" if space.address == PCA else space.address
        rows = space if space.name == REPLAY else None  # all other maps have the same items in the same order
        return Cloud(
            identity=f"{self.name}:{self.stamp}" + (f":{layout}" if layout else ""),
            url=self.address("points", on=space),
            n=len(space),
            thumbnail_url="" if self.without_images else self.address("image", "/{index}", on=rows),
            classes=classes,
            colours=class_colours(len(classes)),
            has_confidence=space.confidence is not None and not rows,  # in a replay it would be that of the end
            items=f"{self.name}:{self.stamp}" + (f":{REPLAY}" if rows else ""),
            layout=layout,
            tiles_url="" if self.without_images else self.address("tiles", on=rows) + "&rows={rows}&side={side}",
            tile_side=tile_side(self.run.card.shape),
            file_name=f"{self.name}-{space.name}" if layout else self.name,
            rows=blake2b(space.latents.ids.tobytes(), digest_size=8).hexdigest(),
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


_open: dict[Path, OpenRun] = {}  # that asked for last at the end
_opening = Lock()


def open_for_page(name: str) -> OpenRun:
    """The run called `name`, opened anew when its card has changed on disk.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used.
    """
    folder = find_run(name, run_roots(settings()))
    stamp = stamp_of(folder)  # before the card is read: if that changes in between, it is opened once more
    with _opening:
        opened = _open.pop(folder, None)
        if opened is None or opened.stamp != stamp:
            opened = OpenRun(Run(folder), stamp)
        _open[folder] = opened
        if len(_open) > RUNS_KEPT:
            del _open[next(iter(_open))]
        return opened


def stamp_of(folder: Path) -> str:
    """Names the version of a run's files.

    Raises:
        BadRunError: a run that has just been removed.
    """
    try:
        return f"{(folder / CARD).stat().st_mtime_ns:x}"
    except OSError:
        raise BadRunError(f"The run {folder.name} has just been removed; choose another.") from None


def runs() -> list[ShelfEntry]:
    """Every run on the shelf."""
    return shelf(settings())
