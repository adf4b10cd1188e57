"""A run's test items look for its training items in every way that fits, for every relevance that the data know."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED, Dataset, Progress
from explorer.data.handwriting import style_labels
from explorer.evaluation.galleries import Distances, Relevance, Retrieval, retrievals
from explorer.workflows.codes import codes_of
from explorer.workflows.pooling import cosine_distances, pooled
from explorer.workflows.runs import Items
from explorer.workflows.ways import Vectors, distances
from explorer.zoo.run import Run
from explorer.zoo.store import Latents

FINE = ", fine-grained"
Ranking = tuple[str, Callable[[], Distances]]
"""A way to rank: its name, and what ranks by it once its turn has come."""


def by_codes(run: Run, asked: Latents, gallery: Latents) -> list[Ranking]:
    """The rankings by a run's latents."""
    vectors = Vectors(asked.z, asked.std), Vectors(gallery.z, gallery.std)
    return [(name, partial(distances, run.card, way, *vectors)) for name, way in codes_of(run.card).items()]


def by_rmac(
    run: Run, dataset: Dataset, asked: Latents, gallery: Latents, progress: Progress | None
) -> Callable[[], Distances]:
    """Encode queries and gallery; ranks by the cosine of their R-MAC vectors. For runs that `check_pools` lets pass."""

    def make() -> Distances:
        total, vectors = len(asked.ids) + len(gallery.ids), []
        for before, ids in ((0, asked.ids), (len(asked.ids), gallery.ids)):
            vectors.append(pooled(run, dataset, ids, partial(_told, progress, before, total)))
        return cosine_distances(*vectors)

    return make


def ranked_by_each(
    rankings: list[Ranking], asked: Latents, gallery: Latents, dataset: Dataset | None, progress: Progress | None
) -> Iterator[tuple[str, dict[str, Retrieval]]]:
    """Each way to rank: its name, and what was found for each relevance, "" for that of the class.

    Args:
        rankings: the ways.
        asked, gallery: who looks for whom.
        dataset: that knows the styles of digits; None where it is not here.
        progress: called with (queries done, queries in all ways).
    """
    if not (gallery.labels != UNLABELLED).any():
        return
    relevances: dict[str, Relevance] = {"": (asked.labels, gallery.labels)}
    if dataset is not None and has_styles(dataset):
        relevances[FINE] = fine_labels(dataset, asked.ids), fine_labels(dataset, gallery.ids)
    total = len(rankings) * len(asked.ids)
    for number, (name, make) in enumerate(rankings):
        told = partial(_told, progress, number * len(asked.ids), total)
        yield name, retrievals(make(), relevances, progress=told)


def _told(progress: Progress | None, before: int, total: int, done: int, _: int = 0) -> None:
    if progress:
        progress(before + done, total)


def has_styles(dataset: Dataset) -> bool:
    """Whether a data set knows how its digits are written, which is their fine label."""
    return {"slant", "stroke"} <= set(dataset.factors)


def fine_labels(dataset: Dataset, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """How a digit is written, within its class: the fine label of each of these items, shape (n,); -1 for none."""
    fine = style_labels(dataset.labels, dataset.factors["slant"], dataset.factors["stroke"])
    return np.asarray(fine[Items(dataset).rows(ids)])
