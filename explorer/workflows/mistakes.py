"""Which test items a run's classifiers take for which class, and how sure they are of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.workflows.scoring import classifiers
from explorer.zoo.run import Run

BINS = 20


@dataclass(frozen=True)
class Cell:
    """The test items of one class that were taken for one class, the surest first.

    Args:
        ids: of the items, shape (k,).
        confidence: in the predicted class, shape (k,).
    """

    ids: NDArray[np.int64]
    confidence: NDArray[np.floating]


@dataclass(frozen=True)
class Histogram:
    """How sure a classifier is of right and of wrong predictions.

    Args:
        edges: of the bins of confidence, shape (b + 1,), 0 to 1.
        right, wrong: labelled test items in each, shape (b,).
    """

    edges: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


def cell(run: Run, classifier: str, true: int, predicted: int) -> Cell:
    """The items of a cell of the confusion matrix.

    Args:
        run: a trained run.
        classifier: "softmax" or "SVM", as a record names it.
        true, predicted: classes.

    Returns:
        No items for a classifier that the run does not have.

    Raises:
        BadRunError: latents or an SVM that are damaged.
    """
    test = run.latents("test")
    for name, found, confidence in classifiers(run, test):
        if name == classifier:
            here = np.flatnonzero((test.labels == true) & (found == predicted))
            here = here[np.argsort(-confidence[here], kind="stable")]
            return Cell(test.ids[here], confidence[here])
    return Cell(np.empty(0, np.int64), np.empty(0))


def confidences(run: Run, *, bins: int = BINS) -> dict[str, Histogram]:
    """Histograms of the confidence of each classifier over the labelled test items.

    Args:
        run: a trained run.
        bins: b, of equal width; each holds its lower edge, the last one both.

    Raises:
        BadRunError: latents or an SVM that are damaged.
    """
    test, edges = run.latents("test"), np.linspace(0, 1, bins + 1)
    known = test.labels != UNLABELLED
    counted = {}
    for name, predicted, confidence in classifiers(run, test):
        right = predicted == test.labels
        counts = [np.histogram(confidence[known & kind], edges)[0] for kind in (right, ~right)]
        counted[name] = Histogram(edges, *counts)
    return counted
