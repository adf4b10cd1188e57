"""How far items of another data set fall outside what a run was trained on.

Reference: Latent space configuration, Figures 7 to 9.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError
from explorer.evaluation.structure import distance_to_nearest, radii_to_nearest_centre
from explorer.workflows.others import OtherItems
from explorer.zoo.run import Run
from explorer.zoo.store import SPLITS

MOST_OWN_ITEMS = 2000  # test items of the run that others are compared with
SEED = 0
USUAL = 99  # per cent of the run's own test items lie so near to a training latent
Z = NDArray[np.floating]


@dataclass(frozen=True)
class Share:
    """How far one group of items falls outside.

    Args:
        name: of the group.
        items: how many.
        beyond: share that lies further from the nearest training latent than 99 % of the run's own test items.
        within_one, within_two: share within one and two radii of the nearest configured centre; None without centres.
    """

    name: str
    items: int
    beyond: float
    within_one: float | None
    within_two: float | None


@dataclass(frozen=True, eq=False)
class HowFar:
    """How far other items fall outside what a run was trained on.

    Args:
        reach: 99 % of the run's own test items are as near as this to a training latent, latent units.
        own: the run's own test items, to compare with: by definition 1 % of them lie beyond.
        all: the other items.
        by_class: the same by their classes, unlabelled ones last; classes without items are left out.
    """

    reach: float
    own: Share
    all: Share
    by_class: tuple[Share, ...]


def how_far(run: Run, others: OtherItems) -> HowFar:
    """Measure how far other items fall outside: by their nearest training latents, and by configured centres.

    Of the run's own test items at most 2,000 are looked at. Takes about a second for 60,000 training latents, several
    times as long in a curved space.

    Args:
        run: the run.
        others: encoded by it.

    Raises:
        BadDataError: a run without training or test items.
    """
    own, own_distances = nearest_of_own(run, *(run.latents(split).z for split in SPLITS))
    distances = distance_to_nearest(others.z, run.latents("train").z, run.card.geometry)
    limit = usual(own_distances)
    targets = run.card.class_targets
    radii = None if targets is None else radii_to_nearest_centre(others.z, targets)
    own_radii = None if targets is None else radii_to_nearest_centre(own, targets)
    groups = [*enumerate(others.classes), (UNLABELLED, "unlabelled")] if others.classes else []
    masks = [(name, others.labels == label) for label, name in groups]
    by_class = (
        _share(name, distances[mask] > limit, None if radii is None else radii[mask])
        for name, mask in masks
        if mask.any()
    )
    return HowFar(
        limit,
        _share("own test items", own_distances > limit, own_radii),
        _share(others.title, distances > limit, radii),
        tuple(by_class),
    )


def reach(run: Run) -> float:
    """The distance from the nearest training latent that 99 % of the run's own test items keep to.

    Of the test items at most 2,000 are looked at.

    Args:
        run: the run.

    Returns:
        In the units of its space, 0 or more.

    Raises:
        BadDataError: a run without training or test items.
    """
    return usual(nearest_of_own(run, *(run.latents(split).z for split in SPLITS))[1])


def nearest_of_own(run: Run, train: Z, test: Z) -> tuple[Z, NDArray[np.float64]]:
    """Some of the run's own test latents, and the distance of each to the nearest training latent.

    Args:
        run: the run.
        train, test: its latents, or draws from their posteriors, shape (n, d) each.

    Returns:
        At most 2,000 of the test latents, a fair sample, and their distances.

    Raises:
        BadDataError: no training or no test latents.
    """
    if not (len(train) and len(test)):
        raise BadDataError(
            f"{run.card.name} has {len(train):,} training and {len(test):,} test items; both are needed to say how far "
            "others fall outside. Choose another run."
        )
    own = test[np.random.default_rng(SEED).permutation(len(test))[:MOST_OWN_ITEMS]]
    return own, distance_to_nearest(own, train, run.card.geometry)


def usual(distances: NDArray[np.float64]) -> float:
    """What 99 % of distances keep to."""
    return float(np.percentile(distances, USUAL))


def _share(name: str, is_beyond: NDArray[np.bool_], radii: NDArray[np.float64] | None) -> Share:
    within = [None if radii is None else float((radii <= limit).mean()) for limit in (1, 2)]
    return Share(name, len(is_beyond), float(is_beyond.mean()), *within)
