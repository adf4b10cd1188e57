"""Measure how good a run is, and keep what was found beside it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer import places
from explorer.data.dataset import UNLABELLED, Dataset, Progress
from explorer.data.handwriting import style_labels
from explorer.errors import BadDataError, ExplorerError
from explorer.evaluation.galleries import Distances, Retrieval, retrieval
from explorer.files import telling_of_the_disk
from explorer.settings import Settings, load_settings
from explorer.workflows.codes import codes_of
from explorer.workflows.criteria import by_criteria
from explorer.workflows.pooling import NAME as RMAC
from explorer.workflows.pooling import check_pools, cosine_distances, pooled
from explorer.workflows.runs import Items, load_dataset, open_run
from explorer.workflows.scoring import (
    classifiers,
    confusion,
    of_classification,
    of_retrieval,
    of_structure,
    precision_over_recall,
    reliability_curves,
)
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Curve, Evaluation, Score, read_evaluation, write_evaluation
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, Latents

QUERIES = 2000
Ranking = tuple[str, Callable[[], Distances]]
"""A way to rank: its name, and what ranks by it once its turn has come."""


def evaluate(
    run: Run,
    settings: Settings | None = None,
    *,
    queries: int = QUERIES,
    rmac: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure all that applies to a run and keep the record (see `record_folder`).

    Test items look for training items. Where the data are here and say more of their items than the class, so does the
    record: a fine-grained relevance asks for the same style of the same digit, and groups are ranked by criterion.

    Args:
        run: a trained run.
        settings: of the installation.
        queries: at most so many test items, evenly spaced, look for others.
        rmac: rank by R-MAC too, which encodes all items of the gallery.
        progress: called with (steps done, steps in all).

    Raises:
        BadDataError: a run without latents of both splits.
        BadValueError: R-MAC of a run without a classifier of convolutions.
        MissingDataError: R-MAC of a run whose images are not here.
        BadRunError: latents that are damaged.
        ExplorerError: a folder that cannot be written.
    """
    settings = settings or load_settings()
    gallery, test = run.latents("train"), run.latents("test")
    if not len(gallery.ids) or not len(test.ids):
        raise BadDataError(f"{run.card.name} has no latents of both splits, so there is nothing to measure.")
    rows = np.arange(min(queries, len(test.ids))) * len(test.ids) // min(queries, len(test.ids))
    asked = test.at(rows)
    dataset = _dataset(run.card, settings, needed=rmac)
    rankings = _by_codes(run, asked, gallery)
    if rmac and dataset is not None:
        rankings.append((RMAC, _by_rmac(run, dataset, asked, gallery, progress)))
    scores: list[Score] = [*of_classification(run, test), *of_structure(run, test)]
    curves: list[Curve] = list(reliability_curves(run, test))
    for of, found, by_class in _retrievals(rankings, asked, gallery, dataset, progress):
        scores += of_retrieval(found, of, asked, gallery if by_class else None)
        curves.append(precision_over_recall(found, of))
    for one in by_criteria(run, dataset) if dataset is not None else ():
        of = f"{one.criterion}, {one.dims}"
        scores += of_retrieval(one.found, of, asked, None)
        curves.append(precision_over_recall(one.found, of))
    record = Evaluation(
        latents=run.card.files.get(LATENTS, ""),
        queries=len(rows),
        gallery=len(gallery.ids),
        scores=scores,
        curves=curves,
        confusion={name: confusion(test.labels, of, run.card) for name, of, _ in classifiers(run, test)},
    )
    folder = record_folder(run, settings)
    with telling_of_the_disk(folder, "Make room; what was there before is as it was."):
        folder.mkdir(parents=True, exist_ok=True)
        write_evaluation(folder, record)
    return record


def record_folder(run: Run, settings: Settings) -> Path:
    """Where a run's record is kept: in its folder, or below the data root for a shipped run, which stays as it is."""
    if run.folder.parent == places.models():
        return settings.data_root / "evaluations" / run.folder.name
    return run.folder


def recorded(
    name: str,
    settings: Settings | None = None,
    *,
    queries: int = QUERIES,
    rmac: bool = False,
    again: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """The record of a run, measured now where it has none, or none of R-MAC where that is asked for.

    Args:
        name: of the run.
        settings, queries, rmac, progress: as `evaluate` takes them.
        again: measure anew in any case.

    Raises:
        UnknownNameError: no such run.
        ExplorerError: as `evaluate`, or a record that is damaged.
    """
    settings = settings or load_settings()
    run = open_run(name, settings)
    found = None if again else read_evaluation(record_folder(run, settings), run.card)
    if found and rmac and not any(score.of == RMAC for score in found.scores):
        found = None
    return found or evaluate(run, settings, queries=queries, rmac=rmac, progress=progress)


def _dataset(card: Card, settings: Settings, *, needed: bool) -> Dataset | None:
    """The data that a run was trained on; None where they are not here and their images not needed."""
    try:
        return load_dataset(card, settings, download=False)
    except ExplorerError:
        if needed:
            raise
        return None


def _by_codes(run: Run, asked: Latents, gallery: Latents) -> list[Ranking]:
    """The rankings by a run's latents."""
    return [(code.name, partial(code.distances, run.card, asked.z, gallery.z)) for code in codes_of(run.card)]


def _by_rmac(
    run: Run, dataset: Dataset, asked: Latents, gallery: Latents, progress: Progress | None
) -> Callable[[], Distances]:
    """Encode queries and gallery; ranks by the cosine of their R-MAC vectors."""
    check_pools(run)

    def make() -> Distances:
        total, vectors = len(asked.ids) + len(gallery.ids), []
        for before, ids in ((0, asked.ids), (len(asked.ids), gallery.ids)):
            vectors.append(pooled(run, dataset, ids, partial(_told, progress, before, total)))
        return cosine_distances(*vectors)

    return make


def _retrievals(
    rankings: list[Ranking], asked: Latents, gallery: Latents, dataset: Dataset | None, progress: Progress | None
) -> Iterator[tuple[str, Retrieval, bool]]:
    """Each way to rank with each relevance: its name, what was found, and whether the class is what is asked for."""
    if not (gallery.labels != UNLABELLED).any():
        return
    relevances = {"": (asked.labels, gallery.labels)}
    if dataset is not None and {"slant", "stroke"} <= set(dataset.factors):
        relevances[", fine-grained"] = _fine(dataset, asked, gallery)
    steps, total = 0, len(rankings) * len(relevances) * len(asked.ids)
    for ranking, make in rankings:
        distances = make()
        for name, (labels, of_gallery) in relevances.items():
            told = partial(_told, progress, steps, total)
            yield ranking + name, retrieval(distances, labels, of_gallery, progress=told), not name
            steps += len(asked.ids)


def _told(progress: Progress | None, before: int, total: int, done: int, _: int = 0) -> None:
    if progress:
        progress(before + done, total)


def _fine(dataset: Dataset, asked: Latents, gallery: Latents) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fine labels of queries and gallery: how a digit is written, within its class."""
    fine = style_labels(dataset.labels, dataset.factors["slant"], dataset.factors["stroke"])
    items = Items(dataset)
    of_asked, of_gallery = (fine[items.rows(part.ids)] for part in (asked, gallery))
    return of_asked, of_gallery
