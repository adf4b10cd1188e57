"""`latent-explorer label conflicts` and `settle`."""

import json

import pytest

from explorer.workflows.label_classes import class_number
from tests.labeling.databases import label
from tests.test_cli_label import ITEM, PLAIN, STRIPES, labelled, labels, refused, say, store

__all__ = ["labelled", "say", "store"]  # fixtures


def test_conflicts_are_listed_settled_and_listed_as_settled(say, labelled):
    code, told = say("conflicts", "first")
    assert code == 0
    assert f"1 conflict, 0 settled\n  item {ITEM + 1}: Ann says" in told
    code, told = say("settle", "first", ITEM + 1, STRIPES, "--annotator", "Lead")
    assert code == 0
    assert told == f"Item {ITEM + 1} counts as {STRIPES}. What was said before stays in the history."
    assert labels(labelled)[ITEM + 1] == STRIPES
    _, told = say("conflicts", "first")
    assert "0 conflicts, 1 settled" in told
    assert f"item {ITEM + 1}: settled as {STRIPES} by Lead" in told
    assert "0 conflicts, 1 settled" in say("show", "first")[1]
    assert "0 conflicts, 1 settled" in say("replay", "first")[1]
    _, told = say("export", "first", "--kind", "jsonl")
    rows = [json.loads(line) for line in told.splitlines()]
    assert [row["annotator"] for row in rows if row["settles"] and row["counts"]] == ["Lead"]


@pytest.mark.parametrize(
    ("item", "name", "why"),
    [(ITEM, STRIPES, "nothing to settle"), (7, STRIPES, "nothing to settle"), (ITEM + 1, "cats", "cats")],
)
def test_what_cannot_be_settled_is_refused(say, labelled, item, name, why):
    assert why in refused(say("settle", "first", item, name, "--annotator", "Lead"))
    assert labels(labelled)[ITEM + 2] == PLAIN


def test_conflict_that_ends_just_before_the_decision_is_not_settled(say, labelled, monkeypatch):
    def agreed_meanwhile(state, name):
        labelled.record(labelled.session("first"), "Bob", [label("agrees", ITEM + 1, 0)])
        return class_number(state, name)

    monkeypatch.setattr("explorer.workflows.label_classes.class_number", agreed_meanwhile)
    assert "nothing to settle" in refused(say("settle", "first", ITEM + 1, PLAIN, "--annotator", "Lead"))
    assert labels(labelled)[ITEM + 1] == STRIPES
