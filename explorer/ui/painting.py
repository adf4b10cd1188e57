"""What colours and layers of a run's map say: computed when first asked for, shared by all sessions."""

from contextlib import suppress
from threading import Lock
from typing import Protocol
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError
from explorer.ui.images import Images
from explorer.ui.scatter import Colouring, Layers
from explorer.workflows import colouring
from explorer.workflows.columns import Column
from explorer.workflows.maps import LatentMap
from explorer.workflows.regions import has_regions
from explorer.workflows.replay import NAME as REPLAY
from explorer.workflows.replay import Replay
from explorer.workflows.runs import Items
from explorer.workflows.targets import has_targets, training_targets
from explorer.zoo.run import Run


class Opened(Protocol):
    """What is asked of an open run; see `explorer.ui.state.OpenRun`."""

    run: Run
    images: Images

    @property
    def space(self) -> LatentMap: ...  # noqa: D102
    @property
    def items(self) -> Items: ...  # noqa: D102
    @property
    def replay(self) -> Replay: ...  # noqa: D102
    def address(self, route: str, rest: str = "", on: LatentMap | None = None) -> str: ...  # noqa: D102


class Painting:
    """Owns the columns and the targets of one open run.

    Args:
        opened: the run.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._lock = Lock()  # of the targets alone: who waits for them holds up nobody else
        self._offered: dict[bool, dict[str, str]] = {}
        self._columns: dict[str, Column] = {}
        self._targets: NDArray[np.float32] | None = None

    @property
    def knows_factors(self) -> bool:
        """Whether the items are at hand, which the data's factors come from."""
        return self._opened.images.are_here

    def titles(self, *, wait: bool = False) -> dict[str, str]:
        """What a point's colour can say beside its class: names of columns, with their titles for a choice.

        Args:
            wait: for the items, which the data's factors come from; else these are left out until items are at hand.
                Where items cannot be had, they are left out too.
        """
        dataset = None
        if wait or self.knows_factors:
            with suppress(ExplorerError):
                dataset = self._opened.items.dataset
        has_factors = dataset is not None
        if has_factors not in self._offered:
            self._offered[has_factors] = colouring.offered(self._opened.space, dataset)
        return self._offered[has_factors]

    def column(self, name: str) -> Column:
        """One of these columns, in the order that all maps of the run share.

        Raises:
            UnknownNameError: no such column.
            ExplorerError: a factor of items that cannot be had.
        """
        if name not in self._columns:  # no lock: two who ask at once compute the same
            items = self._opened.items if name.startswith(colouring.FACTOR) else None
            self._columns[name] = colouring.column(self._opened.space, self._opened.run.card, name, items)
        return self._columns[name]

    def codes(self, name: str, space: LatentMap) -> NDArray[np.uint8]:
        """A column's bytes in the order of a map, which may hold fewer items; raises as `column` does."""
        codes = self.column(name).codes
        return codes[self._opened.replay.rows] if space.name == REPLAY else codes

    def colouring(self, name: str, space: LatentMap) -> Colouring:
        """What the map component needs to colour a map's points by a column; raises as `column` does."""
        column = self.column(name)
        url = self._opened.address("column", f"/{quote(name, safe='')}", space if space.name == REPLAY else None)
        return Colouring(name, column.title, url, column.groups, column.colours, column.low, column.high)

    def targets(self) -> NDArray[np.float32]:
        """Targets of the items of a structuring run, computed once; raises as `training_targets` does."""
        opened, space = self._opened, self._opened.space
        with self._lock:
            if self._targets is None:
                self._targets = training_targets(opened.run, space)
            return self._targets

    def layers(self, space: LatentMap, *, regions: bool = False, targets: bool = False) -> Layers:
        """What the map component needs to draw layers beneath its points; a layer that a map cannot have is left out.

        Args:
            space: the map.
            regions: draw decision regions.
            targets: draw the items' targets.
        """
        address, is_linear = self._opened.address, space.projection is not None
        return Layers(
            regions_url=address("regions", on=space) if regions and has_regions(space) else "",
            targets_url=address("targets", on=space) if targets and is_linear and has_targets(self._opened.run) else "",
        )
