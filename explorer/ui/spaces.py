"""What the page says of the space in which a run's latents lie."""

from explorer.latent.projection import Projection
from explorer.latent.spaces import CIRCLE, Geometry
from explorer.workflows.coding import MEAN, is_discrete
from explorer.workflows.maps import LatentMap
from explorer.workflows.replay import Replay
from explorer.workflows.search import Query

DISTANCES: dict[Geometry, str] = {
    "euclidean": "Distance in latent units",
    "sphere": "Distance along the sphere, radians",
    "torus": "Distance around the torus, radians",
    "poincare": "Hyperbolic distance",
}
LYING: dict[Geometry, str] = {
    "euclidean": "",
    "sphere": ", on the unit sphere",
    "torus": ", on a torus",
    "poincare": ", in the Poincaré ball",
}
BALL = 3  # dimensions around the sphere that has two sides on a map
TWO_SIDED = "This map draws both sides of the sphere here: this latent is on the side of the mean."
MANY = "Many latents lie here on this map: this one is as near as can be to the mean."
CODED = "The axes are those of the latents: a place here has the latent that it has on the map of the means."
MOVED = "No latent lies exactly where you clicked: the cross is on the nearest one."
TURNED = "This map does not show a circle of the torus whole: the cross is on the latent taken for where you clicked."


def distance_in(geometry: Geometry) -> str:
    """What the distances below hits are."""
    return DISTANCES[geometry]


def lying_in(geometry: Geometry) -> str:
    """Where latents lie, to follow the word latent; empty for Euclid's space."""
    return LYING[geometry]


def why_not_turned(replay: Replay) -> str:
    """Why the frames of a replay are not turned onto each other."""
    if replay.space.geometry == "euclidean":
        return "not turned: the method says where classes lie"
    return "not turned: that would take latents off their space"


def which_latent(space: LatentMap, query: Query) -> list[tuple[str, str]]:
    """Which latent was taken for a place that has none, or several."""
    dims = space.latents.z.shape[1]
    if space.code != MEAN:
        return [("", CODED)]
    if query.is_moved:
        return [("", MOVED if dims == CIRCLE else TURNED)]
    if space.geometry != "sphere" or not isinstance(space.projection, Projection) or space.is_latent:
        return []
    return [("", TWO_SIDED if dims == BALL else MANY)]


def shared_place(space: LatentMap, row: int) -> list[tuple[str, str]]:
    """How many items lie exactly where one does, on a map of codes that many share."""
    if not is_discrete(space.code):
        return []
    others = space.sharing(row)
    if not others:
        return [("", "no other item has a code at this place")]
    many = "1 other item" if others == 1 else f"{others:,} other items"
    return [("", f"{many} at this place: a lasso around it shows all, and its classes")]
