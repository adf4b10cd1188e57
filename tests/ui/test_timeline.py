"""Which frame of a timeline a person has settled on, as far as a browser can be believed."""

import pytest

from explorer.ui import scatter
from explorer.ui.scatter import Cloud, Timeline, settled_frame

CLOUD = Cloud("one", "/points", 10, "", (), ())
TIMELINE = Timeline("/frames", ("first", "second", "third"), start=1)


def settled(monkeypatch, message):
    monkeypatch.setattr(scatter.st, "session_state", {"map": {"frame": message}})
    return settled_frame(CLOUD, TIMELINE, key="map")


def test_the_start_holds_until_a_person_settles_on_a_frame(monkeypatch):
    monkeypatch.setattr(scatter.st, "session_state", {})
    assert settled_frame(CLOUD, TIMELINE, key="map") == 1
    assert settled(monkeypatch, None) == 1
    assert settled(monkeypatch, {"identity": "one", "frame": 2, "seq": 1}) == 2
    assert settled(monkeypatch, {"identity": "one", "frame": 0, "seq": 2}) == 0


@pytest.mark.parametrize("frame", [3, -1, True, 1.5, "2", None, 10**30])
def test_a_frame_that_is_none_gives_the_start(monkeypatch, frame):
    assert settled(monkeypatch, {"identity": "one", "frame": frame, "seq": 1}) == 1


def test_a_frame_of_another_map_gives_the_start(monkeypatch):
    assert settled(monkeypatch, {"identity": "two", "frame": 2, "seq": 1}) == 1
    assert settled(monkeypatch, "hostile") == 1
