"""Exact nearest neighbours of one query in a million latents, as the Map asks for them at a click.

Against NumPy as most people write it (squared differences, argpartition, sort) and scikit-learn's brute force. All
three answer the same rows, but scikit-learn's distances come from a matrix product in float32 and are rounded.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.retrieval.index import best, euclidean_distances

ITEMS, NEAREST = 1_000_000, 12
DIMS = (2, 10, 32, 128)
Rows = NDArray[np.intp]


def ours(query: NDArray[np.float32], gallery: NDArray[np.float32]) -> Rows:
    return best(euclidean_distances(query, gallery), NEAREST, largest=False).rows


def numpys(query: NDArray[np.float32], gallery: NDArray[np.float32]) -> Rows:
    squared = ((gallery - query) ** 2).sum(axis=1)
    near = np.argpartition(squared, NEAREST)[:NEAREST]
    return np.asarray(near[np.argsort(squared[near])])


def scikit_learns(gallery: NDArray[np.float32]) -> Callable[[NDArray[np.float32]], Rows]:
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=NEAREST, algorithm="brute").fit(gallery)
    return lambda query: np.asarray(index.kneighbors(query[None], return_distance=False)[0])


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=9, help="queries of each")
    flags = parser.parse_args()
    n = 20_000 if flags.quick else ITEMS
    table.header(f"{NEAREST} nearest of {n:,} latents", flags.rounds)
    for dims in DIMS:
        rng = np.random.default_rng(0)
        gallery = rng.standard_normal((n, dims), np.float32)
        queries = rng.standard_normal((flags.rounds, dims), np.float32)
        theirs = scikit_learns(gallery)
        times: list[list[float]] = [[], [], []]
        for query in queries:
            assert ours(query, gallery).tolist() == numpys(query, gallery).tolist()
            theirs(query)
            for into, act in zip(times, (ours, numpys, lambda query, _, theirs=theirs: theirs(query)), strict=True):
                into.append(milliseconds(lambda act=act, query=query, gallery=gallery: act(query, gallery)))
        table.row(f"{dims} dimensions: ours / NumPy", times[0], times[1], "ms", best="low")
        table.row(f"{dims} dimensions: ours / scikit-learn", times[0], times[2], "ms", best="low")


if __name__ == "__main__":
    main()
