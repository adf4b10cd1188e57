"""Own runs are renamed, annotated, duplicated, deleted and restored, and nothing is ever lost."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier, Event, Thread

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from explorer.errors import BadRunError, BadValueError, ExplorerError, UnknownNameError
from explorer.settings import Settings, load_settings
from explorer.training.events import EpochEnded
from explorer.workflows import runs, shelving, training
from explorer.workflows.projecting import Kept, Places
from explorer.workflows.runs import open_run, shelf
from explorer.zoo import lock, trash
from explorer.zoo.lock import LOCK, is_training, training_alone
from explorer.zoo.snapshots import read_snapshots
from explorer.zoo.store import CARD, EVENTS, LATENTS, read_card, write_card
from tests.runs import plan, until
from tests.workflows.test_search import make_run

SHIPPED = "shipped"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """An installation with one own run, `one`, and one shipped run."""
    settings = Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs", device="cpu")
    models = tmp_path / "models"
    for root, name in ((settings.runs_root, "one"), (models, SHIPPED)):
        root.mkdir()
        make_run(root / name, dims=4, targets=False)
    monkeypatch.setattr(runs.places, "models", lambda: models)
    return settings


def names(settings: Settings) -> list[str]:
    return sorted(entry.name for entry in shelf(settings))


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a run but its card."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != CARD}


def state(settings: Settings) -> dict[str, object]:
    """Everything below the runs root: links as where they lead, files as their bytes."""
    files = (path for path in settings.runs_root.rglob("*") if path.is_symlink() or path.is_file())
    return {str(p.relative_to(settings.runs_root)): os.readlink(p) if p.is_symlink() else p.read_bytes() for p in files}


def test_renamed_run_opens_under_its_new_name_alone_and_is_the_same(settings):
    before = content(settings.runs_root / "one")
    shelving.rename("one", "two", settings)
    run = open_run("two", settings)
    assert names(settings) == [SHIPPED, "two"]
    assert run.card.name == "two"
    assert content(run.folder) == before
    assert len(run.latents("test").ids) == 15


def test_run_is_called_as_its_folder_even_where_its_card_says_another_name(settings):
    (settings.runs_root / "one").rename(settings.runs_root / "by-hand")
    assert open_run("by-hand", settings).card.name == "by-hand"
    (settings.runs_root / "by-hand").rename(settings.runs_root / "my run")  # no plain name: the card keeps its own
    shelving.annotate("my run", "still opens", settings)
    assert open_run("my run", settings).card.note == "still opens"


def test_note_is_kept_changed_and_removed(settings):
    shelving.annotate("one", "  before the new labels\nsecond line \n", settings)
    assert open_run("one", settings).card.note == "before the new labels\nsecond line"
    shelving.annotate("one", " ", settings)
    assert open_run("one", settings).card.note == ""


def test_note_may_be_2000_characters_long_and_no_longer(settings):
    shelving.annotate("one", "x" * 2000, settings)
    with pytest.raises(BadValueError, match="at most 2,000 characters, and this one 2,001; shorten it"):
        shelving.annotate("one", "y" * 2001, settings)
    assert open_run("one", settings).card.note == "x" * 2000


def test_card_of_before_notes_opens_and_takes_one(settings):
    card = settings.runs_root / "one" / CARD
    old = card.read_text()
    assert '"note": "",' in old
    card.write_text(old.replace('"note": "",', ""))
    shelving.annotate("one", "new", settings)
    assert open_run("one", settings).card.note == "new"


@pytest.mark.parametrize("name", ["one", SHIPPED])
def test_duplicate_is_an_own_run_of_the_same_content(settings, name):
    source = open_run(name, settings)
    copy = open_run(shelving.duplicate(name, "copy", settings), settings)
    assert copy.folder == settings.runs_root / "copy"
    assert copy.card == source.card.model_copy(update={"name": "copy"})
    assert content(copy.folder) == content(source.folder)
    np.testing.assert_array_equal(copy.latents("train").z, source.latents("train").z)


def test_duplicates_without_a_name_take_free_ones(settings):
    made = [shelving.duplicate("one", settings=settings) for _ in range(3)]
    assert made == ["one-copy", "one-copy-2", "one-copy-3"]


def test_duplicate_takes_known_files_and_what_the_card_vouches_for_and_nothing_else(settings):
    folder = settings.runs_root / "one"
    for name in (EVENTS, "notes.txt", LOCK):
        (folder / name).write_text(name)
    (folder / "deep").mkdir()
    shelving.duplicate("one", "copy", settings)
    assert {file.name for file in (settings.runs_root / "copy").iterdir()} == {CARD, LATENTS, EVENTS}


def test_interrupted_training_goes_on_in_a_duplicate_to_the_same_result(installation):  # noqa: ARG001
    settings = load_settings()
    events = training.train_new(plan("cut"), settings)
    until(events, EpochEnded)
    events.close()
    shelving.duplicate("cut", "fork", settings)
    for name in ("cut", "fork"):
        list(training.resume(name, settings))
    first, second = (open_run(name, settings) for name in ("cut", "fork"))
    np.testing.assert_array_equal(first.latents("test").z, second.latents("test").z)
    assert first.card.files == second.card.files
    np.testing.assert_array_equal(*(read_snapshots(run.folder, run.card).z for run in (first, second)))


def test_snapshots_that_are_a_link_are_not_copied(settings, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "items.safetensors").write_text("secret")
    (settings.runs_root / "one" / "snapshots").symlink_to(tmp_path / "elsewhere")
    shelving.duplicate("one", "copy", settings)
    assert {file.name for file in (settings.runs_root / "copy").iterdir()} == {CARD, LATENTS}


@pytest.mark.parametrize("name", [LATENTS, EVENTS])
@pytest.mark.parametrize("make", [os.symlink, lambda _, path: os.mkfifo(path)], ids=["link", "pipe"])
def test_duplicate_of_a_run_with_a_link_or_a_pipe_is_refused_and_nothing_is_left(settings, tmp_path, name, make):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    file = settings.runs_root / "one" / name
    file.unlink(missing_ok=True)
    make(secret, file)
    with pytest.raises(BadRunError, match=f"{name} of one is missing or no plain file"):
        shelving.duplicate("one", "copy", settings)
    assert names(settings) == ["one", SHIPPED]
    assert list((settings.runs_root / trash.SCRAP).iterdir()) == []


def test_duplicate_of_a_run_without_a_vouched_file_is_refused(settings):
    (settings.runs_root / "one" / LATENTS).unlink()
    with pytest.raises(BadRunError, match="latents.safetensors of one is missing"):
        shelving.duplicate("one", "copy", settings)


def test_duplicate_of_a_run_that_changes_meanwhile_is_refused_and_nothing_is_left(settings, monkeypatch):
    copied = trash._copy_file

    def copy_and_change(path: Path, target: Path, run: str) -> None:
        copied(path, target, run)
        write_card(path.parent, read_card(path.parent).model_copy(update={"epochs_done": 9}))

    monkeypatch.setattr(trash, "_copy_file", copy_and_change)
    with pytest.raises(BadValueError, match="one is being trained or changed now"):
        shelving.duplicate("one", "copy", settings)
    assert names(settings) == ["one", SHIPPED]
    assert list((settings.runs_root / trash.SCRAP).iterdir()) == []


def test_deleted_run_is_gone_listed_and_comes_back_whole(settings):
    before = state(settings)
    key = shelving.delete("one", settings)
    assert names(settings) == [SHIPPED]
    with pytest.raises(UnknownNameError, match="There is no run 'one'"):
        open_run("one", settings)
    gone = shelving.deleted(settings)
    assert [(one.key, one.entry.name, one.entry.card.name) for one in gone] == [(key, "one", "one")]
    assert gone[0].entry.n_bytes == sum(len(value) for value in before.values()) == shelving.trash_use(settings)
    assert shelving.restore(key, settings) == "one"
    assert state(settings) == before
    assert shelving.deleted(settings) == []


def test_restored_under_a_free_name_where_its_own_has_been_taken(settings):
    shelving.annotate("one", "the first", settings)
    shelving.delete("one", settings)
    shelving.duplicate(SHIPPED, "one", settings)
    assert shelving.restore("one", settings) == "one-2"
    assert open_run("one-2", settings).card.note == "the first"
    assert open_run("one-2", settings).card.name == "one-2"
    assert open_run("one", settings).card.note == ""


def test_restored_under_a_free_name_where_a_newer_version_ships_a_run_of_its_own(settings):
    shelving.delete("one", settings)
    make_run(runs.places.models() / "one")
    assert shelving.restore("one", settings) == "one-2"


def test_of_several_deleted_runs_of_one_name_the_latest_comes_back_or_that_of_the_key(settings):
    keys = []
    for note in ("first", "second", "third"):
        shelving.annotate("one", note, settings)
        shelving.duplicate("one", "kept", settings)
        keys.append(shelving.delete("one", settings))
        shelving.rename("kept", "one", settings)
    shelving.rename("one", "other", settings)
    assert [one.key for one in shelving.deleted(settings)] == keys[::-1]
    shelving.restore("one", settings)
    shelving.restore(keys[0], settings)
    assert [open_run(name, settings).card.note for name in ("one", "one-2")] == ["third", "first"]


def test_a_run_whose_card_is_broken_can_be_renamed_deleted_and_restored(settings):
    (settings.runs_root / "one" / CARD).write_text("{")
    shelving.rename("one", "two", settings)
    shelving.delete("two", settings)
    assert [one.entry.name for one in shelving.deleted(settings)] == ["two"]
    assert shelving.restore("two", settings) == "two"
    with pytest.raises(BadRunError, match="not valid JSON"):
        shelving.duplicate("two", settings=settings)
    with pytest.raises(BadRunError, match="not valid JSON"):
        shelving.annotate("two", "x", settings)


def test_erased_run_is_gone_for_good_and_frees_the_disk(settings, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (settings.runs_root / "one" / "link").symlink_to(outside)
    key = shelving.delete("one", settings)
    shelving.erase(key, settings)
    assert shelving.deleted(settings) == []
    assert trash.disk_use(settings.runs_root) == shelving.trash_use(settings) == 0
    assert (outside / "kept").read_text() == "kept"
    with pytest.raises(UnknownNameError, match="There is no deleted run 'one'. Nothing is deleted"):
        shelving.restore("one", settings)


def test_a_run_that_is_a_link_to_another_disk_is_moved_and_erased_as_a_link(settings, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (settings.runs_root / "one").rename(elsewhere)
    (settings.runs_root / "one").symlink_to(elsewhere)
    shelving.rename("one", "two", settings)
    shelving.delete("two", settings)
    shelving.erase("two", settings)
    assert (elsewhere / CARD).exists()
    assert shelving.deleted(settings) == []


def test_disk_use_counts_every_file_and_links_as_themselves(tmp_path):
    (tmp_path / "run" / "deep").mkdir(parents=True)
    (tmp_path / "big").write_bytes(bytes(10_000))
    (tmp_path / "run" / "a").write_bytes(bytes(300))
    (tmp_path / "run" / "deep" / "b").write_bytes(bytes(20))
    assert trash.disk_use(tmp_path / "run") == 320
    (tmp_path / "run" / "link").symlink_to(tmp_path / "big")
    assert trash.disk_use(tmp_path / "run") < 1000
    assert trash.disk_use(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (12_345, "12 kB"),
        (4_940_000, "4.9 MB"),
        (3 * 10**13, "30 TB"),
    ],
)
def test_sizes_in_words(n, text):
    assert shelving.in_bytes(n).replace("\N{NO-BREAK SPACE}", " ") == text


CHANGES: dict[str, Callable[[str, Settings], object]] = {
    "rename": lambda name, settings: shelving.rename(name, "new", settings),
    "annotate": lambda name, settings: shelving.annotate(name, "a note", settings),
    "delete": shelving.delete,
}
ALL = CHANGES | {"duplicate": lambda name, settings: shelving.duplicate(name, "new", settings)}


@pytest.mark.parametrize("change", CHANGES)
def test_shipped_run_stays_as_it_is(settings, change):
    folder = runs.places.models() / SHIPPED
    before = {**content(folder), CARD: (folder / CARD).read_bytes()}
    with pytest.raises(BadValueError, match="shipped is a shipped run, which stays as it is; duplicate it"):
        CHANGES[change](SHIPPED, settings)
    assert {**content(folder), CARD: (folder / CARD).read_bytes()} == before


@pytest.mark.parametrize("change", ALL)
def test_run_that_is_being_trained_is_refused(settings, change):
    with training_alone(settings.runs_root / "one"):
        before = state(settings)
        with pytest.raises(BadValueError, match="one is being trained"):
            ALL[change]("one", settings)
        assert {key: value for key, value in state(settings).items() if LOCK not in key} == {
            key: value for key, value in before.items() if LOCK not in key
        }
    ALL[change]("one", settings)


@pytest.mark.parametrize("change", ALL)
def test_run_that_is_not_there_is_told_by_name(settings, change):
    with pytest.raises(UnknownNameError, match="There is no run 'none'"):
        ALL[change]("none", settings)


@pytest.mark.parametrize("change", [shelving.rename, shelving.duplicate])
@pytest.mark.parametrize(
    "new", ["../two", "a/b", ".hidden", "a..b", "x" * 101, "two words", "\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_new_name_must_be_plain(settings, change, new):
    before = state(settings)
    with pytest.raises(BadValueError, match="is no run name; use up to 100 letters"):
        change("one", new, settings)
    assert state(settings) == before


@pytest.mark.parametrize("change", [shelving.rename, shelving.duplicate])
def test_taken_names_are_refused_own_shipped_and_folders_that_are_no_runs(settings, change):
    shelving.duplicate("one", "two", settings)
    (settings.runs_root / "empty").mkdir()
    before = state(settings)
    for new in ("two", SHIPPED):
        with pytest.raises(BadValueError, match=f"There is a run '{new}' already"):
            change("one", new, settings)
    with pytest.raises(BadValueError, match="There is a folder 'empty' already. Choose another name"):
        change("one", "empty", settings)
    assert state(settings) == before


def test_run_renamed_to_its_own_name_stays(settings):
    shelving.rename("one", "one", settings)
    assert names(settings) == ["one", SHIPPED]


def test_kept_maps_are_those_of_the_renamed_and_of_the_duplicated_run(settings):
    kept = Kept(open_run("one", settings), "umap", settings)
    found = Places(np.random.default_rng(0).normal(size=(55, 2)).astype(np.float32), 0.9)
    kept.write(found, 1.0)
    shelving.rename("one", "two", settings)
    shelving.duplicate("two", "three", settings)
    shelving.delete("two", settings)
    shelving.restore("two", settings)
    for name in ("two", "three"):
        again = Kept(open_run(name, settings), "umap", settings).read()
        np.testing.assert_array_equal(again.places, found.places)


@pytest.mark.parametrize(
    ("change", "call"),
    [
        ("annotate", "fsync"),
        ("duplicate", "fsync"),
        ("duplicate", "rename"),
        ("rename", "rename"),
        ("delete", "rename"),
    ],
)
def test_full_disk_is_one_sentence_and_the_old_state_stays(settings, monkeypatch, change, call):
    before = state(settings)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(ExplorerError, match="No space left on device. Make room") as caught:
            ALL[change]("one", settings)
    assert "\n" not in str(caught.value)
    assert state(settings) == before


def die_at(step: int) -> None:
    """From now on, end this process without a word just before the step-th call that changes the disk."""
    left = [step]

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def instead(*args: object, **kwargs: object) -> object:
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            return call(*args, **kwargs)

        return instead

    for name in ("rename", "replace", "fsync", "unlink", "mkdir", "rmdir", "open"):
        setattr(os, name, dying(getattr(os, name)))


def killed_at(step: int, change: Callable[[], object]) -> bool:
    """Whether a process that dies at that step of a change did die; False once it came to the end."""
    child = os.fork()
    if not child:
        try:
            die_at(step)
            change()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


RESTORED = {
    "restore": lambda _, settings: shelving.restore("gone", settings),
    "erase": lambda _, settings: shelving.erase("gone", settings),
}
AFTERWARDS = {  # what is on the shelf and in the trash, before and after
    "rename": {("one", "-gone"), ("new", "-gone")},
    "annotate": {("one", "-gone")},
    "delete": {("one", "-gone"), ("-gone", "-one")},
    "duplicate": {("one", "-gone"), ("new", "one", "-gone")},
    "restore": {("one", "-gone"), ("gone", "one")},
    "erase": {("one", "-gone"), ("one",)},
}


@pytest.mark.parametrize("change", AFTERWARDS)
def test_killed_at_any_moment_leaves_the_old_or_the_new_state_and_nothing_half(settings, tmp_path, change):
    shelving.duplicate("one", "gone", settings)
    shelving.delete("gone", settings)
    shutil.copytree(settings.runs_root, tmp_path / "before")
    seen, step, alive = set(), 0, True
    while alive:
        shutil.rmtree(settings.runs_root)
        shutil.copytree(tmp_path / "before", settings.runs_root)
        alive = killed_at(step, lambda: (ALL | RESTORED)[change]("one", settings))
        own = [entry.name for entry in shelf(settings) if entry.is_own]
        gone = [one.entry for one in shelving.deleted(settings)]
        seen.add((*sorted(own), *sorted(f"-{entry.name}" for entry in gone)))
        for name in own:
            assert len(open_run(name, settings).latents("test").ids) == 15
        assert all(entry.card and (entry.folder / LATENTS).exists() for entry in gone)
        step += 1
    assert seen == AFTERWARDS[change]
    assert step > 2


def test_what_a_killed_copy_or_erasing_left_is_removed_later(settings):
    scrap = settings.runs_root / trash.SCRAP
    for name in ("copying-new-1", "copying-old-2", "erasing-3"):
        shutil.copytree(settings.runs_root / "one", scrap / name)
    os.utime(scrap / "copying-old-2", (0, 0))
    shelving.duplicate("one", "two", settings)
    assert [left.name for left in scrap.iterdir()] == ["copying-new-1"]  # somebody may be making it now
    assert names(settings) == ["one", SHIPPED, "two"]


def at_once(*changes: Callable[[], object]) -> list[ExplorerError | None]:
    """Run changes in threads of their own at the same moment; what each was refused with."""
    told: list[ExplorerError | None] = [None] * len(changes)
    start = Barrier(len(changes))

    def run(number: int, change: Callable[[], object]) -> None:
        start.wait()
        try:
            change()
        except ExplorerError as error:
            told[number] = error

    threads = [Thread(target=run, args=numbered) for numbered in enumerate(changes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_of_two_who_rename_one_run_at_once_one_wins_and_the_other_is_told(settings):
    for number in range(10):
        now = next(name for name in names(settings) if name != SHIPPED)
        new = [f"a{number}", f"b{number}"]
        told = at_once(*(partial(shelving.rename, now, name, settings) for name in new))
        assert sorted(error is None for error in told) == [False, True]
        assert isinstance(next(filter(None, told)), UnknownNameError)
        assert names(settings) == sorted([SHIPPED, new[told.index(None)]])


def test_of_two_who_want_one_name_at_once_one_gets_it_and_nothing_is_lost(settings):
    for number in range(10):
        for name in ("a", "b"):
            shelving.duplicate(SHIPPED, name, settings)
        told = at_once(*(partial(shelving.rename, name, f"new{number}", settings) for name in "ab"))
        assert sorted(error is None for error in told) == [False, True]
        left = "ab"[told.index(None) - 1]
        assert {f"new{number}", left} <= set(names(settings))
        shelving.delete(left, settings)


def test_of_two_who_restore_one_run_at_once_one_has_it_back_and_the_other_is_told(settings):
    for _ in range(10):
        key = shelving.delete("one", settings)
        told = at_once(*[partial(shelving.restore, key, settings)] * 2)
        assert sorted(error is None for error in told) == [False, True]
        assert re.search(r"deleted run '[0-9]+-one'|The run one has just been", str(next(filter(None, told))))
        assert names(settings) == sorted([SHIPPED, "one"])
        assert shelving.deleted(settings) == []
    assert len(open_run("one", settings).latents("test").ids) == 15


def test_a_run_that_is_restored_and_erased_at_once_is_back_or_gone_and_one_is_told(settings):
    for _ in range(10):
        shelving.duplicate("one", "two", settings)
        key = shelving.delete("two", settings)
        told = at_once(partial(shelving.restore, key, settings), partial(shelving.erase, key, settings))
        assert sorted(error is None for error in told) == [False, True]
        is_back = told[0] is None
        assert ("two" in names(settings)) is is_back
        assert shelving.deleted(settings) == []
        if is_back:
            assert len(open_run("two", settings).latents("test").ids) == 15
            shelving.erase(shelving.delete("two", settings), settings)
    assert list((settings.runs_root / trash.SCRAP).iterdir()) == []


def test_two_deleted_runs_of_one_name_are_both_back_though_restored_at_once(settings):
    for _ in range(10):
        keys = []
        for note in "ab":
            shelving.duplicate(SHIPPED, "two", settings)
            shelving.annotate("two", note, settings)
            keys.append(shelving.delete("two", settings))
        assert at_once(*(partial(shelving.restore, key, settings) for key in keys)) == [None, None]
        assert {open_run(name, settings).card.note for name in ("two", "two-2")} == {"a", "b"}
        for name in ("two", "two-2"):
            shelving.erase(shelving.delete(name, settings), settings)


def test_a_run_whose_name_is_taken_at_the_last_moment_is_restored_under_the_next(settings, monkeypatch):
    real = shelving.free_name

    def overtaken(name: str, settings: Settings) -> str:
        found = real(name, settings)
        if found == "one":
            shelving.duplicate(SHIPPED, "one", settings)
        return found

    shelving.delete("one", settings)
    monkeypatch.setattr(shelving, "free_name", overtaken)
    assert shelving.restore("one", settings) == "one-2"
    assert {"one", "one-2"} <= set(names(settings))


def test_a_name_that_is_taken_this_moment_is_told_or_the_next_one_is_found(settings):
    for _ in range(10):
        shelving.duplicate("one", "two", settings)
        shelving.delete("two", settings)
        renaming, restoring = at_once(
            partial(shelving.rename, "one", "two", settings), partial(shelving.restore, "two", settings)
        )
        assert restoring is None
        there = set(names(settings)) - {SHIPPED}
        assert there == ({"two", "two-2"} if renaming is None else {"one", "two"})
        for name in there:
            assert len(open_run(name, settings).latents("test").ids) == 15
        shelving.delete(max(there), settings)
        if there == {"two", "two-2"}:
            shelving.rename("two", "one", settings)


@pytest.mark.parametrize("change", ["restore", "duplicate"])
def test_who_trains_a_run_the_moment_it_is_there_keeps_its_lock(settings, monkeypatch, change):
    target, taken, go_on = settings.runs_root / "two", Event(), Event()
    shelving.duplicate("one", "two", settings)
    if change == "restore":
        shelving.delete("two", settings)
    else:
        shelving.rename("two", "three", settings)
    moved = trash.move_folder

    def hold() -> None:
        with training_alone(target):
            taken.set()
            go_on.wait(60)

    def move_and_be_overtaken(folder: Path, where: Path) -> None:
        moved(folder, where)
        other.start()
        taken.wait(0.2)

    other = Thread(target=hold)
    monkeypatch.setattr(lock, "PATIENCE", 20)
    monkeypatch.setattr(trash, "move_folder", move_and_be_overtaken)
    shelving.restore("two", settings) if change == "restore" else shelving.duplicate("one", "two", settings)
    assert taken.wait(60)
    assert is_training(target)
    go_on.set()
    other.join(60)


def test_what_vanishes_from_the_scrap_meanwhile_leaves_nothing_else_there(settings, monkeypatch):
    scrap = settings.runs_root / trash.SCRAP
    for name in ("copying-a", "erasing-b", "copying-c"):
        (scrap / name).mkdir(parents=True)
    real = os.listdir
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", lambda where: ["copying-gone", *real(where)])
        trash.sweep(settings.runs_root)
    assert {left.name for left in scrap.iterdir()} == {"copying-a", "copying-c"}


def test_notes_of_two_at_once_are_both_written_whole_one_after_the_other(settings):
    assert at_once(*(partial(shelving.annotate, "one", n * 500, settings) for n in "abcd")) == [None] * 4
    assert open_run("one", settings).card.note in {n * 500 for n in "abcd"}


@dataclass
class Model:
    """What should be there: own runs and deleted ones, each with the title that it began with and its note."""

    own: dict[str, tuple[str, str]]
    gone: list[tuple[str, str, str]]  # name, title, note; the latest last


NAMES = st.sampled_from(["one", "two", "three", SHIPPED])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["rename", "duplicate"]), NAMES, NAMES),
    st.tuples(st.just("annotate"), NAMES, st.sampled_from(["", "a", "b"])),
    st.tuples(st.sampled_from(["delete", "restore", "erase"]), NAMES, st.just("")),
)


def expected(model: Model, step: tuple[str, str, str]) -> bool:
    """Do a step on the model; False where it must be refused."""
    change, name, text = step
    there = {**model.own, SHIPPED: (SHIPPED, "")}
    at = next((i for i in reversed(range(len(model.gone))) if model.gone[i][0] == name), None)
    if change in ("restore", "erase"):
        if at is None:
            return False
        _, title, note = model.gone.pop(at)
        if change == "restore":
            free = next(n for n in [name, *(f"{name}-{i}" for i in range(2, 99))] if n not in there)
            model.own[free] = title, note
        return True
    is_taken = change in ("rename", "duplicate") and text in there and (change, name) != ("rename", text)
    if name not in there or is_taken or (name == SHIPPED and change != "duplicate"):
        return False
    if change == "annotate":
        model.own[name] = model.own[name][0], text
    elif change == "duplicate":
        model.own[text] = there[name]
    else:
        title, note = model.own.pop(name)
        if change == "delete":
            model.gone.append((name, title, note))
        else:
            model.own[text] = title, note
    return True


def told(settings: Settings, step: tuple[str, str, str]) -> bool:
    change, name, text = step
    arguments = (name, text) if change in ("rename", "duplicate", "annotate") else (name,)
    try:
        getattr(shelving, change)(*arguments, settings=settings)
    except ExplorerError:
        return False
    return True


@how(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_after_any_steps_exactly_what_should_be_there_is_there(settings, tmp_path, steps):
    if not (tmp_path / "fresh").exists():
        for name, folder in ((SHIPPED, runs.places.models() / SHIPPED), ("one", settings.runs_root / "one")):
            write_card(folder, read_card(folder).model_copy(update={"title": name}))
        shutil.copytree(settings.runs_root, tmp_path / "fresh")
    shutil.rmtree(settings.runs_root)
    shutil.copytree(tmp_path / "fresh", settings.runs_root)
    model = Model({"one": ("one", "")}, [])
    for step in steps:
        assert told(settings, step) == expected(model, step), step
        own = {entry.name: (entry.card.title, entry.card.note) for entry in shelf(settings) if entry.is_own}
        gone = [(one.entry.name, one.entry.card.title, one.entry.card.note) for one in shelving.deleted(settings)]
        assert (own, gone[::-1]) == (model.own, model.gone), step
    for name in model.own:
        assert len(open_run(name, settings).latents("train").ids) == 40
