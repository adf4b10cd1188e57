"""An encoder with an optional decoder and an optional classifier, under one name each."""

from torch import Tensor, nn

from explorer.errors import BadValueError


class Autoencoder(nn.Module):
    """What every method builds: `encode`, and `decode` and `classify` where it has them.

    Args:
        encoder: images (n, channels, height, width) in [0, 1] to latents (n, d).
        decoder: latents (n, d) to images in [0, 1], or None.
        latent_dims: d.
        classifier: latents (n, d) to logits (n, c), or None.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        latent_dims: int,
        decoder: nn.Module | None = None,
        classifier: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.latent_dims = latent_dims
        self.encoder = encoder
        self.decoder = decoder
        self.classifier = classifier

    def encode(self, x: Tensor) -> Tensor:
        """Latents of images: (n, channels, height, width) in [0, 1] to (n, d), float32."""
        z: Tensor = self.encoder(x)
        return z.float()

    def decode(self, z: Tensor) -> Tensor:
        """Images of latents: (n, d) to (n, channels, height, width) in [0, 1].

        Raises:
            BadValueError: the network has no decoder.
        """
        if self.decoder is None:
            raise BadValueError("This network has no decoder; train it with a positive reconstruction_weight.")
        x_hat: Tensor = self.decoder(z)
        return x_hat.float()

    def classify(self, z: Tensor) -> Tensor:
        """Class logits of latents: (n, d) to (n, c).

        Raises:
            BadValueError: the network has no classifier.
        """
        if self.classifier is None:
            raise BadValueError("This network has no classifier.")
        logits: Tensor = self.classifier(z)
        return logits.float()
