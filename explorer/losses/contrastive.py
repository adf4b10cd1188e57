"""Latents of one class together, those of different classes a margin apart.

Reference: Fine-grained retrieval, eq. 1.
"""

import torch
from torch import Tensor

from explorer.errors import BadValueError

TINY = 1e-12  # under the root, where the gradient of a distance would be infinite


def contrastive_loss(one: Tensor, other: Tensor, differs: Tensor, *, margin: float) -> Tensor:
    """Mean contrastive loss of pairs.

    L = (1 - l)*d + l*max(0, m - d), d the Euclidean distance, l = 1 for a pair of different classes.

    Args:
        one, other: latents of the two of each pair, shape (p, d).
        differs: l, True where their classes differ, shape (p,).
        margin: m, above 0.

    Returns:
        Scalar in [0, inf); 0 where equal classes coincide and different ones lie a margin apart.

    Raises:
        BadValueError: a margin that is not above 0.
    """
    if not margin > 0:
        raise BadValueError(f"margin = {margin}, but it must be above 0.")
    distance = (one - other).square().sum(dim=1).add(TINY).sqrt()
    return torch.where(differs, (margin - distance).relu(), distance).mean()
