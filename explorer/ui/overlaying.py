"""What is drawn over the points of a map, and which of it a person has chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from explorer.errors import ExplorerError
from explorer.evaluation.faithfulness import PointTrust
from explorer.ui import unknowns
from explorer.ui.gallery import problem
from explorer.ui.scatter import Marks
from explorer.ui.state import OpenRun
from explorer.workflows.maps import LatentMap
from explorer.workflows.overlays import (
    EMPTY,
    TakenSector,
    borders,
    centres,
    class_means,
    has_sectors,
    outlines,
    sectors,
)
from explorer.workflows.regions import has_regions
from explorer.workflows.search import Answer, Query
from explorer.workflows.targets import has_targets


@dataclass(frozen=True)
class Overlay:
    """One line of the choice of overlays: what it is called, what it shows, and whether it is drawn unless refused."""

    title: str
    help: str
    usual: bool


OVERLAYS = {
    "outline": Overlay(
        "Outline of the space",
        "Where the latent space ends. In the Poincaré ball thin circles tell the hyperbolic distance from the middle.",
        True,
    ),
    "centres": Overlay("Class centres", "Where the training wants each class.", True),
    "circles": Overlay("Class circles", "The radius of each class; inside it the geometric loss pulls no more.", True),
    "means": Overlay("Class means", "The mean of each class's training latents.", True),
    "sectors": Overlay("Sectors", "Hatched: no latent can lie there. Named: the class that took the sector.", True),
    "regions": Overlay("Decision regions", "The class that the classifier, or else the linear SVM, decides on.", False),
    "targets": Overlay("MDS targets", "Where the next epoch would pull each labelled item; lines from 2,000.", False),
    "neighbours": Overlay("True neighbours", "Lines from the clicked point to its 10 nearest latents.", True),
    "posterior": Overlay("Posterior", "One and two standard deviations around the clicked point's mean.", True),
}
Images = Literal["auto", "always", "never"]
IMAGES: dict[str, Images] = {"when zoomed in": "auto", "always": "always", "never": "never"}


def offered(opened: OpenRun, space: LatentMap) -> list[str]:
    """Overlays that this map can have."""
    is_linear, configured = space.projection is not None, space.targets is not None
    there = {
        "outline": bool(outlines(space) or borders(space)),
        "centres": is_linear and configured,
        "circles": bool(space.circles),
        "means": not configured and bool((space.latents.labels >= 0).any()),
        "sectors": has_sectors(opened.run.card) and space.is_latent and not space.onto,
        "regions": has_regions(space),
        "targets": is_linear and has_targets(opened.run),
        "neighbours": not space.is_latent,
        "posterior": is_linear and space.latents.std.shape[1] > 0,
    }
    return [name for name, is_there in there.items() if is_there]


def usual(opened: OpenRun, space: LatentMap) -> frozenset[str]:
    """What is drawn on a map for which nothing was chosen."""
    return frozenset(name for name in offered(opened, space) if OVERLAYS[name].usual)


def choice(opened: OpenRun, space: LatentMap) -> tuple[frozenset[str], Images]:
    """The controls: which overlays are drawn, and when images stand in place of points."""
    chosen = [name for name in offered(opened, space) if _checkbox(name)]
    unknowns.expect("images", IMAGES.__contains__)
    images = st.segmented_control(
        "Images in place of points",
        list(IMAGES),
        default="when zoomed in",
        required=True,
        key="images",
        bind="query-params",
    )
    return frozenset(chosen), IMAGES[images]


def _checkbox(name: str) -> bool:
    overlay = OVERLAYS[name]
    shown = overlay.title if overlay.usual else f"no {overlay.title[0].lower()}{overlay.title[1:]}"
    unknowns.expect(name, unknowns.is_switch, shown)
    return st.checkbox(overlay.title, value=overlay.usual, key=name, bind="query-params", help=overlay.help)


def marks(
    opened: OpenRun,
    space: LatentMap,
    chosen: frozenset[str],
    query: Query | None = None,
    found: Answer | None = None,
    trust: PointTrust | None = None,
) -> Marks:
    """What the map shows over its points.

    Args:
        opened: the run.
        space: the map.
        chosen: overlays that are drawn.
        query, found: what was touched and what came of it.
        trust: of the touched item on a map that is not the latent.
    """
    wedges = _sectors(opened, space) if "sectors" in chosen else ()
    circles = space.circles if "circles" in chosen else ()
    row = query.row if query else None
    return Marks(
        circles=tuple((x, y, radius, label) for label, (x, y, radius) in enumerate(circles)),
        centres=(centres(space) if "centres" in chosen else ()) + (class_means(space) if "means" in chosen else ()),
        sectors=tuple((0.0, 0.0, one.start, one.width, one.label) for one in wedges if one.label != EMPTY),
        outlines=outlines(space) if "outline" in chosen else (),
        borders=borders(space) if "outline" in chosen else (),
        query=_points([query.place])[0] if query else None,
        hits=_hits(space, query, found) if query and found else (),
        query_row=-1 if row is None else row,
        hit_rows=tuple(map(int, found.hits.rows)) if query and found else (),
        query_is_place=query is not None and row is None,
        lines=_lines(space, row, trust) if "neighbours" in chosen and row is not None and trust else (),
        ellipses=_ellipses(space, row) if "posterior" in chosen and row is not None else (),
    )


def _sectors(opened: OpenRun, space: LatentMap) -> tuple[TakenSector, ...]:
    """The sectors; a foreign card without proper ones costs them only."""
    try:
        return sectors(space, opened.run.card)
    except ExplorerError as error:
        problem(str(error))
        return ()


def _hits(space: LatentMap, query: Query, found: Answer) -> tuple[tuple[float, float, bool], ...]:
    """Place and verdict of each hit."""
    own, rows = own_label(space, query), found.hits.rows
    labels, places = space.latents.labels[rows], _points(space.places[rows])
    return tuple((x, y, own is None or int(label) == own) for (x, y), label in zip(places, labels, strict=True))


def own_label(space: LatentMap, query: Query) -> int | None:
    """The query's own class; None for a place and for an unlabelled item, where no hit is right or wrong."""
    label = -1 if query.row is None else int(space.latents.labels[query.row])
    return label if label >= 0 else None


def _lines(space: LatentMap, row: int, trust: PointTrust) -> tuple[tuple[float, float, float, float], ...]:
    ((x, y),) = _points(space.places[row : row + 1])
    return tuple((x, y, far_x, far_y) for far_x, far_y in _points(space.places[trust.true]))


def _ellipses(space: LatentMap, row: int) -> tuple[tuple[float, float, float, float, float], ...]:
    found = space.posterior_ellipse(row)
    if found is None:
        return ()
    x, y, a, b, angle = found
    return tuple((x, y, times * a, times * b, angle) for times in (1, 2))


def _points(places: Iterable[Iterable[float]]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in places]
