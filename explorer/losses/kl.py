"""How far a posterior is from the prior."""

import math

import torch
from torch import Tensor


def gaussian_kl(mean: Tensor, logvar: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a diagonal Gaussian from the standard one.

    KL = 1/2 * sum over dims of mu^2 + sigma^2 - log sigma^2 - 1, mean over the batch.

    Args:
        mean: mu, shape (n, d).
        logvar: log sigma^2, shape (n, d).

    Returns:
        Scalar in [0, inf), nats an item; 0 for mu = 0 and sigma = 1.

    Reference:
        Weakly supervised disentanglement, eq. 1.
    Differs:
        Latent space configuration's eq. 2 has other factors; this is the right one.
    """
    return 0.5 * (mean.square() + logvar.exp() - logvar - 1).sum(dim=1).mean()


def categorical_kl(probabilities: Tensor) -> Tensor:
    """Kullback-Leibler divergence of categoricals from the uniform one.

    KL = sum over categoricals and classes of p * log(p * N_c), mean over the batch.

    Args:
        probabilities: shape (n, N_d, N_c), 1 in sum over the last axis.

    Returns:
        Scalar in [0, N_d * log(N_c)], nats an item; 0 for uniform ones.

    Reference:
        Variational autoencoders for image retrieval, its categorical code.
    """
    classes = probabilities.shape[2]
    return (
        torch.xlogy(probabilities, probabilities).sum(dim=(1, 2)) + probabilities.shape[1] * math.log(classes)
    ).mean()
