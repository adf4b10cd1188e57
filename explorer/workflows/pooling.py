"""R-MAC of a run's items: a ranking by what a classifier's last convolutions see, which needs images and weights."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset
from explorer.errors import BadValueError
from explorer.evaluation.galleries import Distances
from explorer.retrieval.rmac import rmac
from explorer.workflows.runs import Items
from explorer.zoo.run import Run

NAME = "R-MAC"
AT_ONCE = 512  # items whose maps are held


def check_pools(run: Run) -> None:
    """Raise BadValueError for a run without a classifier, or whose classifier has no convolutions."""
    from explorer.networks.parts import convolutions  # imports torch

    what = "classifier" if run.network.classifier is None else "convolutions"
    if run.network.classifier is None or convolutions(run.network.encoder) is None:
        raise BadValueError(
            f"{NAME} pools the feature maps of a classifier, but {run.card.name} has no {what}. "
            "Measure it without --rmac, or train the method classifier with a network of convolutions."
        )


def pooled(run: Run, dataset: Dataset, ids: NDArray[np.int64], told: Callable[[int], None]) -> NDArray[np.float32]:
    """R-MAC vectors of items, encoded in parts.

    Args:
        run: one that `check_pools` lets pass.
        dataset: that holds the items.
        ids: of the items, n of them.
        told: called with how many are done.

    Returns:
        Shape (n, c), float32.
    """
    parts, done = [], 0
    for images in dataset.parts(Items(dataset).rows(ids)):
        for some in np.array_split(images, -(-len(images) // AT_ONCE)):
            parts.append(rmac(run.features(some)).astype(np.float32))
            done += len(some)
            told(done)
    return np.concatenate(parts)


def cosine_distances(queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> Distances:
    """1 - cosine of vectors of length 1; in double precision, as equal vectors must be equally far."""
    whole = gallery.astype(np.float64)
    return lambda rows: 1 - (queries[rows].astype(np.float64) @ whole.T).clip(-1, 1)
