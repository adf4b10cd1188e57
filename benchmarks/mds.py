"""What the targets of a structuring autoencoder cost.

- A step of SMACOF against scikit-learn's, both from the same latents towards the same class distances. Time a
  step is the slope between a short and a longer run: scikit-learn's fixed cost is several of its steps. Peak
  memory is tracemalloc's over a whole call, which sees NumPy's arrays.
- Converged targets at many items.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from harness import table
from numpy.typing import NDArray

from explorer.latent.mds import converged_targets, smacof

CLASSES = 10
OUR_ITEMS, PEERS_ITEMS = 120_000, 20_000  # moved in all by the longer run: scikit-learn would take minutes for more
MEGABYTE = 1e6

Solver = Callable[[int], int]  # takes the most steps, returns those that were needed


def problem(n: int, dims: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Latents in overlapping clusters, and their classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, n)
    return rng.normal(size=(CLASSES, dims))[labels] + rng.normal(size=(n, dims)), labels


def distances(*, uneven: bool) -> NDArray[np.float64]:
    """1 between any two classes, or from 1 to 2."""
    extra = np.triu(np.random.default_rng(1).random((CLASSES, CLASSES)), 1) * uneven
    return np.asarray(1 - np.eye(CLASSES) + extra + extra.T)


def ours(z: NDArray[np.float64], labels: NDArray[np.intp], wanted: NDArray[np.float64], steps: int) -> int:
    return len(smacof(z, labels, wanted, max_iterations=steps, tolerance=0).stress) - 1


def peer(z: NDArray[np.float64], labels: NDArray[np.intp], wanted: NDArray[np.float64], steps: int) -> int:
    from sklearn.manifold import smacof as scikit_learns

    pairs = wanted[labels][:, labels]
    how = {"n_init": 1, "max_iter": steps, "eps": 0, "normalized_stress": False, "return_n_iter": True}
    return int(scikit_learns(pairs, n_components=z.shape[1], init=z - z.mean(axis=0), **how)[2])


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def step_ms(solve: Solver, most: int) -> float:
    """Milliseconds a step: a run of many less one of a single step."""
    begun = time.perf_counter()
    steps = solve(most)
    return 1000 * (time.perf_counter() - begun - seconds(partial(solve, 1))) / (steps - 1)


def peak(act: Callable[[], object]) -> float:
    """Megabytes that a call adds at its highest."""
    tracemalloc.start()
    act()
    high = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return high / MEGABYTE


def steps_of_smacof(sizes: list[int], rounds: int) -> None:
    """Ours and scikit-learn's in turn, size by size."""
    for n in sizes:
        for dims in (2, 10):
            given = (*problem(n, dims), distances(uneven=False))
            mine, theirs = partial(ours, *given), partial(peer, *given)
            for solve in (mine, theirs):
                solve(1)  # compiled or read from numba's cache; imported
            memory = [peak(partial(solve, 1)) for solve in (mine, theirs)]
            most = [1 + max(items // n, 3) for items in (OUR_ITEMS, PEERS_ITEMS)]
            times = [(step_ms(mine, most[0]), step_ms(theirs, most[1])) for _ in range(rounds)]
            what = f"{n:,} x {dims}"
            table.row(f"SMACOF, {what}: a step", *map(list, zip(*times, strict=True)), "ms", best="low")
            table.row(f"SMACOF, {what}: peak memory", memory[:1], memory[1:], "MB", best="low")
    table.note("Aims: 60 times at 6,000 x 2, 20 times at d = 10, under 10 MB.")


def targets(n: int, rounds: int) -> None:
    """Converged targets, for distances that can and that cannot be met."""
    for dims in (2, 10):
        z, labels = problem(n, dims)
        for uneven in (False, True):
            act = partial(converged_targets, z, labels, distances(uneven=uneven))
            times = [1000 * seconds(lambda act=act, i=i: act(rng=np.random.default_rng(i))) for i in range(rounds)]
            kind = "uneven" if uneven else "equal"
            table.row(f"converged targets, {n:,} x {dims}, {kind}", times, (), "ms", best="low")
    table.note(f"Aim: under 50 ms for {CLASSES} classes.")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair")
    flags = parser.parse_args()
    rounds = 2 if flags.quick else flags.rounds
    table.header("MDS targets", rounds)
    steps_of_smacof([200] if flags.quick else [1000, 3000, 6000], rounds)
    targets(2000 if flags.quick else 60_000, 2 * rounds)


if __name__ == "__main__":
    main()
