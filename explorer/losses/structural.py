"""The structural loss: latents near the places that multidimensional scaling gave them.

Reference: Rudolph et al., Structuring autoencoders, eq. 3.
"""

from torch import Tensor


def structural_loss(z: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error between latents and their targets, over labelled items only.

    L_struct = 1/(m*d) * sum over the m labelled items of ||z_j - y_j||^2.

    Args:
        z: latents, shape (n, d).
        targets: y, shape (n, d); rows of unlabelled items are never looked at.
        labels: classes, shape (n,); -1 for unlabelled items, which cost nothing.

    Returns:
        Scalar in [0, inf); 0 without labelled items.

    Reference:
        Eq. 3.
    """
    labelled = labels >= 0
    wanted = targets.to(z.dtype).where(labelled[:, None], z.detach())  # absent rows may hold NaN
    return (z - wanted).square().sum() / (labelled.sum().clamp(min=1) * z.shape[1])
