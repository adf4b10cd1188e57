"""Drawing in a real browser: what a person draws is what Python gets, whatever holds the pen."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.data.centring import as_digit
from explorer.data.strokes import Stroke, drawn, read_strokes
from tests.browser.map_page import at_rest

APP = Path(__file__).with_name("canvas_app.py")
SEVEN = [(70, 60), (180, 60), (110, 200)]  # of 256


class Sheet:
    """The canvas on an open page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.goto(address)
        self.root = page.locator(".canvas")
        expect(self.root).to_have_attribute("data-strokes", "0", timeout=60_000)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        box = self.root.locator("canvas").bounding_box()
        assert box is not None
        return box["x"] + (x + 0.5) / 256 * box["width"], box["y"] + (y + 0.5) / 256 * box["height"]

    def draw(self, corners: list[tuple[int, int]]) -> None:
        strokes = int(self.root.get_attribute("data-strokes") or 0)
        self.page.mouse.move(*self.pixel(*corners[0]))
        self.page.mouse.down()
        for corner in corners[1:]:
            self.page.mouse.move(*self.pixel(*corner), steps=8)
        self.page.mouse.up()
        expect(self.root).to_have_attribute("data-strokes", str(strokes + 1))

    def press(self, name: str, strokes: int) -> None:
        self.root.get_by_role("button", name=name).press("Enter")  # by the keyboard
        expect(self.root).to_have_attribute("data-strokes", str(strokes))

    def log(self, strokes: int) -> dict:
        """What Python makes of the drawing, once it has so many strokes."""
        log = self.page.locator("#log")
        expect(log).to_have_attribute("data-strokes", str(strokes))
        return json.loads(log.text_content() or "{}")

    def held(self) -> list[Stroke]:
        return read_strokes(parse_qs(urlsplit(self.page.url).query).get("drawing", [""])[0])


@pytest.fixture
def sheet(page: Page, serve) -> Sheet:
    return Sheet(page, serve(APP))


def test_a_seven_drawn_with_the_mouse_reaches_python_as_its_ink(sheet: Sheet):
    expect(sheet.page.get_by_text("Draw here")).to_be_visible()
    sheet.draw(SEVEN)
    found = sheet.log(1)
    expect(sheet.page.get_by_text("Draw here")).to_be_hidden()
    asked = drawn([Stroke(tuple(SEVEN), 22)])
    assert found["ink"] == pytest.approx(np.count_nonzero(asked), rel=0.03)
    likeness = np.corrcoef(np.ravel(found["digit"]), as_digit(asked).ravel())[0, 1]
    assert likeness > 0.95
    # The browser shows what Python makes of it.
    shown = sheet.root.locator("canvas").evaluate(
        "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).filter((_, i) => i % 4 === 3)"
    )
    assert np.mean(np.array(shown) > 127) == pytest.approx(np.mean(asked > 127), rel=0.05)


def test_undo_clear_and_eraser_change_what_python_has(sheet: Sheet):
    sheet.draw(SEVEN)
    sheet.draw([(40, 220), (220, 220)])
    both = sheet.log(2)["ink"]
    sheet.press("Undo", strokes=1)
    one = sheet.log(1)["ink"]
    assert one < both
    sheet.press("Eraser", strokes=1)
    sheet.draw([(125, 20), (125, 120)])
    assert 0 < sheet.log(2)["ink"] < one
    assert sheet.held()[1].erases
    sheet.press("Clear", strokes=0)
    assert sheet.log(0) == {"ink": 0, "digit": None}
    assert sheet.root.get_by_role("button", name="Undo").is_disabled()


def test_a_link_opens_the_drawing_and_a_finger_draws(sheet: Sheet):
    sheet.draw(SEVEN)
    before = sheet.log(1)
    sheet.page.goto(sheet.page.url)
    expect(sheet.root).to_have_attribute("data-strokes", "1")
    assert sheet.log(1) == before
    x, y = sheet.pixel(30, 30)
    for kind, at in (("pointerdown", x), ("pointermove", x + 40), ("pointerup", x + 40)):
        sheet.root.locator("canvas").evaluate(
            """(sheet, [kind, x, y]) => {
              sheet.setPointerCapture = () => {}; // there is no such pointer to capture
              const touch = { clientX: x, clientY: y, isPrimary: true, pointerType: "touch" };
              sheet.dispatchEvent(new PointerEvent(kind, touch));
            }""",
            [kind, at, y],
        )
    expect(sheet.root).to_have_attribute("data-strokes", "2")
    assert sheet.log(2)["ink"] > before["ink"]


def test_a_drawn_digit_is_found_on_the_retrieve_page(page: Page, shipped: str):
    sheet = Sheet(page, f"{shipped}/Retrieve?run=mnist-petals&ask=Drawing")
    at_rest(sheet.root.locator("canvas"))
    sheet.draw(SEVEN)
    classes = page.locator(".le-table[data-name='Hits'] tbody td:first-child")
    expect(classes).to_have_text(["7"] * 12, timeout=60_000)
    expect(page.get_by_text("Drawn digit: white on black")).to_be_visible()
