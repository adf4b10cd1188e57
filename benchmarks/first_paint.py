"""From the command `latent-explorer app --no-browser` to its address, and to points in the browser.

Each round starts a server anew, in a ready environment, and visits it in a new window with an
empty cache. Peers: Streamlit with the same points by Plotly, and Streamlit with an empty page,
which is the least that any page of it can cost.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import browser, cloud, table
from playwright.sync_api import Browser

CANVAS = ".scatter canvas.layer:nth-of-type(2)"
LIMIT = 90.0  # seconds
RUN = "textures-petals"  # shipped, 10,000 points
ANNOUNCED = "The dashboard is at "


@contextmanager
def dashboard(run: str, extra: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Our command, run from a folder of no meaning; gives the address as soon as it is printed."""
    port = str(browser.free_port())
    command = [sys.executable, "-m", "explorer", "app", run, "--no-browser", "--port", port]
    env = {**os.environ, "PYTHONPATH": str(browser.ROOT), **extra}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            for line in server.stdout:
                if ANNOUNCED in line:
                    yield line.split(ANNOUNCED)[1].split()[0]
                    break
            else:
                sys.exit("The dashboard did not start; see above.")
        finally:
            server.terminate()


@contextmanager
def peer(script: str, path: str, extra: Mapping[str, str]) -> Iterator[str]:
    """Streamlit with one of the peers' pages."""
    port = browser.free_port()
    with browser.process(browser.streamlit_command(script, port), port, extra) as address:
        yield address + path


def see(chromium: Browser, address: str, canvas: str, begun: float) -> float | None:
    """Seconds since `begun` (by the clock on the wall) until the page holds what it is for."""
    with browser.visit(chromium, address, canvas) as page:
        if not canvas:
            page.wait_for_selector("#blank", timeout=LIMIT * 1000)
            return time.time() - begun
        seen = browser.noted(page, "painted" if canvas == CANVAS else "lit", LIMIT)
        if seen is None:
            return None
        return float(page.evaluate("performance.timeOrigin")) / 1000 + seen / 1000 - begun


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round: does it run?")
    parser.add_argument("--rounds", type=int, default=5, help="starts of each server")
    parser.add_argument("--run", default=RUN, help="a run's name")
    flags = parser.parse_args()
    rounds = 1 if flags.quick else flags.rounds
    with TemporaryDirectory() as name, browser.chromium() as chromium:
        folder = Path(name)
        run, n, extra = flags.run, cloud.mirror(folder, flags.run), {cloud.FOLDER: str(folder)}
        table.header(f"Command to first paint of {run}, {n:,} points", rounds)
        starters: dict[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
            "ours": (lambda: dashboard(run, extra, folder), CANVAS),
            "plotly": (lambda: peer("plotly_app.py", f"/?n={n}", extra), ".gl-canvas-context"),
            "blank": (lambda: peer("blank_app.py", "/", extra), ""),
        }
        found: dict[str, list[float]] = defaultdict(list)
        for i in range(rounds):
            # Every other round backwards, so that nobody always runs after the same neighbour.
            for who in list(starters)[:: -1 if i % 2 else 1]:
                start, canvas = starters[who]
                begun = time.time()
                with start() as address:
                    found[f"{who} address"].append(time.time() - begun)
                    seen = see(chromium, address, canvas, begun)
                    found[f"{who} seen"].extend([] if seen is None else [seen])
    table.row("address: ours / Streamlit + Plotly", found["ours address"], found["plotly address"], "s", best="low")
    table.row("address: ours / Streamlit, empty page", found["ours address"], found["blank address"], "s", best="low")
    table.row("first paint: ours / Streamlit + Plotly", found["ours seen"], found["plotly seen"], "s", best="low")
    table.row("first paint: ours / Streamlit, empty page", found["ours seen"], found["blank seen"], "s", best="low")
    table.note("ratio: how many times as fast ours is; spread: of the ratio, lowest to highest.")


if __name__ == "__main__":
    main()
