"""What sessions share: open runs, their maps and items, kept once a process and renewed when a run changes."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer.errors import BadRunError, ExplorerError
from explorer.figures import class_colours
from explorer.settings import Settings, load_settings
from explorer.ui.scatter import Cloud
from explorer.ui.tokens import PREFIX, make_token
from explorer.workflows.runs import Items, ShelfEntry, load_items, open_run, shelf
from explorer.workflows.search import LatentMap, latent_map
from explorer.zoo.run import Run
from explorer.zoo.store import CARD

RUNS_KEPT = 8


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
        # Two locks: who waits for images that are being made must not hold up another session's map.
        self._space_lock, self._items_lock = Lock(), Lock()
        self._space: LatentMap | None = None
        self._items: Items | None = None

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

    def prepare(self) -> None:
        """Fetch images and network ahead of their first use; a problem is told when they are used."""
        with suppress(ExplorerError):
            self.items  # noqa: B018 - it loads them
            if self.run.card.has_decoder:
                self.run.decode(self.space.latents.z[:1])

    @property
    def cloud(self) -> Cloud:
        """What the map component needs to fetch and draw."""
        context = get_script_run_ctx()
        token = make_token(context.session_id if context else "")
        base = f"{st.get_option('server.baseUrlPath') or ''}/{PREFIX}".lstrip("/")
        classes = tuple(self.run.card.classes)
        return Cloud(
            identity=f"{self.name}:{self.stamp}",
            url=f"/{base}/points/{self.name}?version={self.stamp}&token={token}",
            n=len(self.space),
            thumbnail_url=f"/{base}/image/{self.name}/{{index}}?version={self.stamp}&token={token}",
            classes=classes,
            colours=class_colours(len(classes)),
        )

    @property
    def name(self) -> str:
        """The run's name: that of its folder."""
        return self.run.folder.name


def open_for_page(name: str) -> OpenRun:
    """The run called `name`, opened anew when its card has changed on disk.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used.
    """
    run = open_run(name, settings())
    try:
        stamp = (run.folder / CARD).stat().st_mtime_ns
    except OSError:
        raise BadRunError(f"The run {name} has just been removed; choose another.") from None
    return _open(run.folder, f"{stamp:x}")


@lru_cache(maxsize=RUNS_KEPT)
def _open(folder: Path, stamp: str) -> OpenRun:
    return OpenRun(Run(folder), stamp)


def runs() -> list[ShelfEntry]:
    """Every run on the shelf."""
    return shelf(settings())
