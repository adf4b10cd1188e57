"""The geometric loss: nothing inside a class's circle, exponentially more outside it.

Reference: Gabdullin, Latent space configuration, section 4.
"""

from typing import Literal

import torch
from torch import Tensor

from explorer.errors import BadValueError

LINEAR_FROM = 20.0


def geometric_loss(
    z: Tensor,
    labels: Tensor,
    centres: Tensor,
    radii: Tensor,
    *,
    reduction: Literal["sum", "mean", "none"] = "sum",
) -> Tensor:
    """Pull each latent into the circle of its own class.

    L_G = sum_j f_d(||z_j - C_{y_j}||, r_{y_j}),  f_d(x, r) = exp(relu(x - r)) - 1.

    Args:
        z: latents, shape (n, d).
        labels: class of each latent, shape (n,), 0 to c - 1; -1 (unlabelled) costs nothing.
        centres: configured class centres, shape (c, d).
        radii: configured class radii, shape (c,), latent units.
        reduction: "sum" over the batch is the paper's; "mean" over the labelled; "none" keeps (n,).

    Returns:
        Scalar in [0, inf), or shape (n,) for "none"; exactly 0 where a latent lies in its circle.

    Raises:
        BadValueError: an unknown reduction.

    Reference:
        Eq. 8 and 9.
    Differs:
        Only a sample's own class counts (eq. 8 read as a product adds a constant for every other
        class). Past x - r = 20 the exponential goes on as its tangent, so that one far latent
        gives a finite loss and gradient.
    """
    labelled = labels >= 0
    own = labels.clamp(min=0)
    z = z.float()
    distance = torch.linalg.vector_norm(z - centres[own], dim=1)  # (n,); its gradient at 0 is 0, not NaN
    outside = torch.relu(distance - radii[own])  # (n,)
    far = outside > LINEAR_FROM
    near = torch.expm1(outside.masked_fill(far, LINEAR_FROM))  # before exp: a `where` after it would give NaN gradients
    slope = torch.exp(torch.tensor(LINEAR_FROM, dtype=z.dtype, device=z.device))
    loss = (near + slope * (outside - LINEAR_FROM) * far) * labelled  # (n,)
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.sum() / labelled.sum().clamp(min=1)
    if reduction == "none":
        return loss
    raise BadValueError(f"reduction = {reduction!r}, but it must be sum, mean or none.")
