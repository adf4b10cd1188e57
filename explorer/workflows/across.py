"""Retrieval across data sets: items of another one look for those that a run was trained on, and for each other.

Reference: Gabdullin, Latent space configuration, section 6.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explorer.data import DATASETS
from explorer.data.dataset import UNLABELLED, Progress
from explorer.errors import BadValueError, ExplorerError
from explorer.evaluation.galleries import Retrieval, retrieval
from explorer.settings import Settings
from explorer.workflows.codes import plain_codes_of
from explorer.workflows.others import Candidate, OtherItems, candidates, load_others
from explorer.workflows.ways import Vectors, distances
from explorer.zoo.run import Run
from explorer.zoo.store import Latents

SHIFT = "shift:"


def others_of(
    run: Run, asked: Sequence[str], settings: Settings, progress: Progress | None = None
) -> Iterator[OtherItems]:
    """Items of the shifts of a run's own data where these can be made, and of the data sets asked for.

    Args:
        run: encodes them.
        asked: keys of `candidates`.
        settings: of the installation.
        progress: of loading them, as `load_others` takes it.

    Raises:
        BadValueError: a key that is no data set with items of the run's shape.
        BadDataError: a data set asked for that is missing or has no test items.
    """
    found = {candidate.key: candidate for candidate in candidates(run.card, settings)}
    if unknown := [key for key in asked if key not in found]:
        own = unknown[0] == run.card.data.name
        why = "was trained on it" if own else "takes items of another shape"
        what = f"and {run.card.name} {why}" if unknown[0] in DATASETS else "but there is no such data set"
        choice = f"choose of {', '.join(found)}" if found else "no other data set has items of its shape"
        raise BadValueError(f"{unknown[0]!r} was asked for, {what}; {choice}.")
    for key, candidate in found.items():
        if key in asked:
            yield load_others(run, candidate, settings, progress)
        elif key.startswith(SHIFT) and (others := _if_here(run, candidate, settings, progress)):
            yield others


def _if_here(run: Run, candidate: Candidate, settings: Settings, progress: Progress | None) -> OtherItems | None:
    with suppress(ExplorerError):  # not asked for: what is missing is left out
        return load_others(run, candidate, settings, progress)
    return None


def across(run: Run, others: OtherItems, gallery: Latents) -> Iterator[tuple[str, Retrieval]]:
    """Let other items look for a run's training items, and for each other, by class.

    Args:
        run: encoded both.
        others: the queries.
        gallery: the run's training items.

    Returns:
        What was done, in words, and what was found. Classes are the same where their names are: a query of a class that
        the run does not have finds nothing relevant among the training items, but may among the others.
    """
    known = shared_labels(others, run.card.classes)
    asked, found_in = Vectors.of(others.z), Vectors(gallery.z, gallery.std)
    for name, way in plain_codes_of(run.card).items():
        if (known != UNLABELLED).any():
            found = retrieval(distances(run.card, way, asked, found_in), known, gallery.labels)
            yield f"{name}, {others.title} in training items", found
        if (others.labels != UNLABELLED).any() and len(others) > 1:
            rank, rows = distances(run.card, way, asked, asked), np.arange(len(others))
            yield (
                f"{name}, {others.title} among themselves",
                retrieval(rank, others.labels, others.labels, itself=rows),
            )


class Labelled(Protocol):
    """Items with class names and labels, as `OtherItems` has them."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of each item, shape (n,); -1 for unlabelled ones."""


def shared_labels(others: Labelled, classes: Sequence[str]) -> NDArray[np.int64]:
    """Labels of other items as a run counts its classes, shape (n,); -1 for a class that it does not have."""
    places = {name: label for label, name in enumerate(classes)}
    as_own = np.array([*(places.get(name, UNLABELLED) for name in others.classes), UNLABELLED])
    return np.asarray(as_own[others.labels], np.int64)  # -1 takes the last
