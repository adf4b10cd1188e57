"""How runs differ: in what they were asked to do, and in what was measured of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

from explorer.workflows.reviewing import Better, Column
from explorer.workflows.together import settings_of
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Evaluation, Score

LOWER = ("calibration error", "RMSE", "layout error")  # measures of which less is better
UNDECIDED = ("active dimensions", "KL", "distance", "wanted distance", "semantic weight")


@dataclass(frozen=True)
class Difference:
    """One score of two runs.

    Args:
        title: of the score.
        first, second: the scores.
        change: second - first.
        reach: half the 95 % interval of the change; None where one of the two has none.
        verdict: "better" or "worse" of the second run, "not told apart" where the interval holds 0; without an interval
            only "higher", "lower" or "equal", as chance may have made it; "" where nothing is better.
    """

    title: str
    first: Score
    second: Score
    change: float
    reach: float | None
    verdict: str


def config_differences(cards: Sequence[Card]) -> list[tuple[str, list[str]]]:
    """The settings in which runs differ, each with the value of every run; "" for a run that has no such setting."""
    values = [settings_of(card) for card in cards]
    names = dict.fromkeys(name for one in values for name in one)
    found = [(name, [_said(one, name) for one in values]) for name in names]
    return [(name, said) for name, said in found if len(set(said)) > 1]


def _said(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def differences(first: Evaluation, second: Evaluation, columns: Sequence[Column] = ()) -> list[Difference]:
    """The scores that two records share, and how far they are apart.

    reach = sqrt(r1^2 + r2^2), with r the longer half of each interval: as if each run had been measured on other items.
    On the same items two runs go up and down together, so that the true interval is narrower.

    Args:
        first, second: the records.
        columns: which scores; none for all.
    """
    pairs = _in_columns(first, second, columns) if columns else _in_both(first, second)
    return [
        _difference(title, one, other)
        for title, one, other in pairs
        if one is not None and other is not None and None not in (one.value, other.value)
    ]


def _in_columns(
    first: Evaluation, second: Evaluation, columns: Sequence[Column]
) -> Iterator[tuple[str, Score | None, Score | None]]:
    for column in columns:
        yield column.title, column.find(first), column.find(second)


def _in_both(first: Evaluation, second: Evaluation) -> Iterator[tuple[str, Score | None, Score | None]]:
    others = {(score.topic, score.measure, score.of): score for score in second.scores}
    for score in first.scores:
        yield f"{score.measure}, {score.of}", score, others.get((score.topic, score.measure, score.of))


def better_of(measure: str) -> Better:
    """Which of two values of a measure is better."""
    return "lower" if measure in LOWER else "" if measure in UNDECIDED else "higher"


def _difference(title: str, first: Score, second: Score) -> Difference:
    change = (second.value or 0.0) - (first.value or 0.0)
    one, other = _half(first), _half(second)
    reach = None if one is None or other is None else hypot(one, other)
    return Difference(title, first, second, change, reach, _verdict(better_of(first.measure), change, reach))


def _half(score: Score) -> float | None:
    if score.value is None or score.low is None or score.high is None:
        return None
    return max(score.value - score.low, score.high - score.value)  # one of the two may be cut at 0 or 1


def _verdict(better: Better, change: float, reach: float | None) -> str:
    if not better:
        return ""
    if reach is None:
        return "higher" if change > 0 else "lower" if change < 0 else "equal"
    if abs(change) <= reach:
        return "not told apart"
    return "better" if (change > 0) == (better == "higher") else "worse"
