"""Replay: the epoch in the address, the slider, what moved, and what a moment of the past does not have."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.ui import state
from tests.pages.scatters import lasso, maps, say
from tests.pages.test_pages import html, sentences

PAGE, VAE, STRUCTURED = "2_Map.py", "digits-vae", "digits-structured"
SHIPPED = sorted(card.parent.name for card in places.models().glob("*/card.json"))
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured beside a test."""
    monkeypatch.setattr(state, "PAUSE", 3600.0)


@pytest.mark.parametrize("run", SHIPPED)
def test_only_a_run_with_snapshots_is_replayed(open_page: Open, run):
    at = open_page(PAGE, run=run, replay="true", epoch="3")
    assert not at.exception
    assert not sentences(at)
    is_replayed = (places.models() / run / "snapshots").is_dir()
    assert [toggle.key for toggle in at.toggle] == (["replay"] if is_replayed else [])
    assert (maps(at)["map"]["timeline"] is not None) == is_replayed


def test_replay_begins_with_the_last_epoch_and_follows_its_items(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert maps(at)["map"]["timeline"] is None
    assert "epoch" not in at.query_params
    at.toggle(key="replay").set_value(True).run()
    assert not at.exception
    told, replay = maps(at)["map"], state.open_for_page(VAE).replay
    assert told["n"] == len(replay.space) == 500
    assert told["identity"].endswith(":replay")
    assert "map=replay&" in told["url"]
    assert told["timeline"]["url"].startswith(f"/explorer/frames/{VAE}?version=")
    assert told["timeline"]["labels"][:2] == ["before training", "epoch 1"]
    assert told["timeline"]["start"] == len(told["timeline"]["labels"]) - 1 == 60
    assert at.query_params["epoch"] == "60"
    assert "Epoch 60 of 60" in html(at)


def test_one_map_at_a_time_is_replayed(open_page: Open):
    at = open_page(PAGE, run=VAE, replay="true", projection="UMAP", beside=STRUCTURED, over="nonsense")
    assert not at.exception
    assert not sentences(at)
    assert list(maps(at)) == ["map"]
    assert not {"projection", "beside", "over"} & {control.key for control in at.selectbox}


@pytest.mark.parametrize(
    ("asked", "epoch"),
    [("0", 0), ("7", 7), ("60", 60), ("61", 60), ("-5", 60), ("", 60), ("nan", 60), ("1e3", 60), ("9" * 400, 60)],
)
def test_epoch_in_the_address_is_the_one_that_is_shown(open_page: Open, asked, epoch):
    at = open_page(PAGE, run=VAE, replay="true", epoch=asked)
    assert not at.exception
    assert not sentences(at)
    assert maps(at)["map"]["timeline"]["start"] == epoch
    assert at.query_params["epoch"] == str(epoch)
    assert f"Epoch {epoch} of 60" in html(at)


def test_a_frame_that_a_person_settles_on_moves_the_epoch(open_page: Open):
    at = say(open_page(PAGE, run=VAE, replay="true"), "frame", frame=5)
    assert not at.exception
    assert at.query_params["epoch"] == "5"
    assert "Epoch 5 of 60" in html(at)
    replay = state.open_for_page(VAE).replay
    assert maps(at)["map"]["marks"]["trails"] == np.argsort(-replay.moved(5), kind="stable")[:40].tolist()
    at = say(at, "frame", frame=61)
    assert at.query_params["epoch"] == "5"


def test_items_that_moved_most_are_shown_with_how_far(open_page: Open):
    at = open_page(PAGE, run=VAE, replay="true", epoch="5")
    moved = state.open_for_page(VAE).replay.moved(5)
    shown = html(at).split('data-name="Moved most"')[1]
    assert shown.count('role="listitem"') == 12
    assert [far in shown for far in (f"moved {far:.3f}" for far in np.sort(moved)[-12:])] == [True] * 12
    assert "each epoch turned onto the next" in html(at)


def test_items_without_images_are_told_in_words(open_page: Open):
    at = open_page(PAGE, run="mnist-ae", replay="true", epoch="2")
    assert not at.exception
    replay = state.open_for_page("mnist-ae").replay
    farthest = replay.moved(2).argmax()
    assert f"<b>{replay.moved(2)[farthest]:.3f}</b> item {replay.space.latents.ids[farthest]}" in html(at)


def test_nothing_has_moved_before_the_first_epoch(open_page: Open):
    at = open_page(PAGE, run=VAE, replay="true", epoch="0")
    assert not at.exception
    assert "Before the first epoch nothing has moved" in html(at)
    assert maps(at)["map"]["marks"]["trails"] == []


def test_layouts_of_a_method_that_says_where_classes_lie_are_not_turned(open_page: Open):
    assert "not turned: the method says where classes lie" in html(open_page(PAGE, run="textures-beams", replay="true"))


def test_a_touched_item_is_searched_for_among_the_items_of_that_epoch(open_page: Open):
    replay = state.open_for_page(VAE).replay
    at = say(open_page(PAGE, run=VAE, replay="true", epoch="5"), "click", index=11)
    assert not at.exception
    assert at.query_params["item"] == str(replay.space.latents.ids[11])
    marks = maps(at)["map"]["marks"]
    assert marks["query"] == pytest.approx(replay.places[5][11].tolist())
    assert marks["trails"] == [11]
    distances = np.linalg.norm(replay.z[5].astype(float) - replay.z[5][11], axis=1)
    assert f"distance {np.sort(distances)[1]:.3f}" in html(at)
    assert not any(word in html(at) for word in ("predicted", "Decoded"))  # the weights of then are not kept


def test_an_item_that_is_not_followed_is_one_sentence(open_page: Open):
    opened = state.open_for_page(VAE)
    other = np.setdiff1d(opened.space.latents.ids, opened.replay.space.latents.ids)[0]
    at = open_page(PAGE, run=VAE, replay="true", item=str(other))
    assert not at.exception
    assert sentences(at) == [f"The replay follows 500 items, and '{other}' is none of them. Click one."]
    at.toggle(key="replay").set_value(False).run()
    assert not sentences(at)
    assert f"item {other}" in html(at)


@pytest.mark.parametrize(("epoch", "words"), [("5", "after epoch 5, whose decoder was not kept"), ("60", "Decoded")])
def test_an_empty_place_is_decoded_by_the_weights_of_now_alone(open_page: Open, epoch, words):
    at = say(open_page(PAGE, run=VAE, replay="true", epoch=epoch), "click", x=0.25, y=0.5)
    assert not at.exception
    assert at.query_params["at"] == "0.25,0.5@replay"
    assert words in html(at)
    assert ("Decoded" in html(at)) == (epoch == "60")
    at.toggle(key="replay").set_value(False).run()
    assert "Empty place" not in html(at)


def test_a_lasso_means_nothing_to_other_items(open_page: Open):
    at = lasso(open_page(PAGE, run=VAE), np.arange(1797) > 1700)
    assert "96 items in the lasso" in html(at)
    at.toggle(key="replay").set_value(True).run()
    assert not at.exception
    assert "in the lasso" not in html(at)
    at = lasso(at, np.arange(500) < 7)
    assert not at.exception
    assert "7 items in the lasso" in html(at)
    at.toggle(key="replay").set_value(False).run()
    assert not at.exception
    assert "96 items in the lasso" in html(at)


def test_what_is_true_of_now_is_not_drawn_over_the_past(open_page: Open):
    past, now = (
        maps(open_page(PAGE, run=STRUCTURED, replay="true", epoch=epoch, regions="true", targets="true"))["map"]
        for epoch in ("5", "60")
    )
    assert past["layers"] == {"regions_url": "", "targets_url": ""}
    assert "map=replay&" in now["layers"]["regions_url"]
    assert now["layers"]["targets_url"] == ""


def test_colours_are_those_of_the_followed_items(open_page: Open):
    at = open_page(PAGE, run=VAE, replay="true", epoch="5", colour="Confidence")
    assert not at.exception
    told = maps(at)["map"]["colouring"]
    assert told["name"] == "confidence"
    assert "map=replay&" in told["url"]


@pytest.fixture
def altered(runs_root: Path) -> str:
    """A run of which one snapshot is not what its card says."""
    shutil.copytree(places.models() / VAE, runs_root / "altered")
    file = runs_root / "altered" / "snapshots" / "0007.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    return "altered"


def test_altered_snapshots_cost_the_replay_only(open_page: Open, altered: str):
    at = open_page(PAGE, run=altered, replay="true", item="5")
    assert not at.exception
    assert ["snapshots of altered are truncated or altered" in text for text in sentences(at)] == [True]
    assert maps(at)["map"]["timeline"] is None
    assert maps(at)["map"]["n"] == 1797
    assert "item 5" in html(at)
    assert not sentences(open_page(PAGE, run=altered))


def test_snapshots_that_are_gone_cost_the_replay_only(open_page: Open, altered: str, runs_root: Path):
    shutil.rmtree(runs_root / altered / "snapshots")
    at = open_page(PAGE, run=altered, replay="true")
    assert not at.exception
    assert len(sentences(at)) == 1


def test_epoch_is_forgotten_with_its_run(open_page: Open):
    at = open_page(PAGE, run=VAE, replay="true", epoch="7")
    at.selectbox[-1].set_value(STRUCTURED).run()
    assert not at.exception
    assert at.query_params["run"] == STRUCTURED
    assert at.query_params["epoch"] == "60"
