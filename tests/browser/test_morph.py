"""The Morph page in a browser: from a 3 to an 8 with its warnings and its GIF, from a male body to a female one."""

from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from PIL import Image, ImageSequence
from playwright.sync_api import Page, expect

import explorer
from explorer.figures import film
from explorer.workflows.ends import end_of
from explorer.workflows.maps import latent_map
from tests.browser.map_page import SLOW, MapPage, idle

RUN, BODIES = "mnist-petals", "bodies-structured"


class MorphPage(MapPage):
    """The Morph page on a run."""

    def __init__(self, page: Page, product: str, run: str, **query: object) -> None:
        self.page, self.camera, self.place = page, None, 0
        page.goto(f"{product}/Morph?{urlencode({'run': run} | query)}")
        self.root, self.surface = page.locator(".scatter").first, page.locator("canvas.overlay").first
        expect(page.locator('[data-name="Film"] .le-picture')).to_have_count(9, timeout=SLOW)
        self.ready()

    def strip(self, i: int) -> None:
        """Choose a frame of the strip."""
        self.page.locator('[data-name="Film"] .le-picture').nth(i).click()


def test_a_3_becomes_an_8_with_its_warnings_and_as_a_gif(page: Page, shipped: str) -> None:
    view = MorphPage(page, shipped, RUN)
    view.says("Off the data.", "Nearest real item")
    edges = page.locator('[data-name="Film"] .le-edge')
    assert ["off" in (edges.nth(i).get_attribute("class") or "") for i in (0, 4, 8)] == [False, True, False]
    expect(page.locator("svg.le-curve polyline")).not_to_have_count(0)
    view.count("lines", 20)
    before = view.ask("map.marks.query")
    view.strip(0)
    view.says("On the data.")
    view.until(f"map.marks.query[1] !== {before[1]}")
    view.address(t="0")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="GIF", exact=True).click()
    assert download.value.suggested_filename == "mnist-petals-3-8-straight.gif"
    run = explorer.load(RUN)
    space = latent_map(run)
    first, last = (end_of(space, tuple(run.card.classes), name).z for name in ("3", "8"))
    with Image.open(BytesIO(Path(download.value.path()).read_bytes())) as gif:
        frames = [np.asarray(frame.convert("L")).astype(int) for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == 80
    for i, z in ((0, first), (20, (first + last) / 2), (40, last)):
        wanted = np.asarray(film.frame(run.decode(z)[0])).astype(int)
        assert np.abs(frames[i] - wanted).max() <= 1


def test_a_click_on_the_map_sets_an_end_and_a_male_body_becomes_a_female_one(page: Page, shipped: str) -> None:
    view = MorphPage(page, shipped, BODIES, **{"from": "male", "to": "female", "t": 1})
    expect(page.locator(".js-plotly-plot canvas").first).to_be_visible(timeout=SLOW)
    label = page.get_by_role("combobox", name="To", exact=True)
    expect(label).to_have_value("female")
    row = view.click_point()
    expect(label).to_have_value(f"item {latent_map(explorer.load(BODIES)).latents.ids[row]}", timeout=SLOW)
    idle(page)
    view.says("distance 0")  # the nearest real item to the end is that item
