"""Several runs measured together: alike but for their seeds, and over how many labels were known.

Reference: Structuring autoencoders, section 4: errors over label counts, at least three seeds each.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.errors import ExplorerError
from explorer.fields import parse
from explorer.registry import lookup
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Curve, Evaluation, Score
from explorer.zoo.run import Run

BY_CHANCE = ("training.seed", "training.label_seed")  # runs that differ by these alone are repeats
LABELS = "training.label_share"
HOW = ("training.precision", "training.threads", "training.kept")  # how it was computed and kept
NORMAL = 0.975  # of Student's distribution: a 95 % interval


@dataclass(frozen=True)
class Group:
    """Runs that differ by seed alone.

    Args:
        name: their method and data, and the settings that set them apart from the other groups.
        runs: their names.
        alike: what they share with other groups but for the number of labels.
        labelled: training items whose label they knew.
        scores: means over the runs, each with its 95 % interval where there are two or more.
    """

    name: str
    runs: tuple[str, ...]
    alike: str
    labelled: int
    scores: list[Score]


def together(runs: Sequence[Run], records: Mapping[str, Evaluation]) -> list[Group]:
    """Put runs that differ by seed alone together, and average what was measured of each.

    Args:
        runs: trained runs, each with latents.
        records: of each by its name.

    Returns:
        In the order in which their first runs were named.
    """
    settings = {run.card.name: settings_of(run.card) for run in runs}  # by dotted name
    varied = {
        key
        for one in settings.values()
        for key in one
        if key not in HOW + BY_CHANCE and len({json.dumps(other.get(key)) for other in settings.values()}) > 1
    }
    members: dict[str, list[Run]] = {}
    for run in runs:
        own = {key: value for key, value in settings[run.card.name].items() if key not in HOW + BY_CHANCE}
        members.setdefault(json.dumps(own, sort_keys=True), []).append(run)
    return [_group(found, settings[found[0].card.name], varied, records) for found in members.values()]


def error_over_labels(groups: Sequence[Group]) -> list[Curve]:
    """Error of each classifier over the number of known labels, for groups that differ by nothing else.

    Args:
        groups: of `together`.

    Returns:
        A curve for each classifier and each kind of run with two or more numbers of labels.
    """
    curves = []
    for alike in dict.fromkeys(group.alike for group in groups):
        kind = sorted((group for group in groups if group.alike == alike), key=lambda group: group.labelled)
        errors: dict[str, list[tuple[int, float]]] = {}
        for group in kind:
            for score in group.scores:
                if (score.topic, score.measure) == ("classification", "accuracy") and score.value is not None:
                    errors.setdefault(score.of, []).append((group.labelled, 1 - score.value))
        for of, points in errors.items():
            x, y = zip(*points, strict=True)
            if len(points) > 1:
                name = "error over known labels"
                curves.append(Curve(topic="classification", name=name, of=f"{alike}: {of}", x=x, y=y))
    return curves


def _group(runs: list[Run], settings: dict[str, Any], varied: set[str], records: Mapping[str, Evaluation]) -> Group:
    card = runs[0].card
    told = varied - {LABELS, "method", "data.name", "import"}
    apart = [f"{key.rpartition('.')[2]} {settings[key]}" for key in sorted(told) if settings.get(key) not in (None, "")]
    alike = ", ".join([f"{card.method} on {card.data.title}", *apart])
    part = runs[0].latents("train")
    kept = part.known.sum() if part.known.shape[1] else (part.labels >= 0).sum()
    labelled = round(float(kept) * card.data.train_items / max(len(part.ids), 1))  # a compact run keeps a fair sample
    name = f"{alike}, {labelled:,} labels" if LABELS in varied else alike
    scores = _means([records[run.card.name] for run in runs])
    if len(runs) > 1:
        name = f"{name} ({len(runs)} seeds)"
        scores += _between_seeds(runs)
    return Group(name, tuple(run.card.name for run in runs), alike, labelled, scores)


def _means(records: Sequence[Evaluation]) -> list[Score]:
    """Mean of each score that all records have; of one record its own."""
    if len(records) == 1:
        return list(records[0].scores)
    tables = [{(score.topic, score.measure, score.of): score for score in record.scores} for record in records]
    found = []
    for key, first in tables[0].items():
        values = [table[key].value for table in tables if key in table]
        numbers = np.array([value for value in values if value is not None])
        if len(numbers) == len(tables):
            mean, reach = _student(numbers)
            found.append(first.model_copy(update={"value": mean, "low": mean - reach, "high": mean + reach}))
    return found


def _student(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """Mean and half the 95 % interval of a few repeats."""
    from scipy.stats import t

    n = len(values)
    return float(values.mean()), float(t.ppf(NORMAL, n - 1) * values.std(ddof=1) / np.sqrt(n))


def _between_seeds(runs: Sequence[Run]) -> list[Score]:
    """How far class centroids of the training latents move from seed to seed."""
    from explorer.workflows.measuring import between_seeds  # imports torch

    of = f"class centroids over {len(runs)} seeds"
    return [
        Score(topic="structure", measure=name, of=of, value=found.value, items=found.items)
        for name, found in between_seeds(runs).items()
    ]


def settings_of(card: Card) -> dict[str, Any]:
    """Everything that a training was asked for, by dotted name; what an older card does not name is at its default."""
    from explorer.methods import METHODS  # imports torch
    from explorer.training.config import TrainingConfig

    config, training = dict(card.config), dict(card.training)
    with suppress(ExplorerError):  # settings that this version does not know are compared as they stand
        config = parse(lookup(METHODS, card.method, "method").config, config, "").model_dump(mode="json")
        training = parse(TrainingConfig, training, "").model_dump(mode="json")
    whole = {"config": config, "data": {"name": card.data.title, **card.data.settings}, "training": training}
    return {"method": card.method, "import": card.data.identity} | dict(_flat(whole, ""))


def _flat(values: Mapping[str, Any], before: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        found += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, value)]
    return found
