"""Links to files that a page makes, over HTTP: what they give, and what is told where there is nothing."""

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from explorer.errors import BadValueError
from explorer.ui import downloads
from explorer.ui.downloads import EXPIRED, offer

APP = Starlette(routes=downloads.ROUTES)
Draw = Callable[..., str]


@pytest.fixture(autouse=True)
def offers(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """What this server remembers: nothing yet."""
    found: dict[Any, Any] = {}
    monkeypatch.setattr(downloads, "_offers", found)
    return found


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Draw]:
    """Opens a page; that draws a link, and gives its address."""

    def opened() -> Draw:
        drawn: list[str] = []
        page = SimpleNamespace(session_state={}, link_button=lambda _, url, **_how: drawn.append(url))

        def draw(make: Callable[[], bytes], key: str = "gif", name: str = "film.gif") -> str:
            monkeypatch.setattr(downloads, "st", page)
            offer("GIF", make, name=name, mime="image/gif", key=key)
            return drawn[-1]

        return draw

    return opened


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


def test_old_links_expire_in_a_sentence(browser, offers, monkeypatch):
    monkeypatch.setattr(downloads, "KEPT", 2)
    draw = browser()
    addresses = [draw(lambda: b"it", key=key) for key in ("a", "b", "a", "c")]
    assert len(offers) == 2
    assert get(addresses[0]).content == b"it", "it was drawn again"
    answer = get(addresses[1])
    assert answer.status_code == 404
    assert EXPIRED in answer.text
