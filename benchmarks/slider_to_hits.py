"""One step of a slider of the Retrieve page to its 12 hits among 70,000 items: the server's part, without images.

Against the same measure as most people write it: scikit-learn's pairwise cosines, NumPy's eq. 11 to 15 of latent space
configuration over whole arrays, and a full argsort. Both sides find the same items.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.latent.targets import ClassTargets, class_circle
from explorer.workflows.retrieving import Asked, Collection, retrieve
from explorer.workflows.runs import open_run
from explorer.workflows.ways import Vectors, Way
from explorer.zoo.card import Card

ITEMS, NEAREST = 70_000, 12
STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
Z = NDArray[np.float32]
Peer = Callable[[float], NDArray[np.intp]]


def by_weight(query: Z, gallery: Z) -> Peer:
    """Weighted cosine by scikit-learn."""
    from sklearn.metrics.pairwise import cosine_similarity

    half = gallery.shape[1] // 2

    def rank(weight: float) -> NDArray[np.intp]:
        style, semantic = (
            cosine_similarity(query[:, part], gallery[:, part])[0] for part in (slice(half), slice(half, None))
        )
        return np.asarray(np.argsort(-(weight * semantic + (1 - weight) * style))[:NEAREST])

    return rank


def by_similarity(query: Z, gallery: Z, targets: ClassTargets) -> Peer:
    """Latent similarity over whole arrays."""
    reach, radii = targets.neighbour_distances, targets.radii

    def classes(z: Z, b: float) -> NDArray[np.float64]:
        far = np.linalg.norm(z[:, None].astype(np.float64) - targets.centres, axis=2)
        inside = 1 - (1 - b) / np.sin(1) * np.sin(far / radii)
        return np.asarray(np.where(far <= radii, inside, np.maximum(0, b * (reach - far) / (reach - radii))))

    def rank(b: float) -> NDArray[np.intp]:
        one, all_ = classes(query, b), classes(gallery, b)
        total = np.maximum(one.sum(), all_.sum(axis=1))
        shared = np.minimum(one, all_).sum(axis=1)
        near = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
        return np.asarray(np.argsort(-near, kind="stable")[:NEAREST])

    return rank


def measure(title: str, card: Card, way: Callable[[float], Way], query: Z, gallery: Z, theirs: Peer) -> None:
    """One row of the table: each step by both sides, in turn."""
    n = len(gallery)
    there = Collection("train", "", np.arange(n), np.zeros(n, np.int64), ("a",), Vectors.of(gallery))
    asked = Asked(Vectors.of(query), "a")
    times: list[list[float]] = [[], []]
    for step in (STEPS[0], *STEPS):  # the first warms both up
        begun = time.perf_counter()
        found = retrieve(card, way(step), asked, there, NEAREST)
        middle = time.perf_counter()
        rows = theirs(step)
        ended = time.perf_counter()
        times[0].append(1000 * (middle - begun))
        times[1].append(1000 * (ended - middle))
        assert len(set(found.rows.tolist()) & set(rows.tolist())) >= NEAREST - 1, "float32 may swap the last one"
    table.row(title, times[0][1:], times[1][1:], "ms", best="low")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    flags = parser.parse_args()
    n = 5_000 if flags.quick else ITEMS
    table.header(f"a slider step to {NEAREST} hits of {n:,}", len(STEPS))
    rng = np.random.default_rng(0)
    gallery, query = rng.standard_normal((n, 32), np.float32), rng.standard_normal((1, 32), np.float32)
    separate = open_run("mnist-separate").card
    weighted = by_weight(query, gallery)
    measure("semantic weight, 16 + 16 dimensions", separate, _weight, query, gallery, weighted)
    targets = class_circle(10, distance=1.6168)
    petals = open_run("mnist-petals").card
    near = (targets.centres[rng.integers(0, 10, n)] + 0.2 * rng.standard_normal((n, 2))).astype(np.float32)
    place = targets.centres[:1].astype(np.float32) + np.float32(0.1)
    of_petals = petals.class_targets
    assert of_petals is not None
    measure("boundary similarity, 10 classes", petals, _boundary, place, near, by_similarity(place, near, of_petals))


def _weight(step: float) -> Way:
    return Way("weighted cosine", semantic_weight=step)


def _boundary(step: float) -> Way:
    return Way("latent similarity", boundary_similarity=step)


if __name__ == "__main__":
    main()
