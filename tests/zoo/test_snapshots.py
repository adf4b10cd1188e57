import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors.numpy import save

from explorer.errors import BadRunError
from explorer.training.events import EpochEnded, Progressed, read_events
from explorer.training.trainee import encode
from explorer.workflows import training
from explorer.workflows.runs import load_dataset
from explorer.zoo import store
from explorer.zoo.run import Run
from explorer.zoo.snapshots import (
    FOLDER,
    HEAD,
    MOST_BYTES,
    begin_snapshots,
    followed_rows,
    read_snapshots,
    snapshot_files,
    write_snapshot,
)
from explorer.zoo.store import read_card, write_card
from explorer.zoo.weights import dump_network
from tests.runs import TRAINING, plan, train, until


@pytest.fixture
def settings(installation):  # noqa: ARG001 - it sets the environment
    from explorer.settings import load_settings

    return load_settings()


@pytest.fixture
def tiny(installation):
    return installation / "runs" / "tiny"


def test_snapshots_follow_the_items_from_before_the_first_epoch_to_the_last(tiny):
    run = Run(tiny)
    found = read_snapshots(tiny, run.card)
    assert found.epochs.tolist() == [0, 1, 2]
    assert found.z.shape == (3, 120, 2)
    last = {int(i): z for split in ("train", "test") for i, z in zip(*_places(run, split), strict=True)}
    assert set(found.ids.tolist()) == set(last)  # so few items are all followed
    np.testing.assert_allclose(found.z[-1], [last[int(i)] for i in found.ids], atol=2e-3)
    assert np.abs(found.z[0].astype(float) - found.z[-1]).max() > 0.01


def _places(run, split):
    part = run.latents(split)
    return part.ids, part.z


def test_interrupted_and_resumed_training_leaves_the_same_snapshots(settings, tiny):
    events = training.train_new(plan("cut"), settings)
    until(events, EpochEnded)
    events.close()
    folder = settings.runs_root / "cut"
    assert read_snapshots(folder, read_card(folder)).epochs.tolist() == [0, 1]
    list(training.resume("cut", settings))
    again, whole = (read_snapshots(path, read_card(path)) for path in (folder, tiny))
    np.testing.assert_array_equal(again.z, whole.z)
    np.testing.assert_array_equal(again.ids, whole.ids)


def test_followed_items_are_a_fair_sample_of_the_kept_ones():
    rows = followed_rows(60_000, 10_000, 16, "compact", epochs=40)
    assert len(rows) == len(set(rows.tolist())) == 2000
    assert (np.diff(rows) > 0).all()
    assert 800 < (rows < 60_000).sum() < 1200  # of 10,000 kept in each split, half of the sample is of each
    assert len(followed_rows(1437, 360, 2, "all", epochs=40)) == 500
    assert len(followed_rows(90, 30, 2, "all", epochs=40)) == 120
    spread = followed_rows(60_000, 10_000, 2, "all", epochs=40)
    assert 0.8 < (spread < 60_000).mean() < 0.9


@pytest.mark.parametrize("epochs", [1, 40, 1_600, 100_000, 1_000_000, 10**9])
@pytest.mark.parametrize("dims", [1, 2, 64, 512])
def test_no_training_writes_more_than_is_read(tmp_path, dims, epochs):
    m = len(followed_rows(60_000, 10_000, dims, "all", epochs=epochs))
    if m == 0:
        assert epochs * (HEAD + max(8, 2 * dims)) > MOST_BYTES  # not even one item could be followed
        return
    begin_snapshots(tmp_path, np.arange(m))
    write_snapshot(tmp_path, epochs, np.zeros((m, dims)))  # the longest name and as large as any
    items, one = (path.stat().st_size for path in snapshot_files(tmp_path))
    assert items + (epochs + 1) * one <= MOST_BYTES


def test_long_training_follows_fewer_items_and_is_replayed(settings, monkeypatch):
    monkeypatch.setattr("explorer.zoo.snapshots.MOST_BYTES", 4 * (HEAD + 50 * 8))
    folder = train(settings, "long")
    found = read_snapshots(folder, read_card(folder))
    assert found.z.shape == (3, 50, 2)


def test_training_too_long_to_follow_any_item_keeps_no_snapshots(settings, monkeypatch):
    monkeypatch.setattr("explorer.zoo.snapshots.MOST_BYTES", 4 * HEAD)
    folder = train(settings, "longest")
    card = read_card(folder)
    assert card.status == "finished"
    assert read_snapshots(folder, card) is None


def test_too_large_a_folder_is_told_as_such(tiny, monkeypatch):
    monkeypatch.setattr("explorer.zoo.snapshots.MOST_BYTES", 1000)
    with pytest.raises(
        BadRunError, match=r"^The snapshots of tiny take .* MB, and at most 0 MB are replayed; the rest"
    ):
        read_snapshots(tiny, read_card(tiny))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.unlink(),
        lambda path: path.write_bytes(save({"z": np.full((120, 2), np.nan, np.float16)})),
        lambda path: path.write_bytes(save({"z": np.zeros((120, 3), np.float16)})),
        lambda path: path.write_bytes(save({"z": np.zeros((120, 2), np.float32)})),
        lambda path: path.write_bytes(save({"other": np.zeros((120, 2), np.float16)})),
        lambda path: path.write_bytes(b"PK\x03\x04"),
    ],
    ids=["one byte short", "gone", "no numbers", "other dimensions", "other type", "other name", "no tensor file"],
)
def test_altered_snapshots_are_told_in_one_sentence(tiny, damage):
    damage(tiny / FOLDER / "0001.safetensors")
    with pytest.raises(BadRunError, match=r"^The snapshots of tiny are truncated or altered.*command in its card\.$"):
        read_snapshots(tiny, read_card(tiny))


def test_run_without_snapshots_has_none(tiny):
    card = read_card(tiny)
    write_card(tiny, card.model_copy(update={"files": {k: v for k, v in card.files.items() if k != FOLDER}}))
    shutil.rmtree(tiny / FOLDER)
    assert read_snapshots(tiny, read_card(tiny)) is None


def test_latents_beyond_half_precision_are_drawn_in(tmp_path):
    (tmp_path / FOLDER).mkdir()
    write_snapshot(tmp_path, 0, np.array([[1e9, -1e9], [np.nan, 1]]))
    from safetensors.numpy import load

    kept = load((tmp_path / FOLDER / "0000.safetensors").read_bytes())["z"]
    np.testing.assert_array_equal(kept, np.array([[65504, -65504], [0, 1]], np.float16))


def test_encoding_in_parts_equals_encoding_one_by_one(tiny, monkeypatch):
    run = Run(tiny)
    dataset = load_dataset(run.card)
    rows = np.array([5, 0, 77])
    monkeypatch.setattr("explorer.training.trainee.ITEMS_AT_ONCE", 2)
    one_by_one = np.concatenate([run.encode(dataset.items[row : row + 1]) for row in rows])
    np.testing.assert_allclose(encode(run.network, dataset.parts(rows)), one_by_one, atol=1e-5)


def test_compact_run_keeps_half_precision_and_a_sample_above_two_dimensions(settings, monkeypatch):
    monkeypatch.setitem(store.MOST_KEPT, "compact", 50)
    small = plan("small").config.model_copy(update={"latent_dims": 4, "layout": "simplex"})
    compact = TRAINING.model_copy(update={"kept": "compact", "epochs": 1})
    list(training.train_new(plan("small", config=small, training=compact), settings))
    run = Run(settings.runs_root / "small")
    parts = {split: run.latents(split) for split in ("train", "test")}
    assert {split: len(part.z) for split, part in parts.items()} == {"train": 50, "test": 24}
    assert run.card.data.train_items == 96
    dataset = load_dataset(run.card)
    for part in parts.values():
        rows = np.searchsorted(dataset.ids, part.ids)
        np.testing.assert_allclose(part.z, run.encode(dataset.items[rows]), rtol=1e-3, atol=1e-3)
        assert part.z.astype(np.float16).astype(np.float32).tolist() == part.z.tolist()
        np.testing.assert_allclose(
            part.error[:, 0], np.sqrt(run.reconstruction_error(dataset.items[rows], part.z)), atol=2e-3
        )
    assert set(read_snapshots(run.folder, run.card).ids) <= {int(i) for part in parts.values() for i in part.ids}


def test_compact_run_keeps_weights_in_half_precision_and_the_events_of_epochs_alone(settings, monkeypatch):
    monkeypatch.setattr("explorer.training.report.REPORT_SECONDS", 0)
    for kept in ("all", "compact"):
        list(training.train_new(plan(kept, training=TRAINING.model_copy(update={"kept": kept})), settings))
    whole, compact = (Run(settings.runs_root / kept) for kept in ("all", "compact"))
    told = {run.card.name: list(read_events(run.folder / store.EVENTS)) for run in (whole, compact)}
    assert any(isinstance(event, Progressed) for event in told["all"])
    assert [type(event) for event in told["compact"]] == [
        type(event) for event in told["all"] if not isinstance(event, Progressed)
    ]
    sizes = [(run.folder / store.WEIGHTS).stat().st_size for run in (whole, compact)]
    assert sizes[1] < 0.6 * sizes[0]
    for ours, theirs in zip(compact.network.parameters(), whole.network.parameters(), strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs.half().float() if theirs.ndim > 1 else theirs, rtol=0, atol=0)


def test_weights_beyond_half_precision_stay_finite():
    network = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(network.weight, -1e30)
    assert safetensors.torch.load(dump_network(network, half=True))["weight"].item() == -65504


def test_run_that_followed_other_items_before_is_replayed_from_where_it_goes_on(settings, monkeypatch):
    events = training.train_new(plan("other"), settings)
    until(events, EpochEnded)
    events.close()
    monkeypatch.setattr("explorer.zoo.snapshots.FEWEST", 60)
    list(training.resume("other", settings))
    folder = settings.runs_root / "other"
    found = read_snapshots(folder, read_card(folder))
    assert found.epochs.tolist() == [2]
    assert found.z.shape == (1, 60, 2)


def test_resumed_training_writes_no_snapshots_through_a_link(settings, tmp_path):
    events = training.train_new(plan("linked"), settings)
    until(events, EpochEnded)
    events.close()
    folder, elsewhere = settings.runs_root / "linked", tmp_path / "elsewhere"
    (folder / FOLDER).rename(elsewhere)
    (folder / FOLDER).symlink_to(elsewhere)
    (elsewhere / "items.safetensors").write_text("of somebody else")
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    list(training.resume("linked", settings))
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before
    assert read_snapshots(folder, read_card(folder)).epochs.tolist() == [2]


def test_run_of_before_there_were_snapshots_goes_on_and_has_them_from_there(settings, tiny):
    events = training.train_new(plan("old"), settings)
    until(events, EpochEnded)
    events.close()
    folder = settings.runs_root / "old"
    shutil.rmtree(folder / FOLDER)
    list(training.resume("old", settings))
    card = read_card(folder)
    assert card.status == "finished"
    found, whole = read_snapshots(folder, card), read_snapshots(tiny, read_card(tiny))
    assert found.epochs.tolist() == [2]
    np.testing.assert_array_equal(found.z[0], whole.z[2])
