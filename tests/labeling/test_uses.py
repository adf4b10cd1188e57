"""Which sessions need a run, asked without reading their logs and without making a database."""

from dataclasses import replace
from pathlib import Path

import pytest

from explorer.errors import StoreError
from explorer.labeling.records import Plan
from explorer.labeling.store import open_store
from explorer.labeling.uses import Use, existing_database, needed_runs, uses
from explorer.settings import Settings
from explorer.workflows.session_runs import told_of_erased, told_of_uses
from tests.labeling.databases import label

PLAN = Plan("may", "digits", "first")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs", database_url="")


@pytest.fixture
def store(settings: Settings):
    """Three sessions: `may` began with `first` and labels with `may-2`, `june` and `july` with `other`."""
    store = open_store(settings)
    for name, run in (("may", "first"), ("june", "other"), ("july", "other")):
        session = store.create(replace(PLAN, name=name, run=run), "Ann", ["a", "b"])
        store.refit(session, "Ann", "begin", run=run)
    may = store.session("may")
    store.refit(may, "Ann", "1", run="may-1")
    store.record(may, "Ann", [label("x", 7, 0)])  # bears the run's name, but makes no round
    store.refit(may, "Ann", "2", run="may-2")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("run", "found", "words"),
    [
        (
            "first",
            [Use("may", "first", "began")],
            "The session may began with this run and cannot be opened without it.",
        ),
        ("may-1", [Use("may", "first", "past")], "The session may needs this run to be replayed."),
        (
            "may-2",
            [Use("may", "first", "labels")],
            "The session may labels with this run; it would go on with its first run, first.",
        ),
        (
            "other",
            [Use("july", "other", "began"), Use("june", "other", "began")],
            "The sessions july and june began with this run and cannot be opened without it.",
        ),
        ("unknown", [], ""),
    ],
)
def test_sessions_that_need_a_run_are_found_and_told(store, settings, run, found, words):
    with store.database.reading() as connection:
        assert uses(connection, run) == found
    assert told_of_uses(run, settings) == words


def test_a_session_that_goes_back_to_its_first_run_needs_the_later_one_for_replay_only(store, settings):
    store.refit(store.session("may"), "Ann", "3", run="first")
    assert told_of_uses("may-2", settings) == "The session may needs this run to be replayed."


def test_erased_runs_that_are_needed_are_told_together(store, settings):
    with store.database.reading() as connection:
        assert needed_runs(connection) == {"first", "other", "may-1", "may-2"}
    assert told_of_erased(["may-1"], settings) == told_of_uses("may-1", settings)
    assert told_of_erased(["unknown", "x"], settings) == told_of_erased([], settings) == ""
    words = "Labeling sessions began with may-1 or need it to be replayed."
    assert told_of_erased(["may-1", "may-1", "x"], settings) == words
    many = told_of_erased(["may-1", "x", "may-2", "first", "other"], settings)
    assert many == "Labeling sessions began with may-1, may-2, first and 1 more or need them to be replayed."
    (settings.runs_root / "may-1").mkdir(parents=True)
    (settings.runs_root / "may-1" / "card.json").touch()  # another run of that name, which the sessions take
    assert told_of_erased(["may-1"], settings) == told_of_erased(["may-1", "x"], settings) == ""


def test_many_sessions_are_counted(store, settings):
    for number in range(5):
        session = store.create(replace(PLAN, name=f"s{number}", run="many"), "Ann", ["a"])
        store.refit(session, "Ann", "one", run="past")
        store.refit(session, "Ann", "two", run="many")
    assert told_of_uses("many", settings).startswith("The sessions s4, s3, s2 and 2 more began with this run")
    assert told_of_uses("past", settings) == "The sessions s4, s3, s2 and 2 more need this run to be replayed."


def test_no_database_is_made_by_looking(settings, tmp_path):
    assert told_of_uses("first", settings) == ""
    assert not settings.data_root.exists()
    other = settings.model_copy(update={"database_url": type(settings.database_url)(f"sqlite:///{tmp_path}/no.sqlite")})
    assert existing_database(other) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database of labels" * 50])
def test_what_cannot_be_asked_says_nothing(settings, content):
    settings.data_root.mkdir()
    (settings.data_root / "labels.sqlite").write_bytes(content)
    assert told_of_uses("first", settings) == ""


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "no address"])
def test_a_database_that_is_away_says_nothing_and_says_so_where_it_is_asked(settings, url):
    away = settings.model_copy(update={"database_url": type(settings.database_url)(url)})
    assert told_of_uses("first", away) == ""
    with pytest.raises(StoreError), existing_database(away).reading():
        pass
