"""Replay a training: where some of a run's items lay after each epoch, turned so that only learning moves them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.latent.alignment import align
from explorer.retrieval.geodesics import distances_from
from explorer.training.events import EpochEnded, read_events
from explorer.workflows.maps import LatentMap
from explorer.zoo.run import Run
from explorer.zoo.snapshots import read_snapshots
from explorer.zoo.store import EVENTS

NAME = "replay"
TURNED_NEVER = ("polar",)  # its beams have their directions from the head


@dataclass(frozen=True)
class Replay:
    """The followed items of a run after each epoch.

    Args:
        space: these items as they lie now, on the run's own map.
        rows: of these items on it, ascending, shape (m,).
        epochs: done at each frame, ascending, shape (t,).
        z: their latents at each frame, each frame turned onto the next, shape (t, m, d).
        places: on the map at each frame, shape (t, m, 2), float32.
        terms: the losses of each frame's epoch, by name; empty for the start.
        is_turned: whether frames were turned: not where the method says where classes lie.
    """

    space: LatentMap
    rows: NDArray[np.intp]
    epochs: NDArray[np.int64]
    z: NDArray[np.float32]
    places: NDArray[np.float32]
    terms: tuple[dict[str, float], ...]
    is_turned: bool

    def __len__(self) -> int:
        return len(self.epochs)

    def frame_of(self, epoch: int) -> int:
        """The frame of an epoch, or of the last one before it; the first frame for what lies before all."""
        return max(0, int(np.searchsorted(self.epochs, epoch, side="right")) - 1)

    def at(self, frame: int) -> LatentMap:
        """The items as they lay at a frame. Only the last one has a decoder and predictions: weights are not kept."""
        if frame == len(self) - 1:
            return self.space
        m = len(self.space)
        none = np.empty((m, 0), np.float32)  # what the run says of them now
        then = replace(self.space.latents, z=self.z[frame], probabilities=none, std=none, error=none, known=none)
        return replace(self.space, latents=then, places=self.places[frame], svm=None, epoch=int(self.epochs[frame]))

    def moved(self, frame: int) -> NDArray[np.float64]:
        """How far each item moved in the epoch that ends at a frame, within its space, shape (m,); 0 at the start."""
        before = self.z[max(0, frame - 1)]
        if self.space.geometry == "euclidean":
            return np.asarray(np.linalg.norm(self.z[frame] - before.astype(np.float64), axis=1))
        pairs = zip(before, self.z[frame], strict=True)
        return np.array([distances_from(self.space.geometry, one, other[None])[0] for one, other in pairs])


def read_replay(run: Run, space: LatentMap) -> Replay | None:
    """The replay of a run on its own map; None for a run that kept no snapshots.

    Args:
        run: the run.
        space: its latent map: the latent itself or its principal components.

    Raises:
        BadRunError: snapshots that are altered or do not match the run.
    """
    found = read_snapshots(run.folder, run.card)
    if found is None or space.projection is None:
        return None
    place_of = {int(i): row for row, i in enumerate(space.latents.ids)}
    rows = np.array([place_of[int(i)] for i in found.ids if int(i) in place_of], np.intp)
    known = np.isin(found.ids, space.latents.ids)
    order = np.argsort(rows)  # as on the map: shuffled, so that a prefix is a fair sample
    rows, z = rows[order], found.z[:, known][:, order].astype(np.float32)
    is_flat = space.geometry == "euclidean"  # a turn and a shift take points off any other space
    is_turned = is_flat and space.targets is None and run.card.method not in TURNED_NEVER
    followed = replace(space, latents=space.latents.at(rows), is_test=space.is_test[rows], places=space.places[rows])
    followed = replace(followed, name=NAME)
    if is_turned:
        z = turned(z, followed.latents.z)
    places = np.stack([space.projection.apply(frame) for frame in z]).astype(np.float32)
    if found.epochs[-1] == run.card.epochs_done:  # the last frame is now, in full precision
        places[-1], z[-1] = followed.places, followed.latents.z
    losses = {
        event.epoch: dict(event.terms) for event in read_events(run.folder / EVENTS) if isinstance(event, EpochEnded)
    }
    terms = tuple(losses.get(int(epoch), {}) for epoch in found.epochs)
    return Replay(followed, rows, found.epochs, z, places, terms, is_turned)


def turned(z: NDArray[np.float32], last: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn each frame onto the one after it, from the last back, so that what no loss holds does not seem to move.

    Args:
        z: latents at each frame, shape (t, m, d).
        last: latents to turn the last frame onto, shape (m, d).

    Returns:
        Shape (t, m, d); distances within a frame are what they were.
    """
    out = np.empty_like(z)
    onto = last
    for frame in range(len(z) - 1, -1, -1):
        out[frame] = onto = align(z[frame], onto).astype(np.float32)
    return out
