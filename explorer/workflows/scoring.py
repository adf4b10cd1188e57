"""Scores and curves of a run's record, each measured on its own."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.evaluation.calibration import reliability
from explorer.evaluation.galleries import Retrieval, majority_class
from explorer.evaluation.ranking import RECALL_LEVELS, average_precision_at, mean_over_queries
from explorer.evaluation.structure import class_centroids
from explorer.fields import parse
from explorer.latent.spaces import onto
from explorer.retrieval.geodesics import distances_from
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Curve, Score, Topic
from explorer.zoo.run import Run
from explorer.zoo.store import Latents

DEPTHS = (1, 2, 5, 10)  # of AP@K and of the majority's vote
NORMAL = 1.96  # standard errors on each side of a 95 % interval
ACTIVE = 0.01  # variance of a dimension's means from which it counts as active, as Burda et al. count


def of_retrieval(found: Retrieval, of: str) -> Iterator[Score]:
    """Scores of one ranking of the whole gallery."""
    for measure, values in (("NN", found.nearest), ("MAP", found.average_precision), ("NDCG", found.ndcg)):
        yield mean_score("retrieval", measure, of, values)


def of_nearest(found: Retrieval, of: str, asked: Latents, gallery: Latents) -> Iterator[Score]:
    """AP@K and the accuracy of majority votes, both by class."""
    marks = (gallery.labels[found.first] == asked.labels[:, None]) & (asked.labels[:, None] != UNLABELLED)
    for depth in (k for k in DEPTHS if k <= found.first.shape[1]):
        yield mean_score("retrieval", f"MAP@{depth}", of, average_precision_at(marks, depth))
        voted = majority_class(found.first, gallery.labels, depth)
        known = asked.labels != UNLABELLED
        if known.any():
            right = (voted == asked.labels)[known].astype(np.float64)
            yield mean_score("classification", "accuracy", f"majority of {depth} nearest, {of}", right)


def mean_score(topic: Topic, measure: str, of: str, values: NDArray[np.float64]) -> Score:
    """Mean over items with its 95 % interval; items without a value are left out and counted."""
    found = mean_over_queries(values)
    kept = values[~np.isnan(values)]
    if not len(kept):
        return Score(topic=topic, measure=measure, of=of, value=None, items=0, left_out=found.left_out)
    low, high = max(0.0, found.mean - reach(kept)), min(1.0, found.mean + reach(kept))
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


def reach(values: NDArray[np.float64]) -> float:
    """How far the 95 % interval of a mean over items reaches to each side; the values are finite, one at least."""
    return NORMAL * float(values.std()) / float(np.sqrt(len(values)))


def of_chosen_weight(averages: Mapping[float, NDArray[np.float64]], relevance: str) -> Iterator[Score]:
    """The semantic weight that is best for every second query, and its MAP over the others.

    Args:
        averages: average precision of each query by semantic weight, shape (q,); NaN where nothing is relevant.
        relevance: words for what counts as relevant, "" for the class; nothing is said where one half of the queries
            has nothing relevant.
    """
    halves = [{name: values[start::2] for name, values in averages.items()} for start in (0, 1)]
    if any(np.isnan(values).all() for half in halves for values in half.values()):
        return
    best = max(halves[0], key=lambda weight: np.nanmean(halves[0][weight]))
    chosen = f"weight chosen on other queries{relevance}"
    asked = int(np.isfinite(halves[0][best]).sum())
    yield Score(topic="retrieval", measure="semantic weight", of=chosen, value=best, items=asked)
    yield mean_score("retrieval", "MAP", chosen, halves[1][best])


def precision_over_recall(found: Retrieval, of: str) -> Curve:
    """Interpolated precision at recall 0, 0.1, ..., 1, mean over the queries that have something relevant."""
    kept = found.precision[~np.isnan(found.precision[:, 0])]
    y = kept.mean(axis=0).tolist() if len(kept) else [None] * RECALL_LEVELS
    return Curve(
        topic="retrieval", name="precision over recall", of=of, x=np.linspace(0, 1, RECALL_LEVELS).tolist(), y=y
    )


def classifiers(run: Run, test: Latents) -> Iterator[tuple[str, NDArray[np.intp], NDArray[np.floating]]]:
    """Of each classifier: its name, the class it predicts for each test item, and its confidence in it."""
    if test.probabilities.shape[1]:
        yield "softmax", test.probabilities.argmax(axis=1), test.probabilities.max(axis=1)
    if run.svm is not None:
        predicted = run.svm.predict(test.z)
        yield "SVM", predicted, run.svm.confidence(test.z)[np.arange(len(predicted)), predicted]


def of_classification(run: Run, test: Latents) -> Iterator[Score]:
    """Accuracy and expected calibration error of each classifier on the labelled test items."""
    known = test.labels != UNLABELLED
    for name, predicted, confidence in classifiers(run, test):
        if known.any():
            right = (predicted == test.labels)[known]
            yield mean_score("classification", "accuracy", name, right.astype(np.float64))
            error = reliability(confidence[known], right).error
            yield Score(
                topic="classification", measure="calibration error", of=name, value=error, items=int(known.sum())
            )


def reliability_curves(run: Run, test: Latents) -> Iterator[Curve]:
    """Precision over confidence of each classifier, in ten bins; empty ones are left out."""
    known = test.labels != UNLABELLED
    for name, predicted, confidence in classifiers(run, test):
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


def of_structure(run: Run, test: Latents) -> Iterator[Score]:
    """Reconstruction error, active dimensions, divergence of each, and distances of classes: achieved and wanted."""
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
        if not np.isnan(centroids[[a, b]]).any():
            means = onto(run.card.geometry, centroids[[a, b]])
            achieved = float(distances_from(run.card.geometry, means[0], means[1:])[0])
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

    config = parse(StructuringConfig, card.config, f"The card of {card.name}")
    return distance_matrix(config, len(card.classes)) if config.structural_weight else None


def confusion(labels: NDArray[np.integer], predicted: NDArray[np.integer], card: Card) -> list[list[int]]:
    """How many items of each class (rows) were taken for each class (columns)."""
    n, known = len(card.classes), labels != UNLABELLED
    counts = np.bincount(labels[known] * n + predicted[known], minlength=n * n)
    return [[int(count) for count in row] for row in counts.reshape(n, n)]
