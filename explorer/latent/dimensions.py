"""Which dimensions of a latent speak of a criterion: those that share most information with its labels.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, section 4.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError

BINS = 20
FEWEST_VALUES = 2


def mutual_information(z: ArrayLike, labels: ArrayLike, *, bins: int = BINS) -> NDArray[np.float64]:
    """Mutual information between each dimension of a latent and the labels.

    I(z_k; y) = sum over cells of p(z_k, y) * log(p(z_k, y) / (p(z_k) p(y))), z_k cut into bins of equal counts.

    Args:
        z: latents, shape (n, d), finite.
        labels: value of the criterion of each, shape (n,); -1 (unlabelled) is left out.
        bins: of each dimension.

    Returns:
        Shape (d,), nats, in [0, log of the number of values]; exactly 0 for a dimension that is constant.

    Raises:
        BadDataError: latents that are not numbers, or a criterion with fewer than two values.
    """
    z, labels = np.asarray(z, np.float64), np.asarray(labels)
    known = labels != UNLABELLED
    values, codes = np.unique(labels[known], return_inverse=True)
    if len(values) < FEWEST_VALUES:
        raise BadDataError(
            f"The criterion has {len(values)} value{'s' * (len(values) != 1)} here, so no dimension can tell values "
            "apart; choose one with two or more."
        )
    if not np.isfinite(z[known]).all():
        raise BadDataError("Latents hold NaN or infinite numbers, so their information cannot be measured.")
    return np.array([_information(_binned(column, bins), codes, len(values)) for column in z[known].T])


def select_dimensions(z: ArrayLike, labels: ArrayLike) -> NDArray[np.intp]:
    """Dimensions that share more information with the labels than the dimensions do on average.

    Args:
        z: latents, shape (n, d), finite.
        labels: value of the criterion of each, shape (n,); -1 (unlabelled) is left out.

    Returns:
        Indices, ascending, at least one; all of them where none shares more than another.

    Raises:
        BadDataError: as `mutual_information`.
    """
    return above_mean(mutual_information(z, labels))


def above_mean(information: NDArray[np.float64]) -> NDArray[np.intp]:
    """Dimensions whose information (d,) lies above the mean of all, ascending; all of them where none does."""
    chosen = np.flatnonzero(information > information.mean() + np.finfo(np.float64).eps)
    return chosen if chosen.size else np.arange(len(information))


def _binned(column: NDArray[np.float64], bins: int) -> NDArray[np.intp]:
    """The bin of each entry, of about equal counts; equal entries lie in one bin."""
    edges = np.unique(np.quantile(column, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, column, side="right"))


def _information(cells: NDArray[np.intp], codes: NDArray[np.intp], n_values: int) -> float:
    joint = np.bincount(cells * n_values + codes, minlength=(cells.max() + 1) * n_values).reshape(-1, n_values)
    share = joint / len(cells)
    apart = share.sum(axis=1, keepdims=True) * share.sum(axis=0)
    full = share > 0
    return max(0.0, float((share[full] * np.log(share[full] / apart[full])).sum()))


def style_dims(latent_dims: int) -> int:
    """How many of a separate classifier-autoencoder's first dimensions are style; the rest are class."""
    return (latent_dims + 1) // 2
