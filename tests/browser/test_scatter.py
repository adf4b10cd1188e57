"""The map in a real browser: what is seen, clicked, drawn around and typed reaches Python as it should."""

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from explorer.ui.scatter import decode_click, decode_lasso
from tests.browser.scatter_app import COLOURS, centres, synthetic

APP = Path(__file__).with_name("scatter_app.py")
PICK_RADIUS = 8


class Open(Protocol):
    def __call__(self, query: str, camera: tuple[float, float, float] | None = ...) -> "Map": ...


class Map:
    """The map on an open page; the address sets its camera, so that every place on the screen is known."""

    def __init__(self, page: Page, address: str, camera: tuple[float, float, float] | None) -> None:
        self.page = page
        self.camera = camera or (0.0, 0.0, 200.0)
        self.root = page.locator(".scatter")
        self.surface = page.locator("canvas.overlay")
        page.goto(address + ("&view=" + ",".join(map(str, camera)) if camera else ""))

    def ready(self) -> "Map":
        """Wait until all points are drawn."""
        self.page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=60_000)
        return self

    def box(self) -> dict[str, float]:
        box = self.surface.bounding_box()
        assert box is not None
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Place on the page of data coordinates."""
        box, (cx, cy, scale) = self.box(), self.camera
        return box["x"] + box["width"] / 2 + (x - cx) * scale, box["y"] + box["height"] / 2 - (y - cy) * scale

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.pixel(x, y))

    def lasso(self, polygon: NDArray[np.float64]) -> None:
        """Shift-drag around a polygon given in data coordinates."""
        corners = [self.pixel(x, y) for x, y in polygon]
        self.page.keyboard.down("Shift")
        self.page.mouse.move(*corners[0])
        self.page.mouse.down()
        for corner in corners[1:]:
            self.page.mouse.move(*corner)
        self.page.mouse.up()
        self.page.keyboard.up("Shift")

    def log(self, count: int) -> list[Any]:
        """What Python has been told, once it is `count` events."""
        self.page.wait_for_function(
            "count => JSON.parse(document.querySelector('#log')?.textContent ?? '[]').length >= count", arg=count
        )
        events: list[Any] = json.loads(self.page.locator("#log").inner_text())
        return events

    def colours(self) -> NDArray[np.int64]:
        """Pixels of the WebGL canvas over the page's background, shape (height, width, 3)."""
        source = self.page.locator("canvas.layer").nth(1).evaluate("canvas => canvas.toDataURL()")
        picture = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        return np.asarray(Image.alpha_composite(ground, picture).convert("RGB")).astype(np.int64)

    def repainted(self, act: Callable[[], None]) -> None:
        """Do something and wait until the map has been drawn anew."""
        self.root.evaluate(
            "root => { root.painted = false;"
            "root.addEventListener('scatter-painted', () => { root.painted = true; }, { once: true }); }"
        )
        act()
        expect(self.root).to_have_js_property("painted", True)


@pytest.fixture
def open_map(page: Page, serve: Callable[[Path], str]) -> Open:
    """Open the test page with a query string, at a camera (x, y, pixels a unit), or fitted for None."""
    address = serve(APP)
    return lambda query, camera=(0.0, 0.0, 200.0): Map(page, f"{address}/?{query}", camera)


def rgb(colour: str) -> NDArray[np.int64]:
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])


def nearest(places: NDArray[Any], x: float, y: float, allowed: NDArray[np.bool_] | None = None) -> tuple[int, float]:
    """Brute force: index of the nearest point and its distance."""
    distance = np.hypot(places[:, 0] - x, places[:, 1] - y)
    if allowed is not None:
        distance[~allowed] = np.inf
    return int(distance.argmin()), float(distance.min())


def inside(polygon: NDArray[np.float64], places: NDArray[Any]) -> NDArray[np.bool_]:
    """Brute force: crossing numbers of a ray to the right."""
    odd = np.zeros(len(places), np.bool_)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (ay > places[:, 1]) != (by > places[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (places[:, 0] < (bx - ax) * (places[:, 1] - ay) / (by - ay) + ax)
    return odd


def off_edges(polygon: NDArray[np.float64], places: NDArray[Any], gap: float) -> NDArray[np.bool_]:
    """Points farther than `gap` from every edge: pointer places are rounded to pixels."""
    least = np.full(len(places), np.inf)
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        t = np.clip(((places - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        least = np.minimum(least, np.linalg.norm(places - (a + t[:, None] * (b - a)), axis=1))
    return least > gap


def legend(page: Page, name: str) -> Locator:
    return page.locator(".legend button").filter(has_text=re.compile(rf"^{name}"))


# ---- what is seen


def test_points_of_each_class_are_seen_at_their_places_in_their_colour(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    colours, box = shown.colours(), shown.box()
    for (x, y), colour in zip(centres(), COLOURS, strict=True):
        column, row = round(box["width"] / 2 + 200 * x), round(box["height"] / 2 - 200 * y)
        assert np.abs(colours[row, column] - rgb(colour)).max() < 40
    assert (colours[round(box["height"] / 2), round(box["width"] / 2)] == 255).all()


def test_all_points_are_drawn_and_counted_in_the_legend(open_map: Open) -> None:
    shown = open_map("n=20000", None).ready()
    expect(shown.root).to_have_attribute("data-drawn", "20000")
    expect(legend(shown.page, "dots").locator(".count")).to_have_text("4,000")


def test_a_hidden_class_leaves_the_pixels_and_cannot_be_picked(open_map: Open) -> None:
    places, classes, _, _ = synthetic(500)
    shown = open_map("n=500").ready()
    blue = np.abs(shown.colours() - rgb(COLOURS[0])).max(axis=2) < 40
    assert blue.sum() > 200
    shown.repainted(lambda: legend(shown.page, "uniform").click())
    expect(legend(shown.page, "uniform")).to_have_attribute("aria-pressed", "false")
    expect(shown.root).to_have_attribute("data-drawn", "400")
    assert (np.abs(shown.colours() - rgb(COLOURS[0])).max(axis=2) < 40).sum() == 0
    blues = places[classes == 0]
    gaps = [nearest(places, x, y, allowed=classes != 0)[1] * 200 for x, y in blues]
    assert max(gaps) > PICK_RADIUS + 1
    shown.click(*blues[int(np.argmax(gaps))].tolist())
    assert shown.log(1)[0][1] == -1


def test_double_click_on_a_class_shows_only_that_one_and_then_all_again(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    legend(shown.page, "squares").dblclick()
    expect(shown.root).to_have_attribute("data-drawn", "100")
    legend(shown.page, "squares").dblclick()
    expect(shown.root).to_have_attribute("data-drawn", "500")


def test_the_split_toggles_hide_their_points(open_map: Open) -> None:
    tested = int(synthetic(500)[3].sum())
    shown = open_map("n=500").ready()
    legend(shown.page, "Train").click()
    expect(shown.root).to_have_attribute("data-drawn", str(tested))


# ---- what is clicked


def test_a_click_reports_the_index_that_brute_force_finds(open_map: Open) -> None:
    places = synthetic(2000)[0]
    shown = open_map("n=2000", (0, 0, 220)).ready()
    for count, i in enumerate((3, 777, 1500), start=1):
        # Two pixels beside the point: crowded places decide between neighbours.
        x, y = places[i] + np.array([1.6, -1.2]) / 220
        shown.click(x, y)
        box = shown.box()
        px, py = shown.pixel(x, y)
        seen = (px - box["x"] - box["width"] / 2) / 220, -(py - box["y"] - box["height"] / 2) / 220
        kind, index, cx, cy = shown.log(count)[-1]
        assert (kind, index) == ("click", nearest(places, *seen)[0])
        assert (cx, cy) == pytest.approx(places[index].tolist(), abs=1e-6)


def test_a_click_on_empty_space_reports_its_place_within_a_pixel(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    shown.click(0.03, -0.02)
    kind, index, x, y = shown.log(1)[0]
    assert (kind, index) == ("click", -1)
    assert np.hypot(x - 0.03, y + 0.02) * 200 <= 1.5


def test_of_two_quick_clicks_the_last_one_arrives_and_order_holds(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    for k in (1, 3):
        shown.click(*centres()[k])
    shown.page.wait_for_function("() => JSON.parse(document.querySelector('#log').textContent).at(-1)?.[1] === 3")
    indices = [index for _, index, _, _ in shown.log(1)]
    assert indices in ([1, 3], [3])


def test_a_click_is_reported_once_whatever_reruns_follow(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    shown.click(*centres()[2])
    shown.log(1)
    runs = int(shown.page.locator("#log").get_attribute("data-runs") or 0)
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.locator(f"#log[data-runs='{runs + 1}']")).to_be_attached()
    assert len(shown.log(1)) == 1


def test_the_keyboard_alone_reaches_a_point_and_clicks_it(open_map: Open) -> None:
    x, y = centres()[0].tolist()
    shown = open_map("n=5", (x, y - 0.4, 200)).ready()
    shown.surface.focus()
    for _ in range(2):
        shown.page.keyboard.press("Shift+ArrowUp")
    expect(shown.page.locator(".spoken")).to_contain_text("uniform")
    shown.page.keyboard.press("Enter")
    assert shown.log(1)[0][:2] == ["click", 0]


# ---- lasso


def test_a_lasso_selects_what_brute_force_finds_among_the_visible_points(open_map: Open) -> None:
    places, classes, _, _ = synthetic(2000)
    shown = open_map("n=2000&hide=3").ready()
    polygon = np.array([[-0.9, 0.9], [0.3, 1.1], [0.8, -0.9], [0.1, -0.1], [-0.5, -0.8]])
    shown.lasso(polygon)
    kind, count, rows = shown.log(1)[0]
    assert (kind, count) == ("lasso", len(rows))
    sure = off_edges(polygon, places, 1.5 / 200)
    got = np.isin(np.arange(2000), rows)
    assert np.array_equal(got[sure], (inside(polygon, places) & (classes != 3))[sure])
    assert count > 300
    assert not (classes[rows] == 3).any()


def test_after_a_lasso_the_rest_stays_visible_in_grey_until_it_is_dropped(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    x, y = centres()[1]
    around = np.array([[-0.3, -0.3], [0.3, -0.3], [0.3, 0.3], [-0.3, 0.3]]) + [x, y]
    shown.repainted(lambda: shown.lasso(around))
    colours = shown.colours()
    drawn = (colours < 250).any(axis=2)
    grey = drawn & (np.ptp(colours, axis=2) < 30) & (colours.min(axis=2) > 120)
    assert grey.sum() > 2000
    assert (np.abs(colours - rgb(COLOURS[1])).max(axis=2) < 60).sum() > 500
    assert (np.abs(colours - rgb(COLOURS[0])).max(axis=2) < 60).sum() == 0
    shown.repainted(lambda: shown.page.get_by_role("button", name="Drop selection").click())
    assert (np.abs(shown.colours() - rgb(COLOURS[0])).max(axis=2) < 60).sum() > 500


def test_escape_clears_the_selection_and_tells_python(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    shown.lasso(np.array([[-1.2, 1.2], [1.2, 1.2], [1.2, -1.2], [-1.2, -1.2]]))
    assert shown.log(1)[0][1] > 400
    shown.page.keyboard.press("Escape")
    assert shown.log(2)[1] == ["lasso", 0, []]
    expect(shown.page.locator(".chip")).to_be_hidden()


# ---- camera and address


def test_the_camera_survives_a_rerun_and_a_link_reopens_it(open_map: Open) -> None:
    shown = open_map("n=500", None).ready()
    box = shown.box()
    shown.page.mouse.move(box["x"] + 300, box["y"] + 200)
    shown.repainted(lambda: shown.page.mouse.wheel(0, -400))
    legend(shown.page, "dots").click()
    shown.page.wait_for_url(re.compile(r"n=500.*view=.*hide=4"))
    link, before = shown.page.url, shown.colours()
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.locator("#log[data-runs='2']")).to_be_attached()
    shown.ready()
    assert shown.page.url == link
    assert np.array_equal(shown.colours(), before)
    shown.page.goto("about:blank")
    shown.page.goto(link)
    shown.ready()
    assert np.abs(shown.colours() - before).mean() < 0.5
    expect(legend(shown.page, "dots")).to_have_attribute("aria-pressed", "false")


def test_the_wheel_zooms_about_the_cursor_and_does_not_scroll_the_page(open_map: Open) -> None:
    shown = open_map("n=5&height=900").ready()
    x, y = centres()[0]
    at = shown.pixel(x, y)
    shown.page.mouse.move(*at)
    shown.repainted(lambda: shown.page.mouse.wheel(0, -500))
    shown.page.mouse.click(*at)
    assert shown.log(1)[0][:2] == ["click", 0]
    assert shown.page.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") == 0


def test_a_drag_pans_and_is_no_click(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    from_x, from_y = shown.pixel(0.1, 0.1)
    shown.page.mouse.move(from_x, from_y)
    shown.page.mouse.down()
    shown.page.mouse.move(from_x + 60, from_y - 40, steps=4)
    shown.page.mouse.up()
    shown.page.wait_for_url(re.compile(r"view=-0\.3,-0\.2,200"))
    shown.camera = (-0.3, -0.2, 200)
    shown.click(*centres()[3])
    assert [event[:2] for event in shown.log(1)] == [["click", 3]]


# ---- hover and states


def test_hover_shows_the_thumbnail_at_a_whole_multiple_of_its_pixels(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    shown.root.evaluate("root => root.addEventListener('scatter-painted', () => root.setAttribute('data-again', 1))")
    shown.page.mouse.move(*shown.pixel(*centres()[4]))
    tip = shown.page.locator(".tip")
    expect(tip).to_contain_text("id 1004")
    expect(tip).to_contain_text("dots")
    size = tip.locator("canvas").bounding_box()
    assert size is not None
    assert (size["width"], size["height"]) == (96, 96)
    shown.page.mouse.move(*shown.pixel(0, 0))
    expect(tip).to_be_hidden()
    assert shown.root.get_attribute("data-again") is None, "a hover redrew the points"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("n=50&status=403", "This page's access has expired: reload the page."),
        ("n=50&status=500", "The points could not be loaded: the server answered 500."),
        ("n=50&short=4", "The points do not match this run: the answer has another length than expected."),
        ("n=50&delay=3", "Loading 50 points"),
        ("n=0", "There are no points to show."),
    ],
)
def test_every_state_without_points_says_so_in_one_sentence(open_map: Open, query: str, sentence: str) -> None:
    shown = open_map(query, None)
    expect(shown.page.locator(".message p")).to_have_text(sentence)
    box = shown.page.locator(".scatter").bounding_box()
    assert box is not None
    assert box["height"] == 560


def test_a_lost_graphics_context_comes_back_with_the_same_picture(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    before = shown.colours()
    canvas = shown.page.locator("canvas.layer").nth(1)
    canvas.evaluate(
        "canvas => { canvas.lose = canvas.getContext('webgl').getExtension('WEBGL_lose_context');"
        "canvas.lose.loseContext(); }"
    )
    expect(shown.root).to_have_attribute("data-state", "loading")
    shown.repainted(lambda: canvas.evaluate("canvas => canvas.lose.restoreContext()"))
    expect(shown.root).to_have_attribute("data-state", "ready")
    assert np.array_equal(shown.colours(), before)


def test_without_webgl_one_sentence_says_so(page: Page, open_map: Open) -> None:
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    shown = open_map("n=50")
    expect(shown.page.locator(".message p")).to_contain_text("This map needs WebGL")
    expect(shown.root).to_have_attribute("data-state", "error")


def test_retry_loads_what_failed_before(page: Page, open_map: Open) -> None:
    page.route("**/test/points/**", lambda route: route.fulfill(status=502), times=1)
    shown = open_map("n=50")
    expect(shown.page.locator(".message p")).to_contain_text("502")
    shown.page.get_by_role("button", name="Retry").click()
    shown.ready()
    expect(shown.root).to_have_attribute("data-drawn", "50")


def test_the_map_comes_on_retry_as_python_said_it_last(page: Page, open_map: Open) -> None:
    program, asked, sent = "**/explorer/program/*", list[str](), list[int]()
    page.on("request", lambda request: asked.append(request.url) if "/test/points/" in request.url else None)
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(len(frame))))
    page.route(program, lambda route: route.abort())
    shown = open_map("n=50")
    expect(shown.root).to_have_text(re.compile("The map could not be loaded: try again, or reload the page."))
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.locator("#log[data-runs='2']")).to_be_attached()
    page.unroute(program)
    shown.page.get_by_role("button", name="Retry").click()
    shown.ready()
    assert [re.findall(r"token=(\d+)", address) for address in asked] == [["2"]]
    assert sum(sent) < 20_000, "the program travels with every run of the script"


def test_points_are_fetched_once_and_the_camera_is_kept_over_reruns_and_remounts(page: Page, open_map: Open) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/test/points/" in request.url else None)
    shown = open_map("n=500").ready()
    shown.repainted(lambda: shown.page.locator("[data-tool=zoomIn]").click())
    before = shown.colours()
    shown.root.evaluate("root => root.addEventListener('scatter-painted', () => root.setAttribute('data-again', 1))")
    shown.page.get_by_role("button", name="Run again").click()
    expect(shown.page.locator("#log[data-runs='2']")).to_be_attached()
    shown.page.wait_for_timeout(200)
    assert shown.root.get_attribute("data-again") is None, "a rerun that changes nothing repainted all points"
    show = shown.page.get_by_text("Show the map")
    show.click()
    expect(shown.root).to_be_hidden()
    show.click()
    shown.ready()
    assert np.array_equal(shown.colours(), before)
    assert len(asked) == 1


def test_a_change_of_theme_repaints_and_keeps_the_camera(open_map: Open) -> None:
    shown = open_map("n=5").ready()
    black = centres()[4].tolist()
    x, y = (round(a - b) for a, b in zip(shown.pixel(*black), (shown.box()["x"], shown.box()["y"]), strict=True))
    assert shown.colours()[y, x].max() < 60
    try:
        shown.repainted(lambda: shown.page.emulate_media(color_scheme="dark"))
        # Black would drown in a dark background: it is drawn light there.
        assert shown.colours()[y, x].min() > 150
    finally:
        shown.page.emulate_media(color_scheme="light")


# ---- what a hostile browser may send


def test_a_bit_mask_is_read_in_point_order() -> None:
    lasso = decode_lasso({"mask": base64.b64encode(bytes([0b00000101, 0b10])).decode()}, 10)
    assert lasso is not None
    assert lasso.count == 3
    assert np.flatnonzero(lasso.mask).tolist() == [0, 2, 9]


@pytest.mark.parametrize(
    "mask", ["", "AA==", "AAAA", "not base64", "\u00e9\u00e9\u00e9=", None, 7, ["AAA="], "A" * 10_000]
)
def test_a_malformed_mask_gives_nothing(mask: object) -> None:
    assert decode_lasso({"mask": mask}, 10) is None


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"index": 10, "x": 0.0, "y": 0.0},
        {"index": -2, "x": 0.0, "y": 0.0},
        {"index": True, "x": 0.0, "y": 0.0},
        {"index": 1.5, "x": 0.0, "y": 0.0},
        {"index": 1, "x": None, "y": 0.0},
        {"index": 1, "x": float("nan"), "y": 0.0},
        {"index": 1, "x": 10**400, "y": 0.0},
    ],
)
def test_a_malformed_click_gives_nothing(message: dict[str, object]) -> None:
    assert decode_click(message, 10) is None
