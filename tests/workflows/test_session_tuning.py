"""A session's run is fine-tuned: the session goes on with the new run, or stays as it was."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from explorer.errors import BadDataError, BadValueError, StoreError, TrainingError
from explorer.labeling.archive import archive
from explorer.labeling.records import Plan, Press
from explorer.labeling.schema import Kind
from explorer.labeling.store import LabelStore, open_store
from explorer.settings import Settings, load_settings
from explorer.training.engine import training_labels
from explorer.workflows import labels, session_tuning, shelving
from explorer.workflows.desk import Desk
from explorer.workflows.runs import ARRIVING, load_dataset, open_run
from explorer.workflows.session_tuning import MAKING, last_tuning, tune, what_is_learned
from explorer.workflows.tuning_job import NOTE, Tuning, Wish, labels_since_tuning
from explorer.zoo import store as zoo_store
from explorer.zoo.own_labels import OwnLabels
from explorer.zoo.store import run_folders
from tests.runs import CONFIG, TRAINING, train

WAIT = 300.0  # seconds; the process is a nice one, and leaves a busy machine to others
PLAN = Plan("may", "", "tiny", held_out=0.5)


@pytest.fixture
def settings(installation: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The store and the jobs lie in this installation's own data root, which has what `tiny` was trained on."""
    own = installation / "data"
    own.mkdir()
    shared = load_settings().data_root
    (own / "textures").symlink_to(shared / "textures")
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(own))
    return load_settings()


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    store = open_store(settings)
    yield Desk(store, labels.begin(store, open_run("tiny", settings), "ann", PLAN), settings)
    store.close()


def label(desk: Desk, n: int, *, classes: tuple[int, ...] = (0, 1)) -> None:
    """Label n items of each of these classes as they truly are, and as many held out."""
    items = desk.items()
    for number in classes:
        for held_out in (False, True):
            rows = np.flatnonzero((items.truth == number) & (items.held_out == held_out))[:n]
            press = Press(Kind.LABEL, f"{number}-{held_out}", tuple(items.ids[rows].tolist()), number)
            assert not desk.record("ann", [press])[0].refusal


def shelf(settings: Settings) -> set[str]:
    return set(run_folders([settings.runs_root]))


def until(condition) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_session_goes_on_with_a_run_that_learned_all_but_what_is_held_out(desk, settings):
    label(desk, 4)
    said: list[str] = []
    assert tune("may", settings, who="bob", epochs=1, report=lambda stage, *_: said.append(stage)) == "may-1"
    assert desk.run_name == "may-1"
    refit = desk.store.refits(desk.session)[-1]
    assert (refit.text, refit.run, refit.who) == (NOTE, "may-1", "bob")
    run, items = open_run("may-1", settings), desk.items()
    assert run.card.classes == [open_run("tiny", settings).card.classes[i] for i in (0, 1)]
    part = run.latents("train")
    assert (part.labels >= 0).sum() == 8
    assert not items.held_out[items.by_id.rows(part.ids[part.labels >= 0])].any()
    assert last_tuning(desk.store, desk.session) == ("tiny", "may-1")
    assert list(dict.fromkeys(said))[:2] == ["reading the labels", "loading the items"]
    assert "training" in said
    assert not (settings.runs_root / MAKING / "may").exists()
    assert desk.latest(wait=WAIT).run == "may-1"  # rounds go on with its latents


def test_next_one_goes_on_from_the_last_under_the_next_free_name(desk, settings):
    label(desk, 2)
    (settings.runs_root / "may-1").mkdir()  # anything
    assert tune("may", settings, epochs=1) == "may-2"
    label(desk, 2, classes=(2,))
    assert tune("may", settings, epochs=1) == "may-3"
    assert len(open_run("may-3", settings).card.classes) == 3
    assert last_tuning(desk.store, desk.session) == ("may-2", "may-3")


def test_classes_are_those_that_live_and_bear_labels(desk, settings):
    label(desk, 2, classes=(0, 1, 2))
    presses = [
        Press(Kind.CLASS_MERGED, "merge", class_number=2, into=1),
        Press(Kind.CLASS_RENAMED, "rename", class_number=1, text="new"),
    ]
    assert not any(answer.refusal for answer in desk.record("ann", presses))
    run = open_run("tiny", settings)
    own, classes = what_is_learned(desk.store, desk.session, run, settings)
    assert classes == (run.card.classes[0], "new")
    assert np.bincount(own.labels).tolist() == [2, 4]


def test_labels_known_of_items_without_kept_latents_are_learned_from_too(settings, monkeypatch):
    monkeypatch.setitem(zoo_store.MOST_KEPT, "compact", 40)
    how = TRAINING.model_copy(update={"label_share": 0.5, "kept": "compact"})
    train(settings, "some", config=CONFIG.model_copy(update={"latent_dims": 4, "layout": "simplex"}), training=how)
    store, run = open_store(settings), open_run("some", settings)
    session = labels.begin(store, run, "ann", replace(PLAN, held_out=0.3))
    own, classes = what_is_learned(store, session, run, settings)
    dataset = load_dataset(run.card, settings)
    known = np.flatnonzero(~dataset.is_test & (training_labels(dataset, how) >= 0))
    assert sorted(own.ids.tolist()) == sorted(dataset.ids[known].tolist())
    assert len(run.latents("train").ids) == 40
    assert len(own.ids) > (run.latents("train").known[:, 0] == 1).sum()
    truth = dict(zip(dataset.ids.tolist(), dataset.labels.tolist(), strict=True))
    assert [classes[label] for label in own.labels] == [dataset.classes[truth[item]] for item in own.ids.tolist()]
    store.close()


def test_failure_leaves_session_and_shelf_as_they_were(desk, settings, monkeypatch):
    label(desk, 2)
    before, refits = shelf(settings), len(desk.store.refits(desk.session))

    def broken(*_args, **_named):
        raise TrainingError("No memory left.")

    monkeypatch.setattr("explorer.workflows.training._finish", broken)
    with pytest.raises(TrainingError):
        tune("may", settings, epochs=1)
    assert (shelf(settings), desk.run_name) == (before, "tiny")
    assert len(desk.store.refits(desk.session)) == refits
    assert not (settings.runs_root / MAKING / "may").exists()
    assert Tuning(desk.session, settings).look().problem == "No memory left."


@pytest.mark.parametrize("is_written", [False, True])
def test_log_that_cannot_be_written_leaves_the_shelf_as_it_was(desk, settings, monkeypatch, is_written):
    label(desk, 2)
    before, refit = shelf(settings), LabelStore.refit

    def broken(*args, **named):
        if is_written:
            refit(*args, **named)
        raise StoreError("The database is full.")  # or the answer alone was lost: then the log names the run

    monkeypatch.setattr(LabelStore, "refit", broken)
    with pytest.raises(StoreError, match="full"):
        tune("may", settings, epochs=1)
    assert shelf(settings) == (before | {"may-1"} if is_written else before)
    assert desk.run_name == ("may-1" if is_written else "tiny")
    assert not (settings.runs_root / MAKING / "may").exists()


def killed(*_args: object, **_named: object) -> None:
    raise SystemExit


def shelved_unsaid(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fine-tuning that is killed between the move of its run and the event."""
    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "refit", killed)
        patch.setattr(session_tuning, "_take_back", lambda *_: None)
        with pytest.raises(SystemExit):
            tune("may", settings, epochs=1)
    assert "may-1" in shelf(settings)


def test_run_that_a_killed_one_left_on_the_shelf_goes_to_the_trash_with_the_next(desk, settings, monkeypatch):
    label(desk, 2)
    shelved_unsaid(settings, monkeypatch)
    assert desk.run_name == "tiny"
    assert tune("may", settings, epochs=1) == "may-1"
    assert [(one.entry.name, one.entry.card.origin.run) for one in shelving.deleted(settings)] == [("may-1", "tiny")]
    assert desk.run_name == "may-1"
    assert tune("may", settings, epochs=1) == "may-2"  # that one is in the log
    assert {"may-1", "may-2"} <= shelf(settings)


def test_run_that_was_left_but_that_a_session_uses_by_now_stays(desk, settings, monkeypatch):
    label(desk, 2)
    shelved_unsaid(settings, monkeypatch)
    labels.begin(desk.store, open_run("may-1", settings), "bob", replace(PLAN, name="june"))
    assert tune("may", settings, epochs=1) == "may-2"
    assert shelving.deleted(settings) == []
    assert {"may-1", "may-2"} <= shelf(settings)


def test_run_that_was_brought_back_from_the_trash_stays(desk, settings, monkeypatch):
    label(desk, 2)
    shelved_unsaid(settings, monkeypatch)
    monkeypatch.setattr(session_tuning, "_make", killed)
    for _ in range(2):
        with pytest.raises(SystemExit):
            tune("may", settings)
        if shelving.deleted(settings):
            assert shelving.restore("may-1", settings) == "may-1"
    assert shelving.deleted(settings) == []


def test_copy_under_the_name_that_a_failed_one_would_have_had_stays(desk, settings, monkeypatch):
    label(desk, 2)
    assert tune("may", settings, epochs=1) == "may-1"
    assert not (settings.runs_root / "may-1" / ARRIVING).exists()

    def broken(*_args, **_named):
        raise StoreError("The database is full.")

    with monkeypatch.context() as patch:
        patch.setattr(LabelStore, "refit", broken)
        with pytest.raises(StoreError, match="full"):
            tune("may", settings, epochs=1)
    shelving.duplicate("may-1", "may-2", settings)
    assert tune("may", settings, epochs=1) == "may-3"
    assert shelving.deleted(settings) == []
    assert {"may-1", "may-2", "may-3"} <= shelf(settings)


def test_another_run_of_that_name_stays(desk, settings, monkeypatch):
    label(desk, 2)
    shelved_unsaid(settings, monkeypatch)
    shelving.rename("may-1", "kept", settings)
    shelving.duplicate("tiny", "may-1", settings)
    assert tune("may", settings, epochs=1) == "may-2"
    assert {"kept", "may-1", "may-2"} <= shelf(settings)


def test_card_names_the_run_and_the_session_that_it_goes_on_from(desk, settings):
    label(desk, 2)
    tune("may", settings, epochs=1)
    card = open_run("may-1", settings).card
    assert (card.origin.run, card.origin.session) == ("tiny", "may")
    assert open_run("tiny", settings).card.origin is None
    assert (
        Tuning(desk.session, settings).begun_at == desk.store.refits(desk.session)[-1].seq - 1
    )  # a command is known too


def test_name_of_a_run_that_was_in_use_and_is_gone_is_not_used_again(desk, settings):
    label(desk, 2)
    desk.refit("ann", "may-1")
    desk.refit("ann", "tiny")
    assert tune("may", settings, epochs=1) == "may-2"


def test_session_of_the_longest_name_is_fine_tuned_too(desk, settings):
    name = "m--" + 97 * "y"  # cut at its beginning it would be no name
    longest = Desk(
        desk.store, labels.begin(desk.store, open_run("tiny", settings), "ann", replace(PLAN, name=name)), settings
    )
    label(longest, 2)
    assert tune(name, settings, epochs=1) == f"m--{89 * 'y'}-1"
    assert open_run(longest.run_name, settings).card.name == longest.run_name


def test_too_few_labels_no_session_and_one_at_it_are_told(desk, settings):
    with pytest.raises(BadDataError, match="label items of two classes first"):
        tune("may", settings)
    with pytest.raises(BadValueError, match="no labeling session called 'june'"):
        tune("june", settings)
    label(desk, 2)
    with (
        Tuning(desk.session, settings).job.working(),
        pytest.raises(BadValueError, match="under way in another process"),
    ):
        tune("may", settings)


def test_archived_session_is_not_fine_tuned(desk, settings, monkeypatch):
    label(desk, 2)
    archive(desk.store, desk.session, "bob")
    monkeypatch.setattr(session_tuning, "_make", killed)  # it would be in vain
    with pytest.raises(BadValueError, match="may is archived, so it is not fine-tuned. Bring it back first"):
        tune("may", settings)


def test_one_under_way_is_not_begun_again_and_keeps_when_it_was_begun(desk, settings):
    tuning = Tuning(desk.session, settings)
    tuning.note_begun(3)
    with tuning.job.working():
        tuning.begin("ann", seq=9)
    assert tuning.begun_at == 3


def test_labels_count_from_the_last_one_that_was_begun_here_or_ended_elsewhere(desk, settings):
    tuning, store, session = Tuning(desk.session, settings), desk.store, desk.session
    tuning.note_begun(desk.state().seq)
    label(desk, 2)
    assert labels_since_tuning(desk, tuning) == 4
    for name in ("may-1", "may-2"):
        shelving.duplicate("tiny", name, settings)
    tuning.note_made("may-1")
    store.refit(session, "ann", "here", run="may-1", note=NOTE)  # it did not learn from those labels
    assert labels_since_tuning(desk, tuning) == 4
    store.refit(session, "bob", "elsewhere", run="may-2", note=NOTE)
    assert labels_since_tuning(desk, tuning) == 0
    label(desk, 3, classes=(2,))
    assert labels_since_tuning(desk, tuning) == 3


def test_a_log_that_is_shorter_than_what_was_noted_begins_it_by_itself_again(desk, settings):
    label(desk, 2)
    tuning = Tuning(desk.session, settings)
    tuning.note_begun(desk.state().seq + 1)  # a backup took the log's place
    assert labels_since_tuning(desk, tuning) == 4


def test_another_session_of_the_same_name_has_no_part_in_what_is_kept(desk, settings):
    tuning = Tuning(desk.session, settings)
    tuning.wish = Wish(10, "ann")
    tuning.note_begun(3)
    tuning.note_made("may-1")
    other = Tuning(replace(desk.session, created=desk.session.created + timedelta(seconds=1)), settings)
    assert (other.wish, other.begun_at, other.made) == (Wish(), 0, "")
    assert Tuning(desk.session, settings).wish == Wish(10, "ann")


def test_background_process_brings_the_new_run_into_use(desk, settings):
    label(desk, 2)
    tuning = Tuning(desk.session, settings)
    assert tuning.look() is None
    tuning.begin("ann", epochs=1)
    assert tuning.job.is_running
    until(lambda: not tuning.job.is_running)
    assert tuning.look() is None
    assert desk.run_name == "may-1"


def test_cancelled_one_leaves_no_run_and_the_next_one_clears_up(desk, settings):
    label(desk, 2)
    tuning, before = Tuning(desk.session, settings), shelf(settings)
    assert tuning.begun_at == 0
    seq = desk.state().seq
    tuning.begin("ann", seq=seq, epochs=500)
    assert labels_since_tuning(desk, tuning) == 0
    until(lambda: (status := tuning.look()) is not None and status.stage == "training")
    tuning.cancel()
    until(lambda: not tuning.job.is_running)
    assert tuning.look() is None
    assert (tuning.begun_at, labels_since_tuning(desk, tuning)) == (seq, 0)  # nobody's page begins it again
    assert (shelf(settings), desk.run_name) == (before, "tiny")
    label(desk, 3, classes=(2,))
    assert labels_since_tuning(desk, tuning) == 3
    assert tune("may", settings, epochs=1) == "may-1"
    assert not (settings.runs_root / MAKING / "may").exists()


def test_title_names_what_the_button_says_and_known_labels_beyond_it_apart():
    run = SimpleNamespace(card=SimpleNamespace(name="a"), latents=lambda _: SimpleNamespace(ids=np.arange(10)))
    own = OwnLabels(np.arange(6), np.zeros(6, int))
    assert session_tuning._title(run, own) == "a, fine-tuned with 6 labels"
    own = OwnLabels(np.array([9, 100, 101]), np.zeros(3, int))
    assert session_tuning._title(run, own) == (
        "a, fine-tuned with 1 label, and 2 known ones of items without latents in it"
    )
