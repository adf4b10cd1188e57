"""Measure how good a run is, and keep what was found beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer import places
from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadDataError, ExplorerError
from explorer.evaluation.galleries import Retrieval
from explorer.files import telling_of_the_disk
from explorer.settings import Settings, load_settings
from explorer.workflows.across import across as retrievals_across
from explorer.workflows.across import others_of
from explorer.workflows.background import Job
from explorer.workflows.codes import WEIGHTED
from explorer.workflows.criteria import by_criteria
from explorer.workflows.others import candidates
from explorer.workflows.pooling import NAME as RMAC
from explorer.workflows.pooling import check_pools
from explorer.workflows.rankings import by_codes, by_rmac, ranked_by_each
from explorer.workflows.runs import load_dataset, open_run
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
LETTERS_OF_A_DIGEST = 16
RECORDS, JOBS = "evaluations", "measuring"  # folders of the data root
Measured = tuple[list[Score], list[Curve]]


def evaluate(
    run: Run,
    settings: Settings | None = None,
    *,
    queries: int = QUERIES,
    across: Sequence[str] = (),
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
        across: keys of other data sets (see `others.candidates`) whose items look for the run's, and for each other;
            those of the data's own shifts do so where they can be made.
        rmac: rank by R-MAC too, which encodes all items of the gallery.
        progress: called with (steps done, steps in all).

    Raises:
        BadDataError: a run without latents of both splits, or a data set asked for that is missing.
        BadValueError: a key of no data set that fits, or R-MAC of a run without a classifier of convolutions.
        MissingDataError: R-MAC of a run whose images are not here.
        BadRunError: latents that are damaged.
        ExplorerError: a folder that cannot be written.
    """
    settings = settings or load_settings()
    if rmac:
        check_pools(run)
    gallery, test = run.latents("train"), run.latents("test")
    if not len(gallery.ids) or not len(test.ids):
        raise BadDataError(f"{run.card.name} has no latents of both splits, so there is nothing to measure.")
    rows = np.arange(min(queries, len(test.ids))) * len(test.ids) // min(queries, len(test.ids))
    dataset = _dataset(run, settings, needed=rmac)
    measured: list[Measured] = [
        ([*of_classification(run, test), *of_structure(run, test)], list(reliability_curves(run, test))),
        _of_others(run, gallery, across, settings, progress),
        _of_ranking(run, test.at(rows), gallery, dataset, rmac, progress),
        _of_criteria(run, dataset),
    ]
    record = Evaluation(
        latents=run.card.files.get(LATENTS, ""),
        queries=len(rows),
        gallery=len(gallery.ids),
        across=list(across),
        scores=[score for scores, _ in measured for score in scores],
        curves=[curve for _, curves in measured for curve in curves],
        confusion={name: confusion(test.labels, of, run.card) for name, of, _ in classifiers(run, test)},
    )
    folder = record_folder(run.folder, settings)
    with telling_of_the_disk(folder, "Make room; what was there before is as it was."):
        folder.mkdir(parents=True, exist_ok=True)
        write_evaluation(folder, record)
    return record


def record_folder(folder: Path, settings: Settings) -> Path:
    """Where a run's record is kept: in its folder, or below the data root for a shipped run, which stays as it is."""
    return settings.data_root / RECORDS / folder.name if folder.parent == places.models() else folder


def record_of(folder: Path, card: Card, settings: Settings) -> Evaluation | None:
    """The record of a run as it is kept: the one measured here, else the one that it was shipped with.

    Args:
        folder: of the run.
        card: of the run.
        settings: of the installation.

    Returns:
        None where it was not measured, or trained on since.

    Raises:
        BadRunError: a record that is damaged.
    """
    folders = dict.fromkeys([record_folder(folder, settings), folder])
    return next(filter(None, (read_evaluation(one, card) for one in folders)), None)


def measuring_job(name: str, card: Card, settings: Settings) -> Job:
    """The measuring of a run, at most once at a time on all processes."""
    version = card.files.get(LATENTS, "")[:LETTERS_OF_A_DIGEST]
    return Job(settings.data_root / JOBS / f"{name}-{version}", f"The measuring of {name}")


def recorded(
    name: str,
    settings: Settings | None = None,
    *,
    queries: int | None = None,
    across: Sequence[str] = (),
    rmac: bool = False,
    again: bool = False,
    progress: Progress | None = None,
) -> Evaluation:
    """The record of a run, measured now where it has none, or not of all that is asked for.

    Args:
        name: of the run.
        settings, across, rmac, progress: as `evaluate` takes them.
        queries: as well; None takes the record whatever it was measured with.
        again: measure anew in any case, and only what is asked for now.

    Raises:
        UnknownNameError: no such run.
        BadValueError: another process is measuring it.
        ExplorerError: as `evaluate`, or a record that is damaged.
    """
    settings = settings or load_settings()
    run = open_run(name, settings)
    found = None if again else record_of(run.folder, run.card, settings)
    if found:
        pooled = any(score.of == RMAC for score in found.scores)
        asked = found.queries if queries is None else min(queries, len(run.latents("test").ids))
        if set(across) <= set(found.across) and pooled >= rmac and asked == found.queries:
            return found
        there = {candidate.key for candidate in candidates(run.card, settings)}  # what has gone meanwhile is left out
        across = list(dict.fromkeys([*(key for key in found.across if key in there), *across]))
        rmac = rmac or (pooled and _dataset(run, settings, needed=False) is not None)
    with measuring_job(name, run.card, settings).working() as note:

        def told(done: int, total: int) -> None:
            note("measuring", done, total)
            if progress:
                progress(done, total)

        return evaluate(run, settings, queries=queries or QUERIES, across=across, rmac=rmac, progress=told)


def _dataset(run: Run, settings: Settings, *, needed: bool) -> Dataset | None:
    """The data that a run was trained on; None where they are not here and their images not needed."""
    try:
        return load_dataset(run.card, settings, download=False, folder=run.folder)
    except ExplorerError:
        if needed:
            raise
        return None


def _of_ranking(
    run: Run, asked: Latents, gallery: Latents, dataset: Dataset | None, rmac: bool, progress: Progress | None
) -> Measured:
    """Test items look for training items in every way that fits the run."""
    rankings = by_codes(run, asked, gallery)
    if rmac and dataset is not None:
        rankings.append((RMAC, by_rmac(run, dataset, asked, gallery, progress)))
    scores: list[Score] = []
    curves: list[Curve] = []
    weighed: dict[str, dict[float, NDArray[np.float64]]] = {}
    for way, by_relevance in ranked_by_each(rankings, asked, gallery, dataset, progress):
        for relevance, found in by_relevance.items():
            scores += of_retrieval(found, way + relevance)
            curves.append(precision_over_recall(found, way + relevance))
            if way.startswith(WEIGHTED):
                weighed.setdefault(relevance, {})[float(way.removeprefix(WEIGHTED))] = found.average_precision
        scores += of_nearest(by_relevance[""], way, asked, gallery)
    for relevance, averages in weighed.items():
        scores += of_chosen_weight(averages, relevance)
    return scores, curves


def _of_others(
    run: Run, gallery: Latents, across: Sequence[str], settings: Settings, progress: Progress | None
) -> Measured:
    """Items of other data sets look for the run's, and for each other."""
    return _scored(
        found
        for others in others_of(run, across, settings, progress)
        for found in retrievals_across(run, others, gallery)
    )


def _of_criteria(run: Run, dataset: Dataset | None) -> Measured:
    """Members of groups look for what has something else than the class in common."""
    if dataset is None:
        return [], []
    return _scored((f"{one.criterion}, {one.dims}", one.found) for one in by_criteria(run, dataset))


def _scored(retrievals: Iterable[tuple[str, Retrieval]]) -> Measured:
    """Scores and curve of each, by its name."""
    found = list(retrievals)
    scores = [score for of, one in found for score in of_retrieval(one, of)]
    return scores, [precision_over_recall(one, of) for of, one in found]
