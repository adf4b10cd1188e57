"""Each control of the Retrieve page: what it offers, and that the hits are those that the library finds."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.ui import gathering, hits, loading, state
from explorer.ui.ranking import TITLES
from explorer.workflows.retrieving import asked_of, retrieve
from explorer.workflows.ways import Way
from tests.pages.scatters import maps, say
from tests.pages.test_pages import sentences

PAGE, PETALS, VAE, STRUCTURED = "3_Retrieve.py", "textures-petals", "digits-vae", "digits-structured"
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds is waited for, and nothing is measured beside a test."""
    monkeypatch.setattr(loading, "SOON", 60.0)
    monkeypatch.setattr(state, "PAUSE", 3600.0)


def html(at: AppTest) -> list[str]:
    return [element.proto.body for element in at.get("html")]


def cells(at: AppTest, name: str = "Hits") -> list[str]:
    """The pictures to choose from of a group."""
    told = [json.loads(element.proto.json)[0] for element in at.get("bidi_component")]
    return next(one["cells"] for one in told if one.get("name") == name)


def scores(at: AppTest) -> list[float]:
    return [float(re.findall(r"<span>(-?[\d.]+)(?: bits)?</span>", cell)[0]) for cell in cells(at)]


def found_by(run: str, way: Way, *, gallery: str = "train", row: int = 0, k: int = 12) -> Sequence[float]:
    opened = state.open_for_page(run)
    test, there = gathering.own(opened, "test"), gathering.own(opened, gallery)
    return retrieve(opened.run.card, way, asked_of(test, row, there), there, k).scores.tolist()


def same(told: Sequence[float], found: Sequence[float]) -> bool:
    return np.allclose(told, found, rtol=0, atol=1e-4)


def test_page_opens_with_hits_and_their_place_on_the_map(open_page: Open):
    at = open_page(PAGE, run=PETALS)
    assert not at.exception
    assert same(scores(at), found_by(PETALS, Way("latent similarity")))
    marks = maps(at)["retrieve-map"]["marks"]
    assert len(marks["hits"]) == len(marks["hit_rows"]) == 12
    assert marks["query_row"] >= 0


def test_boundary_similarity_reranks_at_once(open_page: Open):
    at = open_page(PAGE, run=PETALS)
    at.slider(key="b_c").set_value(0.1).run()
    assert same(scores(at), found_by(PETALS, Way("latent similarity", boundary_similarity=0.1)))
    assert not same(scores(at), found_by(PETALS, Way("latent similarity")))


@pytest.mark.parametrize(
    ("query", "way"),
    [
        ({"rank": "Cosine"}, Way("cosine")),
        ({"code": "binary"}, Way(code="binary")),
        ({"code": "sample"}, Way(code="sample")),
        ({"code": "quantised", "levels": "4"}, Way(code="quantised", levels=4)),
        ({"rank": "Cosine", "code": "clipped"}, Way("cosine", "clipped")),
    ],
)
def test_link_opens_the_same_way(open_page: Open, query: dict[str, str], way: Way):
    at = open_page(PAGE, run=VAE, **query)
    assert not at.warning
    assert same(scores(at), found_by(VAE, way))


def test_only_what_fits_is_offered_and_the_help_says_why_the_rest_is_not(open_page: Open):
    at = open_page(PAGE, run=VAE)
    offered = at.selectbox(key="rank").options
    assert offered == [TITLES[measure] for measure in ("distance", "cosine", "criterion")]
    told = at.selectbox(key="rank").help
    assert "Weighted cosine: Weighted cosine needs style and class apart" in told
    assert "Latent similarity needs configured class centres" in told
    at.selectbox(key="rank").set_value("Cosine").run()
    assert at.selectbox(key="code").options == ["mean", "sample", "clipped", "quantised"]


def test_semantic_weight_of_two_networks(open_page: Open):
    at = open_page(PAGE, run="mnist-separate", alpha="0.2")
    assert at.selectbox(key="rank").value == "Weighted cosine"
    (table,) = [text for text in html(at) if 'data-name="Hits"' in text]  # MNIST's images are not here
    expected = found_by("mnist-separate", Way("weighted cosine", semantic_weight=0.2))
    assert [float(cell) for cell in re.findall(r"<td>(\d\.\d{4})</td>", table)] == pytest.approx(expected, abs=1e-4)


def test_criterion_shows_what_each_dimension_says(open_page: Open):
    at = open_page(PAGE, run=VAE, rank="Criterion")
    shared = gathering.shares(state.open_for_page(VAE), "class")
    (bars,) = [text for text in html(at) if "Mutual information" in text and "le-bars" in text]
    assert [float(value) for value in re.findall(r"<b>([\d.]+)</b>", bars)] == pytest.approx(shared.shared, abs=1e-3)
    assert same(scores(at), found_by(VAE, Way("criterion", criterion="class", dims=shared.dims)))
    at.selectbox(key="dims").set_value("all").run()
    assert same(scores(at), found_by(VAE, Way()))


def test_by_a_criterion_right_is_what_shares_its_value(open_page: Open):
    """Coloured digits: many hits of one hue are of many classes."""
    at = open_page(PAGE, run="coloured-gvae-nt", rank="Criterion", criterion="hue")
    assert not at.warning
    opened = state.open_for_page("coloured-gvae-nt")
    train, test = (gathering.own(opened, split, "hue") for split in ("train", "test"))
    shared = gathering.shares(opened, "hue")
    way = Way("criterion", criterion="hue", dims=shared.dims)
    found = retrieve(opened.run.card, way, asked_of(test, 0, train), train, 12)
    assert [cell.count("same class, ") for cell in cells(at)] == [0] * 12
    told = ["right" if '"le-picture right"' in cell else "wrong" for cell in cells(at)]
    assert told == list(found.verdicts)
    assert all(train.named(int(row)) in cell for row, cell in zip(found.rows, cells(at), strict=True))
    assert "same hue" in " ".join(html(at))


def test_gallery_and_number_of_hits(open_page: Open):
    at = open_page(PAGE, run=STRUCTURED, gallery="Test items", k="5")
    assert same(scores(at), found_by(STRUCTURED, Way(), gallery="test", k=5))
    at.number_input(key="k").set_value(30).run()
    assert len(scores(at)) == 30


def test_click_on_the_map_asks_with_that_item_or_place(open_page: Open):
    at = open_page(PAGE, run=PETALS, ask="Text", text="dots")
    space = state.open_for_page(PETALS).space
    say(at, "click", "retrieve-map", index=17)
    assert at.query_params["item"] == str(space.latents.ids[17])
    assert at.selectbox(key="ask").value == "Item"
    assert maps(at)["retrieve-map"]["marks"]["query_row"] == 17
    say(at, "click", "retrieve-map", index=-1, x=0.1, y=0.2)
    marks = maps(at)["retrieve-map"]["marks"]
    assert marks["query"] == pytest.approx([0.1, 0.2])
    assert marks["query_is_place"]


def test_typed_id_and_chosen_hit_become_the_query(open_page: Open):
    at = open_page(PAGE, run=STRUCTURED)
    test = gathering.own(state.open_for_page(STRUCTURED), "test")
    at.text_input(key="typed-id").set_value(str(test.ids[4])).run()
    assert same(scores(at), found_by(STRUCTURED, Way(), row=4))
    message = next(
        json.loads(one.proto.json)[0] for one in at.get("bidi_component") if "cells" in json.loads(one.proto.json)[0]
    )
    at.session_state["hits"] = {"picked": {"identity": message["identity"], "seq": 1, "index": 2}}
    at.run()
    assert f"train item {at.query_params['item']}" in " ".join(html(at))


def test_id_of_no_item_is_one_sentence(open_page: Open):
    at = open_page(PAGE, run=STRUCTURED, item="123456789")
    assert not at.exception
    assert ["123456789" in error for error in sentences(at)] == [True]


def test_text_asks_between_class_centres(open_page: Open):
    at = open_page(PAGE, run=PETALS, ask="Text", text="between squares and dots")
    targets = state.open_for_page(PETALS).run.card.class_targets
    classes = state.open_for_page(PETALS).run.card.classes
    middle = targets.centres[[classes.index("squares"), classes.index("dots")]].mean(axis=0)
    assert maps(at)["retrieve-map"]["marks"]["query"] == pytest.approx(middle, abs=1e-5)
    at.text_input(key="text").set_value("paisley").run()
    assert any("paisley" in text for text in sentences(at))


def uploaded(at: AppTest, content: bytes, name: str = "a.png") -> AppTest:
    return at.get("file_uploader")[0].upload(name, content, "image/png").run()


def png(image: np.ndarray) -> bytes:
    out = BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def test_uploaded_item_finds_itself(open_page: Open):
    at = open_page(PAGE, run=PETALS, ask="Image", gallery="Test items", rank="Euclidean")
    opened = state.open_for_page(PETALS)
    image = opened.items.images(gathering.own(opened, "test").ids[7:8])[0, 0]
    uploaded(at, png(image))
    assert not sentences(at)
    assert scores(at)[0] == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 zip", b"\x89PNG\r\n\x1a\n cut", b"<svg/>"])
def test_hostile_upload_is_one_sentence(open_page: Open, content: bytes):
    at = uploaded(open_page(PAGE, run=PETALS, ask="Image"), content)
    assert not at.exception
    assert len(sentences(at)) == 1


def test_other_data_ask_and_are_looked_in(open_page: Open):
    at = open_page(PAGE, run=PETALS, ask="Other data")
    assert not at.exception
    title = at.selectbox(key="other").value
    assert title in html(at)[-1] or any(title in text for text in html(at))
    at.selectbox(key="gallery").set_value(title).run()
    assert not at.exception
    marks = maps(at)["retrieve-map"]["marks"]
    assert len(marks["others"]) == 12
    assert scores(at)[0] < 1, "the query is in this gallery, and never finds itself"


def test_ways_side_by_side_stand_in_the_address(open_page: Open):
    at = open_page(PAGE, run=VAE)
    at.multiselect(key="ways").set_value(["latent", "binary", STRUCTURED]).run()
    assert not at.exception
    groups = [text for text in html(at) if 'class="le-strip"' in text]
    assert [text.count('role="listitem"') for text in groups] == [hits.BESIDE_HITS] * 3
    again = open_page(PAGE, run=VAE, ways="binary")
    assert again.multiselect(key="ways").value == ["binary"]
    assert not again.warning


def test_another_run_is_judged_by_the_same_fine_labels(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    """The first run's data say how each item is written; the other run's have not been loaded."""
    vae = state.open_for_page(VAE)
    dataset = vae.items.dataset
    styles = {name: np.arange(len(dataset)) % 7 / 7 for name in ("slant", "stroke")}
    monkeypatch.setattr(gathering, "dataset_of", lambda _: replace(dataset, factors=styles))
    state._open.clear()
    at = open_page(PAGE, run=VAE, ways=STRUCTURED)
    assert not at.exception
    (strip,) = [text for text in html(at) if 'class="le-strip"' in text]
    assert "another style" in strip


def test_hit_among_other_data_becomes_the_query(open_page: Open):
    at = open_page(PAGE, run=PETALS, gallery="other cameras")
    told = next(one for one in messages(at) if one.get("name") == "Hits")
    at.session_state["hits"] = {"picked": {"identity": told["identity"], "seq": 1, "index": 1}}
    at.run()
    assert not at.exception
    assert at.selectbox(key="ask").value == "Other data"
    assert f"other cameras, item {at.query_params['picked']}" in " ".join(html(at))


def test_files_hold_the_hits(open_page: Open):
    at = open_page(PAGE, run=STRUCTURED)
    assert [link.proto.label for link in at.get("link_button")] == ["Hits as CSV", "Hits as a picture"]


def messages(at: AppTest) -> list[Any]:
    return [json.loads(one.proto.json)[0] for one in at.get("bidi_component")]


def test_drawing_is_offered_for_digits_alone(open_page: Open):
    assert "Drawing" not in open_page(PAGE, run=PETALS).selectbox(key="ask").options
    at = open_page(PAGE, run=VAE, ask="Drawing")
    assert not at.exception
    assert any("strokes" in message for message in messages(at))


def test_query_like_no_class_is_ranked_by_distance_in_words_that_hold_for_any_b_c(open_page: Open):
    """With b_c = 0 nothing outside the circles is like a class; with the paper's it may be."""
    at = open_page(PAGE, run=PETALS, at="0.05,0.0", b_c="0")
    assert "with this b_c the query is like no class at all" in " ".join(html(at))
    at.slider(key="b_c").set_value(0.79).run()
    assert "like no class" not in " ".join(html(at))
