"""Labels go into files and come out of them, and an import says first what it would change."""

import json
from dataclasses import replace
from datetime import datetime

import pyarrow
import pyarrow.parquet
import pytest

from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.labeling import exporting
from explorer.labeling.decoding import Given, decode
from explorer.labeling.exporting import ENCODINGS, export_labels
from explorer.labeling.importing import apply_import, plan_import
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from tests.labeling.databases import CLASSES, PLAN, label, press

FORMULA = '=HYPERLINK("http://x","y")'
NAMES = ("zero", FORMULA, "a,b\u2013c")
BIG = 2**63 - 1


@pytest.fixture
def full(store):
    """A session with a conflict, a formula, a redo, an undone label and a deleted class."""
    session = store.create(PLAN, "ann", [*NAMES, "gone"])
    store.record(session, "bob", [label("a", 5, 0), label("b", BIG, 1), label("c", 6, 3), label("d", 7, 0)])
    store.record(session, "bob", [press(Kind.UNDO, "u")])
    store.record(session, "@ann", [label("a", (5, -3), 2), Press(Kind.CLASS_DELETED, "x", class_number=3)])
    return session


def given(*rows):
    return [Given(*row) for row in rows]


@pytest.mark.parametrize("kind", ENCODINGS)
def test_labels_come_back_as_they_went_conflicts_too(store, full, kind):
    file = export_labels(store, full, kind)
    other = store.create(replace(PLAN, name="other"), "ann", NAMES)
    changes = plan_import(store, other, decode(file, kind), "ann")
    assert (len(changes.added), len(changes.conflicts)) == (2, 2)
    assert apply_import(store, other, changes, with_conflicts=True) == 4
    ours, theirs = store.state(full), store.state(other)
    assert ours.labels().ids.tolist() == theirs.labels().ids.tolist() == [-3, 5, BIG]
    assert ours.labels().classes.tolist() == theirs.labels().classes.tolist() == [2, 2, 1]
    assert ours.labels().annotators.tolist() == theirs.labels().annotators.tolist()
    assert ours.conflicts() == theirs.conflicts() != ()
    again = plan_import(store, other, decode(file, kind), "ann")
    assert (len(again.same), len(again.added), len(again.changed)) == (4, 0, 0)


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("block", [1, 2, 3])
def test_file_that_is_written_in_blocks_holds_the_same_rows(store, full, monkeypatch, kind, block):
    whole = export_labels(store, full, kind)
    monkeypatch.setattr(exporting, "BLOCK", block)
    in_blocks = export_labels(store, full, kind)
    assert decode(in_blocks, kind) == decode(whole, kind)
    if kind != "parquet":  # which keeps what it was written in
        assert in_blocks == whole


@pytest.mark.parametrize("kind", ENCODINGS)
def test_session_without_labels_is_a_file_without_rows(store, session, kind):
    assert decode(export_labels(store, session, kind), kind) == ()


def test_times_are_those_of_the_log(store, full):
    rows = [json.loads(line) for line in export_labels(store, full, "jsonl").decode().splitlines()]
    log = {(event.item, event.who): event.at for item in (5, BIG, -3) for event in store.history(full, item)}
    assert [datetime.fromisoformat(row["at"]) for row in rows] == [log[row["id"], row["annotator"]] for row in rows]


def test_no_cell_of_the_csv_is_a_formula(store, full):
    lines = export_labels(store, full, "csv").decode().splitlines()
    assert any("\"'=HYPERLINK" in line for line in lines)
    assert any('"\'@ann"' in line for line in lines)
    assert not any(cell.strip('"')[:1] in "=@+" for line in lines for cell in line.split(",") if cell.strip('"'))


def test_export_says_which_opinion_counts(store, full):
    rows = [json.loads(line) for line in export_labels(store, full, "jsonl").decode().splitlines()]
    assert {(row["id"], row["annotator"]): row["counts"] for row in rows} == {
        (5, "bob"): False, (BIG, "bob"): True, (5, "@ann"): True, (-3, "@ann"): True,
    }  # fmt: skip
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)


def test_import_tells_every_change_and_writes_nothing_before(store, session):
    store.record(session, "ann", [label("a", 1, 0), label("b", 2, 0), label("c", 3, 0)])
    rows = given(
        (1, "zero", ""), (2, "one", ""), (3, "one", "bob"), (4, "one", "bob"), (5, "cat", ""), (99, "one", ""),
        (6, "one", ""), (6, "two", ""), (7, "one", "bob"), (7, "two", "cem"), (4, "one", "bob"),
    )  # fmt: skip
    before = store.state(session).seq
    changes = plan_import(store, session, rows, "ann", range(10))
    piles = {
        pile: [row.item for row in getattr(changes, pile)] for pile in changes.__dataclass_fields__ if pile != "seq"
    }
    assert piles == {
        "added": [4], "changed": [2], "same": [1], "conflicts": [3, 7, 7], "contradictions": [6, 6],
        "unknown_items": [99], "unknown_classes": [5],
    }  # fmt: skip
    assert store.state(session).seq == before
    assert apply_import(store, session, changes) == 2
    labels = store.state(session).labels()
    assert labels.ids.tolist() == [1, 2, 3, 4]
    assert labels.classes.tolist() == [0, 1, 0, 1]
    assert store.state(session).conflicts() == ()


def test_import_that_is_out_of_date_is_looked_at_again(store, session):
    changes = plan_import(store, session, given((1, "zero", "")), "ann")
    store.record(session, "bob", [label("a", 1, 1)])
    with pytest.raises(BadValueError, match="Look again"):
        apply_import(store, session, changes)
    assert store.state(session).labels().classes.tolist() == [1]


def test_import_can_be_undone_by_whom_it_names(store, session):
    apply_import(store, session, plan_import(store, session, given((1, "zero", ""), (2, "zero", "")), "ann"))
    store.record(session, "ann", [press(Kind.UNDO, "u")])
    assert len(store.state(session).labels().ids) == 0


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("csv", b"\xff\xfe"),
        ("csv", b"item,label\n1,zero\n"),
        ("csv", b"id,class\n1.5,zero\n"),
        ("csv", b"id,class\n99999999999999999999,zero\n"),
        ("csv", b"id,class\n" + b"9" * 5_000 + b",zero\n"),
        ("csv", b'id,class\n1,"' + b"x" * 200_000 + b'"\n'),
        ("csv", b"id,class\n1," + b"x" * 101 + b"\n"),
        ("csv", b"id,class\n1,a\x00b\n"),
        ("jsonl", b'{"id": 1, "class": 7}\n'),
        ("jsonl", b'{"id": true, "class": "a"}\n'),
        ("jsonl", b'{"id": 1, "class": "a", "annotator": ["b"]}\n'),
        ("jsonl", b"[" * 100_000),
        ("jsonl", b"nonsense"),
        ("parquet", b"PAR1 nonsense PAR1"),
        ("label-studio", b"{}x"),
        ("label-studio", b"[1]"),
        ("label-studio", b"7"),
        ("label-studio", b'[{"data": {"image": "a.png"}, "annotations": []}]'),
        (
            "label-studio",
            b'[{"data": {"item": "1"}, "annotations": [{"result": '
            b'[{"type": "choices", "value": {"choices": ["a", "b"]}}]}]}]',
        ),
    ],
)
def test_hostile_file_is_one_sentence(kind, content):
    with pytest.raises(BadDataError) as caught:
        decode(content, kind)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_file_that_is_too_large_or_of_an_unknown_kind_is_told(monkeypatch):
    monkeypatch.setattr("explorer.labeling.decoding.MOST_ROWS", 2)
    with pytest.raises(BadDataError, match="more than 2 rows"):
        decode(b"id,class\n1,a\n2,a\n3,a\n", "csv")
    monkeypatch.setattr("explorer.labeling.decoding.MOST_BYTES", 10)
    with pytest.raises(BadDataError, match="at most 10 are read"):
        decode(b"id,class\n1,a\n", "csv")
    with pytest.raises(UnknownNameError):
        decode(b"", "pickle")


def test_file_of_another_program_is_read_with_what_it_has():
    assert decode(b"\xef\xbb\xbfid,class,note\r\n7, zero ,x\r\n8,,y\r\n", "csv") == tuple(given((7, "zero", "")))
    table = pyarrow.table({"id": ["7"], "class": ["zero"], "vector": [[1.0]]})
    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, out)
    assert decode(out.getvalue().to_pybytes(), "parquet") == tuple(given((7, "zero", "")))
    task = {"id": 1, "data": {"item": 7}, "annotations": [{"completed_by": 3, "was_cancelled": True, "result": []}]}
    said = {"completed_by": {"email": "a@b"}, "result": [{"type": "choices", "value": {"choices": ["one"]}}]}
    assert decode(json.dumps([task, task | {"annotations": [said]}]).encode(), "label-studio") == tuple(
        given((7, "one", "a@b"))
    )


def test_class_that_is_merged_is_exported_as_what_it_became(store, session):
    store.record(session, "ann", [label("a", 1, 0), Press(Kind.CLASS_MERGED, "m", class_number=0, into=1)])
    assert json.loads(export_labels(store, session, "jsonl"))["class"] == CLASSES[1]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_any_spreadsheet_is_read(separator):
    lines = [separator.join(row) for row in (("id", "class", "annotator"), ("7", "zero", "ann"))]
    assert decode("\n".join(lines).encode(), "csv") == (Given(7, "zero", "ann"),)
