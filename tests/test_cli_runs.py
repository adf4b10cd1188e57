"""`latent-explorer models`: what a person says about runs, and what is said back."""

import io
import json

import pytest

from explorer.cli import main, runs
from explorer.labeling.records import Plan
from explorer.labeling.store import open_store
from explorer.settings import load_settings
from explorer.workflows import shelving
from explorer.zoo.lock import training_alone
from tests.pages.test_shelf import fine_tuned
from tests.workflows.test_search import make_run

SHIPPED = "textures-petals"


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Say a command in an installation with one own run, `mine`; gives its exit code and what it said."""
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path / "runs"))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "runs").mkdir()
    make_run(tmp_path / "runs" / "mine")

    def saying(*words: str) -> tuple[int, str]:
        code = main(["models", *words])
        told = capsys.readouterr()
        assert bool(told.out) != bool(told.err)
        return code, (told.out or told.err).strip()

    return saying


def test_own_runs_are_changed_and_each_change_is_said(say):
    assert say("rename", "mine", "yours") == (0, "mine is now called yours.")
    assert say("note", "yours", "first\nsecond") == (0, "The note of yours is kept.")
    assert json.loads(say("show", "yours")[1])["note"] == "first\nsecond"
    assert say("note", "yours", "") == (0, "The note of yours is removed.")
    assert say("duplicate", "yours") == (0, "yours-copy is a copy of yours.")
    assert say("duplicate", SHIPPED, "petals") == (0, f"petals is a copy of {SHIPPED}.")
    assert say("delete", "yours") == (0, "yours is deleted. Bring it back: latent-explorer models restore yours")
    assert say("restore", "yours") == (0, "yours is back.")
    say("delete", "yours")
    say("duplicate", "petals", "yours")
    assert say("restore", "yours") == (0, "yours-2 is back, under this name as its own has been taken.")
    say("delete", "yours-2")
    assert say("restore", shelving.deleted()[0].key) == (0, "yours-2 is back.")
    say("delete", "yours-2")
    assert say("erase", "yours-2", "--yes") == (0, "yours-2 is erased.")
    assert shelving.deleted() == []


def test_list_says_what_each_run_takes_and_what_is_deleted(say):
    say("note", "mine", "before \x1b[31mthe new\x07 labels")
    shelving.duplicate("mine", "other")
    shelving.delete("other")
    lines = say("list")[1].splitlines()
    mine = next(line for line in lines if line.startswith("mine "))
    size = shelving.in_bytes(next(e for e in runs_there() if e.name == "mine").n_bytes)
    assert size in mine
    assert mine.endswith("before [31mthe new labels")  # nothing that a terminal would obey
    assert f"1 run of your own, {size}." in lines
    assert any(line.startswith("1 deleted run, ") for line in lines)
    assert lines[-1].startswith("other ")
    assert lines[-1].endswith(shelving.deleted()[0].key)


def test_list_counts_runs_that_were_replaced_and_shows_them_when_asked(say, tmp_path):
    for name, run in (("may-1", "mine"), ("may-2", "may-1")):
        fine_tuned(tmp_path / "runs", name, run)
    lines = say("list")[1].splitlines()
    assert [line.split()[0] for line in lines if line.startswith("may-")] == ["may-2"]
    assert (
        "1 run among them replaced by a later fine-tuning of the same session; to see them: "
        "latent-explorer models list --replaced"
    ) in lines
    assert any(line.startswith("3 runs of your own, ") for line in lines)
    lines = say("list", "--replaced")[1].splitlines()
    assert sorted(line.split()[0] for line in lines if line.startswith("may-")) == ["may-1", "may-2"]


def test_delete_says_which_sessions_need_the_run(say):
    store = open_store(load_settings())
    store.create(Plan("may", "textures", "mine"), "Ann", ["a"])
    store.close()
    assert say("delete", "mine") == (
        0,
        "mine is deleted. The session may began with this run and cannot be opened without it. "
        "Bring it back: latent-explorer models restore mine",
    )
    assert say("restore", "mine") == (0, "mine is back.")


def test_rename_and_erase_say_which_sessions_need_the_run(say, monkeypatch):
    store = open_store(load_settings())
    store.create(Plan("may", "textures", "mine"), "Ann", ["a"])
    store.close()
    needed = "The session may began with this run and cannot be opened without it."
    known = f"A labeling session knows a run by its name, mine. {needed}"
    assert say("rename", "mine", "yours") == (0, f"mine is now called yours. {known}")
    assert say("rename", "yours", "mine") == (0, "yours is now called mine.")
    say("delete", "mine")
    monkeypatch.setattr(runs.sys, "stdin", io.StringIO("no\n"))
    monkeypatch.setattr(runs.sys.stdin, "isatty", lambda: True)
    assert say("erase", "mine")[1].startswith(f"{needed}\nErase mine for good?")
    assert say("erase", shelving.deleted()[0].key, "--yes")[1].endswith(f" is erased. {needed}")


def runs_there():
    from explorer.workflows.runs import shelf

    return shelf()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("rename", "mine"), "Say what to put: latent-explorer models rename mine NEW."),
        (("note", "mine"), 'Say what to put: latent-explorer models note mine "TEXT".'),
        (("delete",), "Say which run to delete: latent-explorer models delete NAME."),
        (("delete", SHIPPED), f"{SHIPPED} is a shipped run, which stays as it is; duplicate it and change the copy."),
        (("rename", "mine", SHIPPED), f"There is a run '{SHIPPED}' already. Choose another name."),
        (("restore", "mine"), "There is no deleted run 'mine'. Nothing is deleted."),
        (("erase", "mine"), "Erasing cannot be undone; say --yes: latent-explorer models erase mine --yes"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_code_2(say, words, sentence):
    assert say(*words) == (2, sentence)


def test_run_in_training_is_refused(say, tmp_path):
    with training_alone(tmp_path / "runs" / "mine"):
        code, told = say("delete", "mine")
    assert code == 2
    assert told.startswith("mine is being trained by another process")


@pytest.mark.parametrize(("answer", "is_left"), [("y", False), ("", True), ("no", True)])
def test_erasing_is_asked_for_where_somebody_can_answer(say, monkeypatch, answer, is_left):
    say("delete", "mine")
    monkeypatch.setattr(runs.sys, "stdin", io.StringIO(f"{answer}\n"))
    monkeypatch.setattr(runs.sys.stdin, "isatty", lambda: True)
    assert "Erase mine for good? [y/N]" in say("erase", "mine")[1]
    assert bool(shelving.deleted()) == is_left
