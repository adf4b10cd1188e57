"""The two pages that show a map, ours and the peer's, and a click on either."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from playwright.sync_api import Page

from harness import browser

HITS = 12
LIMIT = 90.0  # seconds for a paint or an answer


@dataclass(frozen=True)
class Side:
    """One of the two pages.

    Args:
        address: with "{n}" for the number of points.
        canvas: selector of the canvas with the points.
        images: selector of the images that answer a click.
        place: JavaScript that turns [x, y] of the data into pixels of the page; `find` is given.
        settled: what the probe notes when all points are drawn.
    """

    address: str
    canvas: str
    images: str
    place: str
    settled: str


OURS = Side(
    "/Map?run=petals-{n}",
    ".scatter canvas.layer:nth-of-type(2)",
    '[data-name="Nearest images"] img',
    """([x, y]) => {
        const map = window.probe.find(".scatter").map, frame = map.parts.overlay.getBoundingClientRect();
        const [px, py] = map.toScreen(x, y);
        return [frame.left + px, frame.top + py];
    }""",
    "painted",
)
PLOTLY = Side(
    "/?n={n}",
    ".gl-canvas-context",
    ".st-key-hits img",
    """([x, y]) => {
        const chart = window.probe.find(".js-plotly-plot"), frame = chart.getBoundingClientRect();
        const { xaxis, yaxis } = chart._fullLayout;
        return [frame.left + xaxis._offset + xaxis.d2p(x), frame.top + yaxis._offset + yaxis.d2p(y)];
    }""",
    "lit",
)


def click(page: Page, side: Side, place: Sequence[float] | np.ndarray) -> float | None:
    """Milliseconds from the press of a button on a point until its 12 images are loaded."""
    at = page.evaluate(side.place, [float(value) for value in place])
    page.mouse.move(at[0] - 5, at[1])
    page.mouse.move(at[0], at[1])
    page.wait_for_timeout(400)  # a person looks before the click; both pages find the point under the pointer
    page.evaluate("([images, count]) => window.probe.arm(images, count)", [side.images, HITS])
    page.mouse.down()
    page.mouse.up()
    answered = browser.noted(page, "answered", LIMIT)
    page.wait_for_timeout(200)
    return answered
