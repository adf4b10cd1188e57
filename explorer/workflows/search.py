"""Put a run's latents on a map and answer what lies near a point or a place."""

import csv
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent import projection
from explorer.latent.targets import ClassTargets
from explorer.retrieval.index import Hits, best, euclidean_distances
from explorer.retrieval.similarity import class_similarity, latent_similarity
from explorer.zoo.run import Run
from explorer.zoo.store import SPLITS, Latents

Measure = Literal["latent similarity", "Euclidean"]
UNLABELLED_BYTE = 255
SHUFFLE_SEED = 0


@dataclass(frozen=True)
class LatentMap:
    """A run's items in the order in which the map draws them: shuffled, so a prefix is a fair sample.

    Args:
        latents: of all items, train and test.
        is_test: shape (n,).
        places: on the map, shape (n, 2), float32.
        projection: from latents to places and back.
        targets: the run's configured centres and radii, or None.
    """

    latents: Latents
    is_test: NDArray[np.bool_]
    places: NDArray[np.float32]
    projection: projection.Projection
    targets: ClassTargets | None

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of the predicted class, shape (n,); 1 for a run without a classifier."""
        probabilities = self.latents.probabilities
        return probabilities.max(axis=1) if probabilities.shape[1] else np.ones(len(self), np.float32)

    @cached_property
    def predicted(self) -> NDArray[np.intp] | None:
        """Predicted class of each item, shape (n,); None for a run without a classifier."""
        probabilities = self.latents.probabilities
        return probabilities.argmax(axis=1) if probabilities.shape[1] else None

    @property
    def circles(self) -> tuple[tuple[float, float, float], ...]:
        """(x, y, radius) of each configured class; none where the map is not the latent itself."""
        if self.targets is None or not self.projection.is_latent:
            return ()
        centres = self.projection.apply(self.targets.centres)
        return tuple((float(x), float(y), float(r)) for (x, y), r in zip(centres, self.targets.radii, strict=True))

    def as_bytes(self) -> bytes:
        """What the map component draws: x, y float32; then class, confidence and split, a byte each."""
        labels = np.where(self.latents.labels < 0, UNLABELLED_BYTE, self.latents.labels)
        columns = (labels, np.round(self.confidence * 255), self.is_test)
        return self.places.astype("<f4").tobytes() + b"".join(column.astype(np.uint8).tobytes() for column in columns)


def latent_map(run: Run) -> LatentMap:
    """Both splits of a run on one map.

    Raises:
        BadRunError: latents that are missing, altered or do not match the items.
    """
    parts = [run.latents(split) for split in SPLITS]
    order = np.random.default_rng(SHUFFLE_SEED).permutation(sum(len(part.ids) for part in parts))
    latents = Latents(
        *(
            np.concatenate([getattr(part, name) for part in parts])[order]
            for name in ("ids", "z", "labels", "probabilities")
        )
    )
    is_test = np.repeat([False, True], [len(part.ids) for part in parts])[order]
    fitted = projection.fit(latents.z)
    return LatentMap(latents, is_test, fitted.apply(latents.z).astype(np.float32), fitted, run.card.class_targets)


@dataclass(frozen=True)
class Query:
    """What was asked about: an item of the map, or a place between items.

    Args:
        z: its latent, shape (d,).
        row: the item's row on the map; None for a place.
    """

    z: NDArray[np.float64]
    row: int | None = None


def query_at(space: LatentMap, *, row: int | None = None, place: tuple[float, float] | None = None) -> Query:
    """Turn a click into a query.

    Args:
        space: the map.
        row: the clicked item, or None for empty space.
        place: where on the map the click was, for empty space.

    Raises:
        BadValueError: no such item, or a place that is not finite.
    """
    if row is not None:
        if not 0 <= row < len(space):
            raise BadValueError(f"There is no item {row} on this map; it has {len(space):,}. Click a point.")
        return Query(space.latents.z[row].astype(np.float64), row)
    spot = np.asarray(place, np.float64)
    if spot.shape != (2,) or not np.isfinite(spot).all():
        raise BadValueError("A place on the map is two finite numbers. Click the map again.")
    return Query(space.projection.invert(spot[None])[0])


@dataclass(frozen=True)
class Answer:
    """The nearest items of a query, best first.

    Args:
        hits: rows on the map, and what they were ranked by.
        distances: Euclidean, in the latent space, shape (k,).
        similarities: latent similarity, shape (k,); None without configured classes.
        classes: similarity of the query to each class, shape (c,); None likewise.
    """

    hits: Hits
    distances: NDArray[np.float64]
    similarities: NDArray[np.float64] | None
    classes: NDArray[np.float64] | None


def search(space: LatentMap, query: Query, *, k: int, measure: Measure, boundary_similarity: float) -> Answer:
    """Rank all items of the map by their nearness to a query, which never retrieves itself.

    Args:
        space: the map.
        query: an item or a place.
        k: how many hits.
        measure: latent similarity (eq. 15, needs configured classes) or Euclidean distance.
        boundary_similarity: b_c of the latent similarity, 0 to 1.

    Raises:
        BadValueError: latent similarity for a run without configured classes, or b_c out of range.
    """
    z, targets = space.latents.z, space.targets
    distances = euclidean_distances(query.z, z)
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

    if measure == "Euclidean":
        hits = best(distances, k, largest=False, leave_out=query.row)
        return Answer(hits, distances[hits.rows], similarities(z[hits.rows]), own[0])
    hits = best(similarities(z), k, largest=True, leave_out=query.row)
    return Answer(hits, distances[hits.rows], hits.scores, own[0])


def lasso_table(space: LatentMap, mask: NDArray[np.bool_], classes: list[str]) -> str:
    """The lassoed items as CSV: id, class, split, predicted class, confidence, latent.

    Args:
        space: the map.
        mask: which items, shape (n,).
        classes: the class names.
    """
    # A spreadsheet takes a cell that begins like this for a formula.
    names = [f"'{name}" if name[:1] in "=+-@\t\r" else name for name in (*classes, "unlabelled")]
    dims = [f"z{i + 1}" for i in range(space.latents.z.shape[1])]
    predicted, confidence = space.predicted, space.confidence
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "class", "split", "predicted", "confidence", *dims])
    for row in np.flatnonzero(mask):
        guess = names[predicted[row]] if predicted is not None else ""
        sure = f"{confidence[row]:.4f}" if predicted is not None else ""
        kind = "test" if space.is_test[row] else "train"
        z = [f"{value:.6g}" for value in space.latents.z[row]]
        writer.writerow([int(space.latents.ids[row]), names[space.latents.labels[row]], kind, guess, sure, *z])
    return out.getvalue()
