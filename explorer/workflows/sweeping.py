"""How good a way to rank is along the whole of its slider, so that one sees where the slider stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.evaluation.galleries import Distances, retrievals
from explorer.latent.dimensions import style_dims
from explorer.retrieval.similarity import cosine
from explorer.workflows.retrieving import Collection
from explorer.workflows.scoreboard import relevances_of, some, spaced
from explorer.workflows.scoring import mean_score, reach
from explorer.workflows.ways import LEVELS, Vectors, Way, check, distances
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Score

GLANCE, SWEPT = 40, 200  # queries of a first look, and of the whole curve
STOPS = tuple(step / 10 for step in range(11))
FEWEST = 4  # queries of which a best stop is said
COSINES_AT_ONCE = 2_000_000
Ranker = tuple[NDArray[np.intp], int, Distances]
"""Some of the queries, shape (b,), a stop of the slider, and what ranks by it for these, counted from 0."""


@dataclass(frozen=True)
class Slider:
    """A setting of a way that has a slider.

    Args:
        name: of the setting, for people.
        at: where it stands.
        stops: settings that are measured, ascending, and the way at each.
    """

    name: str
    at: float
    stops: Mapping[float, Way]

    @property
    def key(self) -> str:
        """Names what is measured, wherever the slider stands."""
        return "; ".join(way.words for way in self.stops.values())


def slider_of(way: Way) -> Slider | None:
    """The slider of a way to rank; None for one without."""
    if way.measure == "weighted cosine":
        stops = {at: replace(way, semantic_weight=at) for at in STOPS}
        return Slider("semantic weight", way.semantic_weight, stops)
    if way.measure == "latent similarity":
        stops = {at: replace(way, boundary_similarity=at) for at in STOPS}
        return Slider("b_c", way.boundary_similarity, stops)
    if way.code == "quantised":
        return Slider("levels", way.levels, {at: replace(way, levels=at) for at in LEVELS})
    return None


@dataclass(frozen=True)
class Best:
    """The best stop of a slider, and what it is worth.

    Args:
        stop: where the slider should stand.
        here: the stop next to where it stands.
        gain: MAP there less MAP here, over queries that the stop was not chosen by.
        reach: of the 95 % interval of the gain, to each side; the same queries are asked at both stops.
    """

    stop: float
    here: float
    gain: float
    reach: float


@dataclass(frozen=True, eq=False)
class Sweep:
    """Average precision of the same queries at each stop of a slider.

    Args:
        name: of the setting.
        stops: settings, ascending, shape (s,).
        found: by relevance, shape (s, q); NaN where nothing is relevant to a query.
        asked: items that could have been queries.
    """

    name: str
    stops: tuple[float, ...]
    found: Mapping[str, NDArray[np.float64]]
    asked: int

    @property
    def queries(self) -> int:
        """How many looked at each stop."""
        return int(next(iter(self.found.values())).shape[1])

    @property
    def is_glance(self) -> bool:
        """Whether more queries are to come."""
        return self.queries < min(self.asked, SWEPT)

    def averages(self, relevance: str) -> list[Score]:
        """MAP at each stop with its 95 % interval over queries.

        The queries are the same at each, so two stops differ more surely than their intervals say.
        """
        return [mean_score("retrieval", "MAP", relevance, values) for values in self.found[relevance]]

    def best(self, relevance: str, here: float) -> Best | None:
        """The stop that is best for every second query, judged by the others: who chooses does not judge.

        Args:
            relevance: of `found`.
            here: where the slider stands; the nearest stop is compared with.

        Returns:
            None where one half of the queries has nothing relevant.
        """
        values = self.found[relevance]
        values = values[:, ~np.isnan(values[0])]
        if values.shape[1] < FEWEST:
            return None
        best = int(values[:, ::2].mean(axis=1).argmax())
        at = int(np.abs(np.array(self.stops) - here).argmin())
        gain = values[best, 1::2] - values[at, 1::2]
        return Best(self.stops[best], self.stops[at], float(gain.mean()), reach(gain))


def sweep(
    card: Card,
    way: Way,
    asked: Collection,
    gallery: Collection,
    *,
    queries: int = SWEPT,
    progress: Progress | None = None,
) -> Sweep | None:
    """Let items look for those of a gallery at each stop of a way's slider.

    Args:
        card, way, asked, gallery: as `scoreboard.score` takes them.
        queries: at most so many, evenly spaced, look for others.
        progress: called with (queries done, queries in all) of all stops.

    Returns:
        None for a way without a slider.

    Raises:
        BadValueError: a way that does not fit the run.
        BadDataError: an empty gallery.
    """
    slider = slider_of(way)
    if slider is None:
        return None
    rows = spaced(len(asked), queries)
    is_same, relevances = asked.key == gallery.key, relevances_of(asked, gallery, rows)
    found = {name: np.full((len(slider.stops), len(rows)), np.nan) for name in relevances}
    done, total = 0, len(slider.stops) * len(rows)
    for part, stop, rank in _rankers(card, slider, some(asked.vectors, rows), gallery.vectors):
        these = {name: (labels[part], sought) for name, (labels, sought) in relevances.items()}
        told = _from(done, total, progress)
        measured = retrievals(rank, these, itself=rows[part] if is_same else None, progress=told)
        for name, one in measured.items():
            found[name][stop, part] = one.average_precision
        done += len(part)
    return Sweep(slider.name, tuple(slider.stops), found, len(asked))


def _from(before: int, total: int, progress: Progress | None) -> Progress | None:
    return None if progress is None else lambda done, _: progress(before + done, total)


def _rankers(card: Card, slider: Slider, queries: Vectors, gallery: Vectors) -> Iterator[Ranker]:
    """What ranks, so that each query comes once for each stop."""
    first = next(iter(slider.stops.values()))
    if first.measure == "weighted cosine":
        check(card, first)
        yield from _by_weight(card, tuple(slider.stops), queries.z, gallery.z)
        return
    for stop, way in enumerate(slider.stops.values()):
        yield np.arange(len(queries.z)), stop, distances(card, way, queries, gallery)


def _by_weight(
    card: Card, weights: tuple[float, ...], queries: NDArray[np.floating], gallery: NDArray[np.floating]
) -> Iterator[Ranker]:
    """The cosines of style and of class are taken once for all weights."""
    split = style_dims(card.latent_dims)
    size = max(1, COSINES_AT_ONCE // max(1, len(gallery)))
    for start in range(0, len(queries), size):
        part = np.arange(start, min(start + size, len(queries)))
        style = cosine(queries[part, :split], gallery[:, :split])
        semantic = cosine(queries[part, split:], gallery[:, split:])
        for stop, weight in enumerate(weights):
            yield part, stop, _weighted(style, semantic, weight)


def _weighted(style: NDArray[np.float64], semantic: NDArray[np.float64], weight: float) -> Distances:
    return lambda rows: 1 - (weight * semantic[rows] + (1 - weight) * style[rows])
