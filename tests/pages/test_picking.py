"""A group of pictures says which one was chosen, once, and nothing about what it no longer shows."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def app() -> None:
    import numpy as np
    import streamlit as st

    from explorer.ui.gallery import Picture
    from explorer.ui.picking import pick, picked

    count = st.number_input("How many", 1, 9, 3)
    items = [Picture(np.full((1, 2, 2), i * 20, np.uint8), [f"<b>{i}</b>"], label=0) for i in range(count)]
    before = picked("some") if st.checkbox("Before") else None
    ids = [10 * i for i in range(count)]
    st.text(f"chosen {pick(items, side=8, n_classes=2, name='Some', key='some', values=ids)}, before {before}")


@pytest.fixture
def at() -> AppTest:
    return AppTest.from_function(app, default_timeout=30).run()


def told(at: AppTest) -> dict[str, Any]:
    return json.loads(at.get("bidi_component")[0].proto.json)[0]


def say(at: AppTest, index: Any, seq: int, identity: str = "") -> str:
    at.session_state["some"] = {"picked": {"identity": identity or told(at)["identity"], "seq": seq, "index": index}}
    return at.run().text[0].value


def test_foreign_texts_are_escaped(at: AppTest):
    assert "&lt;b&gt;0" in told(at)["cells"][0]
    assert "<b>0" not in "".join(told(at)["cells"])


def test_choice_is_told_once(at: AppTest):
    assert at.text[0].value == "chosen None, before None"
    assert say(at, 1, 1) == "chosen 1, before None"
    assert say(at, 1, 1) == "chosen None, before None"
    assert say(at, 1, 2) == "chosen 1, before None"


@pytest.mark.parametrize("index", [-1, 3, True, "1", None, 1.0])
def test_index_that_is_none_of_the_pictures_is_nothing(at: AppTest, index: Any):
    assert say(at, index, 1) == "chosen None, before None"


def test_choice_among_other_pictures_is_too_late(at: AppTest):
    before = told(at)["identity"]
    at.number_input[0].set_value(5).run()
    assert say(at, 1, 1, before) == "chosen None, before None"


def test_value_of_the_chosen_one_is_told_before_anything_is_drawn(at: AppTest):
    at.checkbox[0].check().run()
    assert say(at, 2, 1) == "chosen None, before 20"
    assert say(at, 2, 1) == "chosen None, before None"
