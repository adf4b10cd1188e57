import json

import numpy as np
import pytest

from explorer.errors import BadRunError, UnknownNameError
from explorer.workflows import runs


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
