"""The Map page on shipped runs beside another run, under other data, and without images."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer
from explorer.workflows.maps import latent_map
from tests.browser.map_page import SLOW, MapPage

PETALS, CROSS, MNIST = "textures-petals", "textures-crossentropy", "mnist-petals"


def test_items_of_other_data_lie_over_the_map_and_how_far_outside_is_told(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, PETALS)
    view.open("Compare")
    view.select("Items of other data", "other cameras")
    view.close()
    table = view.group("How far other items fall outside")
    expect(table.locator("tbody tr")).to_have_count(7, timeout=2 * SLOW)  # all, five classes, the run's own
    expect(table.locator("tbody tr").first).to_contain_text("400")
    view.count("others", 400)
    expect(page.locator(".legend .others button")).to_have_count(5)
    page.locator(".legend .others button").first.click()
    expect(page.locator(".legend .others button").first).to_have_attribute("aria-pressed", "false")
    view.address(over="other cameras")
    view.click_point()
    view.hits()
    expect(table).to_be_visible()


def test_two_runs_side_by_side_are_compared_and_move_together(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, PETALS)
    view.open("Compare")
    view.select("Run beside", CROSS)
    view.close()
    other = view.beside()
    view.address(beside=CROSS)
    view.says(re.compile("10,000 items in common; the second .*(turned|mirrored)"))
    view.says("of an item's 10 nearest are the same in both latent spaces")
    assert view.ask("map.camera.fitted.scale") != other.ask("map.camera.fitted.scale")

    def zoom(one: MapPage) -> float:
        return float(one.ask("map.camera.scale / map.camera.fitted.scale"))

    view.surface.focus()
    page.keyboard.press("+")
    view.until("map.camera.scale > 1.2 * map.camera.fitted.scale")
    assert zoom(other) == pytest.approx(zoom(view))
    other.surface.focus()
    page.keyboard.press("0")
    view.until("Math.abs(map.camera.scale / map.camera.fitted.scale - 1) < 1e-6")


def test_a_click_on_either_of_two_maps_is_answered_on_both(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, PETALS, beside=CROSS)
    other = view.beside()
    ids = latent_map(explorer.load(PETALS)).latents.ids
    row = view.click_point(label=2)
    view.address(item=str(ids[row]))
    view.hits()
    for one in (view, other):
        one.until("map.marks.query")
        np.testing.assert_allclose(one.ask("map.marks.query"), one.places()[row], atol=1e-4)
    row = other.click_point(label=3)
    view.address(item=str(ids[row]))
    for one in (view, other):
        one.until(f"map.marks.query && Math.abs(map.marks.query[0] - map.points.xy[{2 * row}]) < 1e-4")
    other.click_empty()
    page.wait_for_url(re.compile(r"at=[^&]*(@|%40)beside"))
    expect(view.group("Decoded place").get_by_role("img")).to_be_visible()
    view.until("!map.marks.query")


def test_a_lasso_on_one_of_two_maps_selects_the_same_items_on_the_other(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, PETALS, beside=CROSS)
    other = view.beside()
    view.lasso(np.array([[-0.05, -0.05], [-0.05, 1.1], [-1.2, 1.1], [-1.2, -0.05]]))
    other.until("map.kept.selected")
    one, two = (np.array(each.ask("[...map.kept.selected]")) for each in (view, other))
    assert np.array_equal(one, two)
    assert one.sum() > 1500
    view.says(f"{one.sum():,} items in the lasso")
    page.get_by_role("button", name="Clear the lasso").click()
    for each in (view, other):
        each.until("!map.kept.selected")
    view.open("Compare")
    view.select("Run beside", "None")
    view.close()
    expect(page.locator(".scatter")).to_have_count(1)


def test_without_images_map_overlays_and_decoder_work_and_the_download_is_offered(page: Page, shipped: str) -> None:
    space = latent_map(explorer.load(MNIST))
    view = MapPage(page, shipped, MNIST)
    view.says("The images of MNIST are not on this machine")
    expect(page.get_by_role("button", name="Download", exact=True)).to_be_enabled()
    assert view.ask("map.points.n") == 70_000
    view.count("circles", 10)
    view.tick("Decision regions")
    view.until("map.regions.cells && map.regions.places.length === 10")
    row = view.click_point(label=3)
    view.address(item=str(space.latents.ids[row]))
    expect(view.group("Query").get_by_role("img")).to_have_count(1, timeout=SLOW)  # decoded; its image is not here
    expect(view.group("Nearest items").locator("tbody tr")).to_have_count(12)
    view.says("No pictures: see above the map.")
    view.click_empty()
    expect(view.group("Decoded place").get_by_role("img")).to_be_visible(timeout=SLOW)
    assert view.ask("map.cloud.tiles_url") == ""
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("not on this machine")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
