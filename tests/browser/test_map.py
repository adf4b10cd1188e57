"""The Map page in a real browser, on a shipped run: see, click, decode, re-rank, lasso, export, reopen."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.workflows.maps import LatentMap, latent_map
from explorer.workflows.search import Answer, query_at, search
from tests.browser.map_page import SLOW, MapPage, idle

RUN = "textures-petals"
VIEW = (0.0, 0.0, 180.0)  # a camera of our own, so that every place on the screen is known


@pytest.fixture(scope="module")
def space() -> LatentMap:
    return latent_map(explorer.load(RUN))


def opened(page: Page, shipped: str, **query: object) -> MapPage:
    return MapPage(page, shipped, RUN, VIEW, **query)


def lonely(space: LatentMap) -> int:
    """A point that no other lies within picking distance of, so that a click can mean it alone."""
    inside = np.flatnonzero((np.abs(space.places) < 1.2).all(axis=1))
    for row in inside:
        gaps = np.linalg.norm(space.places - space.places[row], axis=1)
        if np.partition(gaps, 1)[1] * VIEW[2] > 4:
            return int(row)
    raise AssertionError("no lonely point")


def empty_place(space: LatentMap) -> tuple[float, float]:
    """A place inside the view that no point is within picking distance of."""
    for x in np.linspace(-1, 1, 41):
        for y in np.linspace(-1, 1, 41):
            if (np.linalg.norm(space.places - (x, y), axis=1) * VIEW[2]).min() > 12:
                return float(x), float(y)
    raise AssertionError("no empty place")


def distances(captions: list[str]) -> list[float]:
    return [float(re.search(r"distance (\d+\.\d+)", text).group(1)) for text in captions]  # type: ignore[union-attr]


def test_a_clicked_point_shows_its_true_neighbours(page: Page, shipped: str, space: LatentMap) -> None:
    row = lonely(space)
    view = opened(page, shipped, measure="Euclidean")
    view.click(*space.places[row])
    expect(view.group("Query")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(str(space.latents.ids[row])).first).to_be_visible()
    z = space.latents.z.astype(float)
    everyone = np.linalg.norm(z - z[row], axis=1)
    everyone[row] = np.inf
    np.testing.assert_allclose(distances(view.hits()), np.sort(everyone)[:12], atol=6e-4)
    assert view.group("Query").get_by_role("img").count() == 2  # the image and its reconstruction
    assert view.group("Similarity to each class").locator(".le-bar").count() == 5


def test_a_click_on_empty_space_shows_what_the_decoder_makes_of_it(page: Page, shipped: str, space: LatentMap) -> None:
    place = empty_place(space)
    view = opened(page, shipped)
    view.click(*place)
    picture = view.group("Decoded place").get_by_role("img")
    expect(picture).to_be_visible(timeout=SLOW)
    size = picture.evaluate("async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight] }")
    assert size == [32, 32]
    view.hits()


def answer_at(space: LatentMap, row: int, boundary_similarity: float) -> Answer:
    query = query_at(space, row=row)
    return search(space, query, k=30, measure="latent similarity", boundary_similarity=boundary_similarity)


def test_moving_b_c_re_ranks_at_once(page: Page, shipped: str, space: LatentMap) -> None:
    # Far outside every circle similarities do not depend on b_c.
    row = next(
        r for r in range(99) if set(answer_at(space, r, 0.79).hits.rows) != set(answer_at(space, r, 0.49).hits.rows)
    )
    view = opened(page, shipped, item=space.latents.ids[row], k=30)
    before = view.hits(30)
    slider = page.get_by_role("slider").first
    slider.focus()
    for _ in range(30):
        slider.press("ArrowLeft")
    wanted = answer_at(space, row, 0.49)
    # One similarity alone may have stood there before: all of them must.
    page.wait_for_function(
        "all => all.every(text => document.querySelector('[data-name=\"Nearest images\"]').innerText.includes(text))",
        arg=[f"similarity {value:.4f}" for value in wanted.similarities],  # type: ignore[union-attr]
        timeout=SLOW,
    )
    after = view.hits(30)
    assert after != before
    np.testing.assert_allclose(distances(after), wanted.distances, atol=6e-4)


def test_zoomed_in_each_point_shows_the_very_image_that_its_own_route_gives(page: Page, shipped: str) -> None:
    page.goto(f"{shipped}/Map?run={RUN}&view=0.62,0.25,1600")
    root = page.locator(".scatter[data-tiles]")
    root.wait_for(timeout=60_000)
    gaps = root.evaluate(
        """async ({ map }) => {
          const read = (source, x, y, side) => {
            const canvas = new OffscreenCanvas(SIDE, SIDE), context = canvas.getContext("2d");
            context.imageSmoothingEnabled = false;
            context.drawImage(source, x, y, side, side, 0, 0, SIDE, SIDE);
            return context.getImageData(0, 0, SIDE, SIDE).data;
          };
          const whole = ({ x, y }) => x > SIDE && y > SIDE && x < map.width - SIDE && y < map.height - SIDE;
          return Promise.all(map.tiles.shown.filter(whole).slice(0, 8).map(async ({ index, x, y }) => {
            const answer = await fetch(map.cloud.thumbnail_url.replace("{index}", index));
            const own = read(await createImageBitmap(await answer.blob()), 0, 0, SIDE / 2);
            const drawn = read(map.parts.tiles, Math.round(x - SIDE / 2), Math.round(y - SIDE / 2), SIDE);
            return Math.max(...own.map((value, k) => Math.abs(value - drawn[k])));
          }));
        }""".replace("SIDE", "64")
    )
    assert gaps == [0] * 8


def test_a_lasso_counts_its_classes_and_exports_their_ids(
    page: Page, shipped: str, space: LatentMap, tmp_path: Path
) -> None:
    view = opened(page, shipped)
    low, high = (0.3, -0.35), (1.2, 0.35)
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    view.lasso(np.array(corners))
    inside = ((space.places > low) & (space.places < high)).all(axis=1)
    button = page.get_by_role("link", name="Export as CSV")
    expect(button).to_be_visible(timeout=SLOW)
    with page.expect_download() as download:
        button.click()
    saved = tmp_path / "lasso.csv"
    download.value.save_as(saved)
    with saved.open() as file:
        ids = {int(row["id"]) for row in csv.DictReader(file)}
    wanted = set(space.latents.ids[inside].tolist())
    assert len(ids ^ wanted) <= 0.01 * len(wanted)  # points on the very line may fall either way
    expect(page.get_by_text("items in the lasso")).to_be_visible()


def test_a_link_reopens_the_same_view(page: Page, shipped: str, space: LatentMap) -> None:
    row = lonely(space)
    view = opened(page, shipped, k=7)
    view.click(*space.places[row])
    view.hits(7)
    view.open("Search")
    view.press("Euclidean")
    view.close()
    view.address(item=str(space.latents.ids[row]), measure="Euclidean")
    view.says("Nearest images")  # and no longer the most similar ones
    idle(page)
    before, link = view.hits(7), page.url
    page.goto("about:blank")
    page.goto(link)
    view.ready()
    assert view.hits(7) == before
    assert "view=" in page.url


def test_start_opens_a_run_with_one_click(page: Page, shipped: str) -> None:
    page.goto(shipped)
    page.get_by_role("button", name="Open the map").first.click()
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=60_000)
    assert "run=" in page.url


def test_points_and_images_are_refused_without_the_sessions_token(page: Page, shipped: str) -> None:
    for path in (f"/explorer/points/{RUN}", f"/explorer/image/{RUN}/0", f"/explorer/points/{RUN}?token=forged"):
        assert page.request.get(shipped + path).status == 403


def test_the_map_works_in_a_narrow_dark_window(page: Page, shipped: str) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    page.emulate_media(color_scheme="dark")
    view = opened(page, shipped)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    view.click_point()
    expect(view.group("Query")).to_be_visible(timeout=SLOW)
