"""Answer what lies near an item or a place of a map."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent.targets import ClassTargets
from explorer.retrieval.geodesics import distances_from
from explorer.retrieval.index import Hits, best, euclidean_distances
from explorer.retrieval.similarity import class_similarity, latent_similarity
from explorer.workflows.maps import LatentMap

Measure = Literal["latent similarity", "Euclidean"]
TITLES = {"sphere": "sphere", "torus": "torus", "poincare": "Poincaré ball"}
NEAR = 1e-6  # latent units
LETTERS = 40  # of a text that is quoted


@dataclass(frozen=True)
class Query:
    """What was asked about: an item of the map, or a place between items.

    Args:
        place: on the map, shape (2,).
        z: its latent, shape (d,); None for a place on a map by neighbours, where a place has no latent.
        row: the item's row on the map; None for a place.
        is_moved: no latent lies exactly where the click was; this is the one beside it.
    """

    place: NDArray[np.float64]
    z: NDArray[np.float64] | None
    row: int | None = None
    is_moved: bool = False


def query_at(space: LatentMap, *, row: int | None = None, place: tuple[float, float] | None = None) -> Query:
    """Turn a click into a query.

    Args:
        space: the map.
        row: the clicked item, or None for empty space.
        place: where on the map the click was, for empty space.

    Raises:
        BadValueError: no such item, a place that is not finite, or one outside the latent space.
    """
    if row is not None:
        if not 0 <= row < len(space):
            raise BadValueError(f"There is no item {row} on this map; it has {len(space):,}. Click a point.")
        return Query(space.places[row].astype(np.float64), space.latents.z[row].astype(np.float64), row)
    spot = np.asarray(place, np.float64)
    if spot.shape != (2,) or not np.isfinite(spot).all():
        raise BadValueError("A place on the map is two finite numbers. Click the map again.")
    z = space.latents_at(spot[None])
    if space.projection is None or z is None:
        return Query(spot, None)
    if np.isnan(z).any():
        title = TITLES[space.geometry]
        raise BadValueError(f"No latent lies there: all of the {title} is drawn inside its outline. Click there.")
    there = space.projection.apply(z)[0]
    is_moved = space.geometry != "euclidean" and not np.allclose(there, spot, rtol=0, atol=NEAR)
    return Query(there, z[0], is_moved=is_moved)


def place_of(text: str) -> tuple[float, float]:
    """The place that a text such as "0.5, -1.2" names.

    Raises:
        BadValueError: another text than two numbers.
    """
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise BadValueError(
            f"{text[:LETTERS]!r} is no place; expected two numbers with a comma between them. Click the map."
        ) from None
    return x, y


@dataclass(frozen=True)
class Answer:
    """The nearest items of a query, best first.

    Args:
        hits: rows on the map, and what they were ranked by.
        distances: within the latent space (for a query without a latent: on the map), shape (k,).
        similarities: latent similarity, shape (k,); None without configured classes or without a latent.
        classes: similarity of the query to each class, shape (c,); None likewise.
        ranked_by: what the hits were ranked by.
        is_outside: whether the query and all hits lie outside every class circle. There b_c is a factor of all class
            similarities (eq. 14), which latent similarity (eq. 15) divides out.
    """

    hits: Hits
    distances: NDArray[np.float64]
    similarities: NDArray[np.float64] | None
    classes: NDArray[np.float64] | None
    ranked_by: Measure = "Euclidean"
    is_outside: bool = False


def search(space: LatentMap, query: Query, *, k: int, measure: Measure, boundary_similarity: float) -> Answer:
    """Rank all items of the map by their nearness to a query, which never retrieves itself.

    A place without a latent is nearest to what lies nearest on the map, whatever the measure. A query without any
    similarity to a class is as similar to every item (0), so its items are ranked by distance.

    Args:
        space: the map.
        query: an item or a place.
        k: how many hits.
        measure: latent similarity (eq. 15, needs configured classes) or distance: Euclid's, or that of the run's own
            space.
        boundary_similarity: b_c of the latent similarity, 0 to 1.

    Raises:
        BadValueError: latent similarity for a run without configured classes, or b_c out of range.
    """
    z, targets = space.latents.z, space.targets
    if query.z is None:
        gaps = euclidean_distances(query.place, space.places)
        nearest = best(gaps, k, largest=False)
        return Answer(nearest, gaps[nearest.rows], None, None)
    distances = distances_from(space.geometry, query.z, z)
    if targets is None:
        if measure != "Euclidean":
            raise BadValueError(
                "Latent similarity needs configured class centres, which this run lacks; use Euclidean."
            )
        hits = best(distances, k, largest=False, leave_out=query.row)
        return Answer(hits, distances[hits.rows], None, None)
    own = class_similarity(query.z[None], targets, boundary_similarity=boundary_similarity)

    def similarities(gallery: NDArray[np.float32]) -> NDArray[np.float64]:
        classes = class_similarity(gallery, targets, boundary_similarity=boundary_similarity)
        return np.asarray(latent_similarity(own, classes)[0])

    if measure == "Euclidean" or not own.any():
        hits = best(distances, k, largest=False, leave_out=query.row)
        return Answer(hits, distances[hits.rows], similarities(z[hits.rows]), own[0])
    hits = best(similarities(z), k, largest=True, leave_out=query.row)
    is_outside = not _in_circles(np.vstack([query.z, z[hits.rows]]), targets).any()
    return Answer(hits, distances[hits.rows], hits.scores, own[0], measure, is_outside)


def _in_circles(z: NDArray[np.floating], targets: ClassTargets) -> NDArray[np.bool_]:
    """Whether each latent (n, d) lies in the circle of some class."""
    gaps = np.linalg.norm(z[:, None] - targets.centres, axis=2)  # (n, c)
    return np.asarray((gaps <= targets.radii).any(axis=1))
