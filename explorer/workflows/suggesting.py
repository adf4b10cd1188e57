"""Name the items that a person should label next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset, Progress
from explorer.errors import BadDataError, BadValueError
from explorer.fields import parse
from explorer.labeling.pool import Pool
from explorer.labeling.strategies import STRATEGIES, picks
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.runs import Items, load_dataset
from explorer.workflows.strangeness import strangeness
from explorer.zoo.card import Card
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

    For a run that scores no classes, strategies that need scores give way to diversity.

    Args:
        run: whose classifier, or else SVM, scores the items.
        n: how many, at least 1.
        strategy: a name in STRATEGIES.
        seed: of what is drawn.
        settings: of the installation.
        progress: of loading the data.

    Returns:
        At most n, in the order in which to ask.

    Raises:
        UnknownNameError: no such strategy.
        BadValueError: no item asked for, or a strategy whose extra is missing.
        BadDataError: every training item is labelled.
    """
    lookup(STRATEGIES, strategy, "strategy")
    if n < 1:
        raise BadValueError(f"n = {n}, but it must be 1 or more.")
    dataset = load_dataset(run.card, settings, progress, folder=run.folder)
    pool = _pool(run, dataset)
    if not (pool.labels < 0).any():
        raise BadDataError(f"Every training item of {run.card.name} is labelled, so there is nothing to ask about.")
    rows = picks(strategy, pool, n, np.random.default_rng(seed))
    items, ids = Items(dataset), run.latents("train").ids
    return [_suggestion(items, run.card, int(ids[row]), pool.scores[row]) for row in rows]


def _pool(run: Run, dataset: Dataset) -> Pool:
    """The training items whose latents the run keeps, and the labels that the training saw."""
    from explorer.training.config import TrainingConfig  # imports torch
    from explorer.training.engine import training_labels

    latents = run.latents("train")
    training = parse(TrainingConfig, run.card.training, f"The card of {run.card.name}")
    labels = training_labels(dataset, training)[Items(dataset).rows(latents.ids)]
    return Pool(
        latents.z,
        _scores(run),
        candidates=np.arange(len(latents.ids)),
        labels=labels,
        strangeness=lambda: strangeness(run, lambda: dataset, latents.ids),
    )


def _scores(run: Run) -> NDArray[np.floating]:
    """Score of each class for each training item, shape (n, c); (n, 0) for a run that scores no classes."""
    latents = run.latents("train")
    if latents.probabilities.shape[1]:
        return latents.probabilities
    return np.empty((len(latents.ids), 0)) if run.svm is None else run.svm.scores(latents.z)


def _suggestion(items: Items, card: Card, id: int, scores: NDArray[np.floating]) -> Suggestion:
    file = next(iter(items.files(np.array([id]))), "")
    if not len(scores):
        return Suggestion(id, float("nan"), ("", "", file))
    second, first = np.argsort(scores, kind="stable")[-2:]
    return Suggestion(id, float(scores[first] - scores[second]), (card.classes[first], card.classes[second], file))
