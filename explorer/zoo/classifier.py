"""The linear SVM of a run's latents on disk, beside them."""

from dataclasses import fields
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as dump_tensors

from explorer.errors import BadRunError
from explorer.latent.confidence import LinearSVM
from explorer.zoo.card import Card
from explorer.zoo.store import SVM, verified, write_bytes

NAMES = tuple(part.name for part in fields(LinearSVM))


def write_svm(folder: Path, svm: LinearSVM) -> str:
    """Write the SVM of a run and return the file's SHA-256."""
    return write_bytes(folder, SVM, dump_tensors({name: np.asarray(getattr(svm, name)) for name in NAMES}))


def read_svm(folder: Path, card: Card) -> LinearSVM | None:
    """Read the SVM of a run; None for a run without one.

    Raises:
        BadRunError: an altered file, or numbers that do not fit the run's classes and latents.
    """
    if SVM not in card.files:
        return None
    try:
        arrays = parse_tensors(verified(folder, card, SVM))
        parts = [arrays[name].astype(np.float64) for name in NAMES]
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError):
        parts = []
    classes = len(card.classes)
    shapes = [(classes, card.latent_dims), *[(classes,)] * (len(NAMES) - 1)]
    fit = [part.shape for part in parts] == shapes
    # A class without labelled items has a bias of -inf: it is never predicted.
    numbers = [part[part != -np.inf] if name == "bias" else part for name, part in zip(NAMES, parts, strict=fit)]
    if not fit or not all(np.isfinite(part).all() for part in numbers):
        raise BadRunError(
            f"{SVM} of {folder.name} does not fit its classes and latents; train it again: {card.command}"
        )
    return LinearSVM(*parts)
