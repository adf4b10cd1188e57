"""The epoch of a replay, and who moved."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from explorer.ui import address_bar, replaying
from explorer.ui.replaying import MOST_TRAILS, asked_frame, movers, timeline
from explorer.workflows.replay import Replay

FRAMES, ITEMS = 4, 60
EPOCHS = np.array([0, 1, 2, 5])


@pytest.fixture
def replay() -> Replay:
    """Sixty items of which item i moves by i at each step; epochs 3 and 4 were not kept."""
    z = np.arange(FRAMES)[:, None, None] * np.arange(ITEMS)[None, :, None] * np.array([1.0, 0.0])
    terms = ({},) * FRAMES
    space = SimpleNamespace(geometry="euclidean")
    return Replay(space, np.arange(ITEMS), EPOCHS, z.astype(np.float32), z.astype(np.float32), terms, False)


@pytest.fixture
def page(monkeypatch):
    """An address without Streamlit."""
    page = SimpleNamespace(session_state={}, query_params={})
    for module in (replaying, address_bar):
        monkeypatch.setattr(module, "st", page)
    return page


@pytest.mark.parametrize(("epoch", "frame"), [("0", 0), ("2", 2), ("3", 2), ("5", 3), ("99", 3), ("-5", 3), ("x", 3)])
def test_the_address_names_an_epoch(page, replay, epoch, frame):
    page.query_params["epoch"] = epoch
    assert asked_frame(replay) == frame


def test_without_an_epoch_it_is_the_last_one(page, replay):  # noqa: ARG001
    assert asked_frame(replay) == FRAMES - 1


def test_what_was_settled_on_is_found_again(page, replay):
    for frame in range(FRAMES):
        replaying.remember(replay, frame)
        assert page.query_params == {"epoch": str(EPOCHS[frame])}
        assert asked_frame(replay) == frame


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=some.text())
def test_any_address_names_a_frame(page, replay, text):
    page.query_params["epoch"] = text
    assert 0 <= asked_frame(replay) < FRAMES


def test_those_that_moved_most_come_first(replay):
    assert movers(replay, 2) == list(range(ITEMS - 1, ITEMS - 1 - MOST_TRAILS, -1))
    assert movers(replay, 0) == []


def test_the_slider_tells_each_epoch(page, replay):
    page.query_params["epoch"] = "1"
    found = timeline(SimpleNamespace(address=lambda route: f"/{route}"), replay)
    assert found.labels == ("before training", "epoch 1", "epoch 2", "epoch 5")
    assert (found.url, found.start) == ("/frames", 1)


@pytest.mark.parametrize("has_replay", [True, False])
def test_only_a_run_with_snapshots_has_the_control(page, has_replay):
    page.toggle = lambda *_, **__: True
    assert replaying.choice(SimpleNamespace(has_replay=has_replay)) is has_replay
