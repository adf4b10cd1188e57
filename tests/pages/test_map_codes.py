"""The Map page under codes, and with content and perspective apart."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.retrieval.codes import binarise
from explorer.ui.state import open_for_page
from tests.pages.scatters import lasso, maps, say
from tests.pages.test_pages import html

PAGE = "2_Map.py"
VAE, GROUPS = "digits-vae", "coloured-gvae-nt"


def layout(at: AppTest) -> str:
    return str(maps(at)["map"]["layout"])


def options(at: AppTest, key: str) -> list[str]:
    return list(next(control for control in at.segmented_control if control.key == key).options)


def test_each_code_has_a_map_of_its_own_that_a_link_opens(open_page):
    at = open_page(PAGE, run=VAE)
    assert options(at, "drawn") == ["its mean", "a sample", "clipped", "binary", "quantised"]
    assert "levels" not in [control.key for control in at.segmented_control]
    for title, name in (("clipped", "pca~clipped"), ("binary", "pca~binary"), ("quantised", "pca~quantised-8")):
        at.segmented_control(key="drawn").set_value(title).run()
        assert not at.exception
        assert layout(at) == name
        assert layout(open_page(PAGE, run=VAE, drawn=title)) == name
    at.segmented_control(key="levels").set_value(2).run()
    assert layout(at) == "pca~quantised-2"
    linked = open_page(PAGE, run=VAE, drawn="quantised", levels="32", projection="Two dimensions", across="z1", up="z4")
    assert layout(linked) == "z1-z4~quantised-32"
    assert "codes of 32 levels, 1,797 items on" in html(linked)


def test_badge_counts_items_and_places(open_page):
    at = open_page(PAGE, run=VAE, drawn="binary")
    n = len(np.unique(binarise(open_for_page(VAE).space.latents.z), axis=0))
    assert f"binary codes, 1,797 items on {n} places, on two principal components of 8" in html(at)
    assert "items on" not in html(open_page(PAGE, run=VAE, drawn="clipped")).partition("</h1>")[2].partition("%")[0]


def test_a_click_on_a_stack_says_how_many_share_its_place_and_a_lasso_holds_them_all(open_page):
    at = open_page(PAGE, run=VAE, drawn="binary")
    space = open_for_page(VAE).on("pca~binary")
    shared = np.array([space.sharing(row) for row in range(200)])
    row = int(shared.argmax())
    say(at, "click", index=row, x=float(space.places[row, 0]), y=float(space.places[row, 1]))
    assert not at.exception
    assert f"{shared[row]:,} other items at this place: a lasso around it shows all" in html(at)
    assert "nearest on the map are among" not in html(at)
    stack = (space.places == space.places[row]).all(axis=1)
    lasso(at, stack)
    assert not at.exception
    assert f"{shared[row] + 1:,} items in the lasso" in html(at)


def test_empty_space_decodes_as_on_the_map_of_the_means_and_says_so(open_page):
    at = open_page(PAGE, run=VAE, drawn="binary", at="0.5,0.25@pca~binary")
    assert not at.exception
    assert "The axes are those of the latents" in html(at)
    assert "Decoded" in html(at)


def test_content_and_perspective_are_maps_of_a_run_that_has_them_apart(open_page):
    at = open_page(PAGE, run=GROUPS)
    titles = list(at.selectbox(key="projection").options)
    assert titles[:3] == ["PCA", "Content", "Perspective"]
    at.selectbox(key="projection").set_value("Content").run()
    assert layout(at) == "content"
    assert "two principal components of the 7 dimensions of content, of 10: " in html(at)
    linked = open_page(PAGE, run=GROUPS, projection="Perspective", drawn="binary")
    assert layout(linked) == "perspective~binary"
    assert "10,500 items on 8 places, on two principal components of the 3 dimensions of perspective" in html(linked)


@pytest.mark.parametrize("query", [{"run": "mnist-separate"}, {"run": "textures-petals"}])
def test_a_run_without_them_is_offered_neither_and_a_link_is_told(open_page, query):
    at = open_page(PAGE, drawn="binary", projection="Content", **query)
    assert not at.exception
    assert "drawn" not in [control.key for control in at.segmented_control]
    assert layout(at) == ""
    if query["run"] == "mnist-separate":
        assert "Content" not in at.selectbox(key="projection").options
        assert "projection=Content, which this page does not know" in at.warning[0].value.replace("\\", "")


def test_levels_that_there_are_not_are_told(open_page):
    at = open_page(PAGE, run=VAE, drawn="quantised", levels="3")
    assert layout(at) == "pca~quantised-8"
    assert "levels=3, which this page does not know; shown instead: 8" in at.warning[0].value.replace("\\", "")
