"""The scoreboard shows what the library measures, first an estimate, and lets go of what nobody asks for any more."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui import loading
from explorer.workflows import scorekeeping
from explorer.workflows.retrieving import split_of
from explorer.workflows.runs import open_run
from explorer.workflows.scoreboard import CLASS, FINE, score
from explorer.workflows.ways import Way

RUN = "digits-vae"


def app() -> None:
    from dataclasses import replace

    import streamlit as st

    from explorer.ui import gathering, scoring, state
    from explorer.ui.picking import picked
    from explorer.workflows.ways import Way

    opened = state.open_for_page("digits-vae")
    opened.items  # noqa: B018 - the images are here
    levels = st.select_slider("Levels", [2, 4, 8, 16, 32], 4)
    way = Way(code="quantised", levels=levels) if st.checkbox("Quantised") else Way()
    k = st.number_input("k", 1, 100, 12)
    asked, gallery = gathering.own(opened, "test"), gathering.own(opened, "train")
    if st.checkbox("Styles"):
        asked, gallery = (replace(one, fine=2 * one.labels + one.ids % 2) for one in (asked, gallery))
    st.text(f"chosen {picked(scoring.WORST_KEY)}")
    scoring.show(opened, way, asked, gallery, k=k, below=st.container())


@pytest.fixture
def at(runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:  # noqa: ARG001
    monkeypatch.setattr(scorekeeping, "FOLDER", str(tmp_path / "kept"))
    loading._under_way.clear()
    yield AppTest.from_function(app, default_timeout=60)
    loading._under_way.clear()


def until(at: AppTest, is_so: Callable[[AppTest], bool]) -> AppTest:
    """Run again, as the page does by itself while something is under way."""
    at.run()
    for _ in range(200):
        assert not at.exception
        assert not at.error, at.error[0].value
        if is_so(at):
            return at
        time.sleep(0.05)
        at.run()
    raise AssertionError("it did not come")


def html(at: AppTest) -> str:
    return "".join(element.proto.body for element in at.get("html"))


def under_way(at: AppTest) -> list[str]:
    return [button.key for button in at.button if button.label == "Cancel"]


def is_whole(at: AppTest) -> bool:
    return ">Score<" in html(at) and not under_way(at) and "…" not in html(at)


def estimates() -> dict[str, loading.Loading[Any]]:
    """Under way or over, by the way in words."""
    return {key[3]: one for key, one in loading._under_way.items() if key[0] == "estimate"}


def figures(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in at.get("plotly_chart")]


def test_numbers_are_the_librarys(at: AppTest):
    until(at, is_whole)
    run = open_run(RUN)
    board = score(run.card, Way(), split_of(run, "test"), split_of(run, "train"))
    for k in (12, 5):
        at.number_input[0].set_value(k).run()
        for number in board.numbers(CLASS, k):
            assert f"<td>{number.measure}</td>" in html(at)
            assert f"{number.value:.3f} ± {number.value - number.low:.3f}" in html(at)
    assert "359 test items look among 1,438 training items" in html(at)
    by_class = board.by_class(CLASS)
    assert f"<b>{by_class[3].value:.3f}</b>" in html(at)
    np.testing.assert_allclose(figures(at)[0]["data"][0]["y"], board.curve(CLASS))


def test_worst_query_is_told_by_its_id_once(at: AppTest):
    until(at, is_whole)
    run = open_run(RUN)
    board = score(run.card, Way(), split_of(run, "test"), split_of(run, "train"))
    told = json.loads(at.get("bidi_component")[0].proto.json)[0]
    at.session_state["score-worst"] = {"picked": {"identity": told["identity"], "seq": 1, "index": 2}}
    assert at.run().text[0].value == f"chosen {board.ids[board.worst(CLASS, 3)[2]]}"
    assert at.run().text[0].value == "chosen None"


def test_other_relevance_has_its_own_classes_and_worst_queries(at: AppTest):
    at.run().checkbox[1].check()
    until(at, is_whole)
    before = html(at)
    at.segmented_control[0].set_value(FINE).run()
    assert html(at) != before
    assert "MAP by class (class and style)" in html(at)


def along(at: AppTest) -> Any:
    """The curve along the slider: the one with a line where that stands."""
    return next(one for one in figures(at) if "shapes" in one["layout"])


def test_curve_along_the_slider_stays_and_its_line_moves(at: AppTest):
    at.run().checkbox[0].check()
    until(at, lambda at: is_whole(at) and len(figures(at)) == 2)
    first = along(at)
    assert [shape["x0"] for shape in first["layout"]["shapes"]] == [2], "log2 of 4"
    at.select_slider[0].set_value(32)
    until(at, is_whole)
    second = along(at)
    assert [shape["x0"] for shape in second["layout"]["shapes"]] == [5]
    assert second["data"] == first["data"]
    assert "Half of these queries choose" in html(at)


def test_estimate_is_said_to_be_one_until_all_queries_are_measured(at: AppTest, monkeypatch: pytest.MonkeyPatch):
    go_on, measure = Event(), scorekeeping.score

    def slow(*args: Any, queries: int, **rest: Any) -> Any:
        if queries > scorekeeping.ESTIMATE:
            go_on.wait(60)
        return measure(*args, queries=queries, **rest)

    monkeypatch.setattr(scorekeeping, "score", slow)
    try:
        until(at, lambda at: ">Estimate<" in html(at))
        assert "100 of 359 test items" in html(at)
        assert under_way(at) == ["cancel-score"]
    finally:
        go_on.set()
    until(at, is_whole)


def held(monkeypatch: pytest.MonkeyPatch) -> Event:
    """From now on nothing is measured before this event."""
    go_on, measure = Event(), scorekeeping.score

    def slow(*args: Any, **rest: Any) -> Any:
        go_on.wait(60)
        return measure(*args, **rest)

    monkeypatch.setattr(scorekeeping, "score", slow)
    return go_on


def test_what_a_slider_has_passed_is_cancelled(at: AppTest, monkeypatch: pytest.MonkeyPatch):
    go_on = held(monkeypatch)
    try:
        at.run()
        begun = [*estimates().values()]
        at.checkbox[0].check().run()
        begun += estimates().values()
        at.select_slider[0].set_value(16).run()
        assert [one.is_cancelled for one in begun] == [True, True]
        assert list(estimates()) == ["distance of quantised, 16 levels"]
        at.select_slider[0].set_value(4).run()
        again = estimates()["distance of quantised, 4 levels"]
        assert not again.is_cancelled, "who comes back begins anew"
    finally:
        go_on.set()
    until(at, is_whole)


def test_last_score_stays_until_the_next_is_there_and_says_so(at: AppTest, monkeypatch: pytest.MonkeyPatch):
    until(at, is_whole)
    before, go_on = html(at), held(monkeypatch)
    try:
        at.checkbox[0].check().run()
        assert "Of distance; that of distance of quantised, 4 levels is not there yet." in html(at)
        assert before.partition("<table")[2] == html(at).partition("<table")[2]
    finally:
        go_on.set()
    until(at, is_whole)
    assert "not there yet" not in html(at)


def test_what_another_session_waits_for_goes_on(at: AppTest, monkeypatch: pytest.MonkeyPatch):
    go_on = held(monkeypatch)
    try:
        other = AppTest.from_function(app, default_timeout=60).run()
        at.run().checkbox[0].check().run()
        shared = estimates()["distance"]
        assert not shared.is_cancelled
        other.checkbox[0].check().run()
        assert shared.is_cancelled
    finally:
        go_on.set()
    until(other, is_whole)


def test_what_is_wrong_is_one_sentence(at: AppTest, monkeypatch: pytest.MonkeyPatch):
    from explorer.errors import BadDataError

    def fail(*_: Any, **__: Any) -> None:
        raise BadDataError("Nothing to rank.")

    monkeypatch.setattr(scorekeeping, "score", fail)
    at.run()
    for _ in range(100):
        if at.error:
            break
        time.sleep(0.05)
        at.run()
    assert at.error[0].value == "Nothing to rank."
    assert not at.exception
