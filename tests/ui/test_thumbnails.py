"""Thumbnails come by a route of their own, drawn once a version; in the place of none stands why."""

from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from explorer.errors import BadRunError
from explorer.figures import THUMBNAIL
from explorer.ui import state, thumbnails
from explorer.workflows import shelving
from tests.ui.test_state import ask


@pytest.fixture
def tiny(installation):
    state.settings.cache_clear()
    thumbnails._drawn.cache_clear()
    yield installation / "runs" / "tiny"
    state.settings.cache_clear()


def test_thumbnail_is_a_picture_that_browsers_keep(tiny):  # noqa: ARG001
    answer = ask("thumbnail", "tiny")
    assert answer.status_code == 200
    assert Image.open(BytesIO(answer.body)).size == THUMBNAIL
    assert "immutable" in answer.headers["cache-control"]


def test_thumbnail_is_drawn_once_and_anew_when_the_card_changes(tiny, monkeypatch):
    drawn = []
    monkeypatch.setattr(thumbnails, "map_thumbnail", lambda *_, **__: drawn.append(1) or b"png")
    first = thumbnails.url(tiny)
    for _ in range(2):
        assert ask("thumbnail", "tiny").body == b"png"
    assert len(drawn) == 1
    shelving.annotate("tiny", "changed")
    assert thumbnails.url(tiny) != first
    ask("thumbnail", "tiny")
    assert len(drawn) == 2


def test_a_look_at_the_shelf_closes_no_open_run(tiny):  # noqa: ARG001
    opened = state.open_for_page("tiny")
    for number in range(state.RUNS_KEPT + 1):
        shelving.duplicate("tiny", f"copy-{number}")
        assert ask("thumbnail", f"copy-{number}").status_code == 200
    assert state.open_for_page("tiny") is opened


def test_damaged_latents_are_told_in_the_pictures_place_and_not_kept(tiny):
    (tiny / "latents.safetensors").write_bytes(b"<script>")
    answer = ask("thumbnail", "tiny")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    text = " ".join(element.text for element in ElementTree.fromstring(answer.body))
    assert text.startswith("latents.safetensors of tiny is truncated or altered")


def test_sentences_in_pictures_are_text_and_stay_inside():
    drawn = ElementTree.fromstring(thumbnails.in_words("<script>alert('x')</script> & " + "many words " * 200))
    lines = [element for element in drawn]
    assert {element.tag.split("}")[1] for element in lines} == {"text"}
    assert lines[0].text.startswith("<script>")
    assert all(0 < float(line.get("y")) < THUMBNAIL[1] for line in lines)


def test_thumbnails_of_strangers_and_of_no_run_are_refused(tiny):
    assert ask("thumbnail", "tiny", token="forged").status_code == 403
    assert "There is no run" in ask("thumbnail", "../tiny").body.decode()
    (tiny / "card.json").unlink()
    with pytest.raises(BadRunError, match="tiny has just been removed"):
        thumbnails.url(tiny)
