"""The film of a morph: at each step what the decoder makes of it, the nearest real item, how sure the classifier is."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import cast

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import BadDataError
from explorer.figures import Items
from explorer.figures.film import LARGEST, compact
from explorer.latent.neighbour_graph import NeighbourGraph, neighbour_graph
from explorer.retrieval.geodesics import distances_from
from explorer.workflows.ends import End
from explorer.workflows.maps import LatentMap
from explorer.workflows.morph_paths import PathKind, path
from explorer.zoo.run import Run

FRAMES = 41
BYTES_AT_ONCE = 2**24  # of decoded float32 values that are held before they are made smaller
MOST_AT_ONCE = 64  # latents that are decoded between two calls of a progress


@dataclass(frozen=True, eq=False)
class Film:
    """A row of latents, looked at one by one.

    Args:
        z: shape (m, d).
        decoded: as `decoded_in_parts` gives them; None for a run without a decoder.
        rows: of the nearest real item of each on the run's map, shape (m,).
        distances: to it, within the space, shape (m,).
        off: distance to the nearest training latent in units of the run's reach, shape (m,): beyond 1 lies what is
            farther off than 99 % of the run's own test items are.
        confidence: of each class, 0 to 1, shape (m, c); None for a run that predicts none.
        reach: the run's, see `explorer.workflows.outside.reach`.
    """

    z: NDArray[np.float64]
    decoded: Items | None
    rows: NDArray[np.intp]
    distances: NDArray[np.float64]
    off: NDArray[np.float64]
    confidence: NDArray[np.floating] | None
    reach: float

    def __len__(self) -> int:
        return len(self.z)

    @property
    def is_off(self) -> NDArray[np.bool_]:
        """Whether each lies off the data, shape (m,)."""
        return self.off > 1

    @property
    def t(self) -> NDArray[np.float64]:
        """Where each is on the way, 0 to 1, shape (m,)."""
        return np.linspace(0, 1, len(self))

    def near(self, t: float) -> int:
        """The frame that is nearest to t, 0 to 1."""
        return round(min(1.0, max(0.0, t)) * (len(self) - 1))


def look_at(run: Run, space: LatentMap, z: NDArray[np.float64], reach: float, progress: Progress | None = None) -> Film:
    """Decode latents and compare each with the data.

    Args:
        run: the run.
        space: its map.
        z: shape (m, d), on the run's space.
        reach: distance from which a latent lies off the data.
        progress: called with steps done and in all: each latent is compared, then decoded.

    Raises:
        BadDataError: a run without training items.
    """
    if space.is_test.all():
        raise BadDataError(f"{run.card.name} has no training items to compare a morph with. Choose another run.")
    rows, distances, off = np.empty(len(z), np.intp), np.empty(len(z)), np.empty(len(z))
    for i, one in enumerate(z):
        far = distances_from(space.geometry, one, space.latents.z)
        rows[i] = far.argmin()
        distances[i], off[i] = far[rows[i]], far.min(where=~space.is_test, initial=np.inf)
        if progress:
            progress(i + 1, 2 * len(z))
    decoded = decoded_in_parts(run, z, after(progress, len(z))) if run.card.has_decoder else None
    return Film(z, decoded, rows, distances, off_data(off, reach), confidence(run, space, z), reach)


def decoded_in_parts(run: Run, z: NDArray[np.floating], progress: Progress | None = None, side: int = LARGEST) -> Items:
    """What a decoder makes of latents, so that memory grows neither with their number nor with the size of an image.

    Args:
        run: with a decoder.
        z: shape (m, d).
        progress: called with latents done and in all.
        side: pixels that an image's longer side has at most.

    Returns:
        Images, uint8, shape (m, channels, height, width);
        vectors (m, features) as they are.

    Raises:
        BadValueError: a run without a decoder.
    """
    at_once = max(1, min(MOST_AT_ONCE, BYTES_AT_ONCE // (4 * prod(run.card.shape))))
    parts: list[Items] = []
    for start in range(0, max(1, len(z)), at_once):
        parts.append(compact(run.decode(z[start : start + at_once]), side))
        if progress:
            progress(min(start + at_once, len(z)), len(z))
    return cast("Items", np.concatenate(parts))


def after(progress: Progress | None, before: int) -> Progress | None:
    """The progress of the second of two works, each of as many steps: `before` steps are done when it begins."""
    return None if progress is None else lambda done, total: progress(before + done, before + total)


def off_data(distances: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Distances to the nearest training latent in units of the reach; of a reach of 0 all but 0 lies infinitely far."""
    return distances / reach if reach > 0 else np.where(distances > 0, np.inf, 0.0)


def confidence(run: Run, space: LatentMap, z: NDArray[np.float64]) -> NDArray[np.floating] | None:
    """How sure the classifier, or else the linear SVM, is of each class, shape (m, c); None without either."""
    if space.latents.probabilities.shape[1]:
        return run.probabilities(z)
    return None if space.svm is None else space.svm.confidence(z)


def morph(  # noqa: PLR0913 - a run, two ends and a way, and what is shared by all morphs of the run
    run: Run,
    space: LatentMap,
    ends: tuple[End, End],
    way: PathKind = "straight",
    *,
    reach: float,
    graph: Callable[[], NeighbourGraph] | None = None,
    frames: int = FRAMES,
    progress: Progress | None = None,
) -> Film:
    """Go from one end to the other and look at each step.

    Straight: z_a + t (z_b - z_a), t from 0 to 1.

    Args:
        run: the run.
        space: its map.
        ends: where the morph begins and ends.
        way: the path.
        reach: see `Film`.
        graph: gives the neighbour graph of the training latents where it is kept; None: it is made.
        frames: how many steps, both ends among them.
        progress: called with steps done and in all.

    Raises:
        BadValueError: a way that the run does not have.
        BadDataError: a run without training items.

    Reference: Structuring autoencoders, section 3.7; at an item's end, its own latent in place of a class centre.
    """
    made = graph or (lambda: training_graph(space))
    z = path(space, way, ends[0].z, ends[1].z, frames, n_classes=len(run.card.classes), graph=made)
    return look_at(run, space, z, reach, progress)


def training_graph(space: LatentMap, progress: Progress | None = None) -> NeighbourGraph:
    """The neighbour graph of a run's training latents; `progress` as `neighbour_graph` calls it."""
    return neighbour_graph(space.latents.z[~space.is_test], progress=progress)
