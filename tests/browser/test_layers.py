"""Colourings, marks, layers, links and selections in a real browser: pixels, requests and what the legend says."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.layers_app import SEASON_COLOURS, STARTS, TURN, decided, errors, seasons, targets
from tests.browser.scatter_app import COLOURS, centres, synthetic
from tests.browser.test_scatter import Map, Open, inside, legend, rgb
from tests.browser.test_tiles import until

APP = Path(__file__).with_name("layers_app.py")


@pytest.fixture
def open_map(page: Page, serve: Callable[[Path], str]) -> Open:
    address = serve(APP)
    return lambda query, camera=(0.0, 0.0, 200.0): Map(page, f"{address}/?{query}", camera)


@pytest.fixture
def asked(page: Page) -> list[str]:
    """Addresses of the test routes that the page has asked for."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url) if "/test/" in request.url else None)
    return addresses


def of_kind(addresses: list[str], kind: str) -> list[str]:
    return [address for address in addresses if f"/test/{kind}" in address]


def choose(page: Page, colouring: str) -> None:
    page.get_by_role("radio", name=colouring).or_(page.get_by_role("button", name=colouring, exact=True)).click()


def tick(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).click()


def pixel(shown: Map, canvas: str, x: float, y: float) -> NDArray[np.int64]:
    """RGBA of a 2D canvas ("overlay" or "underlay") at data coordinates: the most opaque within a pixel of it."""
    box, (cx, cy, scale) = shown.box(), shown.camera
    place = [box["width"] / 2 + (x - cx) * scale, box["height"] / 2 - (y - cy) * scale]
    values = shown.root.first.evaluate(
        "({ map }, [name, x, y]) =>"
        "[...map.picture[name].getImageData(Math.round(x) - 1, Math.round(y) - 1, 3, 3).data]",
        [canvas, *place],
    )
    found = np.array(values).reshape(9, 4)
    return np.asarray(found[found[:, 3].argmax()])


def near(colours: NDArray[np.int64], colour: str, within: int = 40) -> int:
    """How many pixels have a colour."""
    return int((np.abs(colours - rgb(colour)).max(axis=2) < within).sum())


def settled(page: Page, test: Callable[[], bool]) -> None:
    """Wait until something holds; the browser draws when it can."""
    for _ in range(600):
        if test():
            return
        page.wait_for_timeout(50)
    assert test()


# ---- colourings


def test_a_colouring_by_groups_draws_counts_and_hides_them(open_map: Open) -> None:
    groups = seasons(500)
    shown = open_map("n=500&colour=season").ready()
    expect(legend(shown.page, "winter").locator(".count")).to_have_text(str((groups == 2).sum()))
    expect(legend(shown.page, "None").locator(".count")).to_have_text("50")
    expect(shown.page.locator(".legend .heading")).to_have_text("Season")
    expect(legend(shown.page, "uniform")).to_have_count(0)
    settled(shown.page, lambda: all(near(shown.colours(), colour) > 200 for colour in SEASON_COLOURS))
    shown.repainted(lambda: legend(shown.page, "winter").click())
    expect(shown.root).to_have_attribute("data-drawn", str((groups != 2).sum()))
    assert near(shown.colours(), SEASON_COLOURS[2]) == 0
    assert near(shown.colours(), SEASON_COLOURS[0]) > 200
    shown.repainted(lambda: legend(shown.page, "None").dblclick())
    expect(shown.root).to_have_attribute("data-drawn", "50")


def test_what_is_hidden_by_group_cannot_be_touched(open_map: Open) -> None:
    places, groups = synthetic(500)[0], seasons(500)
    shown = open_map("n=500&colour=season&hide=0,255@season").ready()
    expect(legend(shown.page, "spring")).to_have_attribute("aria-pressed", "false")
    until(shown, "map.looks.columnDrawn")
    around = np.array([[-1.2, 1.2], [1.2, 1.2], [1.2, -1.2], [-1.2, -1.2]])
    shown.lasso(around)
    count = int((inside(around, places) & np.isin(groups, [1, 2])).sum())
    expect(shown.page.locator(".chip")).to_contain_text(f"{count} selected")


def test_a_change_of_colours_fetches_their_bytes_once_and_the_points_never_again(
    open_map: Open, asked: list[str]
) -> None:
    shown = open_map("n=500").ready()
    shown.page.set_viewport_size({"width": 560, "height": 720})  # the legend lies beneath
    box = shown.box()
    for name in ("season", "class", "error", "confidence", "season", "error", "class"):
        title = {"season": "Season", "error": "Reconstruction error", "confidence": "Confidence"}.get(name)
        choose(shown.page, name)
        if title:
            expect(shown.page.locator(".legend .title")).to_have_text(title)
        else:
            expect(shown.page.locator(".legend .title")).to_have_count(0)
        assert shown.box() == box, "another colouring moves the points"
    assert len(of_kind(asked, "points")) == 1
    assert sorted(re.findall(r"column/500/(\w+)", " ".join(asked))) == ["confidence", "error", "season"]


def test_each_colouring_hides_its_own_and_the_address_says_so(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    legend(shown.page, "dots").click()
    expect(shown.root).to_have_attribute("data-drawn", "400")
    choose(shown.page, "season")
    expect(shown.root).to_have_attribute("data-drawn", "500")
    legend(shown.page, "summer").click()
    shown.page.wait_for_url(re.compile(r"hide=1@season"))
    choose(shown.page, "class")
    expect(shown.root).to_have_attribute("data-drawn", "400")
    shown.page.wait_for_url(re.compile(r"hide=4(&|$)"))


def test_values_lie_on_a_ramp_and_the_tooltip_says_them(open_map: Open) -> None:
    places, values = synthetic(500)[0], errors(500)
    shown = open_map("n=500&colour=error").ready()
    scale = shown.page.locator(".legend .scale")
    expect(scale).to_contain_text("0 %")
    expect(scale).to_contain_text("50 %")
    expect(scale.locator(".unknown")).to_have_text(f"{(values == 255).sum()} not known")
    assert near(shown.colours(), COLOURS[0]) == 0
    tip = shown.page.locator(".tip")
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 10 * np.eye(500)
    lonely = gaps.min(axis=1) * 200 > 4
    known, unknown = (np.flatnonzero(lonely & which)[0] for which in (values < 255, values == 255))
    shown.page.mouse.move(*shown.pixel(*places[known].tolist()))
    expect(tip).to_contain_text(f"Reconstruction error: {float(f'{values[known] / 254 * 50:.3g}'):g} %")
    shown.page.mouse.move(*shown.pixel(*places[unknown].tolist()))
    expect(tip).to_contain_text("Reconstruction error: not known")


def test_the_tooltip_says_a_points_group(open_map: Open) -> None:
    shown = open_map("n=5&colour=season").ready()
    until(shown, "map.looks.columnDrawn")
    shown.page.mouse.move(*shown.pixel(*centres()[4]))
    expect(shown.page.locator(".tip")).to_contain_text("Season: spring")
    expect(shown.page.locator(".tip")).to_contain_text("dots")


def test_colours_that_do_not_come_are_one_sentence_and_retry_brings_them(page: Page, open_map: Open) -> None:
    page.route("**/test/column/**", lambda route: route.fulfill(status=502), times=1)
    shown = open_map("n=500").ready()
    choose(page, "season")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("The colours of Season could not be loaded: the server answered 502.")
    assert near(shown.colours(), COLOURS[0]) > 200
    expect(legend(page, "uniform")).to_be_visible()
    notice.get_by_role("button", name="Retry").click()
    expect(legend(page, "spring")).to_be_visible()
    expect(notice).to_have_count(0)


def test_a_map_is_grey_until_its_first_colours_come(page: Page, open_map: Open) -> None:
    held: list[Route] = []
    page.route("**/test/column/**", lambda route: held.append(route))  # noqa: PLW0108 - it must take attributes
    shown = open_map("n=500&colour=season").ready()
    assert near(shown.colours(), SEASON_COLOURS[0]) == near(shown.colours(), COLOURS[2]) == 0
    expect(legend(shown.page, "spring").locator(".count")).to_have_text("")
    settled(page, lambda: len(held) > 0)
    shown.repainted(held[0].continue_)
    assert near(shown.colours(), SEASON_COLOURS[0]) > 200


# ---- marks

ON_CIRCLE = centres()[1] + [0.34, 0]
INK = "#1b1f24"
PLACES = {  # a place at which each kind, and no other, has drawn something: canvas, place, least opacity
    "circles": ("overlay", tuple(ON_CIRCLE), 150),
    "centres": ("overlay", tuple(centres()[1]), 250),
    "sectors": ("underlay", (0.06, 1.25), 20),
    "lines": ("overlay", (0.25 * np.cos(0.5), 0.3 + 0.2 * np.sin(0.5)), 150),
    "ellipses": ("overlay", (-0.5 * np.cos(np.pi / 6), 0.3 - 0.5 * np.sin(np.pi / 6)), 200),
    "others": ("overlay", (-0.2, 0.025), 250),
    "outlines": ("underlay", (0.1 + 0.6 * np.cos(0.5), 0.05 + 0.6 * np.sin(0.5)), 40),
    "borders": ("underlay", (-0.9, 0.13), 150),
}


@pytest.mark.parametrize("kind", PLACES)
def test_each_kind_of_mark_is_drawn_at_its_place(open_map: Open, kind: str) -> None:
    canvas, place, opacity = PLACES[kind]
    # Beside the grid's lines: they are drawn beneath.
    shown = open_map(f"n=5&marks={kind}").ready()
    settled(shown.page, lambda: bool(pixel(shown, canvas, *place)[3] >= opacity))
    tick(shown.page, "Marks")
    settled(shown.page, lambda: bool(pixel(shown, canvas, *place)[3] < 15))


def test_a_centre_has_the_colour_of_its_class_and_hides_with_it(open_map: Open) -> None:
    shown = open_map("n=5&marks=centres").ready()
    for k, (x, y) in enumerate(centres()):
        gaps = [np.abs(pixel(shown, "overlay", x, y)[:3] - rgb(colour)).max() for colour in COLOURS]
        assert (int(np.argmin(gaps)), min(gaps) < 60) == (k, True)  # a pixel of its rim may be in it
    legend(shown.page, "horizontal lines").click()
    settled(shown.page, lambda: bool(pixel(shown, "overlay", *centres()[1])[3] == 0))


def test_a_class_sector_is_tinted_and_a_forbidden_one_hatched(open_map: Open) -> None:
    shown = open_map("n=5&marks=sectors", (0, 0, 200)).ready()
    within = [
        pixel(shown, "underlay", r * np.cos(a), r * np.sin(a))
        for r in (0.63, 0.71)
        for a in STARTS[1] + np.array([0.1, 0.3]) * TURN
    ]
    assert all(np.abs(values[:3] - rgb(COLOURS[1])).max() < 45 and 20 < values[3] < 80 for values in within)
    # Along an arc across the forbidden sector, lines and gaps alternate.
    angles = STARTS[1] + (0.8 + 0.2 * np.linspace(0.04, 0.96, 300)) * TURN
    drawn = [pixel(shown, "underlay", 1.2 * np.cos(a), 1.2 * np.sin(a))[3] > 25 for a in angles]
    assert 3 <= np.abs(np.diff(np.array(drawn, int))).sum() // 2 <= 12


def test_items_of_another_data_set_are_diamonds_that_the_legend_lists_and_hides(open_map: Open) -> None:
    shown = open_map("n=5&marks=others").ready()
    expect(legend(shown.page, "Bbags").locator(".count")).to_have_text("2")
    alpha = """(root, [x, y, at = -0.2]) => { const [px, py] = root.map.toScreen(at, 0);
        return [...root.map.picture.overlay.getImageData(Math.round(px + x), Math.round(py + y), 1, 1).data]; }"""
    rim = np.array([shown.root.evaluate(alpha, [dx, dy]) for dx in (-5, 5) for dy in (-5, 5)])
    assert np.abs(rim[:, :3] - rgb(INK)).max() < 110
    assert shown.root.evaluate(alpha, [11, 11])[3] == 0, "a diamond has no corners there"
    ground = min((shown.root.evaluate(alpha, [dx, 0, 1.6]) for dx in (5, 6, 7)), key=lambda colour: int(colour[3]))
    assert 0 < ground[3] < 100, "what lies beneath is not seen"
    # A group that is called like a class has its colour.
    assert np.abs(np.array(ground[:3]) - rgb(COLOURS[3])).max() < 20
    legend(shown.page, "Ashoes").click()
    settled(shown.page, lambda: bool(pixel(shown, "overlay", -0.15, 0)[3] == 0))
    shown.page.wait_for_url(re.compile(r"hide=o0"))


def test_marks_of_hidden_points_go_and_that_is_said(open_map: Open) -> None:
    shown = open_map("n=5&marks=touched").ready()
    ring = {k: centres()[k] + (radius / 200, 0) for k, radius in ((0, 11), (1, 7), (2, 7))}

    def rings() -> list[int]:
        return [k for k, place in ring.items() if pixel(shown, "overlay", *place)[3] > 200]

    settled(shown.page, lambda: rings() == [0, 1, 2])
    legend(shown.page, "horizontal lines").click()
    settled(shown.page, lambda: rings() == [0, 2])
    expect(shown.page.locator(".notice")).to_have_text("1 marked point is hidden by the legend")
    legend(shown.page, "uniform").click()
    settled(shown.page, lambda: rings() == [2])
    expect(shown.page.locator(".notice")).to_have_text("2 marked points are hidden by the legend")
    legend(shown.page, "uniform").dblclick()
    settled(shown.page, lambda: rings() == [0])


@pytest.mark.parametrize(("kind", "place"), [("others", (1.6, 0)), ("outlines", (2.0, 0.05)), ("borders", (0, 2.1))])
def test_all_of_another_data_sets_items_and_of_the_space_is_in_the_fitted_view(
    open_map: Open, kind: str, place: tuple[float, float]
) -> None:
    shown = open_map(f"n=5&marks={kind}", None).ready()
    x, y = shown.root.evaluate("(root, place) => root.map.toScreen(...place)", place)
    assert 0 < x < shown.box()["width"]
    assert 0 < y < shown.box()["height"]


def test_an_outline_bears_its_name_but_not_where_it_crowds_the_edge(page: Page, open_map: Open) -> None:
    page.add_init_script(
        "window.texts = []; const { fillText } = CanvasRenderingContext2D.prototype;"
        "CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {"
        " window.texts.push(text); return fillText.call(this, text, ...rest); };"
    )
    shown = open_map("n=5&marks=outlines").ready()
    settled(page, lambda: "inner" in page.evaluate("window.texts"))
    assert "crowded" not in page.evaluate("window.texts")
    assert pixel(shown, "overlay", 0.1, 0.65)[3] > 0 or pixel(shown, "overlay", 0.11, 0.65)[3] > 0


def test_names_of_many_classes_do_not_cover_each_other(page: Page, open_map: Open) -> None:
    page.add_init_script(
        "const draw = CanvasRenderingContext2D.prototype.roundRect; window.plates = [];"
        "CanvasRenderingContext2D.prototype.roundRect = function (x, y, w, h, r) {"
        "window.plates.push([x, y, w, h]); return draw.call(this, x, y, w, h, r); };"
    )
    shown = open_map("n=500&crowd=1", None).ready()
    plates = page.evaluate(
        "() => { window.plates = []; const map = [...document.querySelectorAll('*')].map((e) => e.shadowRoot)"
        ".find((root) => root?.querySelector('.scatter'))?.querySelector('.scatter').map"
        " ?? document.querySelector('.scatter').map; map.picture.drawMarks(); return window.plates; }"
    )
    for i, (x, y, w, h) in enumerate(plates):
        for ox, oy, ow, oh in plates[:i]:
            assert x + w <= ox + 0.01 or ox + ow <= x + 0.01 or y + h <= oy + 0.01 or oy + oh <= y + 0.01
    own = np.array(shown.root.evaluate("({ map }) => map.marks.circles.map(([x, y]) => map.toScreen(x, y))"))
    middles = np.array([[x + w / 2, y + h / 2] for x, y, w, h in plates])
    gaps = np.linalg.norm(middles[:, None] - own[None], axis=2).min(axis=1)
    assert middles[0] == pytest.approx(own[0], abs=0.01)
    at_home = int((gaps < 0.01).sum())
    assert 20 < at_home < len(plates) - 5, "those that find no room at their place give way"


# ---- layers


def test_decision_regions_have_the_class_colours_and_follow_the_camera(open_map: Open, asked: list[str]) -> None:
    shown = open_map("n=500&regions=1").ready()
    places = np.array([[0.13, 1.23], [-1.17, 0.43], [-0.63, -1.03], [0.77, -0.83], [1.13, 0.33]])

    def right() -> bool:
        values = [pixel(shown, "underlay", *place) for place in places]
        expected = [rgb(COLOURS[k]) for k in decided(places)]
        return all(
            value[3] > 25 and np.abs(value[:3] - colour).max() < 60
            for value, colour in zip(values, expected, strict=True)
        )

    settled(shown.page, right)
    assert pixel(shown, "underlay", 1.57, 0.03)[3] < 30  # nothing is decided so far out: the grid alone
    assert len(of_kind(asked, "regions")) == 1
    x, y = shown.pixel(0, 0)
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    shown.page.mouse.move(x + 40, y - 20)  # in one step: a slow machine may rest between two
    shown.camera = (-0.2, -0.1, 200)
    settled(shown.page, right)
    shown.page.mouse.up()
    settled(shown.page, lambda: len(of_kind(asked, "regions")) == 2)
    settled(shown.page, right)
    left, bottom, right_end, top = map(float, re.findall(r"box=([^&]*)", asked[-1])[0].replace("%2C", ",").split(","))
    width, height = shown.box()["width"] / 200, shown.box()["height"] / 200
    assert left < -0.2 - width / 2 < -0.2 + width / 2 < right_end
    assert bottom < -0.1 - height / 2 < -0.1 + height / 2 < top


def test_edges_of_regions_are_seen(open_map: Open) -> None:
    shown = open_map("n=5&regions=1").ready()

    def edge() -> int:
        # Down the edge between the classes 2 and 3, across it the fill on both sides.
        return max(int(pixel(shown, "underlay", dx / 200, -0.83)[3]) for dx in range(-2, 3))

    settled(shown.page, lambda: edge() > 90)
    assert max(int(pixel(shown, "underlay", dx / 200, -0.83)[3]) for dx in (-9, 9)) < 80


def test_regions_of_a_hidden_class_and_all_of_them_can_be_taken_away(open_map: Open, asked: list[str]) -> None:
    shown = open_map("n=500&regions=1").ready()
    settled(shown.page, lambda: bool(pixel(shown, "underlay", 0.13, 1.23)[3] > 25))
    legend(shown.page, "uniform").click()
    settled(shown.page, lambda: bool(pixel(shown, "underlay", 0.13, 1.23)[3] < 25))
    assert pixel(shown, "underlay", -1.17, 0.43)[3] > 25
    assert len(of_kind(asked, "regions")) == 1
    tick(shown.page, "Regions")
    settled(shown.page, lambda: bool(pixel(shown, "underlay", -1.17, 0.43)[3] < 25))
    assert len(of_kind(asked, "points")) == 1


def test_regions_are_named_where_nothing_else_names_their_class(open_map: Open) -> None:
    shown = open_map("n=5&regions=1").ready()
    settled(shown.page, lambda: len(shown.root.evaluate("root => root.map.regions.places")) == 5)
    for x, y, index in shown.root.evaluate("root => root.map.regions.places"):
        assert decided(np.array([x, y])) == index


def test_regions_that_do_not_come_are_one_sentence(open_map: Open) -> None:
    shown = open_map("n=500&regions=1&fail=regions").ready()
    sentence = "The decision regions could not be loaded: the server answered 500."
    expect(shown.page.locator(".notice")).to_contain_text(sentence)
    tick(shown.page, "Regions")
    expect(shown.page.locator(".notice")).to_have_count(0)


def test_lines_lead_from_a_sample_of_the_visible_items_to_their_targets(open_map: Open, asked: list[str]) -> None:
    shown = open_map("n=20000&targets=1&hide=1").ready()
    settled(shown.page, lambda: len(shown.root.evaluate("root => root.map.targets.lines")) == 2000)
    rows = np.array(shown.root.evaluate("root => root.map.targets.lines"))
    places, classes, _, _ = synthetic(20000)
    box = shown.box()
    in_view = (np.abs(places) * 200 <= [box["width"] / 2, box["height"] / 2]).all(axis=1)
    wanted = np.flatnonzero(np.isfinite(targets(20000)[:, 0]) & (classes != 1) & in_view)[:2000]
    assert np.array_equal(rows, wanted)
    assert len(of_kind(asked, "targets")) == 1
    marked = shown.root.evaluate("root => root.map.targets.places")
    np.testing.assert_allclose(sorted(index for _, _, index in marked), range(5))


def test_a_target_is_marked_and_joined_to_its_items(open_map: Open) -> None:
    shown = open_map("n=5&targets=1", (0, 0, 220)).ready()
    start, end = centres()[2], 1.3 * centres()[2]
    middle = (start + end) / 2
    settled(shown.page, lambda: bool(pixel(shown, "underlay", *middle)[3] > 60))
    assert np.abs(pixel(shown, "underlay", *middle)[:3] - rgb(COLOURS[2])).max() < 60
    assert np.abs(pixel(shown, "overlay", *end)[:3] - rgb(COLOURS[2])).max() < 12
    nowhere = 1.15 * centres()[0]
    assert pixel(shown, "underlay", nowhere[0] + 0.01, nowhere[1])[3] == 0, "the first item has no target"
    tick(shown.page, "Targets")
    settled(shown.page, lambda: bool(pixel(shown, "overlay", *end)[3] == 0))


# ---- two maps


def open_pair(page: Page, serve: Callable[[Path], str], query: str) -> tuple[Locator, Locator]:
    page.goto(f"{serve(APP)}/?{query}")
    roots = page.locator(".scatter[data-state=ready][data-drawn]")
    expect(roots).to_have_count(2)
    return roots.nth(0), roots.nth(1)


def view(root: Locator) -> list[float]:
    """Where the middle lies and how far one is zoomed in, as seen from the fitted view; in parts of it."""
    return list(
        root.evaluate(
            """root => { const { camera, camera: { fitted, box } } = root.map, side = box.right - box.left;
            return [(camera.x - fitted.x) / side, (camera.y - fitted.y) / side, camera.scale / fitted.scale]; }"""
        )
    )


def drag(page: Page, root: Locator, dx: float, dy: float) -> None:
    box = root.locator("canvas.overlay").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def test_linked_maps_move_together_whichever_is_moved(page: Page, serve: Callable[[Path], str]) -> None:
    left, right = open_pair(page, serve, "n=500&pair=linked")
    for moved, other in ((left, right), (right, left)):
        drag(page, moved, 50, -30)
        assert view(moved)[2] > 1.5
        assert view(other) == pytest.approx(view(moved), rel=1e-3)
    right.locator("[data-tool=fit]").click()
    assert view(left) == pytest.approx([0, 0, 1])


def test_a_link_reopens_both_linked_maps(page: Page, serve: Callable[[Path], str]) -> None:
    left, right = open_pair(page, serve, "n=500&pair=linked")
    drag(page, right, 50, -30)
    before = view(left)
    legend(page, "dots").first.click()
    page.wait_for_url(re.compile(r"view=[^&]*@link:pair.*hide=4"))
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    expect(page.locator(".scatter[data-state=ready][data-drawn='400']")).to_have_count(2)
    assert view(left) == pytest.approx(before, rel=1e-3)
    assert view(right) == pytest.approx(before, rel=1e-3)


def test_what_is_hidden_on_one_map_is_hidden_on_a_linked_one_of_the_same_items(
    page: Page, serve: Callable[[Path], str]
) -> None:
    left, right = open_pair(page, serve, "n=500&pair=linked")
    expect(legend(page, "dots").nth(1)).to_be_hidden()  # one legend for both
    expect(right.get_by_text("The legend of the first map holds here, too.")).to_be_visible()
    legend(page, "dots").first.click()
    expect(page.locator(".scatter[data-drawn='400']")).to_have_count(2)
    legend(page, "dots").first.click()
    expect(right).to_have_attribute("data-drawn", "500")
    heights = [root.locator(".plot").bounding_box() for root in (left, right)]
    assert heights[0]
    assert heights[1]
    assert heights[0]["height"] == heights[1]["height"]


def test_maps_without_a_link_move_alone(page: Page, serve: Callable[[Path], str]) -> None:
    left, right = open_pair(page, serve, "n=500&pair=apart")
    expect(legend(page, "dots").nth(1)).to_be_visible()  # what it hides is its own
    drag(page, left, 50, -30)
    assert view(left)[2] > 1.5
    assert view(right) == pytest.approx([0, 0, 1])


def test_a_hovered_item_is_ringed_on_the_linked_map(page: Page, serve: Callable[[Path], str]) -> None:
    left, right = open_pair(page, serve, "n=5&pair=linked")
    box = left.locator("canvas.overlay").bounding_box()
    assert box is not None
    x, y = left.evaluate("(root, [x, y]) => root.map.toScreen(x, y)", centres()[3].tolist())
    page.mouse.move(box["x"] + x, box["y"] + y)
    alpha = """root => { const [x, y] = root.map.toScreen(root.map.points.xy[6], root.map.points.xy[7]);
        return root.map.picture.overlay.getImageData(Math.round(x + 9), Math.round(y), 1, 1).data[3]; }"""
    settled(page, lambda: bool(right.evaluate(alpha) > 200))
    page.mouse.move(box["x"] + 5, box["y"] + 150)
    settled(page, lambda: bool(right.evaluate(alpha) == 0))


# ---- selections set by Python


def test_a_selection_made_by_python_is_shown_and_dropped(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    shown.repainted(lambda: tick(shown.page, "Select oranges"))
    expect(shown.page.locator(".chip")).to_contain_text("100 selected")
    assert near(shown.colours(), COLOURS[1], 60) > 500
    assert near(shown.colours(), COLOURS[0], 60) == 0
    shown.repainted(lambda: tick(shown.page, "Select oranges"))
    expect(shown.page.locator(".chip")).to_be_hidden()
    assert near(shown.colours(), COLOURS[0]) > 200


def test_a_rerun_does_not_bring_back_what_a_person_has_cleared(open_map: Open) -> None:
    shown = open_map("n=500").ready()
    tick(shown.page, "Select oranges")
    expect(shown.page.locator(".chip")).to_be_visible()
    shown.page.locator(".chip").get_by_role("button").click()
    for _ in range(2):  # the first may be the answer to the clearing
        runs = shown.page.locator("#log").get_attribute("data-runs")
        shown.page.get_by_role("button", name="Run again").click()
        expect(shown.page.locator("#log")).not_to_have_attribute("data-runs", runs or "")
    expect(shown.page.locator(".chip")).to_be_hidden()


def test_a_lasso_on_one_map_selects_the_same_items_on_the_other(page: Page, serve: Callable[[Path], str]) -> None:
    left, right = open_pair(page, serve, "n=500&pair=linked")
    box = left.locator("canvas.overlay").bounding_box()
    assert box is not None
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.down()
    for x, y in ((0.5, 60), (0.5, box["height"] - 40), (0.05, box["height"] - 40)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(right.locator(".chip")).to_be_visible()
    selections = [json.dumps(root.evaluate("root => [...root.map.kept.selected]")) for root in (left, right)]
    assert selections[0] == selections[1]
    count = sum(json.loads(selections[0]))
    assert 0 < count < 500
    page.keyboard.press("Escape")
    left.locator("canvas.overlay").focus()
    page.keyboard.press("Escape")
    expect(right.locator(".chip")).to_be_hidden()
