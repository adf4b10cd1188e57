"""Fine-tuning by itself in a real browser: a page that is opened begins none, and the next label does."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.map_page import SLOW, idle, select
from tests.browser.test_label import Session


@pytest.mark.timeout(900)
def test_a_page_loaded_with_a_batch_of_labels_there_begins_no_fine_tuning_and_the_next_label_does(
    page: Page, shipped: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    session = Session(page, shipped, "Ann")
    session.press(*"123")
    session.saved()
    choice = page.locator(".st-key-retune")
    expect(choice).to_be_visible(timeout=SLOW)
    select(page, "Fine-tune by itself", "After each 50 labels")
    expect(page.get_by_text(re.compile(r"\d of 50 labels since the last one was begun, as Ann chose"))).to_be_visible(
        timeout=SLOW
    )
    idle(page)
    session.root.get_by_role("img").first.click()  # keys go to what has the focus
    session.press(*"123123123123123")  # of which few are held out
    session.saved()
    idle(page)
    address = page.url
    page.goto("about:blank")  # nobody has the session open while somebody chooses otherwise
    (kept,) = tmp_path_factory.getbasetemp().glob(f"data[0-9]*/tuning/{session.name}.*.alone")
    kept.write_text(kept.read_text().replace("50", "10"))
    page.goto(address)
    session.asks()
    expect(choice.get_by_role("combobox")).to_have_value("After each batch (10 labels)", timeout=SLOW)
    waits = page.get_by_text(re.compile(r"1\d of 10 labels since .+ as Ann chose .+ The next label begins one\."))
    expect(waits).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name=re.compile("Fine-tune with"))).to_be_visible()
    idle(page)
    session.root.get_by_role("img").first.click()
    session.press("1")
    session.saved()
    expect(page.get_by_text(f"seen by {session.name}-1")).to_be_visible(timeout=4 * SLOW)
