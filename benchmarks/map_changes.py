"""What a person changes on an open map: colours, overlays, the page; until the new picture is drawn, and what is sent.

The Map page against Plotly's scattergl in Streamlit with the same controls, visited in turn, each time in a new
window with an empty cache. A change counts from the press in the browser until the picture changed last, both taken
inside the page. Received are all bytes that the change brought, over HTTP and through the websocket; whether points
were among ours is told by what the browser asked for.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import browser, cloud, table
from harness.sides import LIMIT, OURS, PLOTLY, Side
from playwright.sync_api import Browser, Locator, Page

POINTS = 70_000
REST = 1000  # milliseconds without any change after which a picture is taken for the last one
PAUSE = 400  # milliseconds in which a menu opens; a person looks before the press
POINTS_ROUTE = "/explorer/points/"
WHATS = ("colour", "circles", "regions", "from another page")
TIMES = ("first time", "again", "again")  # of one kind in a visit


@dataclass(frozen=True)
class Changing:
    """One of the two pages, with the same controls as the other.

    Args:
        side: the page.
        address: see `Side`.
        over, beneath: selectors of what circles and regions are drawn on.
    """

    side: Side
    address: str
    over: str
    beneath: str


MAP = Changing(OURS, OURS.address, ".scatter canvas.overlay", ".scatter canvas.layer:nth-of-type(1)")
PEER = Changing(PLOTLY, "/Map?n={n}", ".js-plotly-plot .main-svg", ".js-plotly-plot .main-svg")


class Visit:
    """A page whose changes are measured.

    Args:
        page: open, all points drawn.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.traffic = browser.Traffic(page)
        self.found: dict[str, list[float]] = defaultdict(list)

    def change(self, what: str, drawn_on: str, press: Locator) -> None:
        """Press, and note the seconds until what is drawn there changed last, and the bytes received."""
        self.page.wait_for_timeout(PAUSE)
        self.page.evaluate("([drawn, rest]) => window.probe.follow(drawn, rest)", [drawn_on, REST])
        before = self.traffic.received
        press.click()
        changed = browser.noted(self.page, "changed", LIMIT)
        if changed is not None:
            self.found[what].append(changed / 1000)
            self.found[f"{what}: received"].append((self.traffic.received - before) / 1000)

    def colour(self, what: str, title: str, points: str) -> None:
        """Choose what a point's colour says."""
        self.page.get_by_role("combobox", name="Colour by").click()
        self.change(what, points, self.page.get_by_role("option", name=title, exact=True))


def measure(chromium: Browser, server: str, changing: Changing, n: int) -> dict[str, list[float]]:
    """One visit: seconds and thousands of bytes of each change."""
    points = changing.side.canvas
    with browser.visit(chromium, server + changing.address.format(n=n), points) as page:
        if browser.noted(page, changing.side.settled, LIMIT) is None:
            return {}
        page.wait_for_timeout(REST)
        visit = Visit(page)
        for time, title in zip(TIMES, ("Confidence", "Class", "Confidence"), strict=True):
            visit.colour(f"colour, {time}", title, points)
        page.get_by_role("button", name="Overlays").click()
        popover = page.get_by_test_id("stPopoverBody")
        for time in TIMES:
            visit.change(f"circles, {time}", changing.over, popover.get_by_text("Class circles", exact=True))
        for time in TIMES:
            visit.change(f"regions, {time}", changing.beneath, popover.get_by_text("Decision regions", exact=True))
        page.keyboard.press("Escape")
        pages = page.get_by_test_id("stSidebarNav")
        for time in TIMES[:2]:
            pages.get_by_text("Start", exact=True).click()
            page.locator(points).wait_for(state="detached")
            visit.change(f"from another page, {time}", points, pages.get_by_text("Map", exact=True))
        visit.found["points"] = [float(sum(POINTS_ROUTE in address for address in visit.traffic.addresses))]
        return visit.found


def report(ours: Mapping[str, list[float]], peer: Mapping[str, list[float]]) -> None:
    """Print the rows."""
    rows = [f"{what}, {time}" for what in WHATS for time in TIMES[:2]]
    for row in rows:
        table.row(row, ours[row], peer[row], "s", best="low")
        sent = f"{row}: received"
        table.row(sent, ours[sent], peer[sent], "kB", best="low")
    asked, changes = int(sum(ours["points"])), sum(len(ours[row]) for row in rows)
    table.note(f"Ours asked for the points again {asked} times in {changes} changes.")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 2,000 points: does it run?")
    parser.add_argument("--rounds", type=int, default=2, help="visits of each page")
    parser.add_argument("--points", type=int, default=POINTS, help="how many lie on the map")
    flags = parser.parse_args()
    if flags.quick:
        flags.rounds, flags.points = 1, 2000
    ports = browser.free_port(), browser.free_port()
    with TemporaryDirectory() as name, browser.chromium() as chromium:
        extra = cloud.prepare(Path(name), cloud.PetalsConfig(n=flags.points))
        with (
            browser.process(browser.streamlit_command("map_app.py", ports[0]), ports[0], extra) as ours,
            browser.process(browser.streamlit_command("plotly_changes_app.py", ports[1]), ports[1], extra) as plotly,
        ):
            table.header(f"Changes of a map of {flags.points:,} points against Plotly scattergl", flags.rounds)
            found: dict[str, dict[str, list[float]]] = {"ours": defaultdict(list), "plotly": defaultdict(list)}
            contestants = {"ours": (ours, MAP), "plotly": (plotly, PEER)}
            for i in range(flags.rounds):
                for who in list(contestants)[:: -1 if i % 2 else 1]:
                    for what, values in measure(chromium, *contestants[who], flags.points).items():
                        found[who][what] += values
    report(found["ours"], found["plotly"])
    table.note("ratio: how many times as fast ours is, or as little it receives; spread: lowest to highest.")


if __name__ == "__main__":
    main()
