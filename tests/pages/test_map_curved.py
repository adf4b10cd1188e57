"""Runs on a sphere, a torus and in the Poincaré ball: outline, distances, clicks where no latent lies, and morphs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.digits import DIGITS, DigitsConfig
from explorer.methods.ae import AE, AEConfig
from explorer.settings import load_settings
from explorer.ui import loading, state
from tests import runs
from tests.pages.scatters import maps, say
from tests.pages.test_pages import html, sentences

PAGE = "2_Map.py"
Open = Callable[..., AppTest]
DIMS = {"sphere": 3, "poincare": 2, "torus": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in each space."""
    root = tmp_path_factory.mktemp("trained")
    settings = load_settings().model_copy(update={"runs_root": root, "data_root": root / "data"})
    for geometry, dims in DIMS.items():
        config = AEConfig(network="mlp", hidden=(8,), latent_dims=dims, geometry=geometry)
        runs.train(settings, geometry, method=AE, config=config, source=DIGITS, data=DigitsConfig(test_share=0.2))
    return root


@pytest.fixture
def open_run(open_page: Open, runs_root: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr(state, "PAUSE", 3600.0)  # nothing is measured beside a test
    for name in DIMS:
        shutil.copytree(trained / name, runs_root / name)
    return lambda run, **query: open_page(PAGE, run=run, **query)


@pytest.mark.parametrize(("run", "much"), [("sphere", 1), ("poincare", 6), ("torus", 1)])
def test_outline_is_drawn_where_it_is_ticked(open_run: Open, run, much):
    at = open_run(run)
    assert not at.exception
    assert not sentences(at)
    assert len(maps(at)["map"]["marks"]["outlines"]) == much
    at.checkbox(key="outline").set_value(False).run()
    assert maps(at)["map"]["marks"]["outlines"] == []
    assert maps(open_run(run, outline="false"))["map"]["marks"]["outlines"] == []


@pytest.mark.parametrize(
    ("run", "distance", "lying"),
    [
        ("sphere", "Distance along the sphere, radians", "components of 3, on the unit sphere"),
        ("poincare", "Hyperbolic distance", "the latent itself, in the Poincaré ball"),
        ("torus", "Distance around the torus, radians", "the latent itself, on a torus"),
    ],
)
def test_page_says_what_space_it_is_and_what_a_distance(open_run: Open, run, distance, lying):
    opened = state.open_for_page(run)
    said = html(open_run(run, item=str(opened.space.latents.ids[3])))
    assert distance in said
    assert lying in said


def test_click_outside_the_ball_is_one_sentence_and_one_inside_is_decoded(open_run: Open):
    at = say(open_run("poincare"), "click", x=1.2, y=0.1)
    assert sentences(at) == ["No latent lies there: all of the Poincaré ball is drawn inside its outline. Click there."]
    at = say(at, "click", x=0.2, y=0.1)
    assert not sentences(at)
    assert "at (0.200, 0.100)" in html(at)
    assert "nearest one" not in html(at)


def test_click_beside_the_circle_is_answered_on_it_and_that_is_said(open_run: Open):
    at = say(open_run("torus"), "click", x=0.3, y=0.4)
    assert not sentences(at)
    assert "at (0.600, 0.800)" in html(at)
    assert "the cross is on the nearest one" in html(at)
    assert maps(at)["map"]["marks"]["query"] == pytest.approx([0.6, 0.8])


def test_map_of_angles_is_offered_where_two_angles_tell_a_latent(open_run: Open):
    assert "Angles" in open_run("sphere").selectbox(key="projection").options
    at = open_run("sphere", projection="Angles", at="20,10@angles")
    assert not at.exception
    assert not sentences(at)
    told = maps(at)["map"]
    assert told["axes"] == ["longitude", "latitude"]
    assert told["marks"]["borders"] == [[-180, -90, 180, 90]]
    assert told["marks"]["query"] == pytest.approx([20, 10])
    assert "longitude and latitude in degrees, on the unit sphere" in html(at)
    assert sentences(open_run("sphere", projection="Angles", at="20,100@angles"))
    beside = open_run("sphere", projection="Angles", beside="torus")
    assert "choose PCA" in sentences(beside)[0]


def test_replay_says_how_far_items_moved_in_the_space(open_run: Open):
    said = html(open_run("poincare", replay="true"))
    assert "Hyperbolic distance, from the epoch before" in said
    assert "not turned: that would take latents off their space" in said


def test_of_a_place_with_two_latents_the_page_says_which_was_taken(open_run: Open):
    centre = state.open_for_page("sphere").space.projection.apply(np.zeros((1, 3)))[0]
    said = html(open_run("sphere", at=f"{centre[0]:.4f},{centre[1]:.4f}"))
    assert "this latent is on the side of the mean" in said
    assert "side of the mean" not in html(open_run("sphere", projection="Angles", at="20,10@angles"))


@pytest.mark.parametrize(("run", "paths"), [("sphere", 2), ("poincare", 1), ("torus", 2)])
def test_a_morph_stays_on_the_space(open_run: Open, open_page: Open, monkeypatch: pytest.MonkeyPatch, run, paths):
    del open_run  # it has set the runs up
    monkeypatch.setattr(loading, "SOON", 120.0)
    at = open_page("4_Morph.py", run=run)
    assert at.segmented_control(key="mode").options == ["Morph", "Add a class", "Reconstructions"]
    assert "leave their space" in " ".join(markdown.value for markdown in at.markdown)
    options = at.selectbox(key="path").options
    assert len(options) == paths
    for option in options:
        at.selectbox(key="path").set_value(option).run()
        assert not at.exception
        assert not sentences(at)
        if run == "torus":  # of one circle, drawn as it is
            lines = np.array(maps(at)["morph-map"]["marks"]["lines"])
            np.testing.assert_allclose(np.linalg.norm(lines[:, :2], axis=1), 1, atol=1e-5)
    at.segmented_control(key="mode").set_value("Add a class").run()
    assert not at.exception
    assert not sentences(at)
