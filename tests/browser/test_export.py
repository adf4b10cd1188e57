"""The view as a file: what PNG and SVG hold, and that both are what is seen."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_scatter import Map, legend, rgb
from tests.browser.test_tiles import complete
from tests.browser.tiles_app import CLASSES, COLOURS, TILE, frames, image_of

APP = Path(__file__).with_name("tiles_app.py")
SVG = "{http://www.w3.org/2000/svg}"
CAMERA = (0.0, 0.6, 250.0)
ALL = "n=400&marks=1&layers=1&frames=3&start=2&trails=1"  # something of all that the test page can draw


@pytest.fixture
def open_map(page: Page, serve: Callable[[Path], str]) -> Callable[..., Map]:
    address = serve(APP)
    return lambda query, camera=CAMERA: Map(page, f"{address}/?{query}", camera).ready()


def saved(page: Page, kind: str) -> bytes:
    """Export the view and read the file that the browser saves."""
    page.locator("[data-tool=export]").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=kind).click()
    assert download.value.suggested_filename == f"moving.{kind.lower()}"
    return Path(download.value.path()).read_bytes()


def picture(content: bytes) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(np.int64)


def in_view(drawn: Map, places: NDArray[np.float32]) -> NDArray[np.bool_]:
    box, (cx, cy, scale) = drawn.box(), drawn.camera
    half = np.array([box["width"], box["height"]]) / 2 / scale
    return (np.abs(places - (cx, cy)) <= half).all(axis=1)


def test_an_svg_holds_a_circle_for_each_visible_point_in_view(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("n=400&images=never")
    legend(page, "east").click()
    expect(drawn.root).to_have_attribute("data-drawn", "300")
    tree = ElementTree.fromstring(saved(page, "SVG"))
    groups = tree.findall(f"{SVG}g[@id='points']/{SVG}g")
    rows = np.arange(400)
    expected = in_view(drawn, frames(400, 1)[0]) & (rows % 4 != 1)
    for k in (0, 2, 3):
        fill = "rgb({},{},{})".format(*rgb(COLOURS[k]))
        count = sum(len(group.findall(f"{SVG}circle")) for group in groups if group.get("fill") == fill)
        assert count == (expected & (rows % 4 == k)).sum() > 0
    assert len(tree.findall(f".//{SVG}g[@id='points']//{SVG}circle")) == expected.sum()
    words = [element.text for element in tree.findall(f"{SVG}g[@id='legend']/{SVG}text")]
    assert words == [CLASSES[0], "100", CLASSES[2], "100", CLASSES[3], "100"]


def test_an_svg_holds_the_images_that_are_seen(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("n=400&images=always")
    tiles = complete(drawn)
    tree = ElementTree.fromstring(saved(page, "SVG"))
    images = tree.findall(f"{SVG}g[@id='images']/{SVG}image")
    assert len(images) == len(tiles) > 5
    for image, row in zip(images, tiles, strict=True):
        shown = picture(base64.b64decode((image.get("href") or "").split(",")[1]))
        assert np.array_equal(shown, np.moveaxis(image_of(row), 0, -1).repeat(TILE // 8, 0).repeat(TILE // 8, 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_png_and_svg_are_the_same_picture(open_map: Callable[..., Map], page: Page, scheme: str) -> None:
    try:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        drawn = open_map(f"{ALL}&images=always")
        complete(drawn)
        png, svg, box = picture(saved(page, "PNG")), saved(page, "SVG"), drawn.box()
        tree = ElementTree.fromstring(svg)
        width, height = int(tree.get("width", 0)), int(tree.get("height", 0))
        assert png.shape == (2 * height, 2 * width, 3)
        assert abs(height - box["height"]) <= 1
        assert box["width"] + 80 < width < box["width"] + 250  # the legend stands beside
        address = "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
        page.set_viewport_size({"width": width, "height": height})
        page.goto("about:blank")
        page.set_content(f"<body style='margin:0'><img src='{address}' style='display:block'></body>")
        page.locator("img").evaluate("image => image.decode()")
        rendered = picture(page.screenshot())
    finally:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 720})
    smaller = png.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    gaps = np.abs(smaller - rendered).mean(axis=2)
    assert gaps.mean() < 3
    # Edges fall between pixels in one and on them in the other; in no place of 24 x 24 may much differ.
    blocks = gaps[: height // 24 * 24, : width // 24 * 24].reshape(height // 24, 24, width // 24, 24).mean(axis=(1, 3))
    assert blocks.max() < 45
    assert (png[-1, -1] > 240).all() if scheme == "light" else (png[-1, -1] < 60).all()


def test_a_png_shows_what_is_on_the_screen(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map(f"{ALL}&images=always")
    complete(drawn)
    png = picture(saved(page, "PNG"))
    drawn.page.mouse.move(5, 5)
    screen, box = picture(page.screenshot()), drawn.box()
    x, y, width, height = (round(box[name]) for name in ("x", "y", "width", "height"))
    seen = screen[y : y + height, x : x + width]
    exported = png[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    gaps = np.abs(seen - exported).mean(axis=2)
    assert gaps[50:].mean() < 3  # above lie the tools


def test_the_map_is_as_it_was_after_an_export(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("n=400&images=never")
    before = drawn.colours()
    saved(page, "PNG")
    drawn.ready()
    assert np.array_equal(drawn.colours(), before)
    expect(page.get_by_role("menu")).to_be_hidden()


def test_of_more_points_than_a_program_can_bear_an_svg_holds_a_picture(
    open_map: Callable[..., Map], page: Page
) -> None:
    drawn = open_map("n=110000&images=never", (0.0, 0.0, 120.0))
    tree = ElementTree.fromstring(saved(page, "SVG"))
    assert tree.findall(f".//{SVG}g[@id='points']//{SVG}circle") == []
    image = tree.find(f"{SVG}g[@id='points']/{SVG}image")
    assert image is not None
    shown = Image.open(io.BytesIO(base64.b64decode((image.get("href") or "").split(",")[1])))
    assert shown.size == pytest.approx((2 * drawn.box()["width"], 2 * drawn.box()["height"]), abs=2)
    assert (np.asarray(shown)[..., 3] > 0).mean() > 0.1


def test_the_ramp_is_in_the_legend_of_a_picture_coloured_by_a_value(open_map: Callable[..., Map], page: Page) -> None:
    open_map("n=400&images=never&colour=confidence")
    tree = ElementTree.fromstring(saved(page, "SVG"))
    words = [element.text for element in tree.findall(f"{SVG}g[@id='legend']/{SVG}text")]
    assert words[:3] == ["Confidence & more", "0", "1"]
    assert len(tree.findall(f"{SVG}g[@id='legend']/{SVG}rect")) > 20
    fills = {group.get("fill") for group in tree.findall(f"{SVG}g[@id='points']/{SVG}g")}
    assert len(fills) > 100


def test_the_menu_is_left_by_escape_and_by_a_touch_of_the_map(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("n=50&images=never")
    menu = page.get_by_role("menu")
    for leave in (lambda: page.keyboard.press("Escape"), lambda: drawn.click(0.0, 0.6)):
        page.locator("[data-tool=export]").click()
        expect(page.get_by_role("menuitem", name="PNG")).to_be_focused()
        leave()
        expect(menu).to_be_hidden()
