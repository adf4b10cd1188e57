"""One step of a slider of the Retrieve page to its score over the whole gallery, for two relevances.

100 test items estimate NN, MAP, NDCG, precision at 12 and precision over recall. Two peers do the same in the same
process: scikit-learn's measures query by query, timed on a sample of them and scaled, and NumPy's full argsort with the
measures of explorer.evaluation.ranking on whole arrays. All find the same MAP. The last row is the time that another
thread waits for Python while the estimate is made, against the same thread beside nothing.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from threading import Event, Thread

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.evaluation import ranking
from explorer.workflows.retrieving import Collection
from explorer.workflows.runs import open_run
from explorer.workflows.scoreboard import ESTIMATE, score, spaced
from explorer.workflows.ways import Vectors, Way, distances
from explorer.zoo.card import Card

GALLERY, TEST, CLASSES, STYLES, DEPTH = 60_000, 10_000, 10, 9, 12
SAMPLE = 5  # queries of scikit-learn's


def collection(n: int, key: str, dims: int, seed: int) -> Collection:
    """Latents in overlapping clusters, their classes and fine labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, n)
    centres = np.random.default_rng(0).normal(size=(CLASSES, dims))
    z = (centres[labels] + rng.normal(size=(n, dims))).astype(np.float32)
    fine = labels * STYLES + rng.integers(0, STYLES, n)
    return Collection(key, key, np.arange(n), labels, tuple(map(str, range(CLASSES))), Vectors.of(z), fine)


def ours(card: Card, way: Way, asked: Collection, gallery: Collection) -> float:
    """The MAP by class; the rest is measured with it."""
    board = score(card, way, asked, gallery, queries=ESTIMATE)
    numbers = [board.numbers(relevance, DEPTH) for relevance in board.found]
    return float(numbers[0][1].value or 0)


def near(card: Card, way: Way, asked: Collection, gallery: Collection, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Nearness of all of the gallery to some queries; both peers are given ours."""
    queries = Vectors.of(asked.vectors.z[rows])
    return -np.asarray(distances(card, way, queries, gallery.vectors)(np.arange(len(rows))), np.float64)


def by_sklearn(card: Card, way: Way, asked: Collection, gallery: Collection, rows: NDArray[np.intp]) -> float:
    """Query by query, and relevance by relevance."""
    from sklearn.metrics import average_precision_score, ndcg_score, precision_recall_curve

    found = []
    for row, nearness in zip(rows, near(card, way, asked, gallery, rows), strict=True):
        for labels, sought in relevances(asked, gallery):
            marks = sought == labels[row]
            ndcg_score(marks[None], nearness[None])
            precision_recall_curve(marks, nearness)
            found.append(average_precision_score(marks, nearness))
    return float(np.mean(found[:: len(relevances(asked, gallery))]))


def by_argsort(card: Card, way: Way, asked: Collection, gallery: Collection, rows: NDArray[np.intp]) -> float:
    """All rankings at once."""
    order = np.argsort(-near(card, way, asked, gallery, rows), axis=1, kind="stable")
    found = []
    for labels, sought in relevances(asked, gallery):
        marks = sought[order] == labels[rows][:, None]
        found.append(ranking.average_precision(marks).mean())
        ranking.ndcg(marks)
        ranking.precision_at(marks, DEPTH)
        ranking.precision_recall(marks)
    return float(found[0])


def relevances(asked: Collection, gallery: Collection) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Labels of both sides, by class and, where it is known, by fine label."""
    by_class = (asked.labels, gallery.labels)
    return [by_class] if asked.fine is None or gallery.fine is None else [by_class, (asked.fine, gallery.fine)]


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def longest_wait(beside: Callable[[], object]) -> float:
    """Milliseconds that a thread which sleeps one at a time was held up at most, while something else is done."""
    over, longest = Event(), 0.0

    def sleep() -> None:
        nonlocal longest
        while not over.is_set():
            longest = max(longest, milliseconds(partial(time.sleep, 0.001)) - 1)

    watching = Thread(target=sleep)
    watching.start()
    beside()
    over.set()
    watching.join()
    return longest


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=3, help="of each pair")
    flags = parser.parse_args()
    card = open_run("mnist-separate").card
    n, m = (500, 2_000) if flags.quick else (TEST, GALLERY)
    asked, gallery = (collection(*of, card.latent_dims, seed) for seed, of in enumerate(((n, "test"), (m, "train")), 1))
    rows = spaced(n, ESTIMATE)
    table.header(f"A slider step to the score of {ESTIMATE} queries x {m:,} gallery", flags.rounds)
    for weight in (0.2, 0.5):
        these = card, Way("weighted cosine", semantic_weight=weight), asked, gallery
        own, by_all = partial(ours, *these), partial(by_argsort, *these, rows)
        some = partial(by_sklearn, *these, rows[:SAMPLE])
        np.testing.assert_allclose(own(), by_all(), rtol=1e-6)
        some()  # it imports
        pairs = [(milliseconds(own), milliseconds(some) * len(rows) / SAMPLE) for _ in range(flags.rounds)]
        table.row(f"α {weight}, against scikit-learn", *map(list, zip(*pairs, strict=True)), "ms", best="low")
        pairs = [(milliseconds(own), milliseconds(by_all)) for _ in range(flags.rounds)]
        table.row(f"α {weight}, against argsort", *map(list, zip(*pairs, strict=True)), "ms", best="low")
    waits = [(longest_wait(own), longest_wait(lambda: time.sleep(0.5))) for _ in range(flags.rounds)]
    table.row("longest wait of another thread", *map(list, zip(*waits, strict=True)), "ms", best="low")
    table.note(f"Two relevances each. scikit-learn's time: of {SAMPLE} queries, scaled. Aim: about 1 s.")


if __name__ == "__main__":
    main()
