"""When to stop labeling: once more labels change little."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.labeling.progress import Measured
from explorer.labeling.uncertainty import margins

SETTLED = 0.01  # share of predictions that may change from round to round
ROUNDS = 3  # that are compared with the one before each, at least, and
FAIR_SHARE, FEWEST_LABELS = 0.05, 30  # labels that came in them: of all that are learned from, and at least
RISEN = 0.0005  # a smaller rise of the error is none in the words
NEAR = 0.5  # a margin below this is small; 2 lies between the margins' lines of two classes
MANY_NEAR = 0.05
FEW_MEASURED = 30  # items on which an error says little


@dataclass(frozen=True)
class Advice:
    """Whether to go on.

    Args:
        words: for a person.
        is_settled: whether more labels would change little.
    """

    words: str
    is_settled: bool


def changed(before: NDArray[np.integer], after: NDArray[np.integer], rows: NDArray[np.integer]) -> float:
    """Share of predictions that differ between two rounds, over these rows; 0 for no rows."""
    return float((before[rows] != after[rows]).mean()) if len(rows) else 0.0


def near_boundary(scores: NDArray[np.floating], rows: NDArray[np.integer]) -> float:
    """Share of these rows whose two best scores differ by less than 0.5; 0 for no rows.

    Args:
        scores: of an SVM, shape (n, c), in units of its margin.
        rows: such as those of unlabelled items.

    Raises:
        BadDataError: fewer than two classes, or scores that are NaN.
    """
    return float((margins(scores[rows]) < NEAR).mean()) if len(rows) else 0.0


def compared(labels: Sequence[int]) -> int:
    """How many of the newest rounds are compared, each with the one before it.

    At least three, and so many that at least 30 labels came in them, and 5 % of all that are learned from.

    Args:
        labels: that each round learned from, the newest last.

    Returns:
        0 where so many rounds, or labels, have not come yet.
    """
    if not labels:
        return 0
    fair = max(FEWEST_LABELS, FAIR_SHARE * labels[-1])
    rounds = range(ROUNDS, len(labels))
    return next((n for n in rounds if labels[-1] - labels[-1 - n] >= fair), 0)


def advice(
    changes: Sequence[float], near: float, error: Measured | None, before: Measured | None = None, *, came: int = 0
) -> Advice:
    """Whether to go on labeling.

    Settled: of the predictions on unlabelled items at most 1 % changed in each of the compared rounds and over all of
    them, and the error did not rise.

    Args:
        changes: share that changed in each of the rounds that `compared` says, and last over all of them, 0 to 1; empty
            before there are so many.
        near: share of unlabelled items near a boundary of the newest round, 0 to 1.
        error: of the newest round; None for one that was not measured.
        before: the error before the rounds that are compared, on the same items.
        came: labels that came in these rounds.

    Returns:
        Words for a person. Settled predictions may be wrong ones: the error is said with them.

    Raises:
        BadValueError: a share outside 0 to 1.

    Reference:
        Bloodgood and Vijay-Shanker, A Method for Stopping Active Learning Based on Stabilizing Predictions and the
        Need for User-Adjustable Stopping: successive models agree by more than 0.99 over the last three comparisons.

    Differs:
        Agreement is a share, not Cohen's kappa, and must hold in each comparison; over as many rounds as it takes
        until a fair part of the labels came in them; on all unlabelled items instead of a stop set.
    """
    if not all(0 <= share <= 1 for share in (*changes, near)):
        raise BadValueError(f"Shares must lie between 0 and 1; got {[*changes, near]}.")
    if not changes:
        return Advice(
            f"Too early to say when to stop: predictions are compared over at least {ROUNDS} rounds on one run, in "
            f"which {FEWEST_LABELS} labels came, and {FAIR_SHARE:.0%} of all.",
            False,
        )
    has_risen = _has_risen(error, before)
    is_settled = max(changes) <= SETTLED and not has_risen
    words = _of_rise(error, before, came) if has_risen else _of_changes(changes, came, is_settled)
    return Advice(" ".join([words, *_of_margins(near), *_of_error(error, is_settled)]), is_settled)


def _has_risen(error: Measured | None, before: Measured | None) -> bool:
    return error is not None and before is not None and error.error - before.error > RISEN


def _of_rise(error: Measured | None, before: Measured | None, came: int) -> str:
    if error is None or before is None:
        return ""
    return (
        f"Not settled: the error rose from {100 * before.error:.1f} to {100 * error.error:.1f} % with the last "
        f"{came:,} labels. Look through them under Review."
    )


def _of_changes(changes: Sequence[float], came: int, is_settled: bool) -> str:
    most = f"{100 * max(changes):.1f} %"
    if is_settled:
        return (
            f"Predictions have settled: at most {most} changed with the last {came:,} labels. "
            "More labels would change little."
        )
    return f"Go on: {most} of the predictions changed with the last {came:,} labels."


def _of_margins(near: float) -> list[str]:
    if near >= MANY_NEAR:
        return [f"Of the unlabelled items {100 * near:.1f} % lie near a boundary between classes."]
    return [f"Few unlabelled items, {100 * near:.1f} %, lie near a boundary between classes."]


def _of_error(error: Measured | None, is_settled: bool) -> list[str]:
    if error is None or not error.items:
        return ["No error is measured: hold some items out, or use a run whose test items have labels."]
    found = f"The error is {100 * error.error:.1f} % (95 %: {100 * error.low:.1f} to {100 * error.high:.1f} %)"
    if error.items < FEW_MEASURED:
        return [f"{found}, measured on {error.items} items alone: label more of those held out before you rely on it."]
    if is_settled:
        return [f"{found}. Settled is not right: if that is too much, a fine-tuning is what helps, not more labels."]
    return [f"{found}."]
