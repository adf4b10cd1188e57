"""Name the items that a person should label next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadDataError, BadValueError
from explorer.fields import parse
from explorer.labeling.strategies import STRATEGIES
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.runs import FILE, load_dataset
from explorer.zoo.run import Run


@dataclass(frozen=True)
class Suggestion:
    """One item to label.

    Args:
        id: of the item.
        margin: highest minus second-highest class score; NaN for a run that scores no classes.
        words: names of the two likeliest classes, and its file; empty where there is none.
    """

    id: int
    margin: float
    words: tuple[str, str, str]


def suggestions(
    run: Run, n: int, strategy: str, *, seed: int, settings: Settings, progress: Progress | None = None
) -> list[Suggestion]:
    """Pick among the training items whose label was not known in the training.

    Args:
        run: whose classifier, or else SVM, scores the items.
        n: how many, at least 1.
        strategy: a name in STRATEGIES.
        seed: of random picks.
        settings: of the installation.
        progress: of loading the data.

    Returns:
        At most n, in the order in which to ask.

    Raises:
        UnknownNameError: no such strategy.
        BadValueError: no item asked for, or a strategy that needs scores where the run has none.
        BadDataError: every training item is labelled.
    """
    pick = lookup(STRATEGIES, strategy, "strategy").pick
    if n < 1:
        raise BadValueError(f"n = {n}, but it must be 1 or more.")
    dataset = load_dataset(run.card, settings, progress)
    candidates = _unlabelled(run, dataset)
    if not len(candidates):
        raise BadDataError(f"Every training item of {run.card.name} is labelled, so there is nothing to ask about.")
    scores = _scores(run)
    if not scores.shape[1]:
        if strategy != "random":
            raise BadValueError(
                f"{run.card.name} has no labels to score its items by. Use --strategy random, or train with labels."
            )
        return [_suggestion(run, dataset, row, np.empty(0)) for row in _random(len(scores), n, candidates, seed)]
    rows = pick(scores, n, candidates, np.random.default_rng(seed))
    return [_suggestion(run, dataset, int(row), scores[row]) for row in rows]


def _random(n_items: int, n: int, candidates: NDArray[np.intp], seed: int) -> list[int]:
    picked = STRATEGIES["random"].pick(np.empty((n_items, 0)), n, candidates, np.random.default_rng(seed))
    return [int(row) for row in picked]


def _unlabelled(run: Run, dataset: Dataset) -> NDArray[np.intp]:
    """Rows of the training split whose label the training did not see."""
    from explorer.training.config import TrainingConfig  # imports torch
    from explorer.training.engine import training_labels

    training = parse(TrainingConfig, run.card.training, f"The card of {run.card.name}")
    return np.flatnonzero(training_labels(dataset, training)[dataset.rows("train")] < 0)


def _scores(run: Run) -> NDArray[np.floating]:
    """Score of each class for each training item, shape (n, c); (n, 0) for a run that scores no classes."""
    latents = run.latents("train")
    if latents.probabilities.shape[1]:
        return latents.probabilities
    return np.empty((len(latents.ids), 0)) if run.svm is None else run.svm.scores(latents.z)


def _suggestion(run: Run, dataset: Dataset, row: int, scores: NDArray[np.floating]) -> Suggestion:
    at = dataset.rows("train")[row]
    file = str(dataset.factors[FILE][at]) if FILE in dataset.factors else ""
    if not len(scores):
        return Suggestion(int(dataset.ids[at]), float("nan"), ("", "", file))
    second, first = np.argsort(scores, kind="stable")[-2:]
    words = (run.card.classes[first], run.card.classes[second], file)
    return Suggestion(int(dataset.ids[at]), float(scores[first] - scores[second]), words)
