"""How good the rankings of a whole gallery are, for many queries, in memory that does not grow with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED, Progress
from explorer.errors import BadDataError
from explorer.evaluation.ranking import RECALL_LEVELS
from explorer.latent.spaces import Geometry
from explorer.retrieval.distances import ranked
from explorer.retrieval.geodesics import RANKING

DEPTH = 100  # ranks whose gallery rows are kept
MOST_QUERIES = 1000
MOST_DISTANCES = 30_000_000  # some seconds
DISTANCES_AT_ONCE = 1_000_000
Distances = Callable[[NDArray[np.intp]], NDArray[np.floating] | NDArray[np.unsignedinteger]]
"""Some queries, shape (b,), to their distances to the whole gallery, (b, n), as `ranked` takes them."""
Relevance = tuple[NDArray[np.integer], NDArray[np.integer]]
"""Labels of the queries, shape (q,), and of the gallery, (n,): equal ones are relevant to each other."""


@dataclass(frozen=True)
class Retrieval:
    """How well each query's nearest items are of its label.

    Args:
        nearest, average_precision, ndcg: 0 to 1, shape (q,); NaN where no item of the gallery has the query's label.
        precision: interpolated at recall 0, 0.1, ..., 1, shape (q, 11); NaN as above.
        first: gallery rows, nearest first, shape (q, k), with k = 100 or as many as there are.
    """

    nearest: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    ndcg: NDArray[np.float64]
    precision: NDArray[np.float64]
    first: NDArray[np.intp]


def retrieval(
    distances: Distances,
    labels: NDArray[np.integer],
    gallery_labels: NDArray[np.integer],
    *,
    itself: NDArray[np.intp] | None = None,
    progress: Progress | None = None,
) -> Retrieval:
    """Rank the whole gallery for each query; an item is relevant where it has the query's label.

    Args:
        distances: of some of the queries to the gallery; smaller is nearer.
        labels: of the queries, shape (q,); -1 (unlabelled) has nothing relevant.
        gallery_labels: shape (n,); -1 is relevant for no query.
        itself: gallery row that a query is, shape (q,), which it never retrieves; None where none is in the gallery.
        progress: called with (queries done, queries in all).

    Raises:
        BadDataError: an empty gallery, or distances that are negative or NaN.
    """
    return retrievals(distances, {"": (labels, gallery_labels)}, itself=itself, progress=progress)[""]


def retrievals(
    distances: Distances,
    relevances: Mapping[str, Relevance],
    *,
    itself: NDArray[np.intp] | None = None,
    progress: Progress | None = None,
) -> dict[str, Retrieval]:
    """`retrieval` for several relevances, the gallery ranked once for all of them.

    Args:
        distances, itself, progress: as `retrieval` takes them.
        relevances: one or more by name, each the labels of queries and gallery.

    Raises:
        BadDataError: as `retrieval`.
    """
    labels, gallery_labels = next(iter(relevances.values()))
    n = len(gallery_labels) - (itself is not None)
    if n < 1:
        raise BadDataError("The gallery holds nothing to retrieve; choose a larger one.")
    q, k = len(labels), min(DEPTH, n)
    found = {name: _empty(q, k) for name in relevances}
    discounts = 1 / np.log2(np.arange(2, n + 2))
    step = max(1, DISTANCES_AT_ONCE // len(gallery_labels))
    for start in range(0, q, step):
        queries = np.arange(start, min(start + step, q))
        block = distances(queries)
        if not (block >= 0).all():  # NaN fails it too
            raise BadDataError("Some distances are negative or NaN, so nothing can be ranked by them.")
        for query, order in zip(queries.tolist(), ranked(block), strict=True):
            others = order if itself is None else order[order != itself[query]]
            for name, relevance in relevances.items():
                _rate(found[name], query, others, relevance, discounts)
        if progress:
            progress(int(queries[-1]) + 1, q)
    return found


def _rate(
    found: Retrieval, query: int, order: NDArray[np.intp], relevance: Relevance, discounts: NDArray[np.float64]
) -> None:
    """Take over one query's ranking, and its measures where something is relevant."""
    labels, gallery_labels = relevance
    found.first[query] = order[: found.first.shape[1]]
    ranks = np.flatnonzero(gallery_labels[order] == labels[query])  # from 0
    if len(ranks) and labels[query] != UNLABELLED:
        _score(found, query, ranks, discounts)


def _empty(queries: int, depth: int) -> Retrieval:
    """Room for so many queries, none of which has a score yet."""
    nearest, average, gain = np.full((3, queries), np.nan)
    curves = np.full((queries, RECALL_LEVELS), np.nan)
    return Retrieval(nearest, average, gain, curves, np.zeros((queries, depth), np.intp))


def _score(found: Retrieval, query: int, ranks: NDArray[np.intp], discounts: NDArray[np.float64]) -> None:
    """Take over the measures of one query from the ranks of its relevant items."""
    count = len(ranks)
    precision = np.arange(1, count + 1) / (ranks + 1)
    ahead = np.maximum.accumulate(precision[::-1])[::-1]  # from here to the last rank, the best
    # In whole numbers, as 0.1 * count in floats would miss a level by its last bit.
    reached = -(-np.arange(RECALL_LEVELS) * count // (RECALL_LEVELS - 1)) - 1
    found.nearest[query] = float(ranks[0] == 0)
    found.average_precision[query] = precision.mean()
    found.ndcg[query] = discounts[ranks].sum() / discounts[:count].sum()
    found.precision[query] = ahead[reached.clip(min=0)]


def class_retrieval(
    z: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    geometry: Geometry = "euclidean",
    most_queries: int = MOST_QUERIES,
) -> Retrieval:
    """Let labelled items look for the others of their class by the distance of their space.

    Each query ranks all other labelled items, nearest first; it never retrieves itself, and equal
    distances come in gallery order.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,); -1 (unlabelled) is neither query nor gallery.
        geometry: of the space.
        most_queries: at most so many labelled items, evenly spaced, are queries; fewer above 30,000 of them.

    Returns:
        Of each query.
    """
    labelled = labels != UNLABELLED
    gallery, classes = np.asarray(z[labelled], np.float64), labels[labelled]
    if len(gallery) < 2:  # noqa: PLR2004 - a query and something to retrieve
        return _empty(len(gallery), 0)
    n_queries = min(len(gallery), most_queries, max(MOST_DISTANCES // len(gallery), 1))
    spaced = np.arange(n_queries) * len(gallery) // n_queries  # a data set may be sorted by class
    return retrieval(
        lambda some: RANKING[geometry](gallery[spaced[some]], gallery), classes[spaced], classes, itself=spaced
    )


def majority_class(first: NDArray[np.intp], gallery_labels: NDArray[np.integer], k: int) -> NDArray[np.int64]:
    """The class that most of the k nearest items have: retrieval used as a classifier.

    Args:
        first: gallery rows, nearest first, shape (q, m).
        gallery_labels: shape (n,); unlabelled items have no vote.
        k: how many vote, 1 to m.

    Returns:
        Shape (q,); of classes with as many votes the one whose item is nearest; -1 where nobody votes.

    Raises:
        BadDataError: k below 1 or above m.

    Reference:
        Variational autoencoders for image retrieval, its classifier.
    """
    if not 1 <= k <= first.shape[1]:
        raise BadDataError(f"k = {k}, but 1 to {first.shape[1]} nearest items can vote.")
    votes = gallery_labels[first[:, :k]]
    same = votes[:, :, None] == votes[:, None, :]  # (q, k, k)
    counts = np.where(votes != UNLABELLED, same.sum(axis=2), -1)
    return np.asarray(votes[np.arange(len(votes)), counts.argmax(axis=1)], np.int64)
