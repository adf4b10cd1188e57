"""What one record says, as plain values."""

import json
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from explorer.workflows.codes import SEMANTIC_WEIGHTS, WEIGHTED
from explorer.zoo.evaluation import Evaluation, Score

Value = str | int | float | None


def score_of(record: Evaluation, topic: str, measure: str, of: str) -> Score | None:
    """One score of a record; None where it has no such score."""
    wanted = (topic, measure, of)
    return next((score for score in record.scores if (score.topic, score.measure, score.of) == wanted), None)


def of_topic(record: Evaluation, topic: str) -> list[Score]:
    """The scores of one topic."""
    return [score for score in record.scores if score.topic == topic]


def by_way(record: Evaluation) -> dict[str, dict[str, Score]]:
    """The scores of retrieval by way to rank, each by its measure."""
    found: dict[str, dict[str, Score]] = {}
    for score in of_topic(record, "retrieval"):
        if score.measure != "semantic weight":
            found.setdefault(score.of, {})[score.measure] = score
    return found


def weights(record: Evaluation) -> dict[str, list[tuple[float, Score]]]:
    """MAP of each semantic weight, ascending, by what counts as relevant; empty for a run that weighs nothing."""
    known = {f"{WEIGHTED} {weight:g}": weight for weight in SEMANTIC_WEIGHTS}
    found: dict[str, list[tuple[float, Score]]] = {}
    for score in of_topic(record, "retrieval"):
        way, _, relevance = score.of.partition(", ")
        if score.measure == "MAP" and way in known and score.value is not None:
            found.setdefault(relevance or "same class", []).append((known[way], score))
    return {name: sorted(scores, key=lambda one: one[0]) for name, scores in found.items()}


def layout_error(record: Evaluation) -> Score | None:
    """How far the distances between class centroids are from the wanted ones: mean |achieved - wanted|, latent units.

    Returns:
        None of a run that aims at none.
    """
    pairs = [(achieved, wanted) for _, achieved, wanted in distances(record) if wanted is not None]
    gaps = [abs(achieved - wanted) for achieved, wanted in pairs if achieved is not None]
    if not gaps:
        return None
    return Score(topic="structure", measure="layout error", of="latent", value=float(np.mean(gaps)), items=len(gaps))


def distances(record: Evaluation) -> list[tuple[str, float | None, float | None]]:
    """Each pair of classes with the distance of its centroids and the wanted one, None for what there is not."""
    found: dict[str, dict[str, float | None]] = {}
    for score in record.scores:
        if score.topic == "structure" and score.measure in ("distance", "wanted distance"):
            found.setdefault(score.of, {})[score.measure] = score.value
    return [(pair, values.get("distance"), values.get("wanted distance")) for pair, values in found.items()]


def distance_table(record: Evaluation, classes: Sequence[str]) -> NDArray[np.float64]:
    """Distances between class centroids, shape (c, c): 0 on the diagonal, NaN where one of two classes has no items."""
    found = {pair: achieved for pair, achieved, _ in distances(record)}
    table = np.full((len(classes), len(classes)), np.nan)
    for a, b in combinations(range(len(classes)), 2):
        achieved = found.get(f"{classes[a]} and {classes[b]}")
        table[a, b] = table[b, a] = np.nan if achieved is None else achieved
    np.fill_diagonal(table, 0)
    return table


def score_rows(record: Evaluation, topic: str = "") -> list[dict[str, Value]]:
    """The scores of a record, or of one topic, as rows for a file."""
    return [score.model_dump() for score in record.scores if topic in ("", score.topic)]


def as_json(name: str, record: Evaluation) -> bytes:
    """A record as a file, with the run's name."""
    return (json.dumps({"run": name, **record.model_dump(mode="json")}, indent=1) + "\n").encode()
