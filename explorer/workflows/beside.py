"""Another run's map laid beside a run's own: turned onto it by the items that both have, and how far they agree."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.evaluation.faithfulness import neighbour_agreement
from explorer.latent.alignment import RigidMotion, rigid_motion
from explorer.latent.angles import AngleMap
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import ShelfEntry
from explorer.zoo.card import Card
from explorer.zoo.store import LATENTS

FEWEST = 3  # items in common: with two, a turn and its mirror image are equally good


@dataclass(frozen=True, eq=False)
class Common:
    """Items that are on two maps, told by their ids.

    Args:
        first: their rows on the first map, shape (m,).
        second: their rows on the second one, in the same order, shape (m,).
        n_first, n_second: items on each map.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    n_first: int
    n_second: int

    def __len__(self) -> int:
        return len(self.first)

    def on_second(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The same items on the second map as are selected on the first one: (n_first,) to (n_second,)."""
        return _carried(mask, self.first, self.second, self.n_second)

    def on_first(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The same items on the first map as are selected on the second one: (n_second,) to (n_first,)."""
        return _carried(mask, self.second, self.first, self.n_first)


def _carried(mask: NDArray[np.bool_], here: NDArray[np.intp], there: NDArray[np.intp], n: int) -> NDArray[np.bool_]:
    carried = np.zeros(n, np.bool_)
    carried[there] = mask[here]
    return carried


def items_in_common(first: LatentMap, second: LatentMap) -> Common:
    """Find the items that are on both maps."""
    _, rows, others = np.intersect1d(first.latents.ids, second.latents.ids, return_indices=True)
    return Common(rows, others, len(first), len(second))


@dataclass(frozen=True, eq=False)
class Beside:
    """A map laid beside a first one.

    Args:
        space: the second map, turned: places, projection and, through it, circles and centres.
        common: items on both.
        motion: how it was turned: rotation, reflection and shift, no scaling.
    """

    space: LatentMap
    common: Common
    motion: RigidMotion

    @property
    def words(self) -> str:
        """How it was turned, for a person: "mirrored and turned by 34 degrees clockwise"."""
        degrees = round(self.motion.degrees)
        way = "" if abs(degrees) == 180 else " counter-clockwise" if degrees > 0 else " clockwise"  # noqa: PLR2004
        unit = "degree" if abs(degrees) == 1 else "degrees"
        turned = f"turned by {abs(degrees)} {unit}{way}" if degrees else ""
        mirrored = "mirrored top to bottom" if self.motion.is_mirrored else ""
        return " and ".join(filter(None, (mirrored, turned))) or "not turned"


def companions(name: str, card: Card, shelf: Iterable[ShelfEntry]) -> list[str]:
    """Names of the runs on the shelf that may lie beside a run, as far as their cards tell.

    Args:
        name: of the run, which is none of them.
        card: of the run.
        shelf: every run there is.
    """
    return [entry.name for entry in shelf if entry.card and entry.name != name and not _hindrance(card, entry.card)]


def _hindrance(card: Card, other: Card) -> str:
    """Why two runs have no items in common; empty where they may have some."""
    if LATENTS not in other.files:
        return f"{other.name} has no latents yet"
    if card.data.title != other.data.title:
        return f"{other.name} was trained on {other.data.title} and {card.name} on {card.data.title}"
    if card.data.identity != other.data.identity:
        return f"{other.name} and {card.name} were trained on different imports of {card.data.title}"
    return ""


def lay_beside(first: LatentMap, card: Card, second: LatentMap, other: Card, *, onto: str = "") -> Beside:
    """Turn a run's map as near as possible onto another one's, by the items that are on both.

    Minimises sum_i ||(y_i R + t) - x_i||^2 over the places x, y of common items: R orthogonal, no scaling.

    Args:
        first: the map that stays.
        card: of its run.
        second: the map that is turned, linear or by neighbours.
        other: card of its run.
        onto: names the first map; what it is turned onto.

    Raises:
        BadValueError: runs on different data, fewer than three items in common, or a map of angles.
    """
    common = items_in_common(first, second)
    if isinstance(first.projection, AngleMap) or isinstance(second.projection, AngleMap):
        raise BadValueError(
            "A map of angles cannot be turned onto another one, nor another onto it; choose PCA to compare."
        )
    hindrance = _hindrance(card, other)
    if not hindrance and len(common) < FEWEST:
        hindrance = f"{other.name} and {card.name} have {len(common)} items in common, and {FEWEST} are needed"
    if hindrance:
        raise BadValueError(f"{hindrance}; choose another run on {card.data.title} to lay beside.")
    motion = rigid_motion(second.places[common.second], first.places[common.first], np.ones(len(common)))
    turned = replace(
        second,
        places=motion.apply(second.places.astype(np.float64)).astype(np.float32),
        projection=second.projection.turned(motion) if second.projection else None,
        onto=onto or card.name,
    )
    return Beside(turned, common, motion)


def agreement(first: LatentMap, beside: Beside) -> float:
    """How far two runs have the same neighbours: 1 exactly where all are the same, near 0 by chance.

    Share of a common item's 10 nearest common items that are the same in both latent spaces, over a sample of at most
    500; latents are compared, not maps, so neither a turn nor the number of dimensions matters. Takes up to a second.

    Args:
        first: the map that stayed.
        beside: the other one.
    """
    z, other = first.latents.z[beside.common.first], beside.space.latents.z[beside.common.second]
    return neighbour_agreement(z, other, (first.geometry, beside.space.geometry))
