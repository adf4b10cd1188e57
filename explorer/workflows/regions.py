"""Which class is decided at every place of a map: by the run's classifier, or else by its SVM."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent.projection import Projection
from explorer.workflows.maps import LatentMap
from explorer.zoo.run import Run

UNDECIDED = 255
LONGEST_SIDE, MOST_PLACES = 2000, 400_000
FARTHEST = 1e9  # beyond it float32, in which a classifier works, tells places apart no more
NUMBERS_AT_ONCE = 1 << 20

Scores = Callable[[NDArray[np.float64]], NDArray[np.floating]]


@dataclass(frozen=True)
class View:
    """A part of a map as a picture.

    Args:
        box: left, bottom, right and top on the map.
        size: width and height, pixels.

    Raises:
        BadValueError: a box that is empty or too far out, or a size that is empty or too large.
    """

    box: tuple[float, float, float, float]
    size: tuple[int, int]

    def __post_init__(self) -> None:
        left, bottom, right, top = self.box
        if not (all(abs(side) <= FARTHEST for side in self.box) and left < right and bottom < top):
            raise BadValueError(
                f"A box is left, bottom, right and top, with left below right, bottom below top and none beyond "
                f"{FARTHEST:g}; move the map back to its points."
            )
        if not all(1 <= side <= LONGEST_SIDE for side in self.size) or math.prod(self.size) > MOST_PLACES:
            raise BadValueError(
                f"A size is width and height, 1 to {LONGEST_SIDE:,} each and {MOST_PLACES:,} pixels in all; "
                "ask for a smaller picture."
            )

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Middles of the columns from the left, shape (width,), and of the rows from the top, shape (height,)."""
        (left, bottom, right, top), (width, height) = self.box, self.size
        x = left + (np.arange(width) + 0.5) / width * (right - left)
        y = top - (np.arange(height) + 0.5) / height * (top - bottom)
        return x, y


def has_regions(space: LatentMap) -> bool:
    """Whether every place of this map has a latent, and something decides its class."""
    return space.projection is not None and bool(space.predictor)


def decided(run: Run, space: LatentMap, view: View) -> NDArray[np.uint8]:
    """The class of every place in view.

    Args:
        run: the run.
        space: one of its maps.
        view: which places.

    Returns:
        Shape (height, width), the top row first; 255 where no latent lies, or scores are so large that they are no
        numbers.

    Raises:
        BadValueError: a map by neighbours, whose places have no latents, or a run that decides nothing.
        BadRunError: weights that are missing or altered.
    """
    scores, dims = _scores(run, space)
    x, y = view.axes
    classes = np.empty((len(y), len(x)), np.uint8)
    step = max(1, NUMBERS_AT_ONCE // (len(x) * dims))
    for top in range(0, len(y), step):
        rows = y[top : top + step]
        places = np.stack([np.tile(x, len(rows)), np.repeat(rows, len(x))], axis=1)
        with np.errstate(over="ignore", invalid="ignore"):  # a foreign SVM may hold any finite numbers
            classes[top : top + step] = _best(scores(places)).reshape(len(rows), len(x))
    return classes


def _scores(run: Run, space: LatentMap) -> tuple[Scores, int]:
    """What scores places, (m, 2) to (m, c), and how many numbers it takes for each."""
    projection, svm = space.projection, space.svm
    if projection is None:
        raise BadValueError(
            f"Places of a map by neighbours, such as {space.name}, have no latents, so nothing is decided there; "
            "choose another map."
        )
    c = len(run.card.classes)
    has_classifier = bool(space.latents.probabilities.shape[1])
    if has_classifier or (space.geometry != "euclidean" and svm is not None):
        of_latents = run.probabilities if has_classifier or svm is None else svm.scores
        return lambda places: _where_there(space.latents_at(places), of_latents, c), max(c, run.card.latent_dims)
    if svm is None:
        raise BadValueError(f"{run.card.name} has neither a classifier nor an SVM, so nothing decides its places.")
    assert isinstance(projection, Projection)  # noqa: S101 - angles are of other spaces, told above
    # Scores are linear in the latent and the latent is in the place: an SVM of places, whatever the dimensions.
    bias = svm.scores(projection.invert(np.zeros((1, 2))))[0]
    of_places = replace(svm, weights=svm.weights @ projection.axes.T, bias=bias)
    return of_places.scores, c


def _where_there(
    z: NDArray[np.float64] | None, scores: Callable[[NDArray[np.float64]], NDArray[np.floating]], c: int
) -> NDArray[np.float64]:
    """Scores of latents (m, d) to (m, c); NaN where there is no latent."""
    assert z is not None  # noqa: S101 - a linear map
    found = np.full((len(z), c), np.nan)
    there = ~np.isnan(z).any(axis=1)
    if there.any():
        found[there] = scores(z[there])
    return found


def _best(scores: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Class with the highest score, (m, c) to (m,); UNDECIDED where a score is NaN."""
    best = scores.argmax(axis=1)
    unclear = np.isnan(np.take_along_axis(scores, best[:, None], axis=1)[:, 0])  # argmax finds a NaN first
    return np.where(unclear, UNDECIDED, best).astype(np.uint8)
