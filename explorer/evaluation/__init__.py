"""Metrics of a run by name. To add one: write its function, then add its line."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.evaluation.classification import accuracy
from explorer.evaluation.galleries import MOST_QUERIES, Retrieval, class_retrieval
from explorer.evaluation.ranking import mean_over_queries
from explorer.evaluation.structure import centroid_offsets, share_within
from explorer.latent.spaces import Geometry
from explorer.latent.targets import ClassTargets


@dataclass(frozen=True)
class Evidence:
    """What a run's metrics are computed from, for one set of items.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,).
        predicted: classes by the run's classifier, shape (n,); None without one.
        svm_predicted: classes by a linear SVM on the training latents, shape (n,); None without labels.
        targets: configured centres and radii; None without them.
        error: root mean squared error of each item's reconstruction, shape (n,); None without a decoder.
        geometry: of the latent space.
    """

    z: NDArray[np.floating]
    labels: NDArray[np.integer]
    predicted: NDArray[np.integer] | None = None
    svm_predicted: NDArray[np.integer] | None = None
    targets: ClassTargets | None = None
    error: NDArray[np.floating] | None = None
    geometry: Geometry = "euclidean"

    @cached_property
    def retrieval(self) -> Retrieval:
        """Of each query; ranked once for the metrics that need it."""
        return class_retrieval(self.z, self.labels, geometry=self.geometry)


@dataclass(frozen=True)
class Metric:
    """One line of METRICS.

    Args:
        meaning: in words for a person.
        compute: its value; None where it does not apply.
        of_labelled: whether labelled items alone are looked at.
    """

    meaning: str
    compute: Callable[[Evidence], float | None]
    of_labelled: bool = True


def _accuracy(evidence: Evidence) -> float | None:
    return _share_right(evidence.labels, evidence.predicted)


def _svm_accuracy(evidence: Evidence) -> float | None:
    return _share_right(evidence.labels, evidence.svm_predicted)


def _share_right(labels: NDArray[np.integer], predicted: NDArray[np.integer] | None) -> float | None:
    return None if predicted is None or not (labels >= 0).any() else accuracy(labels, predicted)


def _within(evidence: Evidence) -> float | None:
    return share_within(evidence.z, evidence.labels, evidence.targets) if evidence.targets else None


def _offset(evidence: Evidence) -> float | None:
    offsets = _offsets(evidence)
    return float(offsets.mean()) if offsets.size else None


def _farthest(evidence: Evidence) -> float | None:
    offsets = _offsets(evidence)
    return float(offsets.max()) if offsets.size else None


def _offsets(evidence: Evidence) -> NDArray[np.float64]:
    """Of the classes that have items here; none without configured centres."""
    if evidence.targets is None:
        return np.empty(0)
    offsets = centroid_offsets(evidence.z, evidence.labels, evidence.targets)
    return np.asarray(offsets[~np.isnan(offsets)])


def _rmse(evidence: Evidence) -> float | None:
    return None if evidence.error is None else float(np.sqrt(np.square(evidence.error, dtype=np.float64).mean()))


def _mean(values: NDArray[np.float64]) -> float | None:
    """Over the queries with a relevant item; None where no query has one."""
    found = mean_over_queries(values)
    return None if found.left_out == len(values) else found.mean


def _retrieval_nn(evidence: Evidence) -> float | None:
    return _mean(evidence.retrieval.nearest)


def _retrieval_map(evidence: Evidence) -> float | None:
    return _mean(evidence.retrieval.average_precision)


def _retrieval_ndcg(evidence: Evidence) -> float | None:
    return _mean(evidence.retrieval.ndcg)


_RANKED = (
    "when items of the same set look for their class by distance in the latent space, "
    f"up to {MOST_QUERIES:,} as queries"
)

METRICS: dict[str, Metric] = {
    "accuracy": Metric("share of items whose predicted class is right", _accuracy),
    "svm_accuracy": Metric(
        "share of items that a linear SVM on the labelled training latents puts into the right class", _svm_accuracy
    ),
    "within_two_radii": Metric("share of latents within two radii of their own configured centre", _within),
    "centroid_offset": Metric("mean distance of class centroids from their configured centres, latent units", _offset),
    "farthest_centroid": Metric("largest distance of a class centroid from its configured centre", _farthest),
    "reconstruction_rmse": Metric(
        "root mean squared error of reconstructions, pixels in 0 to 1 or features in standard deviations",
        _rmse,
        of_labelled=False,
    ),
    "retrieval_nn": Metric(f"share of nearest items that are of the same class {_RANKED}", _retrieval_nn),
    "retrieval_map": Metric(f"mean average precision {_RANKED}", _retrieval_map),
    "retrieval_ndcg": Metric(f"normalised discounted cumulative gain {_RANKED}", _retrieval_ndcg),
}
