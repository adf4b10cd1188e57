"""Links to files that a page makes, over HTTP: what they give, and what is told where there is nothing."""

import asyncio
import warnings
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from weakref import ref

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from explorer.errors import BadValueError
from explorer.ui import downloads
from explorer.ui.downloads import EXPIRED, answering, offer
from explorer.ui.tokens import make_token

APP = Starlette(routes=downloads.ROUTES)


class Page:
    """A page that draws links.

    Args:
        patch: puts it in Streamlit's place.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch, self.session_state = patch, dict[str, Any]()

    def __call__(self, make: Callable[[], bytes], key: str = "gif", *, disabled: bool = False) -> str:
        """Draw a link, and give its address."""
        self._patch.setattr(downloads, "st", self)
        offer("GIF", make, name="film.gif", mime="image/gif", key=key, disabled=disabled)
        return self._address

    def link_button(self, _: str, address: str, **_how: object) -> None:
        self._address = address

    def close(self) -> None:
        """End its session."""
        self.session_state.clear()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Page]:
    """Opens pages."""
    return lambda: Page(monkeypatch)


def get(address: str) -> Any:
    with warnings.catch_warnings():  # it would rather have another HTTP library than the one that comes with Streamlit
        warnings.simplefilter("ignore", UserWarning)
        from starlette.testclient import TestClient
    return TestClient(APP).get(address)


def test_link_gives_the_file_as_the_page_shows_it_now_and_stays_what_it_is(browser):
    draw = browser()
    address = draw(lambda: b"before")
    assert draw(lambda: b"now") == address, "a click while the page runs finds it where it was"
    answer = get(address)
    assert answer.content == b"now"
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''film.gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_is_made_before_the_click_and_anew_at_each(browser):
    made: list[int] = []
    address = browser()(lambda: made.append(1) or bytes(len(made)))
    assert not made
    assert [len(get(address).content) for _ in range(2)] == [1, 2]


def test_pages_and_links_are_told_apart(browser):
    one, other = browser(), browser()
    addresses = [one(lambda: b"a"), one(lambda: b"b", key="strip"), other(lambda: b"c")]
    assert [get(address).content for address in addresses] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("key", ["export größte Küche.csv", "a b&c=d?e#f", "100%"])
def test_any_key_finds_its_file(browser, key):
    assert get(browser()(lambda: b"it", key=key)).content == b"it"


def test_what_cannot_be_made_is_told_in_its_sentence(browser):
    def make() -> bytes:
        raise BadValueError("The items <are> gone.")

    answer = get(browser()(make))
    assert answer.status_code == 404
    assert "The items &lt;are&gt; gone." in answer.text
    assert "content-disposition" not in answer.headers


def test_token_of_one_link_opens_no_other(browser):
    draw = browser()
    first, second = draw(lambda: b"first"), draw(lambda: b"second", key="other")
    answer = get(first.partition("?")[0] + "?" + second.partition("?")[2])
    assert answer.status_code == 403
    assert EXPIRED in answer.text


@pytest.mark.parametrize("how", ["its session has ended", "it is disabled now"])
def test_what_a_page_offers_no_more_is_let_go_and_told_in_a_sentence(browser, how):
    class Film:
        pass

    film = Film()
    alive, draw = ref(film), browser()
    address = draw(lambda film=film: b"" if film is None else b"it")
    del film
    assert get(address).content == b"it"
    if how == "it is disabled now":
        assert draw(lambda: b"never", disabled=True) == address
    else:
        draw.close()
    assert alive() is None
    answer = get(address)
    assert answer.status_code == 404
    assert EXPIRED in answer.text


def test_one_file_of_a_kind_is_made_at_a_time_and_kinds_do_not_wait_for_each_other(monkeypatch):
    monkeypatch.setattr(downloads, "_turns", defaultdict(asyncio.Lock))
    begun: list[str] = []
    go_on = Event()

    def making(name: str) -> Callable[[Request], Response]:
        def make(_: Request) -> Response:
            begun.append(name)
            go_on.wait(60)
            return Response()

        return make

    first, second, other = (
        answering(kind)(making(name)) for kind, name in (("film", "first"), ("film", "second"), ("backup", "other"))
    )

    async def waits() -> dict[str, str]:
        return await asyncio.Event().wait() or {}

    def request(kind: str) -> Request:
        token = make_token("session", kind)
        scope = {"type": "http", "path_params": {}, "query_string": f"token={token}".encode(), "headers": []}
        return Request(scope, waits)

    async def clicks() -> None:
        asking = [asyncio.create_task(route(request(kind))) for route, kind in ((first, "film"), (second, "film"))]
        while not begun:
            await asyncio.sleep(0.01)
        asking.append(asyncio.create_task(other(request("backup"))))
        while len(begun) < 2:
            await asyncio.sleep(0.01)
        assert begun == ["first", "other"]
        go_on.set()
        await asyncio.gather(*asking)

    with ThreadPoolExecutor(1) as elsewhere:  # browser tests leave a loop running in this thread
        elsewhere.submit(asyncio.run, clicks()).result(60)
    assert begun == ["first", "other", "second"]
