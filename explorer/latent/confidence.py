"""How sure a linear classifier of the latents is, and how far that can be read as a share.

Reference: Structuring autoencoders, section 4: a linear SVM on the labelled latents.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError

MOST_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class LinearSVM:
    """A linear classifier of latents with the scale of its scores.

    Args:
        weights: shape (c, d), per latent unit; 0 for a class that had no labelled item.
        bias: shape (c,); -inf for such a class, so that it is never predicted.
        own: mean score of each class over its own labelled items, shape (c,).
        other: mean over the other classes of their mean score, shape (c,).
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    own: NDArray[np.float64]
    other: NDArray[np.float64]

    def scores(self, z: ArrayLike) -> NDArray[np.float64]:
        """Signed distances to each class's boundary in units of its margin: (n, d) to (n, c), no NaN."""
        return np.asarray(np.asarray(z, np.float64) @ self.weights.T + self.bias)

    def confidence(self, z: ArrayLike) -> NDArray[np.float64]:
        """How much a latent scores like the labelled items of each class.

        (score - other) / (own - other), clipped to 0 and 1.

        Args:
            z: latents, shape (n, d).

        Returns:
            Shape (n, c), in [0, 1]: 1 at the class's own mean score, 0 at the mean of the other classes' mean
            scores, for a class without labelled items and where the scores do not tell the class from others.
        """
        reach = self.own - self.other
        share = (self.scores(z) - self.other) / np.where(reach > 0, reach, 1)
        return np.where(reach > 0, share, 0).clip(0, 1)

    def predict(self, z: ArrayLike) -> NDArray[np.intp]:
        """Class with the highest score: (n, d) to (n,)."""
        return np.asarray(self.scores(z).argmax(axis=1))


def fit_svm(z: ArrayLike, labels: ArrayLike, n_classes: int) -> LinearSVM:
    """Fit a linear SVM, one class against the rest, on the labelled latents.

    Args:
        z: latents, shape (n, d), finite where labelled.
        labels: class of each, shape (n,), 0 to c - 1; -1 (unlabelled) is left out.
        n_classes: c.

    Returns:
        The classifier in latent units. Its confidence does not change when all latents are scaled,
        turned or shifted.

    Raises:
        BadDataError: fewer than two classes labelled, labels outside 0 to c - 1, or latents that do not fit
            them or are not finite.

    Differs:
        Latents are centred and divided by one number, their root mean square, before the fit: the strength of
        the penalty then means the same at any scale, and dimensions that carry little stay small.
    """
    z, labels = np.asarray(z, np.float64), np.asarray(labels)
    if z.ndim != 2 or labels.shape != z.shape[:1]:
        raise BadDataError(f"Latents have shape {z.shape} and labels {labels.shape}; expected (n, d) and (n,).")
    z, labels = z[labels >= 0], labels[labels >= 0]
    there = np.unique(labels)
    if len(there) < 2:
        raise BadDataError(
            f"A classifier of the latents needs labelled items of two classes, but there are {len(there)}; "
            "label an item of another class."
        )
    if there[-1] >= n_classes or not np.isfinite(z).all():
        raise BadDataError(f"Labels must lie below {n_classes} and labelled latents be finite; correct the data.")
    weights, bias = np.zeros((n_classes, z.shape[1])), np.full(n_classes, -np.inf)
    weights[there], bias[there] = _linear_svm(z, labels)
    return LinearSVM(weights, bias, *_scale(z @ weights[there].T + bias[there], labels, there, n_classes))


def _linear_svm(z: NDArray[np.float64], labels: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (k, d) and bias (k,) of the k labelled classes."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    mean = z.mean(axis=0)
    spread = float(np.sqrt(((z - mean) ** 2).mean())) or 1.0
    svm = LinearSVC(dual=False, max_iter=MOST_ROUNDS)
    with warnings.catch_warnings():  # an answer that is nearly the best will do
        warnings.simplefilter("ignore", ConvergenceWarning)
        svm.fit((z - mean) / spread, labels)
    weights, bias = svm.coef_ / spread, svm.intercept_
    if len(weights) == 1:  # two classes share one boundary
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
    return weights, bias - weights @ mean


def _scale(
    scores: NDArray[np.float64], labels: NDArray[np.integer], there: NDArray[np.integer], n_classes: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean score of each labelled class, and that of the others; 0 and 0 for a class without items."""
    means = np.stack([scores[labels == label].mean(axis=0) for label in there])  # (class of the items, class scored)
    own, other = np.zeros(n_classes), np.zeros(n_classes)
    own[there] = np.diag(means)
    other[there] = (means.sum(axis=0) - np.diag(means)) / (len(there) - 1)
    return own, other
