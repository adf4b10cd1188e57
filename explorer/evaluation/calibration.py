"""How far a confidence can be read as the share of right predictions.

Reference: Structuring autoencoders, section 4: confidence against real precision.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError, BadValueError

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """A reliability curve: what was promised, and what came true.

    Args:
        edges: of the bins of confidence, shape (b + 1,), 0 to 1.
        count: predictions in each bin, shape (b,).
        confidence: mean confidence of each bin, shape (b,); NaN for an empty one.
        precision: share of its predictions that are right, shape (b,); NaN for an empty one.
    """

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    precision: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of confidence from precision, weighted by count, 0 to 1."""
        full = self.count > 0
        return float(np.average(np.abs(self.confidence - self.precision)[full], weights=self.count[full]))


def reliability(confidence: NDArray[np.floating], is_right: NDArray[np.bool_], *, bins: int = BINS) -> Reliability:
    """Compare confidence with how often the prediction is right, in bins of equal width.

    Args:
        confidence: of the predicted class, shape (n,), 0 to 1.
        is_right: whether the prediction is right, shape (n,).
        bins: b, at least 1; each holds its lower edge, the last one both.

    Raises:
        BadDataError: no prediction, or confidence outside 0 to 1.
        BadValueError: no bin.

    Reference:
        The usual expected calibration error.
    """
    if bins < 1:
        raise BadValueError(f"bins = {bins}, but there must be at least one.")
    if not len(confidence) or not ((confidence >= 0) & (confidence <= 1)).all():  # NaN fails it too
        raise BadDataError("A reliability curve needs predictions whose confidence lies in 0 to 1.")
    values = np.asarray(confidence, np.float64)
    cells = (values * bins).astype(np.int64).clip(0, bins - 1)
    count = np.bincount(cells, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = [np.bincount(cells, weights=of, minlength=bins) / count for of in (values, is_right)]
    return Reliability(np.linspace(0, 1, bins + 1), count, *means)
