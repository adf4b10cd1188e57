"""What it costs to measure the rankings of a whole gallery: NN, MAP, NDCG and precision over recall of many queries.

The peer takes query after query: distances by SciPy, then scikit-learn's average_precision_score, ndcg_score
and precision_recall_curve. It is timed on a sample of the queries and scaled to all of them. Peak memory is
tracemalloc's, which sees NumPy's arrays; ours for a tenth of the queries, since what is held beside the results
does not grow with them.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.evaluation.galleries import retrieval
from explorer.retrieval.distances import squared_euclidean

QUERIES, GALLERY, DIMS, CLASSES = 10_000, 50_000, 10, 10
SAMPLE = 20  # queries of the peer
Latents = tuple[NDArray[np.float32], NDArray[np.intp]]


def problem(n: int, seed: int) -> Latents:
    """Latents in overlapping clusters, and their classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, n)
    centres = np.random.default_rng(0).normal(size=(CLASSES, DIMS))
    return (centres[labels] + rng.normal(size=(n, DIMS))).astype(np.float32), labels


def ours(asked: Latents, gallery: Latents) -> float:
    """All measures at once; gives the MAP."""
    (queries, labels), (z, classes) = asked, gallery
    found = retrieval(lambda rows: squared_euclidean(queries[rows], z), labels, classes)
    return float(found.average_precision.mean())


def peer(asked: Latents, gallery: Latents) -> float:
    """One query after the other; gives the MAP."""
    from scipy.spatial.distance import cdist
    from sklearn.metrics import average_precision_score, ndcg_score, precision_recall_curve

    found = []
    for query, label in zip(*asked, strict=True):
        nearness = -cdist(query[None], gallery[0])[0]
        marks = gallery[1] == label
        marks[nearness.argmax()]  # NN
        ndcg_score(marks[None], nearness[None])
        precision_recall_curve(marks, nearness)
        found.append(average_precision_score(marks, nearness))
    return float(np.mean(found))


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def peak(act: Callable[[], object]) -> float:
    """Megabytes that a call adds at its highest."""
    tracemalloc.start()
    act()
    high = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return high / 1e6


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=3, help="of each pair")
    flags = parser.parse_args()
    n, m = (200, 2000) if flags.quick else (QUERIES, GALLERY)
    asked, gallery = problem(n, 1), problem(m, 2)
    some: Latents = asked[0][:SAMPLE], asked[1][:SAMPLE]
    tenth: Latents = asked[0][: n // 10], asked[1][: n // 10]
    np.testing.assert_allclose(ours(some, gallery), peer(some, gallery), rtol=1e-6)
    table.header(f"Rankings of {n:,} queries x {m:,} gallery, {DIMS} dimensions, {CLASSES} classes", flags.rounds)
    pairs = [
        (seconds(lambda: ours(asked, gallery)), seconds(lambda: peer(some, gallery)) * n / SAMPLE)
        for _ in range(flags.rounds)
    ]
    table.row("NN, MAP, NDCG, precision over recall", *map(list, zip(*pairs, strict=True)), "s", best="low")
    memory = [peak(lambda: ours(tenth, gallery))], [peak(lambda: peer(some, gallery))]
    table.row("peak memory", *memory, "MB", best="low")
    table.note(f"The peer's time: of {SAMPLE} queries, scaled. Aims: under 60 s and 1 GB.")


if __name__ == "__main__":
    main()
