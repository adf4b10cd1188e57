"""Latents of one group near their mean, and far from the means of the others.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, eq. 5 to 8.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.errors import BadValueError


def prototypical_loss(z: Tensor, groups: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Negative log-probability that each latent belongs to its own group.

    L = mean over latents of d_own / tau + log sum over groups of exp(-d / tau), with d the squared Euclidean distance
    to a group's prototype, the mean of its latents.

    Args:
        z: latents, shape (n, d).
        groups: group of each, any whole numbers, shape (n,).
        temperature: tau, above 0.

    Returns:
        Scalar in [0, inf); 0 for a single group.

    Raises:
        BadValueError: a temperature that is not above 0.

    Differs:
        Eq. 7 has other signs; these are the right ones.
    """
    if not temperature > 0:
        raise BadValueError(f"temperature = {temperature}, but it must be above 0.")
    _, own, counts = torch.unique(groups, return_inverse=True, return_counts=True)
    prototypes = z.new_zeros(len(counts), z.shape[1]).index_add(0, own, z) / counts[:, None]
    scores = -_squared_distances(z, prototypes) / temperature  # (n, g)
    return F.cross_entropy(scores, own)


def _squared_distances(one: Tensor, other: Tensor) -> Tensor:
    """(n, d) and (g, d) to (n, g); not by a matrix product, which cancels where groups are tight."""
    return (one[:, None] - other).square().sum(dim=2)
