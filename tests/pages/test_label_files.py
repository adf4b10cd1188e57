"""Labels of a session go out as files and come in again, after a look at what they would change."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from explorer.labeling.exporting import export_labels
from explorer.labeling.importing import apply_import
from explorer.labeling.store import LabelStore
from explorer.ui import labeling_files
from explorer.ui.tokens import check_token
from explorer.workflows.label_files import FILE_KINDS
from tests.labeling.databases import label
from tests.pages import label_views


@pytest.fixture
def at(store: LabelStore, monkeypatch: pytest.MonkeyPatch) -> AppTest:  # noqa: ARG001 - its files
    monkeypatch.setattr(labeling_files, "SOON", 60.0)  # a look is over before the page goes on
    return AppTest.from_function(label_views.files, default_timeout=60).run()


@pytest.fixture
def give(at: AppTest) -> Callable[..., AppTest]:
    """Upload rows of (item, class, annotator)."""

    def giving(*rows: Any) -> AppTest:
        return upload(at, "a.jsonl", "".join(line(*row) for row in rows).encode())

    return giving


def line(item: int, name: str, who: str, settles: bool = False) -> str:
    return json.dumps({"id": item, "class": name, "annotator": who, "settles": settles}) + "\n"


def upload(at: AppTest, name: str, content: bytes) -> AppTest:
    return at.get("file_uploader")[0].upload(name, content, "application/octet-stream").run()


def said(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html")) + " ".join(one.value for one in at.markdown)


def labels(store: LabelStore) -> dict[int, str]:
    state = store.state(store.session("first"))
    found = state.labels()
    pairs = zip(found.ids.tolist(), found.classes.tolist(), strict=True)
    return {item: state.classes.names[number] for item, number in pairs}


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_export_comes_back(at, store, kind):
    file = export_labels(store, store.session("first"), kind)
    upload(at, f"A.{FILE_KINDS[kind].ending.upper()}", file)
    assert "4 labels there already" in said(at)
    assert "There is nothing to take." in said(at)


def test_files_are_links_to_what_makes_them_at_the_click(at):
    links = {one.proto.label: one.proto for one in at.get("link_button")}
    assert list(links) == [*(file.title for file in FILE_KINDS.values()), "Back up all sessions"]
    paths = [f"/explorer/labels/first/{kind}" for kind in FILE_KINDS]
    for path, link in zip([*paths, "/explorer/backup"], links.values(), strict=True):
        address, _, query = link.url.partition("?")
        assert address == path
        (token,) = parse_qs(query)["token"]
        assert check_token(token, path.removeprefix("/explorer/"))
        assert not check_token(token, "labels/other/csv"), "it stands in the browser's history: it opens one file"
        assert not check_token(token)
        assert link.icon


def test_import_says_what_it_would_change_and_changes_it_when_asked(at, give, store, ids):
    before = labels(store)
    give((ids[4], "4", "Ann"), (ids[2], "3", "Ann"), (ids[0], "0", "Ann"), (2**60, "1", "Ann"), (ids[5], "none", "Ann"))
    assert not at.exception
    told = said(at)
    for words in ("1 label new", "1 label changed", "1 label there already", "of unknown items", "of unknown classes"):
        assert words in told
    assert labels(store) == before
    assert at.button(key="take").label == "Take 2 labels"
    at.button(key="take").click().run()
    assert not at.exception
    assert "2 labels taken." in at.success[0].value
    assert labels(store) == before | {ids[4]: "4", ids[2]: "3"}
    assert "1 label new" not in said(at), "the file has done its work"
    assert not at.get("file_uploader")[0].value


def test_conflicts_are_listed_and_taken_only_when_asked_for(at, give, store, ids):
    give((ids[0], "5", "Cleo"), (ids[6], "6", "Cleo"))
    assert "1 label in conflict" in said(at)
    assert "Ann: 0" in said(at)
    assert at.button(key="take").label == "Take 1 label"
    at.checkbox(key="with-conflicts").check().run()
    at.button(key="take").click().run()
    assert labels(store)[ids[0]] == "5"
    assert ids[0] in [one.item for one in store.state(store.session("first")).conflicts()]


def test_row_that_settles_is_marked_and_settles_when_it_is_taken(at, give, store, ids):
    give((ids[0], "5", "Cleo", True), (ids[6], "6", "Cleo", True))
    assert "Cleo, settles" in said(at)
    assert said(at).count(", settles") == 1, "where nobody differs there is nothing to settle"
    assert "those that settle end the conflict" in said(at)
    at.checkbox(key="with-conflicts").check().run()
    at.button(key="take").click().run()
    assert ids[0] in store.state(store.session("first")).settled().ids


def test_heading_counts_opinions_and_the_items_that_they_are_on(at, store, ids):
    assert "Export 4 opinions on 3 items" in said(at)
    store.record(store.session("first"), "Cleo", [label("more", ids[0], 5)])
    assert "Export 5 opinions on 3 items" in said(at.run())


def test_rows_without_an_annotator_are_of_who_imports(at, store, ids):
    upload(at, "a.csv", f"id,class\n{ids[7]},7\n".encode())
    at.button(key="take").click().run()
    session = store.session("first")
    assert [event.who for event in store.history(session, ids[7])] == ["Ann"]


def test_who_labels_between_look_and_change_sends_back_to_the_look(at, give, store, ids):
    give((ids[8], "8", "Ann"))
    store.record(store.session("first"), "Bob", [label("between", ids[8], 1)])
    at.run()
    assert "Somebody labelled since" in at.warning[0].value
    assert "take" not in [button.key for button in at.button]
    at.button(key="look-again").click().run()
    assert "1 label in conflict" in said(at)
    assert labels(store)[ids[8]] == "1"


def test_who_labels_while_the_button_is_pressed_is_not_overrun(at, give, store, ids, monkeypatch):
    give((ids[8], "8", "Ann"))

    def late(*arguments: Any, **how: Any) -> int:
        store.record(store.session("first"), "Bob", [label("between", ids[8], 1)])
        return apply_import(*arguments, **how)

    monkeypatch.setattr(labeling_files, "apply_import", late)
    at.button(key="take").click().run()
    assert "Somebody labelled since" in at.error[0].value
    assert labels(store)[ids[8]] == "1"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "The file has no labels."),
        ("a.csv", b"\xff\xfe", "no text in UTF-8"),
        ("a.csv", b"x\n1\n", "Row 1 has no id and class"),
        ("a.csv", b"id,class\n1,\x00\n", "Row 1"),
        ("a.jsonl", b"[" * 99_999, "is no JSON"),
        ("a.jsonl", b'{"id": "9e9", "class": "1"}', "no whole number"),
        ("a.parquet", b"PAR1PAR1", "The file"),
        ("a.json", b"[{}]", "no export of Label Studio"),
    ],
)
def test_hostile_files_are_one_sentence(at, store, name, content, why):
    before = store.state(store.session("first")).seq
    upload(at, name, content)
    assert not at.exception
    assert why in " ".join(one.value for one in [*at.error, *at.info]).replace("\\", "")
    assert store.state(store.session("first")).seq == before


def test_foreign_texts_are_escaped(at, give, ids):
    give((ids[0], "<u>[x](http://a)", "<i>Eve"))
    assert not at.exception
    assert "<u>" not in said(at)
    assert "<i>Eve" not in said(at)


def test_look_can_be_begun_again_after_it_failed(at, monkeypatch, ids):
    monkeypatch.setattr("explorer.labeling.decoding.MOST_ROWS", 0)
    upload(at, "a.csv", f"id,class\n{ids[7]},7\n".encode())
    assert "more than 0 rows" in at.error[0].value
    monkeypatch.setattr("explorer.labeling.decoding.MOST_ROWS", 9)
    at.button(key="look-again").click().run()
    assert "1 label new" in said(at)


def test_database_that_is_away_is_one_sentence_and_back_when_it_is(at, monkeypatch):
    assert not at.exception
    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "state", label_views.away)
        at.run()
    assert not at.exception
    assert at.error[0].value == "It is away."
    assert not at.run().error
