"""How good a way to rank is over a whole gallery: kept by query, so that each number is there at once for any k."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED, Progress
from explorer.errors import BadValueError
from explorer.evaluation.galleries import DEPTH, Relevance, Retrieval, retrievals
from explorer.evaluation.ranking import RECALL_LEVELS, precision_at
from explorer.workflows.across import shared_labels
from explorer.workflows.retrieving import CLASS, SPLIT_TITLES, Collection
from explorer.workflows.scoring import mean_score
from explorer.workflows.ways import Vectors, Way, distances
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Score

ESTIMATE, QUERIES = 100, 2000  # queries of a first look, and of the whole score
FINE = "class and style"


@dataclass(frozen=True, eq=False)
class ByQuery:
    """What each query found by one relevance; NaN, and no mark, where nothing in the gallery is relevant to it.

    Args:
        nearest, average_precision, ndcg: 0 to 1, shape (q,).
        precision: interpolated at recall 0, 0.1, ..., 1, shape (q, 11).
        marks: whether each of the first ranks is relevant, shape (q, k), with k = 100 or as many as there are.
    """

    nearest: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    ndcg: NDArray[np.float64]
    precision: NDArray[np.float64]
    marks: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scoreboard:
    """How good a way to rank is, by query.

    Args:
        ids: of the queries, shape (q,), in the order of their items.
        labels: classes of the queries, shape (q,); -1 for unlabelled ones.
        classes: names of these classes.
        found: by relevance, CLASS and where the data know it FINE.
        asked: items that could have been queries; fewer queries are evenly spaced among them.
        gallery: items that each query could find.
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    found: Mapping[str, ByQuery]
    asked: int
    gallery: int

    @property
    def is_estimate(self) -> bool:
        """Whether more queries are to come."""
        return len(self.ids) < min(self.asked, QUERIES)

    def numbers(self, relevance: str, k: int) -> tuple[Score, Score, Score, Score]:
        """NN, MAP, NDCG and precision at k, each with its 95 % interval over queries and the number left out.

        Args:
            relevance: of `found`.
            k: ranks of the last, 1 to 100.

        Raises:
            BadValueError: another k.
        """
        by_query = self.found[relevance]
        return (
            mean_score("retrieval", "NN", relevance, by_query.nearest),
            mean_score("retrieval", "MAP", relevance, by_query.average_precision),
            mean_score("retrieval", "NDCG", relevance, by_query.ndcg),
            mean_score("retrieval", f"P@{k}", relevance, self.precision_at(relevance, k)),
        )

    def precision_at(self, relevance: str, k: int) -> NDArray[np.float64]:
        """Share of relevant items among each query's first k, shape (q,); see `ranking.precision_at`.

        Raises:
            BadValueError: k outside 1 to 100.
        """
        if not 1 <= k <= DEPTH:
            raise BadValueError(f"k = {k}, but the marks of 1 to {DEPTH} ranks are kept; choose k among these.")
        by_query = self.found[relevance]
        has_any = ~np.isnan(by_query.average_precision)  # relevant ones may lie behind the marks
        return np.where(has_any, np.nan_to_num(precision_at(by_query.marks, k)), np.nan)

    def by_class(self, relevance: str) -> dict[int, Score]:
        """MAP of the queries of each class that is asked for, by its label."""
        values = self.found[relevance].average_precision
        labels = np.unique(self.labels[self.labels != UNLABELLED]).tolist()
        return {label: mean_score("retrieval", "MAP", relevance, values[self.labels == label]) for label in labels}

    def curve(self, relevance: str) -> NDArray[np.float64]:
        """Precision at recall 0, 0.1, ..., 1, mean over the queries that have something relevant; NaN without any."""
        precision = self.found[relevance].precision
        kept = precision[~np.isnan(precision[:, 0])]
        return kept.mean(axis=0) if len(kept) else np.full(RECALL_LEVELS, np.nan)

    def worst(self, relevance: str, count: int) -> NDArray[np.intp]:
        """Rows of the queries with the lowest average precision, the worst first; none of those left out."""
        values = self.found[relevance].average_precision
        order = np.argsort(values, kind="stable")  # NaN comes last
        return order[: min(count, int(np.isfinite(values).sum()))]


def spaced(items: int, most: int) -> NDArray[np.intp]:
    """Rows of at most so many items, evenly spaced: a data set may be sorted by class."""
    n = min(items, most)
    return np.arange(n) * items // max(n, 1)


def some(vectors: Vectors, rows: NDArray[np.intp]) -> Vectors:
    """The vectors of some items."""
    return Vectors(vectors.z[rows], vectors.std[rows])


def relevances_of(asked: Collection, gallery: Collection, rows: NDArray[np.intp]) -> dict[str, Relevance]:
    """What is relevant to some of the queries: items of the class of this name, and of its fine label where known."""
    is_same = asked.classes == gallery.classes
    labels = asked.labels if is_same else shared_labels(asked, gallery.classes)
    found: dict[str, Relevance] = {CLASS: (labels[rows], gallery.labels)}
    if is_same and asked.fine is not None and gallery.fine is not None:
        found[FINE] = asked.fine[rows], gallery.fine
    return found


def relevant_to_any(asked: Collection, gallery: Collection) -> bool:
    """Whether any of the gallery's items is relevant to any of the queries."""
    labels, of_gallery = relevances_of(asked, gallery, np.arange(len(asked)))[CLASS]
    there = np.intersect1d(labels, of_gallery)
    return bool((there != UNLABELLED).any())


def score(
    card: Card,
    way: Way,
    asked: Collection,
    gallery: Collection,
    *,
    queries: int = QUERIES,
    progress: Progress | None = None,
) -> Scoreboard:
    """Let items look for those of a gallery, ranked in one way.

    Args:
        card: of the run whose latents they are.
        way: how the gallery is ranked.
        asked, gallery: who looks for whom; where both are the same, no item retrieves itself.
        queries: at most so many of the first, evenly spaced, look for others.
        progress: called with (queries done, queries in all).

    Raises:
        BadValueError: a way that does not fit the run.
        BadDataError: an empty gallery.
    """
    rows = spaced(len(asked), queries)
    is_same = asked.key == gallery.key
    relevances = relevances_of(asked, gallery, rows)
    rank = distances(card, way, some(asked.vectors, rows), gallery.vectors)
    found = retrievals(rank, relevances, itself=rows if is_same else None, progress=progress)
    return scoreboard_of({name: by_query(found[name], of) for name, of in relevances.items()}, asked, gallery, rows)


def scoreboard_of(
    found: Mapping[str, ByQuery], asked: Collection, gallery: Collection, rows: NDArray[np.intp]
) -> Scoreboard:
    """The scoreboard of what some of the items found."""
    there = len(gallery) - (asked.key == gallery.key)
    return Scoreboard(asked.ids[rows], asked.labels[rows], asked.classes, found, len(asked), there)


def by_query(found: Retrieval, relevance: Relevance) -> ByQuery:
    """What was found, with marks in place of gallery rows."""
    labels, gallery_labels = relevance
    marks = (gallery_labels[found.first] == labels[:, None]) & (labels[:, None] != UNLABELLED)
    return ByQuery(found.nearest, found.average_precision, found.ndcg, found.precision, marks)


def words(board: Scoreboard, asked: Collection, gallery: Collection) -> str:
    """What was asked of what, in one sentence."""
    n, who = len(board.ids), f"{board.asked:,} {named(asked)}"
    share = who if n == board.asked else f"{n:,} of {who}"
    which = "the others" if asked.key == gallery.key else f"{board.gallery:,} {named(gallery)}"
    return f"{share} look among {which} for those of their {gallery.criterion}."


def named(items: Collection) -> str:
    """What the items are, within a sentence."""
    return SPLIT_TITLES[items.key].lower() if items.key in SPLIT_TITLES else f"items of {items.title}"


def left_out(board: Scoreboard) -> dict[str, int]:
    """Queries to which nothing is relevant, by relevance; those of which there are any."""
    counts = {name: int(np.isnan(found.average_precision).sum()) for name, found in board.found.items()}
    return {name: count for name, count in counts.items() if count}
