import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.data.textures import TexturesConfig
from explorer.errors import BadRunError, BadValueError, ExplorerError, TrainingError, UnknownNameError
from explorer.methods import METHODS
from explorer.methods.supervised import SUPERVISED
from explorer.settings import Settings
from explorer.training.config import TrainingConfig
from explorer.training.events import Ended, EpochEnded, Progressed, Started, read_events
from explorer.workflows import training
from explorer.workflows.runs import load_dataset
from explorer.zoo import store
from explorer.zoo.run import Run
from explorer.zoo.store import CARD, EVENTS, LATENTS, STATE, WEIGHTS, read_card
from tests.runs import CONFIG, TRAINING, plan, train, until


@pytest.fixture
def settings(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a fresh installation that holds `tiny`; data sets of other cameras are left out, to be quick."""
    monkeypatch.setattr("explorer.workflows.measuring.DATASETS", {"textures": replace(plan().source, shifts={})})
    return Settings(
        runs_root=installation / "runs", data_root=Path(os.environ["LATENT_EXPLORER_DATA_ROOT"]), device="cpu"
    )


def one_sentence(error: BaseException) -> bool:
    return isinstance(error, ExplorerError) and "\n" not in str(error) and str(error).count("Traceback") == 0


def same_files(a: Path, b: Path) -> bool:
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in (WEIGHTS, LATENTS))


def test_finished_run_has_finite_metrics_and_no_training_state(trained_runs_root):
    folder = trained_runs_root / "tiny"
    card = read_card(folder)
    assert (card.status, card.epochs_done) == ("finished", 2)
    assert not (folder / STATE).exists()
    assert {
        f"{where}_{name}" for where in ("train", "test", "other_cameras") for name in ("accuracy", "centroid_offset")
    } <= set(card.metrics)
    assert all(np.isfinite(metric.value) and metric.items > 0 for metric in card.metrics.values())
    assert [type(event) for event in read_events(folder / EVENTS)][-1] is Ended


def test_same_seed_gives_equal_weights_and_latents(settings):
    assert same_files(train(settings, "again"), settings.runs_root / "tiny")


def test_interrupted_run_opens_and_resumed_equals_the_uninterrupted_one(settings):
    events = training.train_new(plan("cut"), settings)
    until(events, EpochEnded)
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt)
    folder = settings.runs_root / "cut"
    card = read_card(folder)
    assert (card.status, card.epochs_done) == ("interrupted", 1)
    assert Run(folder).latents("test").z.shape == (24, 2)
    assert not same_files(folder, settings.runs_root / "tiny")
    list(training.resume("cut", settings))
    assert (read_card(folder).status, read_card(folder).epochs_done) == ("finished", 2)
    assert same_files(folder, settings.runs_root / "tiny")
    assert read_card(folder).metrics.keys() <= read_card(settings.runs_root / "tiny").metrics.keys()
    ends = [event.status for event in read_events(folder / EVENTS) if isinstance(event, Ended)]
    assert ends == ["interrupted", "finished"]


def test_run_interrupted_in_its_first_epoch_opens(settings):
    events = training.train_new(plan("early"), settings)
    until(events, Started)
    events.close()
    run = Run(settings.runs_root / "early")
    assert (run.card.status, run.card.epochs_done) == ("interrupted", 0)
    assert run.latents("train").z.shape == (96, 2)


def test_run_killed_hard_opens_says_that_it_has_no_latents_and_goes_on_to_the_same_result(settings):
    events = training.train_new(plan("alive"), settings)
    until(events, EpochEnded)
    folder = settings.runs_root / "killed"
    shutil.copytree(settings.runs_root / "alive", folder)  # as a process that is gone leaves it
    events.close()
    run = Run(folder)
    assert run.card.status == "training"
    assert run.encode(np.zeros((2, 32, 32), np.uint8)).shape == (2, 2)
    with pytest.raises(BadRunError, match="has no latents yet: its training was cut off. Go on with it") as told:
        run.latents("test")
    assert one_sentence(told.value)
    list(training.resume("killed", settings))
    assert same_files(folder, settings.runs_root / "tiny")


def test_loss_that_turns_nan_leaves_the_last_boundary_and_status_failed(settings, monkeypatch):
    calls = []

    def loss(network, batch, config):
        calls.append(None)
        terms = SUPERVISED.loss(network, batch, config)
        return terms | {"geometric": terms["geometric"] * (float("nan") if len(calls) == 5 else 1)}

    monkeypatch.setitem(METHODS, "supervised", replace(SUPERVISED, loss=loss))
    with pytest.raises(TrainingError, match=r"geometric loss became nan in epoch 2, step 2\."):
        train(settings, "broken")
    run = Run(settings.runs_root / "broken")
    assert (run.card.status, run.card.epochs_done) == ("failed", 1)
    assert np.isfinite(run.latents("test").z).all()
    last = list(read_events(run.folder / EVENTS))[-1]
    assert last.status == "failed"
    assert "geometric" in last.message


def test_defect_in_a_method_passes_through_and_is_never_called_finished(settings, monkeypatch):
    def loss(*_):
        raise RuntimeError("a defect")

    monkeypatch.setitem(METHODS, "supervised", replace(SUPERVISED, loss=loss))
    with pytest.raises(RuntimeError, match="a defect"):
        train(settings, "defect")
    assert read_card(settings.runs_root / "defect").status == "failed"
    assert (settings.runs_root / "defect" / STATE).exists()


def fill_disk_at(monkeypatch: pytest.MonkeyPatch, name: str, time: int) -> None:
    """From the given writing of a file on, no file can be written any more."""
    original, seen = store.write_atomically, []

    def write(path, content):
        seen.extend([None] if path.name == name else [])
        if len(seen) >= time:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(path, content)

    monkeypatch.setattr(store, "write_atomically", write)


@pytest.mark.parametrize(("name", "time"), [(STATE, 2), (STATE, 3), (WEIGHTS, 1), (CARD, 2), (LATENTS, 1), (CARD, 3)])
def test_full_disk_is_one_sentence_and_leaves_a_run_that_goes_on(settings, monkeypatch, name, time):
    with monkeypatch.context() as patch:
        fill_disk_at(patch, name, time)
        with pytest.raises(TrainingError, match="No space left on device.*--resume full") as told:
            train(settings, "full")
    assert one_sentence(told.value)
    folder = settings.runs_root / "full"
    assert Run(folder).encode(np.zeros((1, 32, 32), np.uint8)).shape == (1, 2)
    assert list(folder.glob(".*.tmp")) == []
    list(training.resume("full", settings))
    assert same_files(folder, settings.runs_root / "tiny")


def test_runs_root_that_cannot_be_made_is_one_sentence(settings, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TrainingError, match="could not be written") as told:
        train(settings.model_copy(update={"runs_root": tmp_path / "file"}))
    assert one_sentence(told.value)


def test_taken_name_is_refused_and_the_run_left_alone(settings):
    before = {path.name: path.read_bytes() for path in (settings.runs_root / "tiny").rglob("*") if path.is_file()}
    with pytest.raises(BadValueError, match="There is a run 'tiny' already. Choose another --name"):
        train(settings, "tiny")
    assert {
        path.name: path.read_bytes() for path in (settings.runs_root / "tiny").rglob("*") if path.is_file()
    } == before


@pytest.mark.parametrize("name", ["../out", "a/b", "/abs", "", ".hidden", "a..b", "a\\b", "x" * 101, "a b", "é"])
def test_name_that_is_no_plain_name_is_refused(settings, name):
    with pytest.raises(BadValueError, match="is no run name"):
        train(settings, name)


def test_title_too_long_for_a_card_is_refused_before_anything_is_written(settings):
    with pytest.raises(BadValueError, match="cannot have a card: title"):
        train(settings, "long", title="x" * 3000)
    assert not (settings.runs_root / "long").exists()


def test_finished_run_cannot_go_on(settings):
    with pytest.raises(BadRunError, match="tiny is finished, so it cannot go on"):
        list(training.resume("tiny", settings))


def test_unknown_run_or_a_path_cannot_go_on(settings):
    for name in ("nothing", "../runs/tiny"):
        with pytest.raises(UnknownNameError):
            list(training.resume(name, settings))


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "foreign"])
def test_damaged_training_state_is_told_before_anything_changes(settings, damage):
    events = training.train_new(plan("hurt"), settings)
    until(events, EpochEnded)
    events.close()
    folder = settings.runs_root / "hurt"
    state = (folder / STATE).read_bytes()
    bad = {
        "truncated": state[: len(state) // 2],
        "empty": b"",
        "noise": b"\x07" * 500,
        "foreign": (folder / WEIGHTS).read_bytes(),
    }
    (folder / STATE).write_bytes(bad[damage])
    with pytest.raises(BadRunError) as told:
        list(training.resume("hurt", settings))
    assert one_sentence(told.value)
    assert read_card(folder).status == "interrupted"
    assert Run(folder).latents("test").z.shape == (24, 2)


def test_repeats_note_how_far_seeds_differ(settings):
    short = TrainingConfig(epochs=1, batch_size=32, seed=5)
    list(training.train_repeats(plan("many", training=short), 2, settings))
    metrics = read_card(settings.runs_root / "many").metrics
    found = {name: metrics[name].value for name in metrics if name.startswith("seeds_")}
    assert set(found) == {"seeds_centroid_spread", "seeds_centroid_offset", "seeds_farthest_centroid"}
    assert 0 < found["seeds_centroid_offset"] < found["seeds_farthest_centroid"]
    assert found["seeds_centroid_spread"] > 0
    assert read_card(settings.runs_root / "many-seed-6").training["seed"] == 6


def test_repeats_with_a_name_that_is_taken_train_nothing(settings):
    (settings.runs_root / "tiny").rename(settings.runs_root / "many-seed-1")
    with pytest.raises(BadValueError, match="There is a run 'many-seed-1' already"):
        list(training.train_repeats(plan("many"), 2, settings))
    assert not (settings.runs_root / "many").exists()


def test_no_repeats_at_all_are_refused(settings):
    with pytest.raises(BadValueError, match="repeats = 0"):
        list(training.train_repeats(plan("many"), 0, settings))


def test_leaking_split_says_so_in_the_card(settings):
    data = TexturesConfig(n=120, split="post", siblings=2)
    events = training.train_new(plan("leak", data=data), settings)
    until(events, Started)
    assert "too good" in read_card(settings.runs_root / "leak").data.leak
    events.close()
    assert read_card(settings.runs_root / "tiny").data.leak == ""


def test_events_of_a_run_tell_its_progress(trained_runs_root):
    events = list(read_events(trained_runs_root / "tiny" / EVENTS))
    assert isinstance(events[0], Started)
    assert [event.epoch for event in events if isinstance(event, EpochEnded)] == [1, 2]
    assert any(isinstance(event, Progressed) and set(event.terms) for event in events)
    assert (TRAINING.epochs, CONFIG.reconstruction_weight) == (2, 1.0)


def test_name_taken_while_the_data_were_loading_is_refused_and_its_run_left_alone(settings):
    """Of two trainings of one name the second finds out only when it is about to write."""
    first, source = train(settings, "race"), plan().source
    card, content = read_card(first), (first / LATENTS).read_bytes()
    shutil.move(first, settings.runs_root.parent / "aside")

    def load_slowly(*asked):
        shutil.move(settings.runs_root.parent / "aside", first)
        return source.load(*asked)

    with pytest.raises(BadValueError, match="There is a run 'race' already"):
        train(settings, "race", source=replace(source, load=load_slowly, shifts={}))
    assert read_card(first) == card
    assert (first / LATENTS).read_bytes() == content


def test_command_of_a_card_says_the_precision_and_threads_that_were_measured(settings):
    training = TRAINING.model_copy(update={"precision": "auto", "threads": 1, "epochs": 1})
    folder = train(settings, "measured", training=training)
    assert read_card(folder).command.endswith("--name measured --precision 32-true")
    assert read_card(settings.runs_root / "tiny").command.endswith("--name tiny")


def test_repeats_take_the_precision_that_was_measured_for_the_first(settings, monkeypatch):
    asked = []

    def settle(*given):
        asked.append(given[4].precision)
        return given[4].model_copy(update={"precision": "bf16-mixed", "threads": 1})

    monkeypatch.setattr(training, "settle", settle)
    auto = TRAINING.model_copy(update={"precision": "auto", "epochs": 1})
    list(training.train_repeats(plan("pair", training=auto), 2, settings))
    assert asked == ["auto", "bf16-mixed"]
    assert read_card(settings.runs_root / "pair-seed-1").training["precision"] == "bf16-mixed"


def test_start_of_a_training_names_its_run(settings):
    folder = train(settings, "named", training=TRAINING.model_copy(update={"epochs": 1}))
    assert [event.run for event in read_events(folder / EVENTS) if isinstance(event, Started)] == ["named"]


def test_run_whose_own_data_were_imported_anew_says_so(settings):
    source = plan().source

    def imported(identity):
        return replace(source, load=lambda *asked: replace(source.load(*asked), identity=identity), shifts={})

    folder = train(settings, "own", source=imported("first"))
    card = read_card(folder)
    assert card.data.identity == "first"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("explorer.workflows.runs.DATASETS", {"textures": imported("second")})
        with pytest.raises(BadRunError, match="imported anew after it was trained"):
            load_dataset(card, settings)
        patch.setattr("explorer.workflows.runs.DATASETS", {"textures": imported("first")})
        assert load_dataset(card, settings).identity == "first"


def test_card_names_the_network_so_that_auto_may_come_to_mean_another(settings):
    assert read_card(settings.runs_root / "tiny").config["network"] == "texture"
