"""What a person touched: clicks stand in the page's address, a lasso in the session."""

import re
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui.address_bar import write
from explorer.ui.scatter import Click, Lasso
from explorer.workflows.maps import ONTO, PCA, LatentMap
from explorer.workflows.replay import NAME as REPLAY
from explorer.workflows.search import place_of

LASSO, CLEARED = "lasso", "cleared"


@dataclass(frozen=True)
class Place:
    """A map in the session: whose it is, and which of the page's components draws it.

    Args:
        key: of the component.
        items: names its points, as a cloud does: a lasso of others means nothing here.
    """

    key: str
    items: str

    def name(self, what: str) -> str:
        """What the session calls something of this map."""
        return f"{self.key}:{what}:{self.items}"

    @property
    def lasso(self) -> Lasso | None:
        """The lasso drawn on this map, if that was the last thing done."""
        found: Lasso | None = st.session_state.get(self.name(LASSO))
        return found

    @property
    def cleared(self) -> int:
        """How often its lasso was cleared from here."""
        return int(st.session_state.get(self.name(CLEARED), 0))

    def forget_lasso(self) -> None:
        """Clear the lasso, in the browser too."""
        if st.session_state.pop(self.name(LASSO), None) is not None:
            st.session_state[self.name(CLEARED)] = self.cleared + 1


def remember(place: Place, space: LatentMap, click: Click | None, lasso: Lasso | None, *, beside: str = "") -> None:
    """Note what was touched, in the address where a link can hold it.

    Args:
        place: the map in the session.
        space: its points.
        click, lasso: what was just done, as `scatter.touched` tells.
        beside: name of the run, where the map is that of the run beside.
    """
    if lasso is not None:
        st.session_state[place.name(LASSO)] = lasso if lasso.count else None
    if click is None:
        return
    for part in ("item", "at"):
        write(part, None)
    if click.index >= 0:
        write("item", str(space.latents.ids[click.index]))
    else:
        name = _name(space, beside)
        write("at", f"{click.x:.6g},{click.y:.6g}" + (f"@{name}" if name != PCA else ""))
    place.forget_lasso()


def asked(space: LatentMap, *, beside: str = "") -> tuple[int | None, tuple[float, float] | None]:
    """The item's row or the place that the address names, so that a link shows the same.

    A place on a map other than the run's own bears that map's name: it means nothing on another one.

    Args:
        space: the map.
        beside: name of its run, where it is the one beside.

    Raises:
        ExplorerError: an item that this map does not have, or a place that is not two numbers.
    """
    item, place = st.query_params.get("item"), st.query_params.get("at")
    if item is not None:
        rows = np.flatnonzero(space.latents.ids == _whole(item))
        if not len(rows) and beside:
            return None, None
        if not len(rows) and space.name == REPLAY:
            raise ExplorerError(
                f"The replay follows {len(space):,} items, and {item[:40]!r} is none of them. Click one."
            )
        if not len(rows):
            raise ExplorerError(f"This map has no item {item[:40]!r}. Click a point of it.")
        return int(rows[0]), None
    if place is None:
        return None, None
    pair, _, name = place.partition("@")
    return None, place_of(pair) if (name or PCA) == _name(space, beside) else None


def _name(space: LatentMap, beside: str) -> str:
    """What a place calls its map; one beside is turned, so both runs' maps say what a place on it means."""
    return ONTO.join(("beside", beside, space.name, space.onto.rpartition(ONTO)[2])) if beside else space.name


def is_whole(text: str) -> bool:
    """Whether a text is a whole number as ids are."""
    return re.fullmatch("-?[0-9]{1,18}", text) is not None


def _whole(text: str) -> int:
    return int(text) if is_whole(text) else -1
