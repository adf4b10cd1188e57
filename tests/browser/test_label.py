"""A labeling session in a real browser, on a shipped run: keys, undo, reload, two people, lasso, files."""

import csv
import re
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.map_page import SLOW, at_rest, idle, select
from tests.browser.test_questions import NEXT, WATCHED, WATCHER

RUN = "digits-structured"
CLASSES = {"1": "0 6 7", "2": "1 2 3 8", "3": "4 5 9"}  # by key
PLACES = "({ map }) => [...map.points.xy]"
names = (f"session-{n}" for n in count(1))


def named(keys: dict[str, str]) -> dict[str, str]:
    """The classes that keys stand for, by item."""
    return {item: CLASSES[key] for item, key in keys.items()}


class Session:
    """A session on an open Label page.

    Args:
        page: of a browser.
        product: address of the dashboard.
        who: labels.
        name: of a session that there is; None begins one.
    """

    def __init__(self, page: Page, product: str, who: str, name: str | None = None) -> None:
        self.page, self.name = page, name or next(names)
        if name is None:
            page.goto(f"{product}/Label?run={RUN}")
            page.get_by_label("Name of the session").fill(self.name, timeout=SLOW)
            page.get_by_label("Your name").fill(who)
            page.get_by_role("button", name="Begin", exact=True).click()
        else:
            page.goto(f"{product}/Label?session={name}")
            page.get_by_label("Your name").fill(who, timeout=SLOW)
            page.get_by_role("button", name="Start labeling").click()
        self.asks()

    @property
    def root(self) -> Locator:
        return self.page.locator(".questions")

    def asks(self) -> None:
        """Wait until an item is on the screen."""
        expect(self.root).to_have_attribute("data-state", "asking", timeout=SLOW)
        expect(self.root).to_have_attribute("data-shown", re.compile(r"\d+"), timeout=SLOW)

    @property
    def shown(self) -> str:
        """The item on the screen, once there is one."""
        self.asks()
        return self.root.get_attribute("data-shown") or ""

    def press(self, *keys: str) -> list[str]:
        """Press keys, each on an item of its own; which items they were."""
        items = []
        for key in keys:
            items.append(self.shown)
            self.page.keyboard.press(key)
            expect(self.root).not_to_have_attribute("data-shown", items[-1])  # its picture may still be on its way
        return items

    def saved(self) -> None:
        """Wait until all is acknowledged."""
        expect(self.root).to_have_attribute("data-pending", "0", timeout=SLOW)

    def view(self, name: str) -> None:
        self.page.get_by_role("radio", name=name, exact=True).or_(
            self.page.locator("[data-testid=stButtonGroup]").get_by_role("button", name=name, exact=True)
        ).first.click()

    def exported(self, folder: Path) -> dict[str, str]:
        """Class of each item as the exported file says it counts."""
        self.view("Files")
        file = folder / f"{self.name}.csv"
        with self.page.expect_download(timeout=SLOW) as download:
            self.page.get_by_role("link", name="CSV").click()
        download.value.save_as(file)
        with file.open(newline="") as lines:
            return {row["id"]: row["class"] for row in csv.DictReader(lines) if row["counts"].lower() == "true"}


def test_thirty_keys_in_two_seconds_undo_and_a_reload_in_the_middle(page: Page, shipped: str, tmp_path: Path) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.add_init_script(WATCHER)
    session = Session(page, shipped, "Ann")
    began = len(page.evaluate(WATCHED))
    for n in range(30):  # 15 a second, or as fast as the machine draws
        page.keyboard.press(str(n % 3 + 1))
        page.wait_for_function(NEXT)
    session.saved()
    said = {item: key for key, item in page.evaluate(WATCHED)[began:]}
    assert len(said) == 30
    session.asks()
    page.keyboard.press("Backspace")
    last = list(said)[-1]
    expect(session.root).to_have_attribute("data-shown", last)
    session.saved()
    del said[last]
    said |= dict(zip(session.press("1", "2", "3"), "123", strict=True))
    page.reload()
    session.asks()
    session.saved()
    for n in range(30):  # in two seconds, whatever the machine draws meanwhile
        page.keyboard.press(str(n % 3 + 1))
        page.wait_for_timeout(60)
    session.saved()
    pressed = page.evaluate(WATCHED)
    assert len(pressed) == 30
    # Where the next picture was late, the next key was about the same item again; where none stood there, it was told.
    said |= {item: key for key, item in pressed if item}
    assert session.exported(tmp_path) == named(said)


@pytest.fixture
def second(chromium: Browser):
    with chromium.new_context(viewport={"width": 1280, "height": 720}) as other:
        yield other.new_page()


def test_session_is_closed_and_opened_again_from_the_list(page: Page, shipped: str) -> None:
    session = Session(page, shipped, "Ann")
    session.press("1")
    page.get_by_role("button", name="Session", exact=True).click()
    page.get_by_role("button", name="Close the session").click()
    expect(page.get_by_text(f"Begin a session on {RUN}")).to_be_visible()
    assert "session=" not in page.url
    row = page.locator("[class*=st-key-session-]").filter(has=page.get_by_text(session.name, exact=True))
    row.get_by_role("button", name="Open", exact=True).click()
    session.asks()
    assert f"session={session.name}" in page.url


def test_two_annotators_are_asked_about_different_items_and_differ_openly(
    page: Page, second: Page, shipped: str, tmp_path: Path
) -> None:
    ann = Session(page, shipped, "Ann")
    bob = Session(second, shipped, "Bob", ann.name)
    hers, his = ann.press("1", "2", "3"), bob.press("1", "2", "3")
    assert not set(hers) & set(his)
    ann.saved()
    bob.saved()
    assert ann.exported(tmp_path) == named(dict(zip([*hers, *his], "123123", strict=True)))


def test_key_pressed_while_somebody_archives_the_session_waits_in_its_tab_until_it_is_back(
    page: Page, second: Page, shipped: str, tmp_path: Path
) -> None:
    ann = Session(page, shipped, "Ann")
    said = dict(zip(ann.press("1"), "1", strict=True))
    ann.saved()
    second.goto(f"{shipped}/Label?run={RUN}")
    row = second.locator("[class*=st-key-session-]").filter(has=second.get_by_text(ann.name, exact=True))
    row.get_by_role("button", name="Archive").click(timeout=SLOW)
    dialog = second.get_by_role("dialog")
    dialog.get_by_label("Your name").fill("Bob", timeout=SLOW)
    dialog.get_by_role("button", name="Archive", exact=True).click()
    expect(dialog).to_be_hidden(timeout=SLOW)
    said |= dict(zip(ann.press("2"), "2", strict=True))
    bring_back = page.get_by_role("button", name="Bring it back")
    expect(bring_back).to_be_visible(timeout=SLOW)
    expect(ann.root.locator(".notice")).to_contain_text("This session is archived", timeout=SLOW)
    expect(ann.root).to_have_attribute("data-pending", "1")
    bring_back.click()
    ann.asks()
    ann.saved()
    assert ann.exported(tmp_path) == named(said)


def test_lasso_on_the_map_labels_many_after_a_confirmation(page: Page, shipped: str, tmp_path: Path) -> None:
    session = Session(page, shipped, "Ann")
    said = dict(zip(session.press("1"), "1", strict=True))
    session.saved()
    session.view("Map")
    scatter = page.locator(".scatter[data-state=ready][data-drawn]")
    scatter.wait_for(timeout=SLOW)
    box = at_rest(page.locator(".scatter canvas").first)
    corners = [(0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6), (0.3, 0.3)]
    page.keyboard.down("Shift")
    for number, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if not number:
            page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Shift")
    heading = page.get_by_text(re.compile(r"\d+ items of the session in the lasso"))
    expect(heading).to_be_visible(timeout=SLOW)
    idle(page)
    page.get_by_label("Label as").scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list closes while the page scrolls
    select(page, "Label as", CLASSES["2"])
    button = page.get_by_role("button", name=re.compile(r"Label \d+ items"))
    n = int(re.sub(r"\D", "", button.inner_text()))  # those that are held out are not among them
    button.click()
    page.get_by_role("button", name="Yes, label them").click()
    expect(page.get_by_text(f"{n} items are labelled {CLASSES['2']}.")).to_be_visible(timeout=SLOW)
    exported = session.exported(tmp_path)
    assert len(exported) == n + 1
    assert set((exported.items() - named(said).items()).pop()[1:]) == {CLASSES["2"]}
    session.view("Ask")
    session.asks()
    shown = session.shown
    page.keyboard.press("Backspace")
    expect(session.root.get_by_text("many items at once is taken back")).to_be_attached(timeout=SLOW)
    session.saved()
    expect(session.root).to_have_attribute("data-shown", shown)  # and not the item that was labelled before the lasso
    assert session.exported(tmp_path) == named(said)


def test_labels_travel_to_another_session_as_a_file(page: Page, shipped: str, tmp_path: Path) -> None:
    first = Session(page, shipped, "Ann")
    said = dict(zip(first.press("1", "2", "3"), "123", strict=True))
    first.saved()
    assert first.exported(tmp_path) == named(said)
    other = Session(page, shipped, "Ann")
    other.view("Files")
    page.locator("input[type=file]").set_input_files(tmp_path / f"{first.name}.csv")
    page.get_by_role("button", name="Take 3 labels").click(timeout=SLOW)
    expect(page.get_by_text("3 labels taken.")).to_be_visible(timeout=SLOW)
    assert other.exported(tmp_path) == named(said)


@pytest.mark.timeout(900)
def test_run_is_fine_tuned_while_labeling_goes_on_and_the_map_shows_the_points_move(
    page: Page, shipped: str, tmp_path: Path
) -> None:
    session = Session(page, shipped, "Ann")
    said = dict(zip(session.press(*"123123"), "123123", strict=True))
    session.saved()
    page.get_by_role("button", name=re.compile("Fine-tune with")).click(timeout=SLOW)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=SLOW)
    session.asks()
    said |= dict(zip(session.press("1", "2"), "12", strict=True))
    see = page.get_by_role("button", name="See how the points moved")
    expect(see).to_be_visible(timeout=4 * SLOW)
    expect(page.get_by_text(f"seen by {session.name}-1")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(f"{session.name}-1 is in use since")).to_be_visible(timeout=SLOW)
    see.click()
    scatter = page.locator(".scatter[data-state=ready][data-drawn]")
    scatter.wait_for(timeout=SLOW)
    expect(page.get_by_text(f"before: {RUN}")).to_be_visible(timeout=SLOW)
    before = scatter.evaluate(PLACES)
    page.get_by_role("slider", name="Frame").press("ArrowRight")
    expect(page.get_by_text(f"now: {session.name}-1")).to_be_visible(timeout=SLOW)
    scatter.evaluate("async ({ map }) => { while (map.timeline.gliding) await new Promise(requestAnimationFrame); }")
    assert scatter.evaluate(PLACES) != before
    assert session.exported(tmp_path) == named(said)


def test_what_is_pressed_just_before_another_view_is_saved_there_and_ask_takes_keys_again(
    page: Page, shipped: str, tmp_path: Path
) -> None:
    session = Session(page, shipped, "Ann")
    said = dict(zip(session.press(*"123"), "123", strict=True))
    session.view("Files")
    expect(session.root).to_have_attribute("data-state", "quiet", timeout=SLOW)
    session.saved()
    expect(session.root).to_be_hidden()
    session.view("Ask")
    session.asks()
    said |= dict(zip(session.press(*"21"), "21", strict=True))
    session.saved()
    assert session.exported(tmp_path) == named(said)
