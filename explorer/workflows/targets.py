"""Where a structuring training would pull each item next: the targets that its method makes of the run's latents."""

import math

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadRunError, BadValueError
from explorer.fields import parse
from explorer.registry import lookup
from explorer.workflows.maps import LatentMap
from explorer.zoo.run import Run

STRUCTURING = "structuring"  # the methods' table would take torch, which a map is drawn without
MOST_PAIRS = 1_600_000_000  # times dimensions: half a second a few times over


def has_targets(run: Run) -> bool:
    """Whether a run's items were pulled to targets, as far as its card tells."""
    return run.card.method == STRUCTURING and run.card.config.get("structural_weight", 1) != 0


def training_targets(run: Run, space: LatentMap) -> NDArray[np.float32]:
    """The targets of a run's training items, as one more epoch of its training would make them.

    Each step of the scaling takes all pairs of items. Of more items than can be paired in a second (10,000 in 16
    dimensions, 28,000 in two) those that come first on the map are taken, which is a fair sample; so are the items of
    a run that was kept compact. Targets made of a sample lie near those made of all, not at them.

    Args:
        run: the run.
        space: a map of it with the latents that it was measured by.

    Returns:
        In the map's order, shape (n, d); NaN for an item without a target: one of the test, or one whose label the
        training did not know, or one beyond the sample.

    Raises:
        BadValueError: a method without targets.
        BadRunError: a card or latents that do not fit together.
    """
    from explorer.methods import METHODS  # imports torch
    from explorer.training.config import TrainingConfig

    card, where = run.card, f"The card of {run.card.name}"
    method = lookup(METHODS, card.method, "method")
    make = method.targets(parse(method.config, card.config, where), len(card.classes))
    if make is None:
        raise BadValueError(f"{card.name} was trained by {card.method} without targets for its items.")
    training = parse(TrainingConfig, card.training, where)
    labels = _known_labels(run, space)
    z = space.latents.z
    rows = np.flatnonzero(labels >= 0)[: math.isqrt(MOST_PAIRS // z.shape[1])]
    targets = np.full(z.shape, np.nan, np.float32)
    if len(rows):
        targets[rows] = make(z[rows], labels[rows], np.random.default_rng(training.seed))
    return targets


def _known_labels(run: Run, space: LatentMap) -> NDArray[np.int64]:
    """Labels that the training saw, in the map's order, -1 for the others."""
    labels, known = np.where(space.is_test, -1, space.latents.labels), space.latents.known
    if known.shape[1]:
        return np.where(known[:, 0] > 0, labels, -1)
    if run.card.training.get("label_share", 1) != 1:
        raise BadRunError(
            f"{run.card.name} does not tell which labels its training saw; train it again by the command in its card."
        )
    return labels


def placed(space: LatentMap, targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where targets (n, d) lie on a map, shape (n, 2), NaN where there is none.

    Raises:
        BadValueError: a map by neighbours, on which only items have a place.
    """
    if space.projection is None:
        raise BadValueError(
            f"On a map by neighbours, such as {space.name}, only items have a place and targets have none; "
            "choose another map."
        )
    return space.projection.apply(targets).astype(np.float32)
