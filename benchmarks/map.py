"""The Map page against Plotly's scattergl in Streamlit: first paint, click to 12 images, frames of a drag.

Both pages show the same points and are visited in turn by the same browser, each time in a new
window with an empty cache. Times are taken inside the page.
"""

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from harness import browser, cloud, table
from harness.sides import LIMIT, OURS, PLOTLY, Side, click
from playwright.sync_api import Browser, Page

SIZES = (10_000, 70_000, 1_000_000)
LARGE = 500_000  # from here on the peer is visited once
PETALS_CLICKED = (0, 3, 6)
DRAG_RADIUS = 60  # pixels
Results = Mapping[str, list[float]]


def measure(chromium: Browser, server: str, side: Side, n: int, seconds: float) -> dict[str, list[float]]:
    """One visit: seconds to light and to all points, of each click, and milliseconds of each frame of a drag."""
    found: dict[str, list[float]] = defaultdict(list)
    with browser.visit(chromium, server + side.address.format(n=n), side.canvas) as page:
        for name, note in (("light", "lit"), ("all", side.settled)):
            value = browser.noted(page, note, LIMIT)
            if value is None:
                return found
            found[name].append(value / 1000)
        page.wait_for_timeout(1000)
        for petal in PETALS_CLICKED:
            answer = click(page, side, cloud.centres()[petal])
            if answer is not None:
                found["click"].append(answer / 1000)
        drag(page, side, seconds, found)
    return found


def drag(page: Page, side: Side, seconds: float, found: dict[str, list[float]]) -> None:
    """Drag the map around and note the frames: each is read back, so its picture is really drawn."""
    x, y = page.evaluate(side.place, [0.0, 0.0])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + DRAG_RADIUS, y)
    page.evaluate("(canvas) => window.probe.record(canvas)", side.canvas)
    begun, step = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        step += 1
        page.mouse.move(x + DRAG_RADIUS * math.cos(step / 8), y + DRAG_RADIUS * math.sin(step / 8))
    frames = page.evaluate("() => window.probe.stop()")
    page.mouse.up()
    times = [b["at"] - a["at"] for a, b in pairwise(frames)]
    if times:
        changed = sum(frame["changed"] for frame in frames[1:])
        found["frame"].append(median(times))
        found["frame95"].append(float(np.percentile(times, 95)))
        found["pictures"].append(1000 * changed / sum(times))


def report(n: int, ours: Sequence[Results], peer: Sequence[Results]) -> None:
    """Print the rows of one size. Round 0 is the first visit since the servers started."""

    def column(rounds: Sequence[Results], name: str) -> list[float]:
        return [value for found in rounds for value in found.get(name, [])]

    size = f"{n:,} points: "
    again = peer[1:]
    table.row(
        f"{size}first visit, points in sight", column(ours[:1], "light"), column(peer[:1], "light"), "s", best="low"
    )
    table.row(f"{size}first visit, all drawn", column(ours[:1], "all"), column(peer[:1], "all"), "s", best="low")
    if len(ours) > 1:
        table.row(
            f"{size}first paint, points in sight", column(ours[1:], "light"), column(again, "light"), "s", best="low"
        )
        table.row(f"{size}first paint, all drawn", column(ours[1:], "all"), column(again, "all"), "s", best="low")
    table.row(f"{size}click to 12 images", column(ours, "click"), column(peer, "click"), "s", best="low")
    table.row(f"{size}drag, frame interval", column(ours, "frame"), column(peer, "frame"), "ms", best="low")
    table.row(f"{size}drag, frame interval p95", column(ours, "frame95"), column(peer, "frame95"), "ms", best="low")
    table.row(f"{size}drag, new pictures", column(ours, "pictures"), column(peer, "pictures"), "/s", best="high")


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 2,000 points: does it run?")
    parser.add_argument("--rounds", type=int, default=4, help="visits of each page (the peer's large one: 1)")
    parser.add_argument("--seconds", type=float, default=2, help="of each drag")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of points")
    flags = parser.parse_args()
    sizes = (2000,) if flags.quick else flags.sizes
    rounds = 2 if flags.quick else flags.rounds
    ports = browser.free_port(), browser.free_port()
    with TemporaryDirectory() as name, browser.chromium() as chromium:
        extra = cloud.prepare(Path(name), *(cloud.PetalsConfig(n=n) for n in sizes))
        with (
            browser.process(browser.streamlit_command("map_app.py", ports[0]), ports[0], extra) as ours,
            browser.process(browser.streamlit_command("plotly_app.py", ports[1]), ports[1], extra) as plotly,
        ):
            table.header("Map page against Plotly scattergl", rounds)
            for n in sizes:
                found: tuple[list[Results], list[Results]] = [], []
                for i in range(2 if n >= LARGE else rounds):
                    found[0].append(measure(chromium, ours, OURS, n, flags.seconds))
                    if i == 0 or n < LARGE:
                        found[1].append(measure(chromium, plotly, PLOTLY, n, flags.seconds))
                report(n, *found)
    table.note("ratio: how many times as good ours is; spread: of the ratio, lowest to highest.")
    table.note("Plotly draws all its points at once, so its light counts for both lines.")


if __name__ == "__main__":
    main()
