"""Review of a labeling session in a browser: a click opens an item, a button labels it anew or settles a conflict."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.map_page import SLOW
from tests.browser.test_label import CLASSES, Session, named


def test_item_is_opened_by_a_click_labelled_anew_and_still_open_after_a_reload(
    page: Page, shipped: str, tmp_path: Path
) -> None:
    session = Session(page, shipped, "Ann")
    said = dict(zip(session.press("1", "2", "3"), "123", strict=True))
    session.saved()
    session.view("Review")
    cells = page.locator('[data-name="Items"] .le-picture')
    expect(cells).to_have_count(3, timeout=SLOW)
    expect(cells.first).to_contain_text(CLASSES["3"])
    cells.first.click()
    newest = list(said)[-1]
    expect(page.locator(".le-facts", has_text=f"item {newest}")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(f"Ann labelled it {CLASSES['3']}")).to_be_visible()
    page.get_by_role("button", name=CLASSES["1"], exact=True).click()
    expect(page.get_by_text(f"Ann labelled it {CLASSES['1']}")).to_be_visible(timeout=SLOW)
    expect(cells.first).to_contain_text(CLASSES["1"])
    page.reload()
    expect(page.locator(".le-facts", has_text=f"item {newest}")).to_be_visible(timeout=SLOW)
    assert session.exported(tmp_path) == named(said | {newest: "1"})


def test_conflict_of_two_is_settled_by_a_third_and_the_export_says_which_label_counts(
    page: Page, chromium: Browser, shipped: str, tmp_path: Path
) -> None:
    ann = Session(page, shipped, "Ann")
    (item,) = ann.press("1")
    ann.saved()
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as second:
        bob = Session(second.new_page(), shipped, "Bob", ann.name)
        bob.view("Review")
        bob.page.locator('[data-name="Items"] .le-picture').first.click(timeout=SLOW)
        bob.page.get_by_role("button", name=CLASSES["2"], exact=True).click(timeout=SLOW)
        expect(bob.page.get_by_text(f"Bob labelled it {CLASSES['2']}")).to_be_visible(timeout=SLOW)
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as third:
        lead = Session(third.new_page(), shipped, "Lead", ann.name)
        lead.view("Review")
        expect(lead.page).to_have_url(re.compile("show=Review"), timeout=SLOW)
        listed(lead.page, "Conflicts")
        conflict = lead.page.locator('[data-name="Items"] .le-picture')
        expect(conflict).to_contain_text(f"{CLASSES['2']}: Bob", timeout=SLOW)
        expect(conflict).to_contain_text(f"{CLASSES['1']}: Ann")
        conflict.click()
        settle = lead.page.locator(".st-key-settle")
        settle.get_by_role("button", name=CLASSES["3"], exact=True).click(timeout=SLOW)
        expect(lead.page.get_by_text(f"Item {item} is settled as {CLASSES['3']}.")).to_be_visible(timeout=SLOW)
        expect(lead.page.get_by_text("No conflict is open here.")).to_be_visible(timeout=SLOW)
        listed(lead.page, "Settled")
        expect(conflict).to_contain_text("Lead", timeout=SLOW)
        assert lead.exported(tmp_path) == named({item: "3"})


def listed(page: Page, which: str) -> None:
    """Open the list of these items by its address, as a link does."""
    address = urlsplit(page.url)
    asked = dict(parse_qsl(address.query)) | {"which": which}
    page.goto(urlunsplit(address._replace(query=urlencode(asked))))
