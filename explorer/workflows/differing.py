"""How runs differ: in what they were asked to do, and in what was measured of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

from explorer.workflows.reviewing import COLUMNS, Better, Review
from explorer.workflows.together import settings_of
from explorer.zoo.evaluation import Evaluation, Score

Key = tuple[str, str, str]
LOWER = ("calibration error", "RMSE", "layout error")  # measures of which less is better
UNDECIDED = ("active dimensions", "KL", "distance", "wanted distance", "semantic weight")


@dataclass(frozen=True)
class Difference:
    """One score of two runs.

    Args:
        key: topic, measure and what was measured.
        first, second: the scores.
        change: second - first.
        reach: half the 95 % interval of the change; None where one of the two has none.
        verdict: "better" or "worse" of the second run, "as good" where the interval holds 0, "" where neither can be
            said.
    """

    key: Key
    first: Score
    second: Score
    change: float
    reach: float | None
    verdict: str


def config_differences(reviews: Sequence[Review]) -> list[tuple[str, list[str]]]:
    """The settings in which runs differ, each with the value of every run; "" for a run that has no such setting."""
    values = [settings_of(one.card) for one in reviews if one.card is not None]
    names = dict.fromkeys(name for one in values for name in one)
    found = [(name, [_said(one, name) for one in values]) for name in names]
    return [(name, said) for name, said in found if len(set(said)) > 1]


def _said(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def metric_differences(first: Evaluation, second: Evaluation) -> list[Difference]:
    """The scores that two records share, and how far they are apart.

    reach = sqrt(r1^2 + r2^2), with r the longer half of each interval: as if other items had been measured each time.
    On the same items the two go up and down together, so that the true interval is narrower.
    """
    others = {_key(score): score for score in second.scores}
    pairs = [(score, others[_key(score)]) for score in first.scores if _key(score) in others]
    return [_difference(*pair) for pair in pairs if None not in (pair[0].value, pair[1].value)]


def better_of(measure: str) -> Better:
    """Which of two values of a measure is better."""
    return "lower" if measure in LOWER else "" if measure in UNDECIDED else "higher"


def _key(score: Score) -> Key:
    return score.topic, score.measure, score.of


def _difference(first: Score, second: Score) -> Difference:
    change = (second.value or 0.0) - (first.value or 0.0)
    halves = [_half(score) for score in (first, second)]
    reach = None if None in halves else hypot(*(half or 0.0 for half in halves))
    return Difference(_key(first), first, second, change, reach, _verdict(first.measure, change, reach))


def _half(score: Score) -> float | None:
    if score.value is None or score.low is None or score.high is None:
        return None
    return max(score.value - score.low, score.high - score.value)  # one of the two may be cut at 0 or 1


def _verdict(measure: str, change: float, reach: float | None) -> str:
    better = better_of(measure)
    if not better:
        return ""
    if abs(change) <= (reach or 0.0):
        return "as good"
    return "better" if (change > 0) == (better == "higher") else "worse"
