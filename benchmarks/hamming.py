"""The nearest of a large gallery by Hamming distance of packed bits, against Euclidean distance of the same floats.

One query after the other, 100 nearest, ours on both sides: what is compared is the code, not the index. In memory
the bits take a thirty-second of the floats.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.retrieval.codes import binarise, pack
from explorer.retrieval.distances import hamming
from explorer.retrieval.index import Hits, best, euclidean_distances

ITEMS, QUERIES, NEAREST = 1_000_000, 10, 100
BITS = (64, 256)


def by_bits(query: NDArray[np.uint64], gallery: NDArray[np.uint64]) -> Hits:
    return best(hamming(query[None], gallery)[0], NEAREST, largest=False)


def by_floats(query: NDArray[np.float32], gallery: NDArray[np.float32]) -> Hits:
    return best(euclidean_distances(query, gallery), NEAREST, largest=False)


def milliseconds(search: Callable[[int], object], queries: int) -> float:
    """Mean time of a query."""
    begun = time.perf_counter()
    for query in range(queries):
        search(query)
    return 1000 * (time.perf_counter() - begun) / queries


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair")
    flags = parser.parse_args()
    n = 20_000 if flags.quick else ITEMS
    table.header(f"{NEAREST} nearest of {n:,}: packed bits (ours) / floats (peer)", flags.rounds)
    for bits in BITS:
        z = np.random.default_rng(0).standard_normal((n, bits), np.float32)
        packed = np.concatenate([pack(binarise(part)) for part in np.array_split(z, max(1, n // 20_000))])
        pairs = [
            (
                milliseconds(lambda row, packed=packed: by_bits(packed[row], packed), QUERIES),
                milliseconds(lambda row, z=z: by_floats(z[row], z), QUERIES),
            )
            for _ in range(flags.rounds)
        ]
        table.row(f"{bits} bits: a query", *map(list, zip(*pairs, strict=True)), "ms", best="low")
        table.row(f"{bits} bits: the gallery", [packed.nbytes / 1e6], [z.nbytes / 1e6], "MB", best="low")


if __name__ == "__main__":
    main()
