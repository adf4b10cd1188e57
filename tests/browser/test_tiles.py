"""Images in place of points: which ones, where, when, and at what cost."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.test_scatter import Map, legend, rgb
from tests.browser.tiles_app import COLOURS, TILE, frames, image_of

APP = Path(__file__).with_name("tiles_app.py")
N = 3000
CLOSE = (0.0, 1.0, 900.0)  # a camera with a few dozen points in view
RIM = 2


@pytest.fixture
def open_map(page: Page, serve: Callable[[Path], str]) -> Callable[..., Map]:
    address = serve(APP)
    return lambda query, camera=None: Map(page, f"{address}/?n={N}&{query}", camera)


def asked(page: Page) -> list[list[int]]:
    """The rows of each request for tiles from now on."""
    rows: list[list[int]] = []

    def note(address: str) -> None:
        if found := re.search(r"/test/tiles\?rows=([\d,]+)", address):
            rows.append([int(row) for row in found[1].split(",")])

    page.on("request", lambda request: note(request.url))
    return rows


def shown(drawn: Map) -> dict[int, tuple[float, float]]:
    """The points that bear a tile, with the pixel of its middle."""
    tiles = drawn.root.evaluate("root => root.map.tiles.shown.map(({ index, x, y }) => [index, x, y])")
    return {index: (x, y) for index, x, y in tiles}


def until(drawn: Map, condition: str) -> None:
    """Wait until a condition on `map`, the map itself, holds."""
    drawn.root.evaluate(
        f"async ({{ map }}) => {{ const end = Date.now() + 60000; while (!({condition})) {{"
        "if (Date.now() > end) throw new Error('waited in vain');"
        "await new Promise((done) => setTimeout(done, 20)); } }"
    )


def at_rest(drawn: Map) -> None:
    """Wait until nothing moves and no image is on its way."""
    until(drawn, "map.settled && map.tiles.resting && !map.tiles.fetching")


def complete(drawn: Map) -> dict[int, tuple[float, float]]:
    """The tiles, once no image is missing."""
    until(drawn, "map.tiles.resting && map.tiles.shown.length && map.tiles.shown.length === map.tiles.chosen.length")
    until(drawn, "!map.picture.dirty && !map.picture.overlayDirty")
    return shown(drawn)


def pixels(drawn: Map, layer: int = 2) -> NDArray[np.uint8]:
    """One of the canvases, RGBA: 2 are the tiles, 3 the marks above."""
    source = drawn.page.locator("canvas.layer").nth(layer).evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).convert("RGBA"))


# ---- when


def test_tiles_are_there_zoomed_in_and_only_then(open_map: Callable[..., Map], page: Page) -> None:
    requests = asked(page)
    drawn = open_map("").ready()
    at_rest(drawn)
    assert shown(drawn) == {}
    assert requests == []
    drawn.camera = drawn.root.evaluate("({ map }) => [map.camera.x, map.camera.y, map.camera.scale]")
    drawn.page.mouse.move(*drawn.pixel(0, 1))
    for _ in range(5):
        drawn.page.mouse.wheel(0, -240)
    assert len(complete(drawn)) > 3
    drawn.surface.focus()
    drawn.page.keyboard.press("0")
    expect(drawn.root).not_to_have_attribute("data-tiles", re.compile("."))


def test_tiles_are_there_always_or_never_where_that_is_asked(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("images=always").ready()
    assert len(complete(drawn)) > 15
    requests = asked(page)
    drawn = open_map("images=never", CLOSE).ready()
    at_rest(drawn)
    assert shown(drawn) == {}
    assert requests == []


# ---- which and where


def test_each_tile_is_its_points_own_image_at_its_place_with_a_rim_of_its_colour(open_map: Callable[..., Map]) -> None:
    drawn = open_map("", CLOSE).ready()
    tiles, canvas, box = complete(drawn), pixels(drawn), drawn.box()
    places, compared = frames(N, 1)[0], 0
    assert len(tiles) > 20
    for row, (x, y) in tiles.items():
        px, py = drawn.pixel(*places[row])
        assert np.hypot(x - (px - box["x"]), y - (py - box["y"])) < 0.1
        left, top = round(x - TILE / 2), round(y - TILE / 2)
        if min(left, top) < RIM or left + TILE + RIM > canvas.shape[1] or top + TILE + RIM > canvas.shape[0]:
            continue
        expected = np.moveaxis(image_of(row), 0, -1).repeat(TILE // 8, 0).repeat(TILE // 8, 1)
        assert np.array_equal(canvas[top : top + TILE, left : left + TILE, :3], expected), f"row {row}"
        assert np.abs(canvas[top - 1, left : left + TILE, :3] - rgb(COLOURS[row % 4])).max() < 4
        compared += 1
    assert compared > 10


def test_no_tile_overlaps_another_and_every_other_point_is_near_one(open_map: Callable[..., Map]) -> None:
    drawn = open_map("", CLOSE).ready()
    tiles, room = complete(drawn), TILE + 2 * RIM
    middles = np.array(list(tiles.values()))
    gaps = np.abs(middles[:, None] - middles[None]).max(axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert gaps.min() >= room - 0.01
    box = drawn.box()
    for row, place in enumerate(frames(N, 1)[0]):
        x, y = (a - b for a, b in zip(drawn.pixel(*place), (box["x"], box["y"]), strict=True))
        if row not in tiles and 0 <= x <= box["width"] and 0 <= y <= box["height"]:
            assert np.abs(middles - (x, y)).max(axis=1).min() < room, "there was room for this one"


def test_tiles_stay_on_their_points_while_the_map_is_dragged(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("", CLOSE).ready()
    tiles, box = complete(drawn), drawn.box()
    x, y = drawn.pixel(-0.3, 0.95)
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((10, 4), (60, 20), (110, -30), (40, 10)):
        page.mouse.move(x + dx, y + dy)
        drawn.page.wait_for_timeout(40)
        now = shown(drawn)
        # One that has left the view may give its room to another one.
        tiles = {
            row: (px, py)
            for row, (px, py) in tiles.items()
            if 0 < px + dx < box["width"] and 0 < py + dy < box["height"]
        }
        for row, (px, py) in tiles.items():
            assert row in now, "a tile vanished"
            assert now[row] == pytest.approx((px + dx, py + dy), abs=0.1)
    assert len(tiles) > 10
    page.mouse.up()


def test_a_hidden_class_has_no_tiles(open_map: Callable[..., Map]) -> None:
    drawn = open_map("images=always", (0.5, 0.5, 300.0)).ready()
    assert 0 in {row % 4 for row in complete(drawn)}
    legend(drawn.page, '"north"').click()
    until(drawn, "map.tiles.shown.every(({ index }) => index % 4 !== 0)")
    assert len(complete(drawn)) > 3


def test_query_and_hits_that_bear_a_tile_are_framed_and_their_images_seen(open_map: Callable[..., Map]) -> None:
    first = open_map("", CLOSE).ready()
    width, height = first.box()["width"], first.box()["height"]
    inner = [row for row, (x, y) in complete(first).items() if 80 < x < width - 80 and 80 < y < height - 80]
    drawn = open_map(f"asked={inner[0]},{inner[1]}", CLOSE).ready()
    tiles, canvas = complete(drawn), pixels(drawn, layer=3)
    out = TILE // 2 + RIM
    for row in inner[:2]:
        x, y = (round(at) for at in tiles[row])
        assert (canvas[y - 8 : y + 8, x - 8 : x + 8, 3] == 0).all(), "a mark lies on the image"
        assert (canvas[y - out - 1 : y - out + 1, x - 20 : x + 20, 3] > 200).mean() > 0.9
    dark = [
        (canvas[round(y) - out, round(x) - 20 : round(x) + 20, :3] < 100).all(axis=1)
        for x, y in map(tiles.get, inner[:2])
    ]
    assert dark[0].all(), "the query's frame is whole"
    assert 0.3 < dark[1].mean() < 0.9, "a wrong hit's is dashed"


# ---- what is touched


def test_a_click_on_a_tile_is_a_click_on_its_point_and_hover_tells_of_it(open_map: Callable[..., Map]) -> None:
    drawn = open_map("", CLOSE).ready()
    box, places = drawn.box(), frames(N, 1)[0]
    width, height = box["width"], box["height"]
    row, (x, y) = next(
        (r, at) for r, at in complete(drawn).items() if 80 < at[0] < width - 80 and 80 < at[1] < height - 80
    )
    corner = box["x"] + x + TILE / 2 - 2, box["y"] + y + TILE / 2 - 2  # farther from the point than a pick reaches
    drawn.page.mouse.move(*corner)
    expect(drawn.page.locator(".tip")).to_contain_text(f"id {row}")
    drawn.page.mouse.click(*corner)
    assert drawn.log(1)[0] == ["click", row, *(pytest.approx(float(v), abs=1e-6) for v in places[row])]


# ---- at what cost


def test_images_that_are_here_are_not_asked_for_again(open_map: Callable[..., Map], page: Page) -> None:
    requests = asked(page)
    drawn = open_map("", CLOSE).ready()
    first = complete(drawn)
    assert 0 < len(requests) <= -(-len(first) // 64)
    for key in ("-", "-", "+", "+"):
        drawn.surface.focus()
        drawn.page.keyboard.press(key)
        at_rest(drawn)
    drawn.page.get_by_role("button", name="Run again").click()
    expect(drawn.page.locator("#log[data-runs='2']")).to_be_attached()
    at_rest(drawn)
    rows = [row for request in requests for row in request]
    assert len(rows) == len(set(rows))
    assert max(map(len, requests)) <= 64


def test_where_images_are_missing_points_stay_and_it_is_asked_but_once(
    open_map: Callable[..., Map], page: Page
) -> None:
    requests = asked(page)
    drawn = open_map("missing=1", CLOSE).ready()
    until(drawn, "map.tiles.quietUntil > 0")
    for _ in range(3):
        drawn.surface.focus()
        drawn.page.keyboard.press("+")
        at_rest(drawn)
    assert len(requests) == 1
    assert shown(drawn) == {}
    seen: Any = drawn.colours()
    assert (np.abs(seen - rgb(COLOURS[0])).max(axis=2) < 40).sum() > 200
