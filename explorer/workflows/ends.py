"""The ends of a morph: a class centre, an item or a place of the map, each named by a text that fits an address."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadValueError
from explorer.workflows.maps import LatentMap
from explorer.workflows.search import place_of, query_at

ITEM, PLACE = re.compile(r"item (-?[0-9]{1,18})"), re.compile(r"place (.{1,80})")
EXTREMES = 2, 98  # per cent of the items lie left of the usual ends of a run without classes
LETTERS = 40


@dataclass(frozen=True, eq=False)
class End:
    """Where a morph begins or ends.

    Args:
        name: the text that it was asked for by.
        kind: what it is.
        z: its latent, shape (d,).
        label: its class; UNLABELLED where it has none.
        row: of the item on the map; None for another kind.
    """

    name: str
    kind: Literal["centre", "mean", "item", "place"]
    z: NDArray[np.float64]
    label: int = UNLABELLED
    row: int | None = None


def class_centres(space: LatentMap, n_classes: int) -> NDArray[np.float64]:
    """The configured centre of each class, else the mean of its training items, brought onto the space.

    Args:
        space: the run's map.
        n_classes: c.

    Returns:
        Shape (c, d); NaN for a class without either.
    """
    if space.targets is not None:
        return np.asarray(space.targets.centres, np.float64)
    means = np.full((n_classes, space.latents.z.shape[1]), np.nan)
    means[: len(space.class_means)] = space.class_means[:n_classes]
    return means


def with_centre(space: LatentMap, classes: tuple[str, ...]) -> list[str]:
    """The classes that a morph can end at: all that are configured or have a training item."""
    centres = class_centres(space, len(classes))
    return [name for name, centre in zip(classes, centres, strict=True) if not np.isnan(centre).any()]


def end_of(space: LatentMap, classes: tuple[str, ...], text: str) -> End:
    """The end that a text names.

    Args:
        space: the run's map.
        classes: its classes.
        text: a class, "item 123" for the item of that id, or "place 0.5, -1.2" for a place on the map.

    Raises:
        BadValueError: none of these, an item or a place that this map does not have, or a class without items.
    """
    if text in classes:
        return _centre(space, classes, text)
    item, place = ITEM.fullmatch(text), PLACE.fullmatch(text)
    if item is not None:
        rows = np.flatnonzero(space.latents.ids == int(item[1]))
        if not len(rows):
            raise BadValueError(f"This run has no item {item[1]}. Click a point of the map, or name another id.")
        row = int(rows[0])
        return End(text, "item", space.latents.z[row].astype(np.float64), int(space.latents.labels[row]), row)
    if place is not None:
        z = query_at(space, place=place_of(place[1])).z
        if z is not None:
            return End(text, "place", z)
    known = "a class, " if classes else ""
    raise BadValueError(
        f"{text[:LETTERS]!r} is no end of a morph: expected {known}'item' and an id, or 'place' and two numbers."
    )


def _centre(space: LatentMap, classes: tuple[str, ...], name: str) -> End:
    label = classes.index(name)
    z = class_centres(space, len(classes))[label]
    if np.isnan(z).any():
        raise BadValueError(f"No training item of this run is of class {name[:LETTERS]}, so it has no centre.")
    return End(name, "mean" if space.targets is None else "centre", z, label)


def usual_ends(space: LatentMap, classes: tuple[str, ...]) -> tuple[str, str]:
    """Names of the ends that a page opens with.

    3 and 8, where these are classes; else the two classes that come first and have a centre; else the items at 2 % and
    98 % across the map.
    """
    named = with_centre(space, classes)
    if {"3", "8"} <= set(named):
        return "3", "8"
    if len(named) > 1:
        return named[0], named[1]
    across = space.places[:, 0]
    low, high = (int(np.abs(across - np.percentile(across, share)).argmin()) for share in EXTREMES)
    return f"item {space.latents.ids[low]}", f"item {space.latents.ids[high]}"
