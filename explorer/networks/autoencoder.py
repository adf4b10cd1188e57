"""An encoder with an optional decoder and an optional classifier, under one name each."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from explorer.errors import BadValueError

WHITE = 255


class Autoencoder(nn.Module):
    """What every method builds: `encode`, and `decode` and `classify` where it has them.

    Networks work on *input*: images in [0, 1], or vectors whose every feature has mean 0 and
    standard deviation 1 over the training items. `normalise` makes it from items as they are
    stored, `restore` is its way back.

    Args:
        encoder: input (n, *shape) to latents (n, d), or to mean and log-variance (n, 2d) where
            variational.
        shape: of one item: (channels, height, width) or (features,).
        latent_dims: d.
        decoder: latents (n, d) to logits (images) or values (vectors) of shape (n, *shape), or None.
        classifier: latents (n, d) to logits (n, c), or None.
        head: what makes a latent of the encoder's output, (n, d) to (n, d); None leaves it.
        variational: the encoder gives a posterior; its mean is the latent.
        critics: networks that only the training asks, none where it has no opponent.
    """

    offset: Tensor
    scale: Tensor
    encoder: nn.Module
    decoder: nn.Module | None
    classifier: nn.Module | None
    head: nn.Module | None
    critics: nn.ModuleList

    def __init__(  # noqa: PLR0913 - each part is optional, and all but the first are named
        self,
        encoder: nn.Module,
        *,
        shape: tuple[int, ...],
        latent_dims: int,
        decoder: nn.Module | None = None,
        classifier: nn.Module | None = None,
        head: nn.Module | None = None,
        variational: bool = False,
        critics: Iterable[nn.Module] = (),
    ) -> None:
        super().__init__()
        self.latent_dims = latent_dims
        self.variational = variational
        self.is_image = len(shape) > 1
        self.encoder = encoder
        self.decoder = decoder
        self.classifier = classifier
        self.head = head
        self.critics = nn.ModuleList(critics)
        if not self.is_image:
            self.register_buffer("offset", torch.zeros(shape))
            self.register_buffer("scale", torch.ones(shape))

    def normalise(self, items: Tensor) -> Tensor:
        """Input of items: uint8 or floats in [0, 1] for images, float32 as they are for vectors; same shape."""
        if self.is_image:
            x = items.float() / WHITE if items.dtype == torch.uint8 else items.float()
            return x.contiguous(memory_format=torch.channels_last)  # convolutions are 2 to 4 times as fast
        return (items.float() - self.offset) / self.scale

    def restore(self, x: Tensor) -> Tensor:
        """Items of input: images stay in [0, 1], vectors get their own scale back."""
        return x if self.is_image else x * self.scale + self.offset

    def fit_scale(self, parts: Iterable[Tensor]) -> None:
        """Learn offset and scale of vectors from the training items; nothing to do for images.

        Args:
            parts: all training items once, each part of shape (m, features).
        """
        if self.is_image:
            return
        count = 0
        total = square = torch.zeros(self.offset.shape, dtype=torch.float64)
        for part in parts:
            if not count:
                shift = part[0].double()  # near the data, so that squares do not cancel
            count += len(part)
            total = total + (part.double() - shift).sum(dim=0)
            square = square + (part.double() - shift).square().sum(dim=0)
        mean = total / count
        deviation = (square / count - mean.square()).clamp(min=0).sqrt().float()  # the smallest become 0
        self.offset.copy_(mean + shift)
        self.scale.copy_(deviation.where(deviation > 0, 1))  # a feature that never varies stays 0

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of input's latents, each (n, d), float32.

        Raises:
            BadValueError: a network that is not variational.
        """
        if not self.variational:
            raise BadValueError("This network has no posterior; only a variational one has.")
        mean, logvar = self.encoder(x).float().chunk(2, dim=1)
        return mean, logvar

    def encode(self, x: Tensor) -> Tensor:
        """Latents of input: (n, *shape) to (n, d), float32; the mean where there is a posterior."""
        z: Tensor = self.posterior(x)[0] if self.variational else self.encoder(x).float()
        return z if self.head is None else self.head(z)

    def decode_logits(self, z: Tensor) -> Tensor:
        """What the decoder gives before it is made an image: (n, d) to (n, *shape), float32.

        Raises:
            BadValueError: the network has no decoder.
        """
        if self.decoder is None:
            raise BadValueError("This network has no decoder; train it with a positive reconstruction_weight.")
        logits: Tensor = self.decoder(z)
        return logits.float()

    def decode(self, z: Tensor) -> Tensor:
        """Input of latents: (n, d) to (n, *shape), images in [0, 1].

        Raises:
            BadValueError: the network has no decoder.
        """
        logits = self.decode_logits(z)
        return torch.sigmoid(logits) if self.is_image else logits

    def classify(self, z: Tensor) -> Tensor:
        """Class logits of latents: (n, d) to (n, c).

        Raises:
            BadValueError: the network has no classifier.
        """
        if self.classifier is None:
            raise BadValueError("This network has no classifier.")
        logits: Tensor = self.classifier(z)
        return logits.float()
