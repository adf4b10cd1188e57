"""What is drawn over a map beside its points: outlines of spaces, class means, configured centres, polar sectors."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadRunError, BadValueError
from explorer.evaluation.structure import class_centroids
from explorer.latent.angles import AngleMap
from explorer.latent.projection import Projection
from explorer.latent.sectors import Rule, default_class_width, default_rotation, polar_sectors
from explorer.latent.spaces import CIRCLE, onto
from explorer.retrieval.geodesics import distances_from
from explorer.workflows.maps import LatentMap, dimensions_of
from explorer.zoo.card import Card

POLAR = "polar"  # the methods' table would take torch, which a map is drawn without
WHOLE_CIRCLE = 360
FORBIDDEN, EMPTY = -1, -2
HYPERBOLIC = (1, 2, 3, 4, 5)  # distances from the middle of the Poincaré ball that are drawn

Centre = tuple[float, float, int]
"""(x, y, class)."""
Outline = tuple[float, float, float, str]
"""(x, y, radius, name): the edge of a space has no name, what lies equally far from its middle is called by that."""


def class_means(space: LatentMap) -> tuple[Centre, ...]:
    """Where the mean latent of each class's training items lies on a map; classes without any are left out.

    A mean beside the sphere or the torus is brought onto it. On a map by neighbours a mean latent has no place:
    there it is that of the class's training item nearest to it.
    """
    labels = np.where(space.is_test, -1, space.latents.labels)
    z = space.latents.z
    centroids = class_centroids(z, labels, int(labels.max(initial=-1)) + 1)
    there = np.flatnonzero(~np.isnan(centroids).any(axis=1))
    means = onto(space.geometry, centroids[there])
    if space.projection is not None:
        return _marks(space.projection.apply(means), there)
    of_classes = [np.flatnonzero(labels == label) for label in there]
    nearest = [
        int(rows[distances_from(space.geometry, mean, z[rows]).argmin()])
        for rows, mean in zip(of_classes, means, strict=True)
    ]
    return _marks(space.places[np.array(nearest, np.intp)], there)


def centres(space: LatentMap) -> tuple[Centre, ...]:
    """Where the configured class centres lie on a map; none for a run without any, or on a map by neighbours."""
    if space.targets is None or space.projection is None:
        return ()
    return _marks(space.projection.apply(space.targets.centres), np.arange(len(space.targets.centres)))


def outlines(space: LatentMap) -> tuple[Outline, ...]:
    """The outline of a latent space on a map: none for Euclid's, or where the map has no simple one.

    A sphere and a ball are drawn as a disc by every linear map, around the place of their middle; of a torus one of its
    circles is a circle where the map shows its two coordinates. In the ball circles tell the distance from the middle.
    """
    if not isinstance(space.projection, Projection):
        return ()
    dims = space.latents.z.shape[1]
    if space.geometry == "torus" and dims > CIRCLE:
        a, b = sorted(dimensions_of(space.name) or (1, CIRCLE + 1))
        if not (b == a + 1 and b % CIRCLE == 0):
            return ()
    elif space.geometry == "euclidean":
        return ()
    ((x, y),) = space.projection.apply(np.zeros((1, dims)))
    radii = {"": 1.0}
    if space.geometry == "poincare":
        radii |= {f"{far}": math.tanh(far / 2) for far in HYPERBOLIC}
    return tuple((float(x), float(y), radius, name) for name, radius in radii.items())


def borders(space: LatentMap) -> tuple[tuple[float, float, float, float], ...]:
    """The edge of a map of angles: left, bottom, right and top; none of other maps."""
    return (space.projection.box,) if isinstance(space.projection, AngleMap) else ()


@dataclass(frozen=True)
class TakenSector:
    """A sector of polar beams, around the origin, and the class that took it.

    Args:
        start: where it begins, radians, 0 to 2 pi; it goes on counterclockwise.
        width: radians.
        label: the class of most labelled training items in it; FORBIDDEN where no latent can lie; EMPTY where none of
            these items lies.
    """

    start: float
    width: float
    label: int


def has_sectors(card: Card) -> bool:
    """Whether a run's latents lie in sectors."""
    return card.method == POLAR


def sectors(space: LatentMap, card: Card) -> tuple[TakenSector, ...]:
    """The sectors of a polar run and which class took which; none for others, or on a map that is turned or no latent.

    One class a sector is the aim of the training, not its guarantee.

    Args:
        space: a map of the run.
        card: the run's.

    Raises:
        BadRunError: a card with angles or a rule that no polar run can have.
    """
    if not (has_sectors(card) and space.is_latent and not space.onto and space.latents.z.shape[1] == 2):
        return ()
    c = len(card.classes)
    rule: Rule = card.config.get("rule", "guaranteed")
    try:
        width = _radians(card, "class_width") or default_class_width(c)
        parts = polar_sectors(
            c, class_width=width, rotation=_radians(card, "fold_rotation") or default_rotation(c), rule=rule
        )
    except BadValueError as error:
        raise BadRunError(f"The card of {card.name} cannot be used: {error}") from None
    counts = _counts(space, np.array([part.start for part in parts]), c)
    found = []
    for part, count in zip(parts, counts, strict=True):
        taken = FORBIDDEN if part.is_forbidden else int(count.argmax()) if count.any() else EMPTY
        found.append(TakenSector(part.start, part.width, taken))
    return tuple(found)


def _counts(space: LatentMap, starts: NDArray[np.float64], n_classes: int) -> NDArray[np.intp]:
    """Labelled training items of each class in each sector, shape (sectors, c); `starts` ascend."""
    counted = ~space.is_test & (space.latents.labels >= 0)
    z, labels = space.latents.z[counted], space.latents.labels[counted]
    angles = np.arctan2(z[:, 1], z[:, 0], dtype=np.float64) % (2 * math.pi)
    sector = (np.searchsorted(starts, angles, side="right") - 1) % len(starts)  # before the first: in the last
    return np.bincount(sector * n_classes + labels, minlength=len(starts) * n_classes).reshape(-1, n_classes)


def _radians(card: Card, key: str) -> float:
    """An angle that a card tells in degrees; 0 where it leaves that to the default."""
    degrees = card.config.get(key, 0)
    if isinstance(degrees, bool) or not isinstance(degrees, int | float) or not 0 <= degrees <= WHOLE_CIRCLE:
        raise BadValueError(f"{key} is no angle of 0 to {WHOLE_CIRCLE} degrees.")
    return math.radians(degrees)


def _marks(places: NDArray[np.floating], labels: NDArray[np.intp]) -> tuple[Centre, ...]:
    return tuple((float(x), float(y), int(label)) for (x, y), label in zip(places, labels, strict=True))
