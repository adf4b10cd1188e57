"""Values in the address that a control does not know: one sentence, gone after the next choice."""

import pytest

from explorer.ui import state
from tests.pages.test_pages import MAP, RUN, html, sentences


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured beside a test."""
    monkeypatch.setattr(state, "PAUSE", 3600.0)


def told(at) -> list[str]:
    assert not at.exception
    assert not sentences(at)
    return [element.value.replace("\\", "") for element in at.warning]


@pytest.mark.parametrize(
    ("query", "wanted", "instead"),
    [
        ({"colour": "Nope"}, "colour=Nope", "Class"),
        ({"b_c": "7"}, "b_c=7", "0.79"),
        ({"b_c": "nan"}, "b_c=nan", "0.79"),
        ({"k": "1000"}, "k=1000", "12"),
        ({"measure": "cosine"}, "measure=cosine", "latent similarity"),
        ({"images": "x" * 90}, "images=" + "x" * 40, "when zoomed in"),
        ({"circles": "maybe"}, "circles=maybe", "Class circles"),
        ({"beside": "none-such"}, "beside=none-such", "no run beside"),
        ({"over": "<b>"}, "over=<b>", "no other data"),
        ({"replay": "true", "epoch": "900"}, "epoch=900", "epoch 40"),
        ({"run": "digits-vae", "projection": "Mercator"}, "projection=Mercator", "PCA"),
        ({"run": "digits-vae", "projection": "Two dimensions", "up": "z99"}, "up=z99", "z3"),
        ({"run": "digits-vae", "drawn": "twice"}, "drawn=twice", "its mean"),
        ({"colour": "Nope", "k": "0"}, "colour=Nope and k=0", "Class and 12"),
    ],
)
def test_what_the_address_asks_for_in_vain_is_one_sentence(open_page, query, wanted, instead):
    at = open_page(MAP, **({"run": RUN} | query))
    assert told(at) == [f"The address asks for {wanted}, which this page does not know; shown instead: {instead}."]


def test_known_values_are_not_remarked_on(open_page):
    query = {"colour": "Confidence", "b_c": "0.5", "k": "30", "measure": "Euclidean", "circles": "false"}
    at = open_page(MAP, run=RUN, beside="textures-crossentropy", **query)
    assert told(at) == []
    assert told(open_page(MAP, run=RUN, replay="true", epoch="3")) == []


def test_sentence_stays_over_a_rerun_and_is_gone_after_the_next_choice(open_page):
    at = open_page(MAP, run=RUN, colour="Nope")
    assert told(at.run())
    at.number_input(key="k").set_value(5).run()
    assert told(at) == []
    at.number_input(key="k").set_value(12).run()
    assert told(at) == []  # nor does it come back with what had been chosen then


def test_a_run_that_lacks_what_was_chosen_on_another_is_no_fault_of_the_address(open_page):
    at = open_page(MAP, run=RUN, measure="Euclidean", beside="textures-beams")
    at.sidebar.selectbox[0].set_value("digits-vae").run()
    assert told(at) == []
    assert "digits-vae" in html(at)
