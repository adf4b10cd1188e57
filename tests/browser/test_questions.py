"""Labeling by keys in a real browser: no press is lost, and each is about the item that was on the screen."""

import json
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from explorer.figures import image_png

APP = Path(__file__).with_name("questions_app.py")
FIRST = 2**53 + 1
names = count()
# Notes at each frame which item's picture stands in the document, and at each key when it went down: a person's eyes.
WATCHER = """
window.seen = []; window.pressed = [];
const look = () => {
  const root = document.querySelector("[data-testid=stBidiComponentIsolated]")?.shadowRoot;
  const item = root?.querySelector(".picture img")?.alt.replace("item ", "") ?? "";
  if (window.seen.at(-1)?.item !== item) window.seen.push({ item, at: performance.now(), stood: false });
  else window.seen.at(-1).stood = true;
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
window.addEventListener("keydown", ({ key, timeStamp }) => window.pressed.push({ key, at: timeStamp }), true);
"""
# Whether the next picture has stood for a frame, and a fifteenth of a second has gone, since the key before went down.
NEXT = """() => {
  const key = window.pressed.at(-1), picture = window.seen.at(-1);
  return picture.item && picture.stood && picture.at > key.at && performance.now() - key.at > 1000 / 15;
}"""
WATCHED = "window.pressed.map(({ key, at }) => [key, window.seen.findLast((one) => one.at <= at)?.item ?? ''])"


class Asking:
    """The component on an open page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.root = page.locator(".questions")
        page.goto(address)
        self.wait_for("asking")

    def wait_for(self, state: str) -> None:
        expect(self.root).to_have_attribute("data-state", state)
        expect(self.root).to_have_attribute("data-shown", re.compile(r"\d+") if state == "asking" else "")

    def shows(self, item: int) -> None:
        """Wait until this item is on the screen."""
        expect(self.root).to_have_attribute("data-shown", str(item))

    def heard(self) -> None:
        """Wait until the server knows the tab and nothing is on its way."""
        self.root.evaluate(
            "async ({ questions: { reports } }) => { while (!reports.isHeard || reports.isUnderWay)"
            " await new Promise((done) => setTimeout(done, 20)); }"
        )

    def press(self, *keys: str) -> None:
        """Press keys, each on an item of its own; the next one is on the screen then."""
        for key in keys:
            before = self.root.get_attribute("data-shown")
            self.page.keyboard.press(key)
            expect(self.root).to_have_attribute("data-shown", re.compile(rf"^(?!{before}$)\d+$"))

    def saved(self, n: int) -> list[list]:
        """What was recorded, once it is so much: (key of the press, kind, item, class)."""
        log = self.page.locator("#log")
        expect(log).to_have_attribute("data-n", str(n))
        expect(self.root).to_have_attribute("data-pending", "0")
        return self.log()["log"]

    def log(self) -> dict:
        return json.loads(self.page.locator("#log").text_content() or "{}")

    def said(self) -> list[tuple]:
        return [tuple(row[1:]) for row in self.log()["log"]]

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def notice(self) -> Locator:
        return self.root.locator(".notice")

    @property
    def status(self) -> Locator:
        return self.root.locator(".status")


@pytest.fixture
def at(serve) -> Callable[..., str]:
    """The address of a page with a desk of its own."""

    def address(**asked: object) -> str:
        settings = "".join(f"&{name}={value}" for name, value in asked.items())
        return f"{serve(APP)}/?desk=desk{next(names)}{settings}"

    return address


def test_thirty_presses_in_two_seconds_are_all_recorded_of_the_items_on_the_screen(page: Page, at):
    page.add_init_script(WATCHER)
    asking = Asking(page, at(slow=0.3))
    keys = [("1", 0), ("2", 1), ("a", 9), ("c", 11), (" ", None)] * 6
    for key, _ in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    recorded = asking.saved(30)
    pressed = page.evaluate(WATCHED)
    assert [key for key, _ in pressed] == [key for key, _ in keys]
    assert [str(item) for _, _, item, _ in recorded] == [item for _, item in pressed]
    assert [number for *_, number in recorded] == [number for _, number in keys]
    assert len({key for key, *_ in recorded}) == 30
    assert asking.log()["calls"] < 30  # several go in one report


def test_a_key_in_a_frozen_page_is_about_what_was_to_be_seen(page: Page, at):
    asking = Asking(page, at())
    # The page cannot draw for a while; both keys went down before the next item was to be seen.
    asking.root.evaluate(
        """() => {
          const press = (key) => window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          press("1");
          const end = performance.now() + 150;
          while (performance.now() < end);
          press("2");
        }"""
    )
    assert [row[1:] for row in asking.saved(2)] == [["LABEL", FIRST, 0], ["LABEL", FIRST, 1]]
    asking.shows(FIRST + 1)


def test_a_key_that_arrives_late_is_about_what_was_on_the_screen_when_it_went_down(page: Page, at):
    asking = Asking(page, at())
    asking.root.evaluate("() => { window.late = new KeyboardEvent('keydown', { key: '2', bubbles: true }); }")
    asking.press("1")
    asking.root.evaluate("() => window.dispatchEvent(window.late)")
    assert [row[1:] for row in asking.saved(2)] == [["LABEL", FIRST, 0], ["LABEL", FIRST, 1]]
    asking.shows(FIRST + 1)


def test_a_key_without_a_picture_on_the_screen_counts_for_nothing_and_says_so(page: Page, at):
    held = list[Route]()
    page.route("**/held.png", lambda route: held.extend([route]))
    asking = Asking(page, at(second="held"))
    page.keyboard.press("1")
    expect(asking.root).to_have_attribute("data-shown", "")
    page.keyboard.press("2")
    expect(asking.status).to_contain_text("Its picture is on its way: wait a moment.")
    for route in held:
        route.fulfill(body=image_png(np.zeros((3, 8, 8))), content_type="image/png")
    asking.shows(FIRST + 1)
    asking.press("3")
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 0), ("LABEL", FIRST + 1, 2)]


HELD = "({ questions: { outbox } }) => outbox.size - outbox.reported"
KEY = "() => window.dispatchEvent(new KeyboardEvent('keydown', { key: '.', bubbles: true }))"


def test_presses_wait_while_keys_fall_and_go_in_one_report_before_anything_else_is_done(page: Page, at):
    asking = Asking(page, at())
    asking.heard()
    keys = f"for (let i = 0; i < 6; i += 1) ({KEY})();"
    assert asking.root.evaluate(f"(root) => {{ {keys} return ({HELD})(root); }}") == 6
    asking.root.locator(".title").click()
    asking.saved(6)
    assert [kind for kind, *_ in asking.said()] == ["FLAG", "UNFLAG"] * 3
    assert asking.log()["calls"] == 1


LEAVING = {
    "a click": "root.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }))",
    "Back": "window.dispatchEvent(new PopStateEvent('popstate'))",
    "a key of the browser": "window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Alt', bubbles: true }))",
    "the focus": "root.dispatchEvent(new FocusEvent('focusout', { bubbles: true }))",
    "another window": "window.dispatchEvent(new Event('blur'))",
}


@pytest.mark.parametrize("leaving", LEAVING)
def test_presses_are_reported_before_a_person_leaves(page: Page, at, leaving):
    asking = Asking(page, at())
    asking.heard()
    told = f"const before = ({HELD})(root); {LEAVING[leaving]}; return [before, ({HELD})(root)];"
    assert asking.root.evaluate(f"(root) => {{ ({KEY})(); {told} }}") == [1, 0]


@pytest.mark.parametrize("case", ["keys fall for long", "few are left"])
def test_presses_do_not_wait(page: Page, at, case):
    asking = Asking(page, at(ahead=30 if case == "keys fall for long" else 5))
    asking.heard()
    held = "true"
    if case == "keys fall for long":
        held = f"({KEY})() && ({HELD})(root) === 1 && (root.questions.reports.since -= 3000)"
    assert asking.root.evaluate(f"(root) => {held} && ({KEY})() && ({HELD})(root)") == 0
    asking.saved(2 if case == "keys fall for long" else 1)


def test_the_program_comes_once_and_on_retry_with_what_was_pressed_before(page: Page, at):
    program, asked, sent = "**/explorer/program/*", list[str](), list[bool]()
    page.on("dialog", lambda dialog: dialog.accept())
    page.on("request", lambda request: asked.append(request.url) if "/explorer/program/" in request.url else None)
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append("class Outbox" in str(frame)))
    )
    asking = Asking(page, at())
    height = asking.root.bounding_box()["height"]  # type: ignore[index]
    page.get_by_text("Database full").click()
    asking.root.locator(".title").click()
    asking.press("1", "2")
    expect(asking.notice).to_contain_text("The database is full")
    assert len(asked) == 1
    page.route(program, lambda route: route.abort())
    page.reload()
    expect(asking.root).to_have_text(re.compile("could not be loaded: try again, or reload the page."))
    assert asking.root.bounding_box()["height"] == height  # type: ignore[index] # nothing jumps when it comes
    page.unroute(program)
    asking.button("Retry").click()
    asking.wait_for("asking")
    asking.shows(FIRST + 2)
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 0), ("LABEL", FIRST + 1, 1)]
    assert sent
    assert not any(sent), "the program travels with a run of the script"


def test_ids_beyond_53_bits_arrive_as_they_are(page: Page, at):
    asking = Asking(page, at())
    asking.press("1", "Space")
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 0), ("SKIP", FIRST + 1, None)]


def test_a_reload_in_the_middle_loses_no_press(page: Page, at):
    page.on("dialog", lambda dialog: dialog.accept())
    asking = Asking(page, at(slow=1.0))
    asking.press("1", "2", "3", "5", "6")
    page.reload()
    asking.wait_for("asking")
    asking.shows(FIRST + 5)  # none of what is on its way is asked again
    asking.saved(5)
    assert asking.said() == [("LABEL", FIRST + k, number) for k, number in enumerate((0, 1, 2, 4, 5))]
    assert all(key.startswith(asking.log()["tab"]) for key, *_ in asking.log()["log"])  # the tab has kept its name
    assert asking.log()["remembered"] == "Ann Örtel"


def test_a_tab_that_is_doubled_takes_a_name_of_its_own(page: Page, at):
    Asking(page, at())
    with page.expect_popup() as opened:
        page.evaluate("window.open(location.href)")  # with a copy of all that this tab keeps
    twin = opened.value
    for one in (page, twin):
        one.bring_to_front()
        expect(one.locator(".questions")).to_have_attribute("data-shown", re.compile(r"\d+"))
        one.keyboard.press("1")
        expect(one.locator(".questions")).to_have_attribute("data-pending", "0")
    expect(twin.locator("#log")).to_have_attribute("data-n", "2")
    log = json.loads(twin.locator("#log").text_content() or "{}")["log"]
    twin.close()
    assert len({key.split("-")[0] for key, *_ in log}) == 2


def test_what_was_pressed_is_not_asked_again_by_a_deck_that_does_not_know_it_yet(page: Page, at):
    asking = Asking(page, at(slow=2.0))
    asking.heard()
    asking.press("1")
    asking.root.locator(".title").click()  # whatever a person does next, the press is reported first
    asking.press("2", "3")
    asking.saved(3)
    assert asking.log()["calls"] > 1  # the deck after the first report still asks about the second item
    asking.shows(FIRST + 3)
    asking.press("1", "2")
    asking.saved(5)
    assert [item for _, item, _ in asking.said()] == list(range(FIRST, FIRST + 5))


def test_leaving_asks_first_only_while_something_is_unsaved(page: Page, at):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    asking = Asking(page, at(slow=3.0))
    page.reload()
    asking.wait_for("asking")
    assert not asked
    asking.press("1")
    page.reload()
    asking.wait_for("asking")
    assert asked == ["beforeunload"]


def test_what_is_refused_says_why_and_comes_back(page: Page, at):
    asking = Asking(page, at())
    asking.press("4")
    expect(asking.notice).to_contain_text("Not recorded: The class dress was deleted meanwhile")
    asking.shows(FIRST + 1)  # what is on the screen stays there
    asking.press("1")
    asking.shows(FIRST)
    expect(asking.notice).to_be_hidden()
    asking.press("2")
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST + 1, 0), ("LABEL", FIRST, 1)]


def test_a_problem_keeps_presses_and_sends_them_again(page: Page, at):
    asking = Asking(page, at())
    box = page.get_by_text("Database full")
    asking.heard()
    runs = page.locator("#log").get_attribute("data-runs") or ""
    box.click()
    expect(page.locator("#log")).not_to_have_attribute("data-runs", runs)
    asking.root.locator(".title").click()
    asking.press("1", "2")
    expect(asking.notice).to_contain_text("The database is full")
    expect(asking.status).to_contain_text("2 not saved yet")
    asking.press("3")  # one goes on with the items that there are
    assert asking.log()["log"] == []
    expect(page.locator("#log")).to_have_attribute("data-told", "3")
    runs = page.locator("#log").get_attribute("data-runs") or ""
    expect(page.locator("#log")).not_to_have_attribute("data-runs", runs)  # by itself
    box.click()
    asking.saved(3)
    assert asking.said() == [("LABEL", FIRST + k, k) for k in range(3)]
    expect(asking.notice).to_be_hidden()
    expect(asking.status).to_contain_text("All saved")


def test_the_item_never_fades_while_the_server_is_busy(page: Page, at):
    asking = Asking(page, at(slow=4.0))
    asking.heard()
    asking.press("1")
    place, log = page.locator(".st-key-questions"), page.locator("[data-testid=stElementContainer]:has(#log)")
    expect(place).to_have_attribute("data-stale", "true")
    expect(log).not_to_have_css("opacity", "1")  # as all that the script has not drawn anew
    stale, opacity = place.evaluate("it => [it.dataset.stale, getComputedStyle(it).opacity]")
    assert (stale, opacity) == ("true", "1")


@pytest.mark.parametrize(("undo", "redo"), [("Backspace", "Shift+Backspace"), ("Control+z", "Control+y")])
def test_undo_shows_what_it_takes_back_and_redo_takes_it_away(page: Page, at, undo, redo):
    asking = Asking(page, at())
    asking.press("1", "2", undo)
    asking.shows(FIRST + 1)
    expect(asking.root.locator(".said")).to_contain_text("bag")
    expect(asking.button("bag, key 2")).to_have_attribute("aria-pressed", "true")
    asking.press(undo)
    asking.shows(FIRST)
    asking.press(redo)
    asking.shows(FIRST + 1)
    asking.press(redo, undo, "3")
    asking.saved(8)
    assert [kind for kind, *_ in asking.said()] == ["LABEL"] * 2 + ["UNDO"] * 2 + ["REDO"] * 2 + ["UNDO", "LABEL"]
    assert asking.said()[-1] == ("LABEL", FIRST + 1, 2)
    asking.shows(FIRST + 2)


def test_undo_after_a_reload_shows_what_the_server_took_back(page: Page, at):
    asking = Asking(page, at(slow=3.0))
    asking.press("1", "2")
    asking.saved(2)
    page.reload()
    asking.wait_for("asking")
    page.keyboard.press("Backspace")
    expect(asking.root).to_have_attribute("data-shown", "")
    page.keyboard.press("1")  # of what nobody sees
    asking.shows(FIRST + 1)
    assert [kind for _, kind, *_ in asking.saved(3)] == ["LABEL", "LABEL", "UNDO"]


def test_nothing_to_undo_is_said_and_the_item_stays(page: Page, at):
    asking = Asking(page, at())
    page.keyboard.press("Backspace")
    expect(asking.notice).to_contain_text("There is nothing to undo.")
    asking.shows(FIRST)


def test_a_held_key_labels_once(page: Page, at):
    asking = Asking(page, at())
    for key in ("1", "Space"):
        for _ in range(10):
            page.keyboard.down(key)
        page.keyboard.up(key)
        if key == "1":
            asking.shows(FIRST + 1)
    asking.saved(2)
    asking.shows(FIRST + 2)


def test_a_flag_stays_on_the_screen_and_is_taken_away_by_the_same_key(page: Page, at):
    asking = Asking(page, at())
    flag = asking.button("Flag")
    page.keyboard.press(".")
    expect(flag).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(".")
    expect(flag).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Backspace")
    expect(flag).to_have_attribute("aria-pressed", "true")
    asking.saved(3)
    assert [row[0] for row in asking.said()] == ["FLAG", "UNFLAG", "UNDO"]
    asking.shows(FIRST)


def test_what_is_typed_elsewhere_labels_nothing(page: Page, at):
    asking = Asking(page, at())
    page.get_by_label("A note").click()
    page.keyboard.type("12 abc. r")
    expect(page.get_by_label("A note")).to_have_value("12 abc. r")
    page.keyboard.press("Escape")
    asking.root.locator(".title").click()
    page.keyboard.press("Control+1")
    page.keyboard.press("Alt+1")
    asking.shows(FIRST)
    asking.press("1")
    asking.saved(1)


def test_many_classes_are_found_by_name(page: Page, at):
    asking = Asking(page, at(classes=60))
    box = asking.root.get_by_role("searchbox", name="Find a class")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("s 5c")
    expect(asking.root.get_by_text("No class of this name")).to_have_count(0)  # it is no element, but the list's style
    assert asking.root.locator(".classes button:visible").count() == 0
    box.fill("class 57")
    expect(asking.root.locator(".classes button:visible")).to_have_count(1)
    box.press("Enter")
    asking.shows(FIRST + 1)
    expect(box).to_have_value("")
    expect(box).not_to_be_focused()
    asking.press("2")
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 57), ("LABEL", FIRST + 1, 1)]


@pytest.mark.parametrize("classes", [40, 5])
def test_streamlits_own_keys_c_and_r_are_classes_where_there_are_such(page: Page, at, classes):
    asking = Asking(page, at(classes=classes))
    page.evaluate("window.heard = []; document.addEventListener('keydown', ({ key }) => window.heard.push(key))")
    if classes == 5:
        page.keyboard.press("c")  # without such a class it is Streamlit's
        assert page.evaluate("window.heard") == ["c"]
        return
    asking.press("c", "r")
    page.keyboard.press("/")
    page.keyboard.type("r c")  # no shortcut in the box either
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 11), ("LABEL", FIRST + 1, 26)]
    assert page.evaluate("window.heard") == []  # neither a second run nor the question about the cache


def test_the_last_item_answered_there_is_an_end_and_undo_goes_back(page: Page, at):
    asking = Asking(page, at(n=2, slow=2.0))
    asking.press("1")
    page.keyboard.press("2")
    expect(asking.root.get_by_text("Fetching the next items")).to_be_visible()
    page.keyboard.press("3")  # of nothing
    expect(asking.status).to_contain_text("wait a moment")
    asking.wait_for("over")
    expect(asking.root.get_by_text("Everything here is labelled, skipped or on somebody's screen.")).to_be_visible()
    page.keyboard.press("Backspace")
    asking.shows(FIRST + 1)
    asking.saved(3)


@pytest.mark.parametrize(
    ("second", "words"), [("lost", "Its picture did not come."), ("none", "There is no picture of this item here.")]
)
def test_an_item_that_nobody_can_see_is_skipped_and_never_labelled(page: Page, at, second, words):
    asking = Asking(page, at(second=second))
    page.keyboard.press("1")
    expect(asking.root.get_by_text(words)).to_be_visible()
    expect(asking.root).to_have_attribute("data-shown", "")
    page.keyboard.press("2")
    expect(asking.status).to_contain_text("There is nothing to see of it")
    assert asking.root.get_by_role("button", name="Try again").is_visible() == (second == "lost")
    page.keyboard.press("Space")
    asking.shows(FIRST + 2)
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 0), ("SKIP", FIRST + 1, None)]


def test_a_deck_that_runs_out_is_followed_by_the_next_one(page: Page, at):
    asking = Asking(page, at(ahead=3, slow=3.0))
    asking.press("1", "2")
    page.keyboard.press("1")
    expect(asking.root.get_by_text("Fetching the next items")).to_be_visible()
    asking.wait_for("asking")
    asking.shows(FIRST + 3)
    asking.saved(3)


def test_help_lists_the_keys_and_holds_the_focus(page: Page, at):
    asking = Asking(page, at())
    page.keyboard.press("?")
    dialog = asking.root.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    close = dialog.get_by_role("button", name="Close")
    expect(close).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    asking.shows(FIRST)
    page.keyboard.press("?")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    asking.press("1")
    asking.saved(1)


def test_a_click_labels_and_leaves_space_to_skipping(page: Page, at):
    asking = Asking(page, at())
    asking.button("coat, key 3").click()
    asking.shows(FIRST + 1)
    asking.press("Space")
    asking.saved(2)
    assert asking.said() == [("LABEL", FIRST, 2), ("SKIP", FIRST + 1, None)]
    asking.button("bag, key 2").press("Space")  # by the keyboard it is a button as any other
    asking.saved(3)
    assert asking.said()[-1] == ("LABEL", FIRST + 2, 1)


def test_a_small_window_stacks_and_a_tap_labels(page: Page, at):
    page.set_viewport_size({"width": 420, "height": 800})
    asking = Asking(page, at())
    picture = asking.root.locator(".picture img").bounding_box()
    reason = asking.root.get_by_text("Why this one").bounding_box()
    assert picture is not None
    assert reason is not None
    assert picture["width"] % 8 == 0
    assert reason["y"] > picture["y"] + picture["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    asking.button("bag, key 2").click()
    asking.saved(1)


def test_keys_count_wherever_the_focus_is_but_in_what_was_opened(page: Page, at):
    asking = Asking(page, at())
    box = page.get_by_role("checkbox", name="Database full")
    box.focus()
    asking.press("1")
    page.keyboard.press("Space")  # is the box's
    expect(box).to_be_checked()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    page.get_by_test_id("stMain").click(position={"x": 3, "y": 3})
    asking.press("2")
    asking.saved(2)
    page.get_by_role("button", name="Opened").click()
    page.get_by_role("button", name="Within").focus()
    page.keyboard.press("3")
    expect(asking.status).to_contain_text("keys go to what was opened")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Within")).to_have_count(0)
    asking.press("3")
    asking.saved(3)
    assert asking.said() == [("LABEL", FIRST, 0), ("LABEL", FIRST + 1, 1), ("LABEL", FIRST + 2, 2)]


def test_presses_of_another_view_are_reported_told_and_answered_there(page: Page, at):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    asking = Asking(page, at())
    full, other = page.get_by_text("Database full"), page.get_by_text("Another view")
    full.click()
    asking.root.locator(".title").click()
    asking.press("1", "2")
    expect(asking.status).to_contain_text("2 not saved yet")
    other.click()
    expect(asking.root).to_have_attribute("data-state", "quiet")
    expect(asking.status).to_contain_text("2 not saved yet")
    expect(asking.notice).to_contain_text("The database is full")
    asking.root.locator(".notice span").click()
    page.keyboard.press("3")  # of nothing
    full.click()
    asking.saved(2)
    expect(asking.status).to_be_hidden()
    assert asking.said() == [("LABEL", FIRST, 0), ("LABEL", FIRST + 1, 1)]
    other.click()
    asking.wait_for("asking")
    asking.shows(FIRST + 2)
    asking.root.locator(".title").click()
    asking.press("3")
    asking.saved(3)
    assert not asked


def test_what_is_unsaved_holds_the_page_back_without_the_component_too_and_is_sent_later(page: Page, at):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    asking = Asking(page, at())
    page.get_by_text("Database full").click()
    asking.root.locator(".title").click()
    asking.press("1")
    expect(asking.status).to_contain_text("1 not saved yet")
    page.get_by_text("Another person").click()
    expect(asking.notice).to_contain_text("1 answer of ann in desk is not saved: open that session under that name.")
    page.get_by_text("Nothing at all").click()
    expect(asking.root).to_have_count(0)
    page.reload()
    asking.wait_for("asking")
    assert asked == ["beforeunload"]
    asking.saved(1)


def test_switching_to_and_fro_keeps_the_name_of_the_tab(page: Page, at):
    asking = Asking(page, at())
    asking.heard()
    name = asking.log()["tab"]
    gone = page.get_by_text("Nothing at all")
    for _ in range(3):
        gone.click()
        expect(asking.root).to_have_count(0)
        gone.click()
        asking.wait_for("asking")
    asking.root.locator(".title").click()
    asking.press("1")
    asking.saved(1)
    assert asking.log()["tab"] == name


def test_reasons_of_the_item_on_the_screen_are_those_of_the_newest_round(page: Page, at):
    asking = Asking(page, at())
    expect(asking.root.locator(".why")).to_have_text("Two classes are nearly as likely for it.")
    page.get_by_text("Another round").click()
    expect(asking.root.locator(".why")).to_have_text("Picked in another round.")
    asking.shows(FIRST)
