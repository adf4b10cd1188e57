"""`latent-explorer label`: what a person says about sessions, and what is said back."""

import errno
import io
import json
import os
import re
from pathlib import Path

import pytest

from explorer.cli import dashboard, labeling_files, main
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore, open_store
from explorer.settings import load_settings
from explorer.ui import server
from tests.labeling.databases import label
from tests.workflows.test_search import CLASSES, make_run

STRIPES, DOTS, PLAIN = CLASSES
ITEM = 1000  # the run's first item to label


@pytest.fixture
def say(tmp_path, monkeypatch, capsysbinary):
    """Say a command in an installation with a run and the session `first`; gives its exit code and what it said."""
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path / "runs"))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    make_run(tmp_path / "runs" / "mine")

    def saying(*words: str) -> tuple[int, str]:
        code = main(["label", *map(str, words)])
        told = capsysbinary.readouterr()
        assert bool(told.out) != bool(told.err), "an answer or one sentence"
        return code, (told.out or told.err).decode().strip()

    assert saying("start", "mine", "--name", "first", "--annotator", "Ann")[0] == 0
    return saying


@pytest.fixture
def store(say):  # noqa: ARG001 - sets the installation up
    store = open_store(load_settings())
    yield store
    store.close()


@pytest.fixture
def labelled(store: LabelStore) -> LabelStore:
    """Three items of two annotators, who differ on the second; the third is flagged, another one skipped."""
    session = store.session("first")
    store.record(session, "Ann", [label("a", (ITEM, ITEM + 1), 0), label("b", ITEM + 2, 2)])
    store.record(session, "Ann", [Press(Kind.FLAG, "f", (ITEM + 2,)), Press(Kind.SKIP, "s", (ITEM + 3,))])
    store.record(session, "Bob", [label("a", ITEM + 1, 1)])
    return store


def labels(store: LabelStore, name: str = "first") -> dict[int, str]:
    state = store.state(store.session(name))
    found = state.labels()
    pairs = zip(found.ids.tolist(), found.classes.tolist(), strict=True)
    return {item: state.classes.names[number] for item, number in pairs}


def refused(answer: tuple[int, str]) -> str:
    code, told = answer
    assert code == 2
    assert "\n" not in told
    assert "Traceback" not in told
    return told


def test_session_is_made_with_its_choices_and_says_how_to_come_to_it(say, store, monkeypatch):
    monkeypatch.setattr(server, "answers", lambda _: False)
    choices = ("--strategy", "random", "--batch-size", "5", "--refit-every", "20", "--held-out", "0.25", "--seed", "7")
    code, told = say("start", "mine", "--name", "next", "--annotator", "Ann", *choices, "--class", "a b", "c")
    assert code == 0
    assert "Label?session=next" in told
    assert "No dashboard runs on port 8501. Open it: latent-explorer label open next" in told
    plan = store.session("next").plan
    assert (plan.run, plan.strategy, plan.batch_size, plan.refit_every) == ("mine", "random", 5, 20)
    assert (plan.held_out, plan.seed) == (0.25, 7)
    living = store.state(store.session("next")).classes.living
    assert list(living.values()) == [*CLASSES, "a b", "c"]


def test_running_dashboard_is_named(say, monkeypatch):
    monkeypatch.setattr(server, "answers", lambda port: port == 8501)
    assert "http://127.0.0.1:8501/Label?session=two" in say("start", "mine", "--name", "two", "--annotator", "Ann")[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("none", "--name", "x"), "There is no run 'none'"),
        (("mine", "--name", "first"), "already"),
        (("mine", "--name", "../x"), "cannot be called"),
        (("mine", "--name", "x", "--strategy", "guess"), "no strategy 'guess'"),
        (("mine", "--name", "x", "--held-out", "1"), "held_out = 1.0"),
        (("mine", "--name", "x", "--batch-size", "0"), "batch_size = 0"),
        (("mine", "--name", "x", "--class", "plain"), "a class called plain already"),
        (("mine", "--name", "x", "--class", ""), "A class's name must be"),
    ],
)
def test_session_that_cannot_be_is_refused_and_not_made(say, store, words, why):
    assert why in refused(say("start", *words, "--annotator", "Ann"))
    assert [session.plan.name for session in store.sessions()] == ["first"]


@pytest.mark.usefixtures("labelled")
def test_list_tells_each_session_newest_first(say):
    say("start", "mine", "--name", "second", "--annotator", "Ann")
    lines = say("list")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["second", "first"]
    assert lines[0].endswith("mine on textures, none labelled")
    assert lines[1].endswith("mine on textures, 3 of them labelled")


def test_list_without_sessions_says_how_to_make_one(say, monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "other"))
    assert "latent-explorer label start RUN --name NAME --annotator WHO" in say("list")[1]


@pytest.mark.usefixtures("labelled")
def test_show_tells_classes_annotators_conflicts_flags_and_skips(say):
    told = say("show", "first")[1].splitlines()
    assert "3 items labelled, 10 events in the log" in "\n".join(told)
    assert [re.sub(" +", " ", line.strip()) for line in told if line.startswith("  ")][:3] == [
        f"{STRIPES} 1",
        f"{DOTS} 1",
        f"{PLAIN} 1",
    ]
    assert "Ann: 3 labels, 1 skipped" in told
    assert "Bob: 1 label, 0 skipped" in told
    assert told[told.index("1 conflict") + 1] == f"  item {ITEM + 1}: Ann says {STRIPES}, Bob says {DOTS}"
    assert f"1 item flagged: {ITEM + 2}" in told
    assert f"1 item skipped: {ITEM + 3}" in told
    assert told[-2] == "1 round"
    assert told[-1].endswith("at event 4 on mine  begin")


@pytest.mark.parametrize("words", ["show", "export", "open", "archive --annotator Ann", "unarchive --annotator Ann"])
def test_session_that_is_not_there_is_said(say, words):
    action, *more = words.split()
    assert "no labeling session called 'none'" in refused(say(action, "none", *more))


def test_open_serves_the_dashboard_at_the_session(say, monkeypatch):
    served = []
    monkeypatch.setattr(dashboard.server, "serve", lambda entry, _, ready: (served.append(entry), ready()))
    monkeypatch.setattr(dashboard.webbrowser, "open", served.append)
    code, told = say("open", "first")
    assert code == 0
    assert served[1].endswith("/Label?session=first")
    assert served[1] in told
    served.clear()
    say("open", "first", "--no-browser")
    assert len(served) == 1


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "label-studio"])
def test_export_and_import_carry_every_label_conflicts_too(say, labelled, kind):
    assert say("export", "first", "--kind", kind, "--to", "file") == (0, "4 labels of first are in file.")
    say("start", "mine", "--name", "other", "--annotator", "Cleo")
    asked = ("import", "other", "file", "--annotator", "Cleo", "--kind", kind)
    told = say(*asked)[1]
    assert "2 labels new" in told
    assert "2 labels in conflict" in told
    assert told.splitlines()[-1] == "Nothing was changed. To take them: say it again with --apply."
    assert labels(labelled, "other") == {}
    assert say(*asked, "--apply")[1].splitlines()[-1] == "2 labels taken into other."
    assert labels(labelled, "other") == {ITEM: STRIPES, ITEM + 2: PLAIN}
    assert "2 labels there already" in say(*asked, "--apply", "--with-conflicts")[1]
    assert labels(labelled, "other") == labels(labelled) == {ITEM: STRIPES, ITEM + 1: DOTS, ITEM + 2: PLAIN}


@pytest.mark.usefixtures("labelled")
def test_export_without_a_file_is_printed_and_kind_is_read_off_the_ending(say, tmp_path):
    (tmp_path / "again.JSONL").write_text(say("export", "first", "--kind", "jsonl")[1])
    assert "4 labels there already" in say("import", "first", "again.JSONL", "--annotator", "Ann")[1]
    lines = say("export", "first")[1].splitlines()
    assert lines[0] == '"id","class","annotator","at","counts","settles"'
    assert len(lines) == 5


@pytest.mark.usefixtures("labelled")
def test_nothing_is_overwritten_unless_forced(say, tmp_path):
    (tmp_path / "there").write_text("mine")
    assert "there already" in refused(say("export", "first", "--to", "there"))
    assert "there already" in refused(say("backup", "there"))
    assert (tmp_path / "there").read_text() == "mine"
    assert "is a folder" in refused(say("export", "first", "--to", str(tmp_path)))
    assert say("export", "first", "--to", "there", "--force")[0] == 0
    assert (tmp_path / "there").read_text().startswith('"id"')


@pytest.mark.usefixtures("labelled")
def test_full_disk_is_one_sentence_and_leaves_what_was_there(say, tmp_path, monkeypatch):
    (tmp_path / "there").write_text("mine")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("explorer.files.os.fsync", full)
    for words in (("export", "first", "--to", "there"), ("backup", "there")):
        assert "there could not be written: No space left on device." in refused(say(*words, "--force"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "runs", "there"]
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.usefixtures("labelled")
def test_folder_that_is_not_there_is_said(say):
    assert "could not be written" in refused(say("export", "first", "--to", "none/file"))
    assert "could not be written" in refused(say("backup", "none/file"))


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"", "ends with .csv"),
        ("a.csv", b"\xff\xfe\x00", "no text in UTF-8"),
        ("a.csv", b"x,y\n1,2\n", "Row 1 has no id and class"),
        ("a.csv", b"id,class\n99999999999999999999,plain\n", "no whole number of 64 bits"),
        ("a.jsonl", b"[" * 100_000, "is no JSON"),
        ("a.parquet", b"PAR1" * 9, "The file"),
        ("a.json", b'{"a": 1}', "no export of Label Studio"),
    ],
)
def test_hostile_files_are_refused_in_one_sentence(say, tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    assert why in refused(say("import", "first", name, "--annotator", "Ann", "--apply"))


def test_a_file_without_labels_asks_for_nothing(say, labelled, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"id,class\n")
    for more in ((), ("--apply",)):
        told = say("import", "first", "a.csv", "--annotator", "Ann", *more)[1]
        assert told == "The file has no labels.\nNothing was changed, and nothing is left to take."
    assert len(labels(labelled)) == 3


def test_of_many_rounds_it_says_that_the_last_are_listed(say, labelled):
    session = labelled.session("first")
    for n in range(5 - len(labelled.refits(session))):
        labelled.refit(session, "Ann", f"r{n}")
    assert re.search("5 rounds$", say("show", "first")[1], re.MULTILINE)
    labelled.refit(session, "Ann", "r5")
    told = say("show", "first")[1]
    assert "6 rounds, the last 5:" in told
    assert told.count("  at event ") == 5


def test_import_names_each_pile_and_takes_only_what_it_may(say, labelled, tmp_path):
    rows = [
        (ITEM, STRIPES, "Ann"),  # there
        (ITEM + 2, STRIPES, "Ann"),  # changed
        (ITEM + 1, PLAIN, "Cleo"),  # a conflict
        (ITEM + 5, PLAIN, "Ann"),  # new
        (ITEM + 6, PLAIN, "Ann"),
        (ITEM + 6, STRIPES, "Ann"),  # two things of one item
        (2**52, PLAIN, "Ann"),  # a test item
        (ITEM + 7, "none such", "Ann"),
    ]
    lines = [json.dumps({"id": item, "class": name, "annotator": who}) for item, name, who in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    told = say("import", "first", "a.jsonl", "--annotator", "Ann", "--apply")[1]
    for said in ("1 label new", "1 label changed", "1 label there already", "1 label in conflict"):
        assert said in told
    for said in ("2 labels contradictory", "1 label of unknown items", "1 label of unknown classes"):
        assert said in told
    assert f"  {ITEM + 1} {PLAIN} (Cleo)" in told
    assert labels(labelled) == {ITEM: STRIPES, ITEM + 1: DOTS, ITEM + 2: STRIPES, ITEM + 5: PLAIN}


def test_file_that_is_not_there_or_too_large_is_said(say, tmp_path, monkeypatch):
    assert "There is no file none.csv" in refused(say("import", "first", "none.csv", "--annotator", "Ann"))
    monkeypatch.setattr("explorer.labeling.decoding.MOST_BYTES", 3)
    (tmp_path / "a.csv").write_bytes(b"id,class\n")
    assert "at most 3 are read" in refused(say("import", "first", "a.csv", "--annotator", "Ann"))


def test_backup_comes_back_when_that_is_certain(say, labelled, monkeypatch):
    before = labels(labelled)
    assert say("backup", "copy") == (0, "1 session copied to copy.")
    labelled.record(labelled.session("first"), "Ann", [label("late", ITEM + 9, 0)])
    assert "say --yes" in refused(say("restore", "copy"))
    monkeypatch.setattr(labeling_files.sys, "stdin", _Terminal("n\n"))
    assert say("restore", "copy")[1].endswith("Nothing is restored.")
    assert ITEM + 9 in labels(labelled)
    told = say("restore", "copy", "--yes")[1]
    assert "1 session restored. Start the dashboard again." in told
    labelled.reload()
    assert labels(labelled) == before
    aside = Path(told.partition("What was there before: ")[2])
    assert say("restore", str(aside), "--yes")[0] == 0
    labelled.reload()
    assert ITEM + 9 in labels(labelled)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_backup_never_takes_the_place_of_the_store(say, labelled, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "data" / "labels.sqlite")
    for name in ("link", "data/labels.sqlite", "data/../data/labels.sqlite"):
        assert "place of the store itself" in refused(say("backup", name, "--force"))
    assert len(labels(labelled)) == 3


def test_restore_of_what_is_no_backup_is_refused(say, labelled, tmp_path):
    (tmp_path / "junk").write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    refused(say("restore", "junk", "--yes"))
    (tmp_path / "a.csv").write_bytes(b"id,class\n1,plain\n")
    for yes in ((), ("--yes",)):  # looked at before anybody is asked
        assert "There is no file none. Name a backup" in refused(say("restore", "none", *yes))
        assert "a.csv is no backup of labels" in refused(say("restore", "a.csv", *yes))
    assert len(labels(labelled)) == 3


def test_classes_are_added_renamed_merged_and_deleted_and_each_says_what_it_does(say, labelled):
    who = ("--annotator", "Ann")
    assert say("add-class", "first", "new", *who) == (0, "first has the class new.")
    told = say("rename-class", "first", PLAIN, "smooth", *who)[1]
    assert told == "1 item has the label plain; it stays, and is called smooth from now on.\nDone."
    asked = ("merge-class", "first", DOTS, STRIPES, *who)
    told = say(*asked)[1]
    assert f"1 item has the label {DOTS} and will count as {STRIPES}" in told
    assert "1 conflict less." in told
    assert labels(labelled)[ITEM + 1] == DOTS, "nothing is done unless asked for"
    assert say(*asked, "--apply")[1].endswith("Done.")
    assert labels(labelled) == {ITEM: STRIPES, ITEM + 1: STRIPES, ITEM + 2: "smooth"}
    asked = ("delete-class", "first", "smooth", *who)
    assert "1 item has the label smooth. 1 item will have no label" in say(*asked)[1]
    assert say(*asked, "--apply")[0] == 0
    assert labels(labelled) == {ITEM: STRIPES, ITEM + 1: STRIPES}


def test_deleting_hands_an_item_to_the_opinion_of_another_annotator(say, labelled):
    told = say("delete-class", "first", DOTS, "--annotator", "Ann", "--apply")[1]
    assert "0 items will have no label" in told
    assert "1 item will have the label that another annotator gave." in told
    assert labels(labelled)[ITEM + 1] == STRIPES


@pytest.mark.usefixtures("labelled")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add-class", "first", PLAIN), "a class called plain already"),
        (("add-class", "first", "'x"), "apostrophe"),
        (("rename-class", "first", "none", "x"), "no class 'none'"),
        (("rename-class", "first", STRIPES, PLAIN), "a class called plain already"),
        (("merge-class", "first", PLAIN, PLAIN, "--apply"), "into itself"),
        (("merge-class", "first", PLAIN, "none", "--apply"), "no class 'none'"),
        (("delete-class", "first", "none", "--apply"), "no class 'none'"),
    ],
)
def test_change_of_classes_that_cannot_be_is_refused(say, words, why):
    assert why in refused(say(*words, "--annotator", "Ann"))


def test_session_is_archived_and_brought_back_and_loses_nothing(say, labelled):
    before, who = labels(labelled), ("--annotator", "Bob")
    told = say("archive", "first", *who)[1]
    assert told == ("first is archived. To bring it back: latent-explorer label unarchive first --annotator WHO")
    assert say("list")[1].endswith("mine on textures, 3 of them labelled, archived")
    assert re.search(r"^archived by Bob, \d{4}-\d\d-\d\d \d\d:\d\d UTC$", say("show", "first")[1], re.MULTILINE)
    assert "is archived" in refused(say("archive", "first", *who))
    assert "archived, so nothing was recorded" in refused(say("add-class", "first", "new", *who))
    assert say("export", "first", "--to", "file")[1] == "4 labels of first are in file."
    assert "The log gives the same state as the store." in say("replay", "first")[1]
    assert labels(labelled) == before
    assert say("unarchive", "first", *who)[1] == "first is back, and takes labels again."
    assert "archived" not in say("list")[1] + say("show", "first")[1]
    assert "is not archived" in refused(say("unarchive", "first", *who))
    assert say("add-class", "first", "new", *who)[0] == 0
    assert labels(labelled) == before


@pytest.mark.usefixtures("labelled")
def test_replay_tells_every_round_and_that_the_state_is_the_same(say):
    told = say("replay", "first", "--picks", "3")[1].splitlines()
    assert told[0] == "Round 1, event 4, run mine begin"
    assert told[1] == "  32 labels known, 8 picks", "those of the training, and the items without one"
    assert re.fullmatch(r"  \d+ \d+ \d+ and 5 more", told[2])
    assert re.fullmatch(r"  then 4 labels, \d of them of its picks", told[3])
    assert told[-2] == "At event 10: 3 items labelled, 1 conflict, 0 settled, 1 flagged, 1 skip."
    assert told[-1] == "The log gives the same state as the store."
    assert "picks = -1" in refused(say("replay", "first", "--picks", "-1"))


@pytest.mark.usefixtures("say")
def test_replay_of_a_changed_log_fails(monkeypatch, capsysbinary):
    monkeypatch.setattr("explorer.workflows.label_replay.differences", lambda *_: ["opinions"])
    assert main(["label", "replay", "first"]) == 2
    assert "The log gives other opinions than the store derives from it." in capsysbinary.readouterr().err.decode()
