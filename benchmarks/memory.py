"""Resident memory of the server: with nobody there, with a map open, and what each further session adds.

Ours, with the environment in which our command starts it, and the peer, Streamlit with the same points by
Plotly's scattergl, each started anew in each round. A session is a window of a browser that opens the map and
clicks a point; all stay open until the end of the round.
"""

import argparse
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from harness import browser, cloud, table
from harness.sides import LIMIT, OURS, PLOTLY, Side, click
from numpy.typing import NDArray
from playwright.sync_api import Browser

from explorer.ui.server import ENVIRONMENT

POINTS = 70_000
CALM, PATIENCE = 1.5, 20.0  # seconds without growth after which memory is taken for settled; the most to wait for it
GROWTH = 1.0  # MB


@dataclass(frozen=True)
class Visited:
    """One of the two servers and what a session does there.

    Args:
        script: beside the harness.
        side, address: the page.
        place: of the point that is clicked.
        environment: of the server, beside the benchmark's own.
    """

    script: str
    side: Side
    address: str
    place: NDArray[np.float32]
    environment: Mapping[str, str]


def resident(pid: int) -> float:
    """Megabytes of a process that are in memory."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) * 1024 / 1e6


def settled(pid: int) -> float:
    """The same, once what a visit has begun in the background is done."""
    give_up = time.monotonic() + PATIENCE
    most, since = resident(pid), time.monotonic()
    while time.monotonic() < min(since + CALM, give_up):
        time.sleep(0.25)
        now = resident(pid)
        if now > most + GROWTH:
            most, since = now, time.monotonic()
    return resident(pid)


def measure(chromium: Browser, visited: Visited, sessions: int) -> list[float]:
    """Megabytes of a server: at first, and after each session has begun."""
    port, side = browser.free_port(), visited.side
    with ExitStack() as stack:
        command = browser.streamlit_command(visited.script, port)
        server, pid = stack.enter_context(browser.server(command, port, visited.environment))
        found = [settled(pid)]
        for _ in range(sessions):
            page = stack.enter_context(browser.visit(chromium, server + visited.address, side.canvas))
            if browser.noted(page, side.settled, LIMIT) is None or click(page, side, visited.place) is None:
                break
            found.append(settled(pid))
    return found


def report(found: Mapping[str, list[list[float]]]) -> None:
    """Print the rows."""

    def column(who: str, of: Callable[[list[float]], float]) -> list[float]:
        return [of(one) for one in found[who] if len(one) > 2]

    for what, of in (
        ("server, nobody there", lambda one: one[0]),
        ("server, a map open in one session", lambda one: one[1]),
        ("what the first session adds", lambda one: one[1] - one[0]),
        ("what each further session adds", lambda one: (one[-1] - one[1]) / (len(one) - 2)),
    ):
        table.row(what, column("ours", of), column("plotly", of), "MB", best="low")


def prepare(folder: Path, run: str, n: int) -> tuple[str, int, dict[str, str]]:
    """Write a run, or the points of one that is there, for the peer; returns its name, its size, the environment."""
    if run:
        return run, cloud.mirror(folder, run), {cloud.FOLDER: str(folder)}
    config = cloud.PetalsConfig(n=n)
    return cloud.name_of(config), n, cloud.prepare(folder, config)


def middle(folder: Path, n: int) -> NDArray[np.float32]:
    """Place of the point that lies nearest to the middle of all."""
    with np.load(folder / f"{n}.npz") as arrays:
        xy = arrays["xy"]
    return np.asarray(xy[np.linalg.norm(xy - np.median(xy, axis=0), axis=1).argmin()])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 2,000 points: does it run?")
    parser.add_argument("--rounds", type=int, default=1, help="starts of each server")
    parser.add_argument("--sessions", type=int, default=6, help="windows that are opened one after the other")
    parser.add_argument("--points", type=int, default=POINTS, help="of the synthetic run")
    parser.add_argument("--run", default="", help="a run's name in place of the synthetic one")
    flags = parser.parse_args()
    if flags.quick:
        flags.sessions, flags.points = 3, 2000
    with TemporaryDirectory() as name, browser.chromium() as chromium:
        folder = Path(name)
        run, n, extra = prepare(folder, flags.run, flags.points)
        place = middle(folder, n)
        contestants = {
            "ours": Visited("map_app.py", OURS, f"/Map?run={run}", place, {**extra, **ENVIRONMENT}),
            "plotly": Visited("plotly_app.py", PLOTLY, PLOTLY.address.format(n=n), place, extra),
        }
        table.header(f"Memory of the server, {run} with {n:,} points, {flags.sessions} sessions", flags.rounds)
        found: dict[str, list[list[float]]] = defaultdict(list)
        for i in range(flags.rounds):
            for who in list(contestants)[:: -1 if i % 2 else 1]:
                found[who].append(measure(chromium, contestants[who], flags.sessions))
    report(found)
    table.note("ratio: how many times as little ours takes; spread: of the ratio, lowest to highest.")


if __name__ == "__main__":
    main()
