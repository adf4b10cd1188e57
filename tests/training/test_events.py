"""Events on disk: what is written is read back, and damage costs a line, never the run."""

import os

import pytest

from explorer.training.events import Ended, EpochEnded, Progressed, Started, append_event, last_epoch, read_events

EVENTS = [
    Started(0, 2, 100, 3, "cpu"),
    Progressed(1, 2, {"cross_entropy": 0.5}, 800.0),
    EpochEnded(1, {"cross_entropy": 0.4}, 790.0),
    Ended("failed", 'a "quoted" reason\nof two lines'),
]


def test_events_are_read_back_as_they_were_written(tmp_path):
    path = tmp_path / "events.jsonl"
    for event in EVENTS:
        append_event(path, event)
    assert list(read_events(path)) == EVENTS


def test_a_torn_last_line_and_foreign_lines_are_left_out(tmp_path):
    path = tmp_path / "events.jsonl"
    for event in EVENTS:
        append_event(path, event)
    whole = path.read_bytes()
    path.write_bytes(b'\xff\xfe\nnull\n[]\n{"kind": "Other"}\n{"kind": "Ended", "odd": 1}\n' + whole[:-10])
    assert list(read_events(path)) == EVENTS[:-1]


@pytest.mark.parametrize(
    "line",
    [
        '{"kind": "EpochEnded", "epoch": [], "terms": {}, "rate": 1}',
        '{"kind": "EpochEnded", "epoch": 1, "terms": 5, "rate": 1}',
        '{"kind": "EpochEnded", "epoch": 1, "terms": {"loss": "<b>"}, "rate": 1}',
        '{"kind": "Ended", "status": "failed", "message": {}}',
        '{"kind": []}',
        "[" * 100_000,
    ],
    ids=["epoch", "terms", "a term", "message", "kind", "deep"],
)
def test_an_event_of_other_types_is_a_foreign_line(tmp_path, line):
    path = tmp_path / "events.jsonl"
    path.write_text(line + "\n")
    append_event(path, EVENTS[0])
    assert list(read_events(path)) == EVENTS[:1]


def test_a_pipe_in_place_of_the_events_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "events.jsonl")
    assert list(read_events(tmp_path / "events.jsonl")) == []


def test_a_run_without_events_has_none(tmp_path):
    assert list(read_events(tmp_path / "events.jsonl")) == []


def test_events_are_never_appended_through_a_link_out_of_the_run(tmp_path):
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("mine")
    (tmp_path / "events.jsonl").symlink_to(elsewhere)
    with pytest.raises(OSError, match=r"events\.jsonl"):
        append_event(tmp_path / "events.jsonl", Ended("finished"))
    assert elsewhere.read_text() == "mine"


def test_last_epoch_is_read_off_the_end_alone_whatever_came_before(tmp_path):
    file = tmp_path / "events.jsonl"
    assert last_epoch(file) == 0
    append_event(file, Started(0, 3, 40, 2, "cpu"))
    assert last_epoch(file) == 0
    append_event(file, EpochEnded(1, {}, 1.0))
    file.write_text(file.read_text() + "x" * 200_000 + "\n")
    assert last_epoch(file) == 0
    append_event(file, EpochEnded(2, {}, 1.0))
    append_event(file, Progressed(3, 1, {}, 1.0))
    file.write_text(file.read_text() + '{"kind": "EpochEnded", "epoch": 3, "ter')
    assert last_epoch(file) == 2
