"""How far a posterior is from the prior."""

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
