"""What the asking component tells the browser, and what Python takes of what comes back."""

import json
from dataclasses import replace
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from explorer.labeling.records import LIMIT, Press
from explorer.labeling.schema import Kind
from explorer.ui.questions import COOKIE, ClassKey, Deck, Question
from explorer.ui.questions.deck import message
from explorer.ui.questions.reading import MOST_PRESSES, number_of, presses_of, tab_of

CLASSES = tuple(ClassKey(n, name, "#0072B2", str(n + 1)) for n, name in enumerate(("bag", "coat", "dress")))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "key": JUNK | st.sampled_from(["a", "a-1", "x" * 64, "x" * 65, "\n"]),
        "kind": JUNK | st.sampled_from([*(kind.name.lower() for kind in Kind), "LABEL"]),
        "item": JUNK | st.integers(-(2**70), 2**70).map(str),
        "number": JUNK | st.integers(-3, 2**33),
    },
)


def told(*presses: object, identity: object = "s:ann", **more: object) -> dict:
    return {"identity": identity, "seq": 1, "tab": "0123456789abcdef", "presses": list(presses), **more}


def label(key: str = "t-1", item: object = "7", number: object = 2) -> dict:
    return {"key": key, "kind": "label", "item": item, "number": number}


def question(item: int = 7, **more: object) -> Question:
    return Question(item, "/image/7", "/tile/7", "seven.png", **more)


def test_presses_arrive_in_their_order_with_ids_of_64_bits():
    report = told(
        label(item=str(LIMIT - 1)),
        {"key": "t-2", "kind": "skip", "item": str(-LIMIT), "number": None},
        {"key": "t-3", "kind": "flag", "item": "3", "number": None},
        {"key": "t-4", "kind": "unflag", "item": "3", "number": None},
        {"key": "t-5", "kind": "undo", "item": "3", "number": None},
        {"key": "t-6", "kind": "redo", "item": None, "number": None},
    )
    assert presses_of(report, "s:ann") == [
        Press(Kind.LABEL, "t-1", (LIMIT - 1,), 2),
        Press(Kind.SKIP, "t-2", (-LIMIT,)),
        Press(Kind.FLAG, "t-3", (3,)),
        Press(Kind.UNFLAG, "t-4", (3,)),
        Press(Kind.UNDO, "t-5"),
        Press(Kind.REDO, "t-6"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        label(item=7),
        label(item="7.0"),
        label(item="٧"),
        label(item=str(LIMIT)),
        label(number=True),
        label(number=2.0),
        label(number=-1),
        label(number=2**31),
        label(key=""),
        label(key="x" * 65),
        label(key="a\nb"),
        label() | {"kind": "refit"},
        label() | {"kind": "class_deleted"},
        label() | {"kind": []},
        "label",
        None,
    ],
)
def test_a_malformed_press_is_dropped_and_the_others_are_kept(broken):
    assert [press.key for press in presses_of(told(label("t-0"), broken, label("t-9")), "s:ann")] == ["t-0", "t-9"]


def test_a_press_that_stands_twice_counts_once_and_no_report_is_endless():
    assert len(presses_of(told(label(), label()), "s:ann")) == 1
    many = told(*(label(f"t-{i}") for i in range(MOST_PRESSES + 5)))
    assert [press.key for press in presses_of(many, "s:ann")] == [f"t-{i}" for i in range(MOST_PRESSES)]


def test_a_report_of_another_session_or_annotator_holds_nothing():
    assert presses_of(told(label(), identity="s:bob"), "s:ann") == []


@given(
    JUNK | st.fixed_dictionaries({"identity": st.just("s:ann"), "presses": JUNK | st.lists(FIELDS | JUNK, max_size=5)})
)
def test_whatever_a_browser_sends_is_presses_that_can_be_written_or_nothing(report):
    found = presses_of(report, "s:ann")
    assert all(isinstance(press, Press) and press.kind in range(Kind.LABEL, Kind.CLASS_ADDED) for press in found)
    assert all(0 <= press.class_number < 2**31 for press in found if press.kind == Kind.LABEL)
    assert len({press.key for press in found}) == len(found)


@given(JUNK, JUNK)
def test_whatever_a_browser_sends_its_tab_is_a_short_name_and_its_number_a_number(name, number):
    report = {"tab": name, "seq": number}
    assert tab_of(report) == "" or tab_of(report) == name
    assert len(tab_of(report)) <= 32
    assert 0 <= number_of(report) < 2**53


ADDRESSES = st.sampled_from(["", "/image/1?t=x", "/image/12?t=x", "/image/2?t=x", "?t=x", "/image/", "x", "data:,x"])


@given(st.lists(st.tuples(ADDRESSES, ADDRESSES, ADDRESSES), max_size=4))
def test_addresses_travel_without_what_they_have_in_common(found):
    questions = [Question(7, image, tile, "", nearest=((near, "", 0),)) for image, tile, near in found]
    read = message(Deck("s:ann", tuple(questions[1:]), CLASSES, back=questions[0] if questions else None))
    before, after = read["around"]
    told = [(one["image"], one["tile"], one["nearest"][0][0]) for one in [read["back"], *read["questions"]] if one]
    assert [tuple("" if one is None else before + one + after for one in three) for three in told] == found


def test_a_token_travels_once_in_a_deck():
    asked = tuple(question(n, nearest=((f"/image/{n + 1}?token=secret", "", 0),)) for n in range(9))
    deck = Deck(
        "s:ann", tuple(replace(one, image=f"/image/{one.item}?token=secret", tile="") for one in asked), CLASSES
    )
    assert json.dumps(message(deck)).count("secret") == 1


def test_a_deck_travels_as_json_with_ids_as_text_and_no_nan():
    shaky = question(LIMIT - 1, margin=nan, guesses=((0, 0.5), (1, nan)), place=(nan, 0.5))
    deck = Deck("s:ann", (shaky,), CLASSES, back=question(-LIMIT, margin=0.25, place=(0.1, 0.9)))
    read = json.loads(json.dumps(message(deck), allow_nan=False))
    (asked,) = read["questions"]
    assert (asked["item"], asked["margin"], asked["guesses"], asked["place"]) == (
        str(LIMIT - 1),
        None,
        [[0, 0.5]],
        None,
    )
    assert (read["back"]["item"], read["back"]["margin"], read["back"]["place"]) == (str(-LIMIT), 0.25, [0.1, 0.9])
    assert [(one["number"], one["key"]) for one in read["classes"]] == [(0, "1"), (1, "2"), (2, "3")]


def app() -> None:
    import streamlit as st

    from explorer.ui.questions import ClassKey, Deck, Question, ask, presses, remembered, tab

    found = presses("asking", "s:ann")
    problem = st.session_state.get("problem", "")
    answered = {} if problem else {press.key: "No." if press.class_number == 1 else "" for press in found}
    st.session_state["told"] = [press.key for press in found]
    st.session_state["tab"], st.session_state["name"] = tab("asking"), remembered()
    classes = (ClassKey(0, "bag", "#0072B2", "1"), ClassKey(1, "coat", "#E69F00", "2"))
    question = Question(7, "/image/7", "/tile/7", "seven.png")
    ask(Deck("s:ann", (question,), classes, answered=answered, problem=problem), key="asking", who="Ann Ö;x")


def shown(at: AppTest) -> dict:
    (component,) = at.get("bidi_component")
    return json.loads(component.proto.json)[0]


def test_an_answered_press_is_told_once_and_answered_until_the_browser_lets_go_of_it():
    at = AppTest.from_function(app, default_timeout=60)
    at.session_state["asking"] = {"report": told(label("t-1"), label("t-2", number=1))}
    at.run()
    assert at.session_state["told"] == ["t-1", "t-2"]
    assert at.session_state["tab"] == "0123456789abcdef"
    assert shown(at)["answered"] == {"t-1": "", "t-2": "No."}
    assert shown(at)["heard"] == 1
    at.run()  # for another reason: the answer may not have come through
    assert at.session_state["told"] == []
    assert shown(at)["answered"] == {"t-1": "", "t-2": "No."}
    at.session_state["asking"] = {"report": told(label("t-3"), seq=2)}
    at.run()
    assert at.session_state["told"] == ["t-3"]
    assert shown(at)["answered"] == {"t-3": ""}
    assert shown(at)["heard"] == 2


def test_what_could_not_be_written_is_told_again():
    at = AppTest.from_function(app, default_timeout=60)
    at.session_state["asking"] = {"report": told(label())}
    at.session_state["problem"] = "The database is full."
    at.run()
    assert shown(at)["answered"] == {}
    assert shown(at)["problem"] == "The database is full."
    at.session_state["problem"] = ""
    at.run()
    assert at.session_state["told"] == ["t-1"]
    assert shown(at)["answered"] == {"t-1": ""}


@pytest.mark.parametrize("report", [None, 7, "x", [], {"presses": 3}, {"identity": "s:ann", "presses": {"a": 1}}])
def test_a_report_of_nonsense_draws_the_question_all_the_same(report):
    at = AppTest.from_function(app, default_timeout=60)
    at.session_state["asking"] = {"report": report}
    at.run()
    assert not at.exception
    assert at.session_state["told"] == []
    assert at.session_state["tab"] == ""
    assert shown(at)["heard"] == 0


@pytest.mark.parametrize(
    ("cookie", "name"),
    [("", ""), ("Ann%20%C3%96%3Bx", "Ann Ö;x"), ("%FF", ""), ("%0A", ""), ("x" * 101, ""), ("%27x", "")],
)
def test_the_annotator_is_known_by_a_cookie_that_can_be_a_name(cookie, name, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {COOKIE: cookie})
    at = AppTest.from_function(app, default_timeout=60).run()
    assert at.session_state["name"] == name
    assert shown(at)["cookie"] == f"{COOKIE}=Ann%20%C3%96%3Bx"
