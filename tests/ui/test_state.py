"""What sessions share: opened once, renewed when a run changes, and never holding each other up."""

import os
from threading import Event, Thread

import pytest

from explorer.errors import UnknownNameError
from explorer.ui import state


@pytest.fixture
def tiny(installation):
    state.settings.cache_clear()
    yield installation / "runs" / "tiny"
    state.settings.cache_clear()


def test_a_run_is_opened_once_and_anew_when_its_card_changes(tiny):
    first = state.open_for_page("tiny")
    assert state.open_for_page("tiny") is first
    os.utime(tiny / "card.json", ns=(1, 1))
    assert state.open_for_page("tiny") is not first


def test_a_map_opens_while_another_session_waits_for_its_images(tiny, monkeypatch):  # noqa: ARG001
    begun, go_on = Event(), Event()

    def slow(*_):
        begun.set()
        go_on.wait(20)
        raise UnknownNameError("stopped by the test")

    monkeypatch.setattr(state, "load_items", slow)
    opened = state.open_for_page("tiny")
    waiting = Thread(target=opened.prepare)
    waiting.start()
    assert begun.wait(20)
    seen: list[int] = []
    other = Thread(target=lambda: seen.append(len(opened.space)))
    other.start()
    other.join(5)
    go_on.set()
    waiting.join(20)
    assert seen == [len(opened.space)]


def test_a_run_that_is_no_more_is_told_by_name(tiny):
    (tiny / "card.json").unlink()
    with pytest.raises(UnknownNameError, match="tiny"):
        state.open_for_page("tiny")
