"""Which paths a run's latent space offers from one end to another, and the path itself."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent.neighbour_graph import NeighbourGraph
from explorer.latent.paths import around, class_circle_of, straight
from explorer.latent.spaces import onto
from explorer.workflows.ends import class_centres
from explorer.workflows.maps import LatentMap

PathKind = Literal["straight", "circle", "data"]
PATHS: tuple[PathKind, ...] = get_args(PathKind)
FEWEST = 3  # items from which a path can lead through data


def refusals(space: LatentMap, n_classes: int) -> dict[PathKind, str]:
    """Why a run has a path or not: a sentence for each that it has not, empty for what it has."""
    return {"straight": "", "circle": _no_circle(space, n_classes), "data": _no_data(space)}


def _no_circle(space: LatentMap, n_classes: int) -> str:
    if space.geometry != "euclidean":
        return "Around the class circle is for Euclid's space; in this run's, the straight path is the shortest one."
    if n_classes < FEWEST:
        return "A circle of classes needs three classes or more."
    if _circle(space, n_classes) is None:
        return "The class centres of this run do not lie on a circle, and its latent has more than two dimensions."
    return ""


def _no_data(space: LatentMap) -> str:
    if space.geometry == "poincare":
        return "Near the edge of the Poincaré ball Euclid's neighbours are not its own, so no path leads through them."
    if (~space.is_test).sum() < FEWEST:
        return f"A path through the data needs {FEWEST} training items or more."
    return ""


def _circle(space: LatentMap, n_classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    centres = class_centres(space, n_classes)
    centres = centres[~np.isnan(centres).any(axis=1)]
    return class_circle_of(centres) if len(centres) else None


def path(  # noqa: PLR0913 - two ends, a way and its steps
    space: LatentMap,
    way: PathKind,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    steps: int,
    *,
    n_classes: int,
    graph: Callable[[], NeighbourGraph],
) -> NDArray[np.float64]:
    """A path from latent to latent.

    Args:
        space: the run's map.
        way: which.
        a, b: latents, shape (d,).
        steps: how many points, both ends among them.
        n_classes: of the run.
        graph: gives the neighbour graph of the training latents, asked for by "data" alone.

    Returns:
        Shape (steps, d), on the run's space.

    Raises:
        BadValueError: a way that this run does not have.
    """
    why_not = refusals(space, n_classes).get(way, f"There is no way {way[:20]!r}; choose one of {', '.join(PATHS)}.")
    if why_not:
        raise BadValueError(why_not)
    if way == "data":
        return onto(space.geometry, graph().path(a, b, steps))
    circle = _circle(space, n_classes) if way == "circle" else None
    return straight(a, b, steps, space.geometry) if circle is None else around(a, b, *circle, steps)
