"""The timeline beneath the map: a slider, playing, trails, and the frame that Python is told."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_scatter import Map, inside, off_edges
from tests.browser.test_tiles import until
from tests.browser.tiles_app import frames

APP = Path(__file__).with_name("tiles_app.py")
N, COUNT = 400, 5
CAMERA = (0.0, 0.0, 150.0)


@pytest.fixture
def open_map(page: Page, serve: Callable[[Path], str]) -> Callable[..., Map]:
    """A map of 400 points at five moments."""
    address = serve(APP)

    def opened(query: str = "", camera: tuple[float, float, float] | None = CAMERA) -> Map:
        return Map(page, f"{address}/?n={N}&images=never&frames={COUNT}&{query}", camera).ready()

    return opened


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Frame")


def places(drawn: Map) -> NDArray[np.float64]:
    """Where the points are now, shape (n, 2)."""
    return np.array(drawn.root.evaluate("({ map }) => [...map.points.xy]")).reshape(-1, 2)


def told(page: Page, frame: int) -> None:
    """Wait until Python says that this frame is settled on."""
    expect(page.locator(f"#log[data-frame='{frame}']")).to_be_attached()


def lonely(at: NDArray[np.float32]) -> int:
    """A point that no other lies near."""
    gaps = np.linalg.norm(at[:, None] - at[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    gaps[np.abs(at).max(axis=1) > 1.5] = 0
    return int(gaps.min(axis=1).argmax())


def test_it_starts_where_python_says_and_python_is_told_nothing_yet(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("start=2")
    assert places(drawn) == pytest.approx(frames(N, COUNT)[2])
    expect(page.locator("output")).to_have_text("epoch 2")
    told(page, 2)
    sent = drawn.root.evaluate(
        "async ({ map }) => { await new Promise((r) => setTimeout(r, 500)); return map.reports.sequence; }"
    )
    assert sent == 0, "nothing has been settled on"


def test_arrow_keys_step_and_the_frame_is_told_once_it_is_settled(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map()
    slider(page).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    told(page, 3)
    assert places(drawn) == pytest.approx(frames(N, COUNT)[3])
    assert slider(page).get_attribute("aria-valuetext") == "epoch 3"
    runs = int(page.locator("#log").get_attribute("data-runs") or 0)  # 2, where no key came late
    page.get_by_role("button", name="One frame back").click()
    told(page, 2)
    expect(page.locator("#log")).to_have_attribute("data-runs", str(runs + 1))


def test_on_the_way_points_are_between_two_frames_and_the_camera_stays(open_map: Callable[..., Map]) -> None:
    drawn = open_map("", None)
    camera = drawn.root.evaluate("({ map }) => map.camera.now")
    on_the_way = drawn.root.evaluate(
        "({ map: { timeline, points } }) => { timeline.parts.forth.click();"
        "timeline.glide.began = performance.now() - 60; timeline.step(); return [...points.xy]; }"
    )
    first, second = frames(N, COUNT)[:2].reshape(2, -1)
    moved = np.abs(second - first) > 0.2
    shares = ((np.array(on_the_way) - first) / np.where(moved, second - first, 1))[moved]
    assert 0 < shares.mean() < 1
    assert np.ptp(shares) < 1e-3
    until(drawn, "!map.timeline.gliding")
    assert drawn.root.evaluate("({ map }) => map.camera.now") == camera


def test_without_motion_a_step_is_a_jump(open_map: Callable[..., Map], page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    try:
        drawn = open_map()
        page.get_by_role("button", name="One frame on").click()
        assert places(drawn) == pytest.approx(frames(N, COUNT)[1])
    finally:
        page.emulate_media(reduced_motion="no-preference")


def test_the_rail_of_the_slider_is_dark_on_a_dark_page(open_map: Callable[..., Map], page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    try:
        open_map()
        seen = np.asarray(Image.open(io.BytesIO(slider(page).screenshot())).convert("L")).astype(int)
        rail = seen[:, seen.shape[1] // 2 : -12].max(axis=0)  # right of the thumb, which stands at the first frame
        assert (rail > seen.min() + 20).all(), "the rail is not seen"
        assert rail.max() < 128
    finally:
        page.emulate_media(color_scheme="light")


def test_playing_goes_to_the_end_and_starts_over_from_there(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("start=3")
    page.get_by_role("button", name="Play").click()
    told(page, COUNT - 1)
    assert places(drawn) == pytest.approx(frames(N, COUNT)[-1])
    page.get_by_role("button", name="Play").click()
    until(drawn, "map.timeline.frame === 1")
    page.get_by_role("button", name="Pause").click()
    until(drawn, "!map.timeline.gliding")
    told(page, drawn.root.evaluate("({ map }) => map.timeline.frame"))


def test_other_points_end_the_playing_and_have_a_frame_of_their_own(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("start=1&delay=0.3")
    page.get_by_role("button", name="Play").click()
    until(drawn, "map.timeline.gliding")
    page.get_by_role("button", name="Other points").click()
    until(drawn, f"map.cloud.n === {N + 100} && map.points")
    assert places(drawn) == pytest.approx(frames(N + 100, COUNT)[1])
    assert not drawn.root.evaluate("({ map }) => map.timeline.playing")


def test_frames_are_fetched_once_and_kept_over_reruns(open_map: Callable[..., Map], page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/test/frames/" in request.url else None)
    drawn = open_map()
    slider(page).focus()
    page.keyboard.press("End")
    told(page, COUNT - 1)
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#log[data-runs='3']")).to_be_attached()
    assert places(drawn) == pytest.approx(frames(N, COUNT)[-1])
    assert len(asked) == 1


def test_click_and_lasso_mean_the_points_where_they_are_now(open_map: Callable[..., Map], page: Page) -> None:
    at = frames(N, COUNT)[1]
    drawn = open_map()
    page.get_by_role("button", name="One frame on").click()
    told(page, 1)
    row = lonely(at)
    drawn.click(*at[row].tolist())
    assert drawn.log(1)[0][:2] == ["click", row]
    polygon = np.array([[-1.1, 1.0], [0.6, 1.2], [0.9, -0.4], [-0.5, -0.9]])
    drawn.lasso(polygon)
    kind, count = drawn.log(2)[1]
    sure = off_edges(polygon, at, 1.5 / CAMERA[2])
    within = inside(polygon, at)
    assert kind == "lasso"
    assert (within & sure).sum() <= count <= (within | ~sure).sum()


def test_trails_are_the_ways_of_the_rows_asked_for_up_to_the_frame(open_map: Callable[..., Map], page: Page) -> None:
    drawn = open_map("start=2&trails=1")
    expect(page.get_by_role("button", name="Trails")).to_have_attribute("aria-pressed", "true")
    ways = drawn.root.evaluate("({ map }) => map.timeline.trails.ways().map(({ past, now }) => [...past, now])")
    assert len(ways) == 4
    for row, way in enumerate(ways):
        assert np.array(way) == pytest.approx(frames(N, COUNT)[[0, 1, 2, 2], row])
    page.get_by_role("button", name="One frame on").click()
    until(drawn, "!map.timeline.gliding")
    assert len(drawn.root.evaluate("({ map }) => map.timeline.trails.ways()[0].past")) == 4
    page.get_by_role("button", name="Trails").click()
    assert drawn.root.evaluate("({ map }) => map.timeline.trails.ways()") == []


def test_frames_that_do_not_come_are_told_and_tried_again(open_map: Callable[..., Map], page: Page) -> None:
    page.route("**/test/frames/**", lambda route: route.fulfill(body=b"short"), times=1)
    drawn = open_map("start=2")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("The frames do not match this run: the answer has another length than expected.")
    expect(slider(page)).to_be_disabled()
    expect(page.locator(".frame-label")).to_have_text("")  # it is none of the frames that is drawn
    assert places(drawn) == pytest.approx(frames(N, 1)[0])
    notice.get_by_role("button", name="Retry").click()
    expect(page.locator(".frame-label")).to_have_text("epoch 2")
    expect(notice).to_have_count(0)
    assert places(drawn) == pytest.approx(frames(N, COUNT)[2])


def test_without_a_timeline_there_is_no_bar(page: Page, serve: Callable[[Path], str]) -> None:
    Map(page, f"{serve(APP)}/?n=50", CAMERA).ready()
    expect(page.locator(".timeline")).to_be_hidden()
