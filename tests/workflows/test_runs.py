import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from explorer.errors import BadRunError, UnknownNameError
from explorer.workflows import runs
from explorer.workflows.runs import ARRIVING, ShelfEntry, replaced_runs, unreplaced
from explorer.zoo.card import OriginPart


def test_shelf_shows_a_run_with_its_card(installation):
    entry = next(entry for entry in runs.shelf() if entry.name == "tiny")
    assert entry.card == runs.open_run("tiny").card
    assert entry.problem == ""
    assert (installation / "runs" / "tiny").is_dir()


def test_files_of_runs_are_looked_at_only_when_their_size_is_asked(installation, monkeypatch):  # noqa: ARG001
    looked = []
    monkeypatch.setattr(runs, "disk_use", lambda folder: (looked.append(folder.name), 7)[1])
    entry = next(entry for entry in runs.shelf() if entry.name == "tiny")
    assert looked == []
    assert (entry.n_bytes, entry.n_bytes, looked) == (7, 7, ["tiny"])


def test_broken_run_comes_last_with_its_problem_and_hides_no_other(installation):
    broken = installation / "runs" / "aaa"
    broken.mkdir()
    (broken / "card.json").write_text("{")
    entries = runs.shelf()
    assert entries[-1].name == "aaa"
    assert "not valid JSON" in entries[-1].problem
    assert any(entry.name == "tiny" and entry.card for entry in entries)


def test_own_run_comes_before_a_shipped_one_of_the_same_name(installation, tmp_path, monkeypatch):
    shipped = tmp_path / "models"
    shipped.mkdir()
    (installation / "runs" / "tiny").rename(shipped / "tiny")
    monkeypatch.setattr(runs.places, "models", lambda: shipped)
    assert runs.open_run("tiny").folder == shipped / "tiny"
    own = installation / "runs" / "tiny"
    own.mkdir()
    (own / "card.json").write_bytes((shipped / "tiny" / "card.json").read_bytes())
    assert runs.open_run("tiny").folder == own


@pytest.mark.usefixtures("installation")
@pytest.mark.parametrize("name", ["../runs/tiny", "./tiny", "tiny/", "", ".", "/", "TINY"])
def test_open_run_takes_names_never_paths(name):
    with pytest.raises(UnknownNameError):
        runs.open_run(name)


def test_without_any_run_the_message_says_how_to_train_one(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path / "none"))
    monkeypatch.setattr(runs.places, "models", lambda: tmp_path / "none")
    with pytest.raises(UnknownNameError, match="and no other. Train one: latent-explorer train"):
        runs.open_run("x")


@pytest.mark.usefixtures("installation")
def test_items_come_back_by_id_in_the_order_asked_for():
    run = runs.open_run("tiny")
    dataset, items = runs.load_dataset(run.card), runs.load_items(run.card)
    ids = run.latents("test").ids[[5, 0, 5, 3]]
    rows = [int(np.flatnonzero(dataset.ids == one)[0]) for one in ids]
    assert np.array_equal(items.images(ids), dataset.items[rows])


@pytest.mark.usefixtures("installation")
def test_ids_that_the_data_set_lacks_are_told():
    items = runs.load_items(runs.open_run("tiny").card)
    for one in (-1, 2**60):
        with pytest.raises(BadRunError, match=f"has no item {one}: these latents belong to other items"):
            items.images(np.array([one]))


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"name": "velvet"}, UnknownNameError), ({"settings": {"n": 120, "colour": 3}}, Exception)],
)
def test_card_of_an_unknown_data_set_or_setting_is_told(installation, change, kind):
    file = installation / "runs" / "tiny" / "card.json"
    card = json.loads(file.read_text())
    card["data"] |= change
    file.write_text(json.dumps(card))
    with pytest.raises(kind, match=r"velvet|no setting 'colour'"):
        runs.load_dataset(runs.open_run("tiny").card)


def shelved(**origins: str) -> list[ShelfEntry]:
    """Runs by name: "RUN of SESSION", which it was fine-tuned from; empty for another one."""
    parts = {name: text.split(" of ") for name, text in origins.items()}
    found = {name: OriginPart(run=part[0], session=part[1]) if part[0] else None for name, part in parts.items()}
    return [ShelfEntry(name, Path(name), SimpleNamespace(origin=origin), "") for name, origin in found.items()]


def test_run_is_replaced_by_the_newest_that_goes_on_from_it_in_its_session():
    entries = shelved(
        m3="m2 of may",
        j2="m2 of june",
        m3_copy="m2 of may",
        m2="m1 of may",
        m1="first of may",
        first="",
        lone="gone of x",
    )
    entries.append(ShelfEntry("broken", Path("broken"), None, "It cannot be opened."))
    assert replaced_runs(entries) == {"m2", "m1"}
    left = [entry.name for entry in unreplaced(entries)]
    assert left == ["m3", "j2", "m3_copy", "first", "lone", "broken"]
    assert "m1" in [entry.name for entry in unreplaced(entries, "m1", None)]


def test_run_is_newest_again_when_the_one_after_it_is_gone():
    assert replaced_runs(shelved(m1="first of may", m3="m2 of may")) == set()


def test_run_that_did_not_come_into_use_replaces_none(tmp_path):
    entries = shelved(m3="m2 of may", m2="m1 of may", m1="first of may")
    entries = [ShelfEntry(one.name, tmp_path / one.name, one.card, "") for one in entries]
    (tmp_path / "m3").mkdir()
    (tmp_path / "m3" / ARRIVING).touch()  # its fine-tuning was killed before the log named it
    assert replaced_runs(entries) == {"m1"}
    (tmp_path / "m3" / ARRIVING).unlink()
    assert replaced_runs(entries) == {"m1", "m2"}


@given(some.dictionaries(some.sampled_from("abcdef"), some.sampled_from("abcdefg"), min_size=1))
def test_whatever_cards_say_each_run_leads_to_one_that_is_not_replaced(origins: dict[str, str]):
    entries = shelved(**{name: f"{run} of may" for name, run in origins.items()})
    after: dict[str, set[str]] = {}
    for name, run in origins.items():
        after.setdefault(run, set()).add(name)

    def newest(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        """Runs that a run leads to and that nothing goes on from."""
        if name not in after:
            return {name}
        return set().union(*(newest(one, seen | {name}) for one in after[name] if one not in seen))

    assert replaced_runs(entries) == {name for name in origins if name in after and newest(name)}
    assert unreplaced(entries)
