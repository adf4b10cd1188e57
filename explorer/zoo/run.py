"""A run that is open: its card, its latents, and its network once something is encoded or decoded."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.data.dataset import Split
from explorer.errors import BadDataError, BadRunError, BadValueError
from explorer.latent.confidence import LinearSVM
from explorer.retrieval.geodesics import distances_from
from explorer.retrieval.index import Hits, best
from explorer.zoo.card import Card
from explorer.zoo.classifier import read_svm
from explorer.zoo.inputs import as_float32, as_items, numbers
from explorer.zoo.store import STATE, WEIGHTS, Latents, read_bytes, read_card, read_latents, verified

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.networks.autoencoder import Autoencoder

ITEMS_AT_ONCE = 256  # more would leave the cache


class Run:
    """One run, opened read-only. NumPy in and out; torch is imported when a network is first needed.

    Args:
        folder: the run's folder.

    Raises:
        BadRunError: no usable card.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card: Card = read_card(folder)
        self._lock = Lock()

    def latents(self, split: Split) -> Latents:
        """Ids, latents (n, d), labels and class probabilities of a split's items.

        Raises:
            BadRunError: latents that are missing, altered or do not match the items.
        """
        return self._latents[split]

    @cached_property
    def _latents(self) -> dict[Split, Latents]:
        return read_latents(self.folder, self.card)

    @cached_property
    def svm(self) -> LinearSVM | None:
        """The linear SVM on the training latents whose labels were known; None for a run without one.

        Raises:
            BadRunError: an SVM that is missing, altered or does not fit the run.
        """
        return read_svm(self.folder, self.card)

    @property
    def network(self) -> "Autoencoder":
        """The network, in evaluation mode, on the CPU."""
        with self._lock:  # two sessions may ask at once; it is loaded once
            return self._network

    @cached_property
    def _network(self) -> "Autoencoder":
        from explorer.zoo.weights import load_network, load_state  # imports torch

        if WEIGHTS in self.card.files:
            return load_network(self.card, verified(self.folder, self.card, WEIGHTS))
        try:
            state = read_bytes(self.folder / STATE)  # cut off in training: as of its last whole epoch
        except OSError:
            raise BadRunError(
                f"{self.card.name} has no weights: its training was cut off before it kept any. "
                f"Train it again: {self.card.command}"
            ) from None
        return load_state(self.card, state)[0]

    def encode(self, images: ArrayLike) -> NDArray[np.float32]:
        """Latents of images, or of vectors for a run that was trained on vectors.

        Args:
            images: uint8 in 0 to 255 or float in 0 to 1, shape (n, channels, height, width) as the
                card's `shape`; without the channel axis for grey images; one image without n.
                Vectors: as they were trained on, shape (n, features).

        Returns:
            Latents, shape (n, d); the mean where there is a posterior.

        Raises:
            BadDataError: another shape, NaN values, or pixels outside 0 to 1.
        """
        x = as_items(images, self.card.shape)
        return self._in_parts(x, lambda part: self.network.encode(self.network.normalise(part)))

    def features(self, images: ArrayLike) -> NDArray[np.float32]:
        """Last feature maps of images, before the network flattens them; where two encode, those of the class's.

        Args:
            images: as `encode` takes them, n of them.

        Returns:
            Shape (n, c, h, w).

        Raises:
            BadValueError: a network without convolutions.
            BadDataError: as `encode`.
        """
        from explorer.networks.parts import convolutions  # imports torch

        found = convolutions(self.network.encoder)
        if found is None:
            raise BadValueError(f"The network of {self.card.name} has no convolutions, so there are no feature maps.")
        x = as_items(images, self.card.shape)
        return self._in_parts(x, lambda part: found.features(self.network.normalise(part)).float())

    def posterior(self, images: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latents of images and the standard deviations of their posteriors, (n, 0) for a run without any.

        Args:
            images: as `encode` takes them.

        Returns:
            Latents, shape (n, d), as `encode` gives them, and deviations, shape (n, d) or (n, 0).

        Raises:
            BadDataError: as `encode`.
        """
        from torch import cat

        x = as_items(images, self.card.shape)
        if not self.network.variational:
            return self.encode(x), np.empty((len(x), 0), np.float32)
        both = self._in_parts(x, lambda part: cat(self.network.posterior(self.network.normalise(part)), dim=1))
        mean, logvar = np.split(both, 2, axis=1)
        return mean, np.exp(logvar / 2)

    def decode(self, z: ArrayLike) -> NDArray[np.float32]:
        """Images of latents, or vectors for a run that was trained on vectors.

        Args:
            z: latents, shape (n, d), or (d,) for one.

        Returns:
            Images in [0, 1], shape (n, channels, height, width); vectors in their own scale.

        Raises:
            BadValueError: the run has no decoder.
            BadDataError: latents of another dimension, or not finite.
        """
        if not self.card.has_decoder:
            raise BadValueError(f"{self.card.name} has no decoder, so a place on its map cannot be drawn.")
        return self._in_parts(self._as_latents(z), lambda part: self.network.restore(self.network.decode(part)))

    def reconstruction_error(self, images: ArrayLike, z: ArrayLike) -> NDArray[np.float64]:
        """Mean squared error of items decoded from latents, shape (n,).

        Args:
            images: as `encode` takes them, n of them.
            z: latents, shape (n, d).

        Returns:
            Mean over pixels in 0 to 1, or over features in standard deviations of the training items.

        Raises:
            BadValueError: the run has no decoder.
            BadDataError: as `encode` and `decode`.
        """
        difference = self.decode(z) - as_items(images, self.card.shape)
        if not self.network.is_image:
            difference /= self.network.scale.numpy()
        return np.asarray(np.square(difference.reshape(len(difference), -1), dtype=np.float64).mean(axis=1))

    def probabilities(self, z: ArrayLike) -> NDArray[np.float32]:
        """Class probabilities of latents by the run's classifier, shape (n, c).

        Raises:
            BadValueError: the run has no classifier.
        """
        return self._in_parts(self._as_latents(z), lambda part: self.network.classify(part).softmax(dim=1))

    def neighbours(self, z: ArrayLike, k: int = 12, *, split: Split = "test") -> Hits:
        """The k items of a split whose latents are nearest to one place.

        Args:
            z: a latent, shape (d,).
            k: how many.
            split: which items.

        Returns:
            Hits: rows of `latents(split)` and distances within the run's space, nearest first: Euclid's, or those of
            `explorer.retrieval.geodesics`.

        Raises:
            BadDataError: a latent of another dimension.
        """
        query = self._as_latents(z)
        if len(query) != 1:
            raise BadDataError(f"neighbours takes one latent of shape ({self.card.latent_dims},), not {len(query)}.")
        return best(distances_from(self.card.geometry, query[0], self.latents(split).z), k, largest=False)

    def _as_latents(self, z: ArrayLike) -> NDArray[np.float32]:
        latents = np.atleast_2d(as_float32(numbers(z)))
        if latents.ndim != 2 or latents.shape[1] != self.card.latent_dims or not np.isfinite(latents).all():
            raise BadDataError(
                f"Latents of shape {np.shape(z)} do not fit {self.card.name}: expected finite numbers of shape "
                f"(n, {self.card.latent_dims})."
            )
        return latents

    def _in_parts(self, array: NDArray[np.float32], apply: Callable[["Tensor"], "Tensor"]) -> NDArray[np.float32]:
        """Apply a network in parts, so that memory does not grow with the number of items."""
        import torch

        self.network.eval()
        with torch.inference_mode():
            parts = torch.split(torch.from_numpy(np.ascontiguousarray(array)), ITEMS_AT_ONCE)
            return np.concatenate([apply(part).numpy() for part in parts])
