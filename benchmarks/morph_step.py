"""A step of the Morph page's slider on the server: a look-up in the film, against making the film anew.

Both run the whole page script, as a browser's slider makes it run: our page as it is, and the same page when its
film is forgotten before each step.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from harness import table
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.ui import loading

RUNS = ("mnist-petals", "digits-vae", "bodies-structured")
PATIENCE = 600.0  # seconds
LIMIT = 100.0  # milliseconds


def milliseconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def opened(run: str) -> AppTest:
    at = AppTest.from_file(places.ui_script(), default_timeout=PATIENCE)
    at.switch_page(str(places.pages() / "4_Morph.py"))
    at.query_params["run"] = run
    return at.run()


def step(at: AppTest, t: float) -> None:
    at.slider(key="t").set_value(t).run()
    assert not at.exception


def of_page(run: str, rounds: int) -> None:
    at = opened(run)
    ours, peer = [], []
    for t in np.linspace(0, 1, 2 * rounds + 1).round(3)[1:].tolist():
        step(at, t)  # the pictures of this frame are drawn once
        ours.append(milliseconds(lambda t=t: step(at, t)))
        loading._under_way.clear()
        peer.append(milliseconds(lambda t=t: step(at, t)))
        if len(ours) == rounds:
            break
    table.row(f"{run}: page, look-up / film anew", ours, peer, "ms", best="low")
    if np.median(ours) > LIMIT:
        table.note(f"over the {LIMIT:.0f} ms that a step may take")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one small run: does it run?")
    parser.add_argument("--rounds", type=int, default=9, help="steps of each")
    flags = parser.parse_args()
    loading.SOON = PATIENCE
    rounds = 2 if flags.quick else flags.rounds
    table.header("A step of the Morph page's slider", rounds)
    for run in RUNS[1:2] if flags.quick else RUNS:
        of_page(run, rounds)


if __name__ == "__main__":
    main()
