"""How wrong a classifier is on the items whose class is known."""

from torch import Tensor
from torch.nn import functional as F


def labelled_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over labelled items.

    L = -1/m * sum over the m labelled items of log softmax(logits_j)[y_j].

    Args:
        logits: shape (n, c).
        labels: classes, shape (n,); -1 for unlabelled items, which cost nothing.

    Returns:
        Scalar in [0, inf), nats; 0 without labelled items.
    """
    labelled = (labels >= 0).sum().clamp(min=1)
    return F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum") / labelled
