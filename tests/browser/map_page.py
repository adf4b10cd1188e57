"""The Map page of the dashboard as a person uses it: its controls, its map, its inspector."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.test_scatter import Map

SLOW = 60_000  # milliseconds; a busy machine draws slowly
MOMENT = 50
TRIES = 10
LONELY = """({ map }, [label, from]) => {
  for (let i = from; i < map.points.n; i++) {
    const [x, y] = map.toScreen(map.points.xy[2 * i], map.points.xy[2 * i + 1]);
    const inside = x > 30 && y > 60 && x < map.width - 30 && y < map.height - 30;
    if (!inside || (label !== null && map.points.classes[i] !== label)) continue;
    const around = [[0, 0], [3, 0], [-3, 0], [0, 3], [0, -3]];
    if (around.every(([dx, dy]) => map.pick(x + dx, y + dy) === i)) return [i, x, y];
  }
  throw new Error("no lonely point");
}"""
EMPTY = """({ map }) => {
  for (let y = 80; y < map.height - 30; y += 7) for (let x = 40; x < map.width - 40; x += 7) {
    if ([[0, 0], [6, 0], [-6, 0], [0, 6], [0, -6]].every(([dx, dy]) => map.pick(x + dx, y + dy) < 0)) return [x, y];
  }
  throw new Error("no empty place");
}"""


class MapPage(Map):
    """The Map page on a run.

    Args:
        page: of the browser.
        product: address of the dashboard.
        run: the run in use.
        camera: (x, y, pixels a unit); None: the one that shows everything.
        query: other parts of the address.
    """

    def __init__(
        self, page: Page, product: str, run: str, camera: tuple[float, float, float] | None = None, **query: object
    ) -> None:
        super().__init__(page, f"{product}/Map?{urlencode({'run': run} | query)}", camera)
        self.place = 0  # of the map among those on the page
        self.ready()

    def ready(self) -> "MapPage":
        """Wait until all points are drawn and the script has said all it has to say."""
        self.page.locator(".scatter[data-state=ready][data-drawn]").nth(self.place).wait_for(timeout=SLOW)
        idle(self.page)
        return self

    def beside(self) -> "MapPage":
        """The second map of the page."""
        other = object.__new__(MapPage)
        other.page, other.camera, other.place = self.page, self.camera, 1
        self.root, self.surface = self.page.locator(".scatter").first, self.page.locator("canvas.overlay").first
        other.root, other.surface = self.page.locator(".scatter").nth(1), self.page.locator("canvas.overlay").nth(1)
        return other.ready()

    # ---- the map

    def box(self) -> dict[str, float]:
        """Where the map lies on the screen, after scrolling to it if need be."""
        self.surface.scroll_into_view_if_needed()
        return at_rest(self.surface)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Place on the page of data coordinates, wherever the camera is."""
        box, (px, py) = self.box(), self.ask(f"map.toScreen({x}, {y})")
        return box["x"] + px, box["y"] + py

    def ask(self, expression: str) -> Any:
        """What an expression of `map`, the map itself, gives."""
        return self.root.evaluate(f"({{ map }}) => {expression}")

    def until(self, condition: str) -> None:
        """Wait until a condition on `map` holds."""
        self.root.evaluate(
            f"async ({{ map }}) => {{ const end = Date.now() + {SLOW}; while (!({condition})) {{"
            f"if (Date.now() > end) throw new Error('waited in vain for ' + {condition!r});"
            "await new Promise((done) => setTimeout(done, 30)); } }"
        )

    def places(self) -> NDArray[np.float64]:
        """Where the points lie once they have come and rest, shape (n, 2)."""
        self.until("map.points && map.settled && !map.timeline.gliding")
        return np.array(self.ask("[...map.points.xy]")).reshape(-1, 2)

    def count(self, mark: str, wanted: int) -> None:
        """Wait until so many marks of a kind are drawn."""
        self.until(f"map.marks.{mark}.length === {wanted}")

    def click_point(self, label: int | None = None, after: int = 0) -> int:
        """Click a point that no other lies near, and give its row."""
        box, (row, x, y) = self.box(), self.root.evaluate(LONELY, [label, after])
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        return int(row)

    def click_empty(self) -> tuple[float, float]:
        """Click where no point is, and give that place in data coordinates."""
        box, (x, y) = self.box(), self.root.evaluate(EMPTY)
        place = self.ask(f"map.toData({x}, {y})")
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        return place[0], place[1]

    # ---- the bar

    def open(self, popover: str) -> None:
        self.page.get_by_role("button", name=popover, exact=True).click()

    def close(self) -> None:
        """Leave the popover that is open."""
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_test_id("stPopoverBody")).to_have_count(0)

    def tick(self, *overlays: str) -> None:
        """Draw overlays that were not drawn, or the other way round."""
        self.open("Overlays")
        for overlay in overlays:
            self.page.get_by_test_id("stPopoverBody").get_by_text(overlay, exact=True).click()
        self.close()

    def select(self, control: str, option: str) -> None:
        """Choose an option of the page."""
        select(self.page, control, option)

    def press(self, choice: str) -> None:
        """Press one of the choices of a row of buttons."""
        self.page.get_by_role("radio", name=choice, exact=True).click()

    # ---- what is said

    def group(self, name: str) -> Locator:
        return self.page.locator(f'[data-name="{name}"]')

    def hits(self, count: int = 12) -> list[str]:
        """Captions of the hits, in order, once there are so many."""
        items = self.group("Nearest images").get_by_role("listitem")
        expect(items).to_have_count(count, timeout=SLOW)
        return items.all_inner_texts()

    def says(self, *texts: Any) -> None:
        """Wait until the page says all these."""
        for text in texts:
            expect(self.page.get_by_text(text).first).to_be_visible(timeout=SLOW)

    def address(self, **parts: str) -> None:
        """Wait until the address says this."""
        self.page.wait_for_function(
            "parts => { const said = new URLSearchParams(location.search);"
            "return Object.entries(parts).every(([name, value]) => (said.get(name) ?? '') === value) }",
            arg=parts,
            timeout=SLOW,
        )


def idle(page: Page) -> None:
    """Wait until the script runs no more."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=SLOW)


def at_rest(place: Locator) -> dict[str, float]:
    """Where something lies on the screen once the script runs no more and nothing moves it."""
    last: dict[str, float] = {}
    for _ in range(SLOW // MOMENT):
        idle(place.page)
        box = place.bounding_box() or {}
        now = {side: float(box[side]) for side in ("x", "y", "width", "height") if side in box}
        if now and now == last:
            return now
        last = now
        place.page.wait_for_timeout(MOMENT)
    raise AssertionError("the page does not come to rest")


def select(page: Page, control: str, option: str) -> None:
    """Choose an option; a rerun on its way may close the list, which is then opened again."""
    box = page.get_by_role("combobox", name=control, exact=True)
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):
        idle(page)
        box.click()
        try:
            wanted.click(timeout=SLOW / TRIES)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"{control} offers no {option}")


def asked(page: Page, part: str) -> Sequence[str]:
    """The addresses with a part in them that the page asks for from now on."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url) if part in request.url else None)
    return addresses
