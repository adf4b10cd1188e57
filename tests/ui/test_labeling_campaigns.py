"""The figure of simulated campaigns on a page, and what stands in its place."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import state


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path))
    state.settings.cache_clear()
    yield
    state.settings.cache_clear()


def page(name: str) -> AppTest:
    def script(name: str) -> None:
        from explorer.ui import labeling_campaigns

        labeling_campaigns.show(name)

    at = AppTest.from_function(script, args=(name,), default_timeout=60).run()
    assert not at.exception
    return at


def html(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html"))


def test_shipped_campaign_is_drawn_with_what_it_came_to_and_how_it_was_measured():
    at = page("mnist")
    assert len(at.get("plotly_chart")) == 1
    assert "guided picks are there with 240, 46 % of them" in at.markdown[0].value
    assert "10,000 items, 40 labels to begin with" in html(at)
    assert "latent-explorer campaign mnist" in html(at)


def test_every_range_of_labels_that_was_measured_is_told():
    at = page("fashion-mnist")
    assert len(at.get("plotly_chart")) == 1
    assert "with 1,200 labels, mean of 3 seeds; guided picks are there with 800, 67 % of them" in at.markdown[0].value
    assert "with 520 labels, mean of 3 seeds; guided picks are there with 440, 85 % of them" in html(at)
    assert "latent-explorer campaign fashion-mnist --start 200 --per-round 100 --rounds 10" in html(at)
    assert "latent-explorer campaign fashion-mnist --items 5000" in html(at)


def test_data_without_a_campaign_say_how_to_make_one():
    at = page("textures")
    assert not at.get("plotly_chart")
    assert "latent-explorer campaign textures" in html(at)


@pytest.mark.parametrize("name", ["folder", "nothing"])
def test_a_persons_own_data_say_nothing(name):
    assert not page(name).get("html")
