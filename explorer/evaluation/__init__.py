"""Metrics of a run by name. To add one: write its function, then add its line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.evaluation.classification import accuracy
from explorer.evaluation.structure import centroid_offsets, share_within
from explorer.latent.targets import ClassTargets


@dataclass(frozen=True)
class Evidence:
    """What a run's metrics are computed from, for one set of items.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,).
        predicted: classes by the run's classifier, shape (n,); None without one.
        targets: configured centres and radii; None without them.
        squared_error: of each item's reconstruction, shape (n,); None without a decoder.
    """

    z: NDArray[np.floating]
    labels: NDArray[np.integer]
    predicted: NDArray[np.integer] | None = None
    targets: ClassTargets | None = None
    squared_error: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Metric:
    """One line of METRICS: what it means and how it is computed; None where it does not apply."""

    meaning: str
    compute: Callable[[Evidence], float | None]


def _accuracy(evidence: Evidence) -> float | None:
    if evidence.predicted is None or not (evidence.labels >= 0).any():
        return None
    return accuracy(evidence.labels, evidence.predicted)


def _within(evidence: Evidence) -> float | None:
    return share_within(evidence.z, evidence.labels, evidence.targets) if evidence.targets else None


def _offset(evidence: Evidence) -> float | None:
    if evidence.targets is None:
        return None
    return float(np.nanmean(centroid_offsets(evidence.z, evidence.labels, evidence.targets)))


def _farthest(evidence: Evidence) -> float | None:
    if evidence.targets is None:
        return None
    return float(np.nanmax(centroid_offsets(evidence.z, evidence.labels, evidence.targets)))


def _rmse(evidence: Evidence) -> float | None:
    return None if evidence.squared_error is None else float(np.sqrt(evidence.squared_error.mean()))


METRICS: dict[str, Metric] = {
    "accuracy": Metric("share of items whose predicted class is right", _accuracy),
    "within_two_radii": Metric("share of latents within two radii of their own configured centre", _within),
    "centroid_offset": Metric("mean distance of class centroids from their configured centres, latent units", _offset),
    "farthest_centroid": Metric("largest distance of a class centroid from its configured centre", _farthest),
    "reconstruction_rmse": Metric("root mean squared pixel error of reconstructions, pixels in 0 to 1", _rmse),
}
