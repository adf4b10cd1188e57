"""A grid of decodings over two dimensions of a latent: in one batch, against one by one, as most scripts do.

Both decode the same latents with the same network and give the same images up to rounding.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from harness import table

import explorer
from explorer.figures import film
from explorer.workflows.decodings import grid
from explorer.workflows.maps import latent_map

RUNS = ("mnist-petals", "mnist-codes", "bodies-structured")
SIDE = 20
EVERYWHERE = 1.0


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def measure(name: str, side: int, rounds: int) -> None:
    run = explorer.load(name)
    space = latent_map(run)
    made = grid(run, space, (0, 1), side, EVERYWHERE)
    one_by_one = np.concatenate([run.decode(z) for z in made.z])
    assert np.allclose(made.items, film.compact(one_by_one), atol=1 if len(run.card.shape) > 1 else 1e-4)
    ours, peer, drawing = [], [], []
    for _ in range(rounds):
        ours.append(milliseconds(lambda: run.decode(made.z)))
        peer.append(milliseconds(lambda: [run.decode(z) for z in made.z]))
        if len(run.card.shape) > 1:
            drawing.append(milliseconds(lambda: film.mosaic_png([film.tile(item) for item in made.items], side)))
    table.row(f"{name}: {side} x {side}, one batch / one by one", ours, peer, "ms", best="low")
    table.row(f"{name}: the picture of it", drawing, unit="ms", best="low")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tiny grid: does it run?")
    parser.add_argument("--rounds", type=int, default=7, help="grids of each")
    flags = parser.parse_args()
    rounds = 2 if flags.quick else flags.rounds
    table.header("A grid of decodings", rounds)
    for name in RUNS[1:2] if flags.quick else RUNS:
        measure(name, 4 if flags.quick else SIDE, rounds)


if __name__ == "__main__":
    main()
