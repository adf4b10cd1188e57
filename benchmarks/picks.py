"""What it costs to say which items to ask about next.

- 100 picks of each strategy over all items, 200 of them labelled, 10 classes and 10 latents: ours with all checks, as
  a session asks for them (`picks`); the peers do the bare arithmetic. Where both mean the same, so must their picks be.
- Of more than 100,000 candidates k-centre looks at a fair sample of so many, so it has a peer at 70,000 items alone.
- How strange items are to a decoder is computed once a run (explorer/workflows/strangeness.py). What takes the time is
  each item's 10th neighbour: ours among 10,000, against the same among all.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from harness import table

from explorer.labeling.pool import Pool, Rows
from explorer.labeling.strategies import STRATEGIES, picks
from explorer.workflows.strangeness import NEIGHBOUR, kth_distances

CLASSES, DIMS = 10, 10
PICKED, LABELLED = 100, 200
PEERS_MOST = 100_000  # items: scikit-activeml's CoreSet takes minutes for more

Peer = Callable[[Pool], Rows]


def pool_of(n: int) -> Pool:
    """Latents in overlapping clusters, scores by the distance to each cluster's mean, some labels."""
    rng = np.random.default_rng(0)
    truth, centres = rng.integers(0, CLASSES, n), 3 * rng.standard_normal((CLASSES, DIMS), np.float32)
    z = centres[truth] + rng.standard_normal((n, DIMS), np.float32)
    scores = z @ centres.T - np.square(centres).sum(axis=1) / 2
    labels = np.full(n, -1)
    known = rng.choice(n, LABELLED, replace=False)
    labels[known] = truth[known]
    strange = rng.random(n)
    return Pool(z, scores, np.flatnonzero(labels < 0), labels, lambda: strange)


def sorted_margin(pool: Pool) -> Rows:
    """The pick as most people write it."""
    highest = np.sort(pool.scores[pool.candidates], axis=1)
    return pool.candidates[np.argsort(highest[:, -1] - highest[:, -2], kind="stable")[:PICKED]]


def scipy_entropy(pool: Pool) -> Rows:
    from scipy.special import softmax
    from scipy.stats import entropy

    open_classes = entropy(softmax(pool.scores[pool.candidates], axis=1), axis=1)
    return pool.candidates[np.argsort(-open_classes, kind="stable")[:PICKED]]


def shuffled(pool: Pool) -> Rows:
    return np.random.default_rng(0).permutation(pool.candidates)[:PICKED]


def core_set(pool: Pool) -> Rows:
    from skactiveml.pool import CoreSet

    return np.asarray(CoreSet(missing_label=-1, random_state=0).query(pool.z, pool.labels, batch_size=PICKED))


def sorted_strangeness(pool: Pool) -> Rows:
    assert pool.strangeness is not None
    return pool.candidates[np.argsort(-pool.strangeness()[pool.candidates], kind="stable")[:PICKED]]


PEERS: dict[str, Peer] = {
    "margin": sorted_margin,
    "entropy": scipy_entropy,
    "random": shuffled,
    "diversity": core_set,
    "decoder": sorted_strangeness,
}
SAME = ("margin", "diversity", "decoder")  # picks of both must be equal


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def strategies(n: int, rounds: int) -> None:
    """Each strategy and its peer in turn; scikit-activeml's own beside nothing."""
    pool = pool_of(n)
    for name in STRATEGIES:
        ours = partial(lambda name: picks(name, pool, PICKED, np.random.default_rng(0)), name)
        peer = PEERS.get(name)
        if name == "diversity" and n > PEERS_MOST:
            peer = None
        found = [ours(), *([] if peer is None else [peer(pool)])]  # libraries imported
        if peer is not None and name in SAME:
            assert np.array_equal(*found), name
        ours_ms, peers_ms = [], []
        for _ in range(rounds):
            ours_ms.append(milliseconds(ours))
            if peer is not None:
                peers_ms.append(milliseconds(partial(peer, pool)))
        table.row(f"{name}, {n:,} x {CLASSES}", ours_ms, peers_ms, "ms", best="low")


def neighbours(n: int, rounds: int) -> None:
    """Distance to the 10th neighbour: among a sample, and among all."""
    from sklearn.neighbors import NearestNeighbors

    z = pool_of(n).z

    def among_all() -> object:
        return NearestNeighbors(n_neighbors=NEIGHBOUR + 1).fit(z).kneighbors(z)

    pairs = [(milliseconds(partial(kth_distances, z, np.arange(n))), milliseconds(among_all)) for _ in range(rounds)]
    table.row(f"10th neighbour, {n:,} x {DIMS}", *map(list, zip(*pairs, strict=True)), "ms", best="low")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair")
    flags = parser.parse_args()
    rounds = 2 if flags.quick else flags.rounds
    table.header(f"{PICKED} picks", rounds)
    for n in (2000, 20_000) if flags.quick else (70_000, 1_000_000):
        strategies(n, rounds)
    table.note("Aims for our own strategies: 0.2 s at 70,000 items, 1 s at 1,000,000.")
    neighbours(5000 if flags.quick else 60_000, 1 if flags.quick else min(rounds, 2))


if __name__ == "__main__":
    main()
