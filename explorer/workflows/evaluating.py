"""Measure how good a run is, and keep what was found beside it."""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED, Progress
from explorer.data.handwriting import style_labels
from explorer.errors import BadDataError, ExplorerError
from explorer.evaluation.calibration import reliability
from explorer.evaluation.galleries import Retrieval, majority_class, retrieval, unwatched
from explorer.evaluation.ranking import RECALL_LEVELS, average_precision_at, mean_over_queries
from explorer.evaluation.structure import class_centroids
from explorer.fields import parse
from explorer.files import telling_of_the_disk
from explorer.settings import Settings, load_settings
from explorer.workflows.codes import Code, codes_of
from explorer.workflows.runs import load_dataset, open_run
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Curve, Evaluation, Score, Topic, read_evaluation, write_evaluation
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, Latents

QUERIES = 2000
DEPTHS = (1, 2, 5, 10)  # of AP@K and of the majority's vote
NORMAL = 1.96  # standard errors on each side of a 95 % interval
ACTIVE = 0.01  # variance of a dimension's means from which it counts as active, as Burda et al. count


def evaluate(
    run: Run, settings: Settings | None = None, *, queries: int = QUERIES, progress: Progress = unwatched
) -> Evaluation:
    """Measure all that applies to a run and keep the record in its folder.

    Test items look for training items. Where the data's factors say how a digit is written, a fine-grained
    relevance asks for the same style of the same class too.

    Args:
        run: a trained run.
        settings: of the installation.
        queries: at most so many test items, evenly spaced, look for others.
        progress: told (steps done, steps in all).

    Raises:
        BadDataError: a run without latents of both splits.
        BadRunError: latents that are damaged.
        ExplorerError: a folder that cannot be written.
    """
    settings = settings or load_settings()
    gallery, test = run.latents("train"), run.latents("test")
    if not len(gallery.ids) or not len(test.ids):
        raise BadDataError(f"{run.card.name} has no latents of both splits, so there is nothing to measure.")
    rows = np.arange(min(queries, len(test.ids))) * len(test.ids) // min(queries, len(test.ids))
    asked = test.at(rows)
    scores, curves = [*_classification(run, test), *_structure(run, test)], list(_curves(run, test))
    for code, relevance, found in _retrievals(run, asked, gallery, settings, progress):
        of = code.name if relevance == "class" else f"{code.name}, {relevance}"
        scores += _of_retrieval(found, of, asked, gallery if relevance == "class" else None)
        curves.append(_precision_over_recall(found, of))
    record = Evaluation(
        latents=run.card.files.get(LATENTS, ""),
        queries=len(rows),
        gallery=len(gallery.ids),
        scores=scores,
        curves=curves,
        confusion={name: confusion(test.labels, of, run.card) for name, of, _ in _classifiers(run, test)},
    )
    with telling_of_the_disk(run.folder, "Make room; what was there before is as it was."):
        write_evaluation(run.folder, record)
    return record


def recorded(
    name: str,
    settings: Settings | None = None,
    *,
    queries: int = QUERIES,
    again: bool = False,
    progress: Progress = unwatched,
) -> Evaluation:
    """The record of a run, measured now where it has none.

    Args:
        name: of the run.
        settings, queries, progress: as `evaluate` takes them.
        again: measure anew in any case.

    Raises:
        UnknownNameError: no such run.
        ExplorerError: as `evaluate`, or a record that is damaged.
    """
    settings = settings or load_settings()
    run = open_run(name, settings)
    found = None if again else read_evaluation(run.folder, run.card)
    return found or evaluate(run, settings, queries=queries, progress=progress)


def _retrievals(
    run: Run, asked: Latents, gallery: Latents, settings: Settings, progress: Progress
) -> Iterator[tuple[Code, str, Retrieval]]:
    relevances = {"class": (asked.labels, gallery.labels), **_fine(run.card, asked, gallery, settings)}
    codes = codes_of(run.card) if (gallery.labels != UNLABELLED).any() else []
    steps, total = 0, len(codes) * len(relevances) * len(asked.ids)
    for code in codes:
        for name, (labels, of_gallery) in relevances.items():
            told = partial(_told, progress, steps, total)
            yield code, name, retrieval(code.distances(run.card, asked.z, gallery.z), labels, of_gallery, progress=told)
            steps += len(asked.ids)


def _told(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)


def _fine(
    card: Card, asked: Latents, gallery: Latents, settings: Settings
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Fine labels of queries and gallery, where the data say how each digit is written and are here."""
    try:
        dataset = load_dataset(card, settings, download=False)
    except ExplorerError:  # without its images the run is measured by classes alone
        return {}
    if not {"slant", "stroke"} <= set(dataset.factors):
        return {}
    fine = style_labels(dataset.labels, dataset.factors["slant"], dataset.factors["stroke"])
    row_of = {int(i): row for row, i in enumerate(dataset.ids)}
    asked_for, in_gallery = (fine[[row_of[int(i)] for i in part.ids]] for part in (asked, gallery))
    return {"fine-grained": (asked_for, in_gallery)}


def _of_retrieval(found: Retrieval, of: str, asked: Latents, gallery: Latents | None) -> Iterator[Score]:
    """Scores of one ranking; majority votes and AP@K where a gallery's classes are given."""
    for measure, values in (("NN", found.nearest), ("MAP", found.average_precision), ("NDCG", found.ndcg)):
        yield _mean("retrieval", measure, of, values)
    if gallery is None:
        return
    marks = (gallery.labels[found.first] == asked.labels[:, None]) & (asked.labels[:, None] != UNLABELLED)
    for depth in (k for k in DEPTHS if k <= found.first.shape[1]):
        yield _mean("retrieval", f"MAP@{depth}", of, average_precision_at(marks, depth))
        voted = majority_class(found.first, gallery.labels, depth)
        known = asked.labels != UNLABELLED
        if known.any():
            right = (voted == asked.labels)[known].astype(np.float64)
            yield _mean("classification", "accuracy", f"majority of {depth} nearest, {of}", right)


def _mean(topic: Topic, measure: str, of: str, values: NDArray[np.float64]) -> Score:
    """Mean over items with its 95 % interval; items without a value are left out and counted."""
    found = mean_over_queries(values)
    kept = values[~np.isnan(values)]
    if not len(kept):
        return Score(topic=topic, measure=measure, of=of, value=0, items=0, left_out=found.left_out)
    reach = NORMAL * float(kept.std()) / np.sqrt(len(kept))
    low, high = max(0.0, found.mean - reach), min(1.0, found.mean + reach)
    return Score(
        topic=topic,
        measure=measure,
        of=of,
        value=found.mean,
        low=low,
        high=high,
        items=len(kept),
        left_out=found.left_out,
    )


def _precision_over_recall(found: Retrieval, of: str) -> Curve:
    kept = found.precision[~np.isnan(found.precision[:, 0])]
    y = kept.mean(axis=0).tolist() if len(kept) else [None] * RECALL_LEVELS
    return Curve(
        topic="retrieval", name="precision over recall", of=of, x=np.linspace(0, 1, RECALL_LEVELS).tolist(), y=y
    )


def _classifiers(run: Run, test: Latents) -> Iterator[tuple[str, NDArray[np.intp], NDArray[np.floating]]]:
    """Of each classifier: its name, the class it predicts for each test item, and its confidence in it."""
    if test.probabilities.shape[1]:
        yield "softmax", test.probabilities.argmax(axis=1), test.probabilities.max(axis=1)
    if run.svm is not None:
        predicted = run.svm.predict(test.z)
        yield "SVM", predicted, run.svm.confidence(test.z)[np.arange(len(predicted)), predicted]


def _classification(run: Run, test: Latents) -> Iterator[Score]:
    known = test.labels != UNLABELLED
    for name, predicted, confidence in _classifiers(run, test):
        if known.any():
            right = (predicted == test.labels)[known]
            yield _mean("classification", "accuracy", name, right.astype(np.float64))
            error = reliability(confidence[known], right).error
            yield Score(
                topic="classification", measure="calibration error", of=name, value=error, items=int(known.sum())
            )


def _curves(run: Run, test: Latents) -> Iterator[Curve]:
    known = test.labels != UNLABELLED
    for name, predicted, confidence in _classifiers(run, test):
        if known.any():
            found = reliability(confidence[known], (predicted == test.labels)[known])
            full = found.count > 0
            yield Curve(
                topic="classification",
                name="precision over confidence",
                of=name,
                x=found.confidence[full].tolist(),
                y=found.precision[full].tolist(),
                count=found.count[full].tolist(),
            )


def _structure(run: Run, test: Latents) -> Iterator[Score]:
    score = partial(Score, topic="structure", items=len(test.ids))
    if test.error.shape[1]:
        value = float(np.sqrt(np.square(test.error, dtype=np.float64).mean()))
        yield score(topic="reconstruction", measure="RMSE", of="test items", value=value)
    active = int((test.z.var(axis=0, dtype=np.float64) > ACTIVE).sum())
    yield score(measure="active dimensions", of="latent", value=active)
    if test.std.shape[1]:
        variance = np.square(test.std, dtype=np.float64).clip(min=np.finfo(np.float64).tiny)
        divergence = 0.5 * (np.square(test.z, dtype=np.float64) + variance - np.log(variance) - 1).mean(axis=0)
        for dim, value in enumerate(divergence, 1):
            yield score(measure="KL", of=f"dimension {dim}", value=float(value))
    centroids, wanted = class_centroids(test.z, test.labels, len(run.card.classes)), _wanted(run.card)
    for a, b in combinations(range(len(centroids)), 2):
        pair = f"{run.card.classes[a]} and {run.card.classes[b]}"
        achieved = float(np.linalg.norm(centroids[a] - centroids[b]))
        if np.isfinite(achieved):
            yield score(measure="distance", of=pair, value=achieved)
        if wanted is not None:
            yield score(measure="wanted distance", of=pair, value=float(wanted[a, b]), items=0)


def _wanted(card: Card) -> NDArray[np.float64] | None:
    """Distances between classes that the training aims at, shape (c, c); None where it aims at none."""
    if card.class_targets is not None:
        centres = card.class_targets.centres
        return np.asarray(np.linalg.norm(centres[:, None] - centres, axis=2))
    if card.method != "structuring":
        return None
    from explorer.methods.structuring import StructuringConfig, distance_matrix  # imports torch

    return distance_matrix(parse(StructuringConfig, card.config, f"The card of {card.name}"), len(card.classes))


def confusion(labels: NDArray[np.integer], predicted: NDArray[np.integer], card: Card) -> list[list[int]]:
    """How many items of each class (rows) were taken for each class (columns)."""
    n, known = len(card.classes), labels != UNLABELLED
    counts = np.bincount(labels[known] * n + predicted[known], minlength=n * n)
    return [[int(count) for count in row] for row in counts.reshape(n, n)]
