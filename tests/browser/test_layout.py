"""What only a browser shows of the pages' layout: lines of the bar, words that are cut, what moves."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.map_page import MapPage, idle

PETALS, VAE, TWO = "textures-petals", "digits-vae", "Two dimensions"
LINES = """() => new Set([...document.querySelector('.st-key-bar').children]
  .map((child) => Math.round(child.getBoundingClientRect().bottom))).size"""
BUTTONS = ("Overlays", "Compare", "Search", "Export points")


@pytest.mark.parametrize("query", [{"run": PETALS}, {"run": VAE, "projection": TWO}], ids=["petals", "two dimensions"])
def test_bar_is_one_line_and_in_a_narrow_window_at_most_two(page: Page, shipped: str, query: dict[str, str]) -> None:
    MapPage(page, shipped, **query)
    page.wait_for_function(f"({LINES})() === 1")
    page.set_viewport_size({"width": 900, "height": 720})
    page.wait_for_function(f"({LINES})() <= 2")
    for name in BUTTONS:  # as an icon alone, a button keeps its name
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 720})


def test_map_stays_where_it_is_when_two_dimensions_are_asked_for(page: Page, shipped: str) -> None:
    view = MapPage(page, shipped, VAE)
    before = view.box()["y"]
    view.select("Map", TWO)
    view.ready()
    idle(page)
    expect(page.get_by_role("combobox", name="Across", exact=True)).to_be_visible()
    assert view.box()["y"] == before


def test_name_of_a_run_is_not_cut_in_the_sidebar(page: Page, shipped: str) -> None:
    MapPage(page, shipped, "textures-crossentropy")
    box = page.get_by_role("combobox", name="Run in use", exact=True)
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
