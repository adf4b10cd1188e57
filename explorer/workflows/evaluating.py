"""Measure how good a run is, and keep what was found beside it."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer import places
from explorer.data.dataset import UNLABELLED, Dataset, Progress
from explorer.data.handwriting import style_labels
from explorer.errors import BadDataError, ExplorerError
from explorer.evaluation.galleries import Retrieval, retrieval
from explorer.files import telling_of_the_disk
from explorer.settings import Settings, load_settings
from explorer.workflows.across import across as retrievals_across
from explorer.workflows.across import others_of
from explorer.workflows.codes import WEIGHTED, codes_of
from explorer.workflows.criteria import by_criteria
from explorer.workflows.runs import Items, load_dataset, open_run
from explorer.workflows.scoring import (
    classifiers,
    confusion,
    of_chosen_weight,
    of_classification,
    of_nearest,
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
Measured = tuple[list[Score], list[Curve]]


def evaluate(
    run: Run,
    settings: Settings | None = None,
    *,
    queries: int = QUERIES,
    across: Sequence[str] = (),
    progress: Progress | None = None,
) -> Evaluation:
    """Measure all that applies to a run and keep the record (see `record_folder`).

    Test items look for training items. Where the data are here and say more of their items than the class, so does the
    record: a fine-grained relevance asks for the same style of the same digit, and groups are ranked by criterion.

    Args:
        run: a trained run.
        settings: of the installation.
        queries: at most so many test items, evenly spaced, look for others.
        across: keys of other data sets (see `others.candidates`) whose items look for the run's, and for each other;
            those of the data's own shifts do so where they can be made.
        progress: called with (steps done, steps in all).

    Raises:
        BadDataError: a run without latents of both splits, or a data set asked for that is missing.
        BadValueError: a key of no data set that fits.
        BadRunError: latents that are damaged.
        ExplorerError: a folder that cannot be written.
    """
    settings = settings or load_settings()
    gallery, test = run.latents("train"), run.latents("test")
    if not len(gallery.ids) or not len(test.ids):
        raise BadDataError(f"{run.card.name} has no latents of both splits, so there is nothing to measure.")
    rows = np.arange(min(queries, len(test.ids))) * len(test.ids) // min(queries, len(test.ids))
    asked = test.at(rows)
    dataset = _dataset(run.card, settings)
    scores: list[Score] = [*of_classification(run, test), *of_structure(run, test)]
    curves: list[Curve] = list(reliability_curves(run, test))
    for found_scores, found_curves in (
        _of_ranking(run, asked, gallery, dataset, progress),
        _of_others(run, gallery, across, settings),
        _of_criteria(run, dataset),
    ):
        scores += found_scores
        curves += found_curves
    record = Evaluation(
        latents=run.card.files.get(LATENTS, ""),
        queries=len(rows),
        gallery=len(gallery.ids),
        across=list(across),
        scores=scores,
        curves=curves,
        confusion={name: confusion(test.labels, of, run.card) for name, of, _ in classifiers(run, test)},
    )
    folder = record_folder(run, settings)
    with telling_of_the_disk(folder, "Make room; what was there before is as it was."):
        folder.mkdir(parents=True, exist_ok=True)
        write_evaluation(folder, record)
    return record


def _of_ranking(
    run: Run, asked: Latents, gallery: Latents, dataset: Dataset | None, progress: Progress | None
) -> Measured:
    """Test items look for training items in every way that fits the run."""
    scores: list[Score] = []
    curves: list[Curve] = []
    weighed: dict[str, dict[str, NDArray[np.float64]]] = {}
    for way, relevance, found in _retrievals(run, asked, gallery, dataset, progress):
        scores += of_retrieval(found, way + relevance)
        if not relevance:
            scores += of_nearest(found, way, asked, gallery)
        curves.append(precision_over_recall(found, way + relevance))
        if way.startswith(WEIGHTED):
            weighed.setdefault(relevance, {})[way] = found.average_precision
    chosen = (of_chosen_weight(averages, relevance) for relevance, averages in weighed.items())
    return [*scores, *filter(None, chosen)], curves


def _of_others(run: Run, gallery: Latents, across: Sequence[str], settings: Settings) -> Measured:
    """Items of other data sets look for the run's, and for each other."""
    found = [
        (of, one) for others in others_of(run, across, settings) for of, one in retrievals_across(run, others, gallery)
    ]
    scores = [score for of, one in found for score in of_retrieval(one, of)]
    return scores, [precision_over_recall(one, of) for of, one in found]


def _of_criteria(run: Run, dataset: Dataset | None) -> Measured:
    """Members of groups look for what has something else than the class in common."""
    found = [(f"{one.criterion}, {one.dims}", one.found) for one in (by_criteria(run, dataset) if dataset else ())]
    scores = [score for of, one in found for score in of_retrieval(one, of)]
    return scores, [precision_over_recall(one, of) for of, one in found]


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
    across: Sequence[str] = (),
    again: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """The record of a run, measured now where it has none or has not been asked about these data sets.

    Args:
        name: of the run.
        settings, queries, across, progress: as `evaluate` takes them.
        again: measure anew in any case.

    Raises:
        UnknownNameError: no such run.
        ExplorerError: as `evaluate`, or a record that is damaged.
    """
    settings = settings or load_settings()
    run = open_run(name, settings)
    found = None if again else read_evaluation(record_folder(run, settings), run.card)
    if found and set(across) <= set(found.across):
        return found
    wanted = dict.fromkeys([*(found.across if found else ()), *across])
    return evaluate(run, settings, queries=queries, across=list(wanted), progress=progress)


def _dataset(card: Card, settings: Settings) -> Dataset | None:
    """The data that a run was trained on; None where they are not here, as their images are not needed."""
    try:
        return load_dataset(card, settings, download=False)
    except ExplorerError:
        return None


def _retrievals(
    run: Run, asked: Latents, gallery: Latents, dataset: Dataset | None, progress: Progress | None
) -> Iterator[tuple[str, str, Retrieval]]:
    """Each way to rank with each relevance: their names, "" for that of the class, and what was found."""
    if not (gallery.labels != UNLABELLED).any():
        return
    relevances = {"": (asked.labels, gallery.labels)}
    if dataset is not None and {"slant", "stroke"} <= set(dataset.factors):
        relevances[", fine-grained"] = _fine(dataset, asked, gallery)
    codes = codes_of(run.card)
    steps, total = 0, len(codes) * len(relevances) * len(asked.ids)
    for code in codes:
        distances = code.distances(run.card, asked.z, gallery.z)
        for name, (labels, of_gallery) in relevances.items():
            told = partial(_told, progress, steps, total) if progress else None
            yield code.name, name, retrieval(distances, labels, of_gallery, progress=told)
            steps += len(asked.ids)


def _told(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def _fine(dataset: Dataset, asked: Latents, gallery: Latents) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fine labels of queries and gallery: how a digit is written, within its class."""
    fine = style_labels(dataset.labels, dataset.factors["slant"], dataset.factors["stroke"])
    items = Items(dataset)
    of_asked, of_gallery = (fine[items.rows(part.ids)] for part in (asked, gallery))
    return of_asked, of_gallery
