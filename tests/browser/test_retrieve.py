"""Retrieval in a real browser: a click leads to hits, a slider moves hits and score, a drawing and a text find."""

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.map_page import SLOW, MapPage, at_rest, idle, select
from tests.browser.test_canvas import SEVEN

SEPARATE, PETALS, DIGITS = "mnist-separate", "textures-petals", "digits-vae"


def opened(page: Page, product: str, **query: object) -> Page:
    page.goto(f"{product}/Retrieve?{urlencode(query)}")
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=SLOW)
    idle(page)
    return page


def group(page: Page, name: str) -> Locator:
    return page.locator(f'[data-name="{name}"]')


def texts(page: Page, name: str = "Hits") -> str:
    return group(page, name).inner_text()


def test_click_then_retrieve_then_semantic_weight_from_0_to_1(page: Page, shipped: str):
    """MNIST is not there, so the hits are rows; the score is measured all the same."""
    at = MapPage(page, shipped, SEPARATE)
    at.click_point()
    page.get_by_role("link", name="Find more like this").click()
    expect(page).to_have_url(re.compile("Retrieve"))
    item = parse_qs(urlsplit(page.url).query)["item"]
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=SLOW)
    idle(page)
    assert f"item {item[0]}" in page.locator(".le-facts").first.inner_text()
    expect(group(page, "Score")).to_contain_text("±", timeout=SLOW)
    for key, weight in (("Home", "0"), ("End", "1")):
        hits, score = texts(page), texts(page, "Score")
        page.get_by_role("slider", name="Semantic weight α").press(key)
        page.wait_for_url(re.compile(f"alpha={weight}(\\.0)?(&|$)"))
        expect(group(page, "Hits")).not_to_have_text(hits, use_inner_text=True, timeout=SLOW)
        changed = re.compile(f"^(?!.*{re.escape(score.splitlines()[1])}).*±", re.DOTALL)
        expect(group(page, "Score")).to_contain_text(changed, use_inner_text=True, timeout=SLOW)


def test_drawn_digit_finds_digits(page: Page, shipped: str):
    opened(page, shipped, run=DIGITS, ask="Drawing")
    box = at_rest(page.locator(".canvas canvas"))
    places = [(box["x"] + x / 256 * box["width"], box["y"] + y / 256 * box["height"]) for x, y in SEVEN]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    hits = group(page, "Hits").locator(".le-picture")
    expect(hits).to_have_count(12, timeout=SLOW)
    idle(page)
    found = [text.split()[0] for text in hits.all_inner_texts()]
    assert found.count("7") >= 6


def test_words_find_textures_and_a_hit_becomes_the_query(page: Page, shipped: str):
    opened(page, shipped, run=PETALS)
    select(page, "Ask with", "Text")
    field = page.get_by_role("textbox", name="In words")
    field.fill("mostly dots, a little squares")
    field.press("Enter")
    expect(page.locator(".le-facts").first).to_contain_text("86% of dots", timeout=SLOW)
    idle(page)
    assert texts(page).count("dots") >= 8
    hit = group(page, "Hits").locator(".le-picture").nth(3)
    hit.press("Enter")  # by the keyboard
    expect(page.locator(".le-facts").first).to_contain_text("train item", timeout=SLOW)
    page.wait_for_url(re.compile("item="))


def test_items_of_other_data_ask(page: Page, shipped: str):
    opened(page, shipped, run=PETALS, ask="Other data")
    expect(page.locator(".le-facts").first).to_contain_text("item", timeout=SLOW)
    title = page.get_by_role("combobox", name="Data").input_value()
    idle(page)
    page.get_by_role("button", name="Choose an item").click()
    other = group(page, "Items to ask with").locator(".le-picture").nth(5)
    other.click()
    page.wait_for_url(re.compile("picked="))
    idle(page)
    expect(page.locator(".le-facts").first).to_contain_text(title)
    expect(group(page, "Hits").locator(".le-picture")).to_have_count(12)
