"""The Start page in a real browser: rename, note, duplicate, delete, undo; level buttons, and nothing jumps."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from explorer.settings import Settings
from explorer.workflows import shelving
from tests.browser.conftest import ROOT, start_server
from tests.browser.map_page import idle
from tests.workflows.test_search import make_run


@pytest.fixture(scope="module")
def runs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two own runs: one card is much longer than the other."""
    root = tmp_path_factory.mktemp("runs")
    settings = Settings(runs_root=root)
    make_run(root / "first")
    make_run(root / "second")
    shelving.annotate("second", "several lines\nof a note\nthat stands\non one card", settings)
    return root


@pytest.fixture(scope="module")
def product(runs_root: Path) -> Iterator[str]:
    """The dashboard on these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_DATA_ROOT", str(runs_root / "none"))
        patch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(runs_root))
        address, process = start_server(ROOT / "streamlit_app.py", runs_root.with_name("server.log"))
    yield address
    process.kill()  # it may be making the images of a map that was opened; nobody waits for them
    process.wait()


def card(page: Page, name: str) -> Locator:
    """The card of a run: what its menu lies in, with a picture."""
    inside = page.get_by_role("button", name=f"Actions for {name}", exact=True)
    return page.locator('[class*="st-key-grid-"] > div').filter(has=inside)


def pick(page: Page, name: str, action: str) -> None:
    idle(page)
    page.get_by_role("button", name=f"Actions for {name}", exact=True).click()
    page.get_by_role("menuitem", name=action).click()


def fill(page: Page, text: str, button: str, before: str) -> None:
    """Answer the open dialog, which begins with a text."""
    dialog = page.get_by_role("dialog")
    box = dialog.get_by_role("textbox")
    expect(box).to_have_value(before)
    box.fill(text)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def test_rename_note_duplicate_delete_and_undo(page: Page, product: str, runs_root: Path) -> None:
    page.goto(product)
    pick(page, "first", "Rename")
    fill(page, "renamed", "Rename", "first")
    expect(card(page, "renamed")).to_be_visible()
    expect(card(page, "first")).to_have_count(0)
    pick(page, "renamed", "Note")
    fill(page, "before the new labels", "Save", "")
    expect(card(page, "renamed").get_by_text("before the new labels")).to_be_visible()
    pick(page, "textures-petals", "Duplicate")
    fill(page, "petals", "Duplicate", "textures-petals-copy")
    expect(card(page, "petals")).to_be_visible()
    pick(page, "renamed", "Delete")
    expect(page.get_by_text("renamed is deleted.")).to_be_visible()
    assert not (runs_root / "renamed").exists()
    expect(page.get_by_text(re.compile(r"Deleted runs \(1, "))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "renamed").get_by_text("before the new labels")).to_be_visible()
    expect(page.get_by_text("Deleted runs (")).to_have_count(0)
    card(page, "petals").get_by_role("button", name="Open the map").click()
    page.wait_for_url(re.compile("run=petals"))
    page.locator(".scatter[data-state=ready][data-drawn]").wait_for(timeout=60_000)


def test_buttons_of_a_row_are_level_and_nothing_moves_when_the_pictures_come(page: Page, product: str) -> None:
    held: list[Route] = []
    page.route("**/explorer/thumbnail/**", lambda route: held.append(route))  # noqa: PLW0108 - it must take attributes
    page.goto(product)
    buttons = page.get_by_role("button", name="Open the map")
    expect(buttons.nth(3)).to_be_visible()
    expect(page.locator(".le-note")).not_to_have_count(0)

    def boxes() -> list[dict[str, float] | None]:
        return [buttons.nth(number).bounding_box() for number in range(buttons.count())]

    page.wait_for_function("() => document.querySelectorAll('img.le-thumb').length >= 4")
    idle(page)
    before = boxes()
    assert before[0] is not None
    assert before[1] is not None
    assert before[0]["y"] == before[1]["y"]
    assert held
    for route in held:
        route.continue_()
    page.unroute("**/explorer/thumbnail/**")
    page.wait_for_function(
        "() => { const i = document.querySelector('img.le-thumb'); return i.complete && i.naturalWidth }"
    )
    assert boxes() == before


def test_a_long_name_and_a_narrow_window_overflow_nothing(page: Page, product: str, runs_root: Path) -> None:
    shelving.duplicate("second", "x" * 100, Settings(runs_root=runs_root))
    page.set_viewport_size({"width": 420, "height": 800})
    page.goto(product)
    expect(card(page, "x" * 100)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
