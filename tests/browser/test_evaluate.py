"""The Evaluate page in a real browser: a cell of the confusion matrix opens its images, and these the map."""

import re

from playwright.sync_api import Page, expect

from explorer import places
from explorer.workflows.mistakes import cell
from explorer.zoo.evaluation import read_evaluation
from explorer.zoo.run import Run
from tests.browser.map_page import at_rest, idle

RUN = "textures-petals"
SLOW = 60_000  # milliseconds: images are made


def click_cell(page: Page, true: int, predicted: int, n: int) -> None:
    """Click near the corner of a cell: all of it is the cell's."""
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    box = at_rest(page.locator(".js-plotly-plot .heatmaplayer").first)
    page.mouse.click(box["x"] + (predicted + 0.2) * box["width"] / n, box["y"] + (true + 0.3) * box["height"] / n)


def test_cell_of_the_matrix_opens_its_images_and_an_image_its_place_on_the_map(page: Page, shipped: str) -> None:
    run = Run(places.models() / RUN)
    record = read_evaluation(run.folder, run.card)
    assert record is not None
    counts, classes = record.confusion["softmax"], run.card.classes
    page.goto(f"{shipped}/Evaluate?run={RUN}")
    images = page.locator('[data-name="Items of the cell"] .le-picture')
    expect(page.get_by_text(f"dots taken for squares: {counts[4][3]}").last).to_be_visible(timeout=SLOW)
    expect(images).to_have_count(counts[4][3], timeout=SLOW)
    for true, predicted in ((0, 4), (3, 4)):
        click_cell(page, true, predicted, len(classes))
        said = f"{classes[true]} taken for {classes[predicted]}: {counts[true][predicted]}"
        expect(page.locator(".le-heading", has_text=said)).to_be_visible()
        expect(images).to_have_count(counts[true][predicted])
        expect(page).to_have_url(re.compile(f"cell={true}-{predicted}"))
        page.wait_for_timeout(400)  # two clicks within 300 ms are a double click
    item = cell(run, "softmax", 3, 4).ids[1]
    images.nth(1).click()
    expect(page).to_have_url(re.compile(rf"/Map\?.*item={item}"), timeout=SLOW)
    expect(page.locator('[data-name="Query"]')).to_be_visible(timeout=SLOW)


def test_runs_that_are_ticked_are_compared(page: Page, shipped: str) -> None:
    page.goto(f"{shipped}/Evaluate?run={RUN}&data=textures&section=Structure")
    expect(page.get_by_text("dimensions vary")).to_be_visible(timeout=SLOW)
    box = at_rest(page.get_by_test_id("stDataFrame").first)
    for row, chosen in ((0, "textures-petals"), (2, "textures-petals%2Ctextures-beams")):
        page.mouse.click(box["x"] + 16, box["y"] + 38 + 35 * (row + 0.5))
        expect(page).to_have_url(re.compile(f"chosen={chosen}(&|$)"))
        idle(page)
    expect(page.get_by_text("Settings that differ")).to_be_visible(timeout=SLOW)
    page.reload()
    expect(page.get_by_text("Settings that differ")).to_be_visible(timeout=SLOW)
