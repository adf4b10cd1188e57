"""How often the predicted class is the true one."""

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError


def accuracy(labels: NDArray[np.integer], predicted: NDArray[np.integer]) -> float:
    """Share of labelled items whose predicted class is their label.

    Args:
        labels: true classes, shape (n,); -1 (unlabelled) is left out.
        predicted: predicted classes, shape (n,).

    Returns:
        0 to 1; 1 when every labelled item is right.

    Raises:
        BadDataError: no labelled item.
    """
    labelled = labels != UNLABELLED
    if not labelled.any():
        raise BadDataError("Accuracy needs labelled items, and there are none.")
    return float((labels == predicted)[labelled].mean())
