"""A slow connection: what the browser reports before it has heard of a new address must not undo it."""

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.map_page import MapPage

FINISHED = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


class Slow:
    """A connection that holds back what the server says while `holds`.

    Args:
        page: of the browser, before it opens the product.
    """

    def __init__(self, page: Page) -> None:
        self.holds, self.runs = False, 0  # runs: those that ended since it holds
        self._page, self._held = page, list[str | bytes]()
        page.route_web_socket("**/_stcore/stream", self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.connect_to_server().on_message(self._told)

    def _told(self, message: str | bytes) -> None:
        if not self.holds:
            self._socket.send(message)
            return
        self._held.append(message)
        if isinstance(message, bytes):
            self.runs += ForwardMsg.FromString(message).script_finished == FINISHED

    def until(self, runs: int) -> None:
        """Wait until so many runs of a fragment have ended."""
        while self.runs < runs:  # the test's own time limit ends it
            self._page.wait_for_timeout(50)

    def release(self) -> None:
        """Let the browser hear all that it missed."""
        while self._held:
            self._socket.send(self._held.pop(0))
        self.holds = False


def test_click_outlives_what_is_reported_before_its_address_has_come(page: Page, shipped: str) -> None:
    slow = Slow(page)
    map_page = MapPage(page, shipped, "textures-petals")
    slow.holds = True
    map_page.click_point()
    slow.until(1)
    page.get_by_role("slider").press("ArrowLeft")  # sent with the address of before the click
    slow.until(2)
    slow.release()
    map_page.hits()
    assert "item=" in page.url


def test_going_back_is_not_taken_for_an_address_that_is_late(page: Page, shipped: str) -> None:
    map_page = MapPage(page, shipped, "textures-petals")
    before = page.url
    map_page.click_point()
    map_page.hits()
    page.go_back()
    expect(page).to_have_url(before)
    map_page.says("Touch the map")
