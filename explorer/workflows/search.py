"""Put a run's latents on a map and answer what lies near a point or a place."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from io import StringIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent import projection
from explorer.latent.confidence import LinearSVM
from explorer.latent.targets import ClassTargets
from explorer.retrieval.index import Hits, best, euclidean_distances
from explorer.retrieval.similarity import class_similarity, latent_similarity
from explorer.workflows.projecting import Places
from explorer.zoo.run import Run
from explorer.zoo.store import SPLITS, Latents

Measure = Literal["latent similarity", "Euclidean"]
PCA = "pca"
UNLABELLED_BYTE = 255
SHUFFLE_SEED = 0


@dataclass(frozen=True)
class LatentMap:
    """A run's items in the order in which the map draws them: shuffled, so a prefix is a fair sample.

    Args:
        latents: of all items, train and test.
        is_test: shape (n,).
        places: on the map, shape (n, 2), float32.
        projection: from latents to places and back; None on a map by neighbours, which has no way back.
        targets: the run's configured centres and radii, or None.
        svm: of the run's latents, or None.
        name: PCA, or of the map in NEIGHBOUR_MAPS.
        trustworthiness: of a map by neighbours, 0 to 1; NaN where it was not measured.
    """

    latents: Latents
    is_test: NDArray[np.bool_]
    places: NDArray[np.float32]
    projection: projection.Projection | None
    targets: ClassTargets | None
    svm: LinearSVM | None = None
    name: str = PCA
    trustworthiness: float = math.nan

    def __len__(self) -> int:
        return len(self.places)

    @property
    def is_latent(self) -> bool:
        """Whether the map is the latent itself, so that nothing is lost."""
        return self.projection is not None and self.projection.is_latent

    @cached_property
    def confidence(self) -> NDArray[np.float32] | None:
        """How sure the classifier, or else the SVM, is of its class, 0 to 1, shape (n,); None without either."""
        if self.latents.probabilities.shape[1]:
            return np.asarray(self.latents.probabilities.max(axis=1))
        return None if self.svm is None else self.svm.confidence(self.latents.z).max(axis=1).astype(np.float32)

    @cached_property
    def predicted(self) -> NDArray[np.intp] | None:
        """Class of each item by the classifier, or else by the SVM, shape (n,); None without either."""
        if self.latents.probabilities.shape[1]:
            return np.asarray(self.latents.probabilities.argmax(axis=1))
        return None if self.svm is None else self.svm.predict(self.latents.z)

    @property
    def predictor(self) -> str:
        """What predicts, in words for a person; empty where nothing does."""
        return "the classifier" if self.latents.probabilities.shape[1] else "" if self.svm is None else "a linear SVM"

    @property
    def circles(self) -> tuple[tuple[float, float, float], ...]:
        """(x, y, radius) of each configured class; none where the map is not the latent itself."""
        if self.targets is None or self.projection is None or not self.projection.is_latent:
            return ()
        centres = self.projection.apply(self.targets.centres)
        return tuple((float(x), float(y), float(r)) for (x, y), r in zip(centres, self.targets.radii, strict=True))

    def as_bytes(self) -> bytes:
        """What the map component draws: x, y float32; then class, confidence and split, a byte each."""
        labels = np.where(self.latents.labels < 0, UNLABELLED_BYTE, self.latents.labels)
        sure = np.ones(len(self)) if self.confidence is None else self.confidence
        columns = (labels, np.round(sure * 255), self.is_test)
        return self.places.astype("<f4").tobytes() + b"".join(column.astype(np.uint8).tobytes() for column in columns)


def latent_map(run: Run) -> LatentMap:
    """Both splits of a run on one map: the latent itself, or its two principal components.

    Raises:
        BadRunError: latents that are missing, altered or do not match the items.
    """
    parts = [run.latents(split) for split in SPLITS]
    order = _order(sum(len(part.ids) for part in parts))
    latents = Latents(
        *(np.concatenate([getattr(part, column.name) for part in parts])[order] for column in fields(Latents))
    )
    is_test = np.repeat([False, True], [len(part.ids) for part in parts])[order]
    fitted = projection.fit(latents.z)
    return LatentMap(
        latents, is_test, fitted.apply(latents.z).astype(np.float32), fitted, run.card.class_targets, run.svm
    )


def laid_out(space: LatentMap, name: str, found: Places) -> LatentMap:
    """The same items on a map by their neighbours.

    Args:
        space: the run's own map.
        name: of the new one, in NEIGHBOUR_MAPS.
        found: its places, train then test in the run's order.
    """
    places = found.places[_order(len(space))]
    return replace(space, places=places, projection=None, name=name, trustworthiness=found.trustworthiness)


def _order(n: int) -> NDArray[np.intp]:
    """The shuffled order of a map's n items."""
    return np.random.default_rng(SHUFFLE_SEED).permutation(n)


@dataclass(frozen=True)
class Query:
    """What was asked about: an item of the map, or a place between items.

    Args:
        place: on the map, shape (2,).
        z: its latent, shape (d,); None for a place on a map by neighbours, where a place has no latent.
        row: the item's row on the map; None for a place.
    """

    place: NDArray[np.float64]
    z: NDArray[np.float64] | None
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
        return Query(space.places[row].astype(np.float64), space.latents.z[row].astype(np.float64), row)
    spot = np.asarray(place, np.float64)
    if spot.shape != (2,) or not np.isfinite(spot).all():
        raise BadValueError("A place on the map is two finite numbers. Click the map again.")
    if space.projection is None:
        return Query(spot, None)
    z = space.projection.invert(spot[None])
    return Query(space.projection.apply(z)[0], z[0])


@dataclass(frozen=True)
class Answer:
    """The nearest items of a query, best first.

    Args:
        hits: rows on the map, and what they were ranked by.
        distances: Euclidean, in the latent space (for a query without a latent: on the map), shape (k,).
        similarities: latent similarity, shape (k,); None without configured classes or without a latent.
        classes: similarity of the query to each class, shape (c,); None likewise.
    """

    hits: Hits
    distances: NDArray[np.float64]
    similarities: NDArray[np.float64] | None
    classes: NDArray[np.float64] | None


def search(space: LatentMap, query: Query, *, k: int, measure: Measure, boundary_similarity: float) -> Answer:
    """Rank all items of the map by their nearness to a query, which never retrieves itself.

    A place without a latent is nearest to what lies nearest on the map, whatever the measure.

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
    if query.z is None:
        gaps = euclidean_distances(query.place, space.places)
        nearest = best(gaps, k, largest=False)
        return Answer(nearest, gaps[nearest.rows], None, None)
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


def lasso_table(space: LatentMap, mask: NDArray[np.bool_], classes: list[str], files: Sequence[str] = ()) -> str:
    """The lassoed items as CSV: id, class, split, predicted class, confidence, latent, file where there is one.

    Args:
        space: the map.
        mask: which items, shape (n,).
        classes: the class names.
        files: of the lassoed items in turn, or none.
    """
    names, paths = ([_harmless(text) for text in texts] for texts in ((*classes, "unlabelled"), files))
    dims = [f"z{i + 1}" for i in range(space.latents.z.shape[1])]
    predicted, confidence = space.predicted, space.confidence
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "class", "split", "predicted", "confidence", *dims, *(["file"] if paths else [])])
    for i, row in enumerate(np.flatnonzero(mask)):
        guess = names[predicted[row]] if predicted is not None else ""
        sure = f"{confidence[row]:.4f}" if confidence is not None else ""
        kind = "test" if space.is_test[row] else "train"
        z = [f"{value:.6g}" for value in space.latents.z[row]]
        known = [int(space.latents.ids[row]), names[space.latents.labels[row]], kind, guess, sure]
        writer.writerow([*known, *z, *paths[i : i + 1]])
    return out.getvalue()


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
