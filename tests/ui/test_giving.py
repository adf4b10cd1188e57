"""Queries that a person brings along: what is made of an upload is made once."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.ui import giving


def app() -> None:
    import streamlit as st

    from explorer.errors import ExplorerError
    from explorer.ui import giving
    from explorer.ui.state import open_for_page

    st.slider("Anything", 0, 9, key="slider")
    run = st.selectbox("Run", ["mnist-petals", "mnist-ae"], key="run")
    st.session_state["given"] = None
    try:
        st.session_state["given"] = giving.given(open_for_page(run), giving.IMAGE)
    except ExplorerError as error:
        st.error(str(error))


def png(value: int) -> bytes:
    out, pixels = io.BytesIO(), np.full((60, 60), 255, np.uint8)
    pixels[20:40, 28:34] = value
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_an_upload_is_decoded_once_for_each_run_file_and_form(monkeypatch: pytest.MonkeyPatch):
    made: list[tuple[str, bool]] = []
    real = giving.of_upload

    def counted(run, content, settings, *, digit):
        made.append((run.folder.name, digit))
        return real(run, content, settings, digit=digit)

    monkeypatch.setattr(giving, "of_upload", counted)
    at = AppTest.from_function(app, default_timeout=60).run()
    at.file_uploader(key="upload").upload("a.png", png(0), "image/png").run()
    first = at.session_state["given"]
    at.slider(key="slider").set_value(5).run()
    assert at.session_state["given"] is first
    assert made == [("mnist-petals", True)]
    at.checkbox[0].uncheck().run()
    assert at.session_state["given"].words.startswith("Uploaded picture")
    at.selectbox(key="run").set_value("mnist-ae").run()
    assert made == [("mnist-petals", True), ("mnist-petals", False), ("mnist-ae", False)]


def test_a_bad_file_after_a_good_one_gives_nothing():
    at = AppTest.from_function(app, default_timeout=60).run()
    at.file_uploader(key="upload").upload("a.png", png(0), "image/png").run()
    assert at.session_state["given"] is not None
    at.file_uploader(key="upload").upload("b.png", b"", "image/png").run()
    assert at.session_state["given"] is None
    assert at.error[0].value.startswith("The uploaded file is empty")
