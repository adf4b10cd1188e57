"""Files of a labeling session in a real browser: one click gives one file, whatever the page is doing meanwhile."""

from pathlib import Path

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.map_page import SLOW, idle
from tests.browser.test_label import Session, named

FIRST = 3  # messages of a run that come before it is held: it has begun then, and draws


class Held:
    """The page's connection, which can stop bringing what the server says: a run that has begun does not end then.

    Args:
        page: not yet opened.
    """

    def __init__(self, page: Page) -> None:
        self.left: int | None = None  # messages that still come; None for all
        self.kept: list[str | bytes] = []
        page.route_web_socket("**/_stcore/stream", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        server = socket.connect_to_server()
        server.on_message(self._bring)

    def _bring(self, message: str | bytes) -> None:
        if self.left is None:
            self.socket.send(message)
        elif self.left:
            self.left -= 1
            self.socket.send(message)
        else:
            self.kept.append(message)

    def release(self) -> None:
        """Bring what was kept, and all from now on."""
        self.left = None
        while self.kept:
            self.socket.send(self.kept.pop(0))


def running(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="running"]').wait_for(timeout=SLOW)


def test_click_in_the_middle_of_a_run_gives_one_file_of_what_is_labelled_then(
    page: Page, shipped: str, tmp_path: Path
) -> None:
    connection = Held(page)
    session = Session(page, shipped, "Ann")
    said = dict(zip(session.press(*"123"), "123", strict=True))
    session.saved()
    session.view("Files")
    expect(page.get_by_role("link", name="CSV")).to_be_visible(timeout=SLOW)
    idle(page)
    connection.left = FIRST
    page.keyboard.press("r")  # the whole page runs again
    running(page)
    names: list[str] = []
    page.on("download", lambda file: names.append(file.suggested_filename))
    assert session.exported(tmp_path) == named(said)
    running(page)
    connection.release()
    idle(page)
    assert names == [f"{session.name}.csv"]
