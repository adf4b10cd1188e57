"""Importing as its user meets it: whatever happens, nothing half is left and nothing is lost."""

import errno
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import cli
from explorer.data import DATASETS
from explorer.data.own import OwnConfig, import_names, read_record
from explorer.data.own_writing import building
from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.settings import Settings
from explorer.workflows.importing import ImportConfig, import_own, report

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path):
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for i in range(12):
        path = folder / f"{'cat' if i % 2 else 'dog'}/{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (i, 0, 9)).save(path)
    return folder


@pytest.fixture
def vectors(tmp_path):
    np.savez(tmp_path / "vectors.npz", x=np.arange(80).reshape(20, 4), y=np.arange(20) % 2)
    return tmp_path / "vectors.npz"


def asked(name="mine", **more):
    return ImportConfig(**{"name": name, "size": 4, **more})


def dataset(kind, settings, name="mine"):
    return DATASETS[kind].load(OwnConfig(name=name), settings.data_root, None)


def everything(settings):
    """All that lies below the data root, hidden or not, with its content."""
    files = [path for path in settings.data_root.rglob("*") if path.is_file()]
    return {str(path.relative_to(settings.data_root)): path.read_bytes() for path in files}


def test_import_becomes_a_data_set_on_disk(pictures, settings):
    record = import_own(pictures, asked(), settings)
    found = dataset("folder", settings)
    assert found.shape == record.shape == (3, 4, 4)
    assert isinstance(found.items, np.memmap)
    assert found.classes == ("cat", "dog")
    assert record.classes == {"cat": 6, "dog": 6}
    assert (len(found), len(found.rows("test"))) == (record.items, record.test_items)
    assert 0 < record.test_items < 12
    assert set(everything(settings)) == {f"own/mine/{name}" for name in ("items.npy", "table.npz", "import.json")}
    for file, item in zip(found.factors["file"], found.items, strict=True):
        assert item[0, 0, 0] == int(Path(file).stem)


def test_folder_may_be_deleted_after_the_import(pictures, vectors, settings):
    import_own(pictures, asked(), settings)
    import_own(vectors, asked("vec"), settings)
    shutil.rmtree(pictures)
    vectors.unlink()
    assert len(dataset("folder", settings)) == 12
    assert dataset("arrays", settings, "vec").items[1].tolist() == [4, 5, 6, 7]


def test_adding_pictures_keeps_ids_and_split_of_the_others(pictures, settings):
    import_own(pictures, asked(), settings)
    before = dataset("folder", settings)
    was = {int(i): (bool(t), f) for i, t, f in zip(before.ids, before.is_test, before.factors["file"], strict=True)}
    for i in range(30):
        Image.new("L", (9, 9), i).save(pictures / "cat" / f"new {i}.png")
    import_own(pictures, asked(replace=True), settings)
    after = dataset("folder", settings)
    now = {int(i): (bool(t), f) for i, t, f in zip(after.ids, after.is_test, after.factors["file"], strict=True)}
    assert len(now) == 42
    assert {key: now[key] for key in was} == was


def test_each_import_has_an_identity_of_its_own(pictures, vectors, settings):
    seen = set()
    for path, kind in ((pictures, "folder"), (pictures, "folder"), (vectors, "arrays"), (vectors, "arrays")):
        record = import_own(path, asked(replace=True), settings)
        assert dataset(kind, settings).identity == dataset(kind, settings).identity == record.identity
        seen.add(record.identity)
    assert len(seen - {""}) == 4


def test_import_from_before_there_were_identities_is_read(vectors, settings):
    import_own(vectors, asked(), settings)
    path = settings.data_root / "own" / "mine" / "import.json"
    path.write_text(
        json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "identity"})
    )
    assert dataset("arrays", settings).identity == ""


@pytest.mark.parametrize("name", ["a.before", "before", "a.before.before", "a.tmp"])
def test_name_that_ends_like_one_put_aside_is_a_name(vectors, settings, name):
    import_own(vectors, asked(name), settings)
    assert import_names(settings.data_root) == [name]
    assert len(dataset("arrays", settings, name)) == 20
    own = settings.data_root / "own"
    os.rename(own / name, own / f".{name}.before")  # a crash in the middle of its replacement
    assert import_names(settings.data_root) == [name]
    assert len(dataset("arrays", settings, name)) == 20


def test_name_that_is_taken_is_refused_and_replaced_only_when_asked(pictures, vectors, settings):
    import_own(pictures, asked(), settings)
    before = everything(settings)
    with pytest.raises(BadValueError, match=r"There is an import 'mine' already\. .*--replace"):
        import_own(vectors, asked(), settings)
    assert everything(settings) == before
    import_own(vectors, asked(replace=True), settings)
    assert len(dataset("arrays", settings)) == 20
    assert set(everything(settings)) == set(before)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a..b", "a b", "x" * 101])
def test_name_that_is_no_plain_name_is_refused(pictures, settings, name):
    with pytest.raises(BadValueError, match="name for"):
        import_own(pictures, asked(name), settings)
    assert not settings.data_root.exists()


def break_at(monkeypatch, target, after, error):
    """Let a function fail at its so-many-th call, once."""
    *parts, name = target.split(".")
    owner = importlib.import_module(".".join(parts[:3]))
    for part in parts[3:]:
        owner = getattr(owner, part)
    right, calls = getattr(owner, name), []

    def wrong(*args, **more):
        calls.append(1)
        if len(calls) == after:
            raise error
        return right(*args, **more)

    monkeypatch.setattr(owner, name, wrong)


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    "breaks",
    [
        ("explorer.data.streaming.ItemsWriter.append", 5),
        ("explorer.data.streaming.os.fsync", 1),
        ("explorer.data.cache.np.savez", 1),
        ("explorer.data.own_writing.os.rename", 1),
        ("explorer.data.own_writing.os.rename", 2),
    ],
)
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=["full disk", "Ctrl-C"])
def test_whatever_ends_an_import_the_old_one_stays_and_nothing_half_is_left(
    request, settings, monkeypatch, existing, breaks, error
):
    pictures, vectors = request.getfixturevalue("pictures"), request.getfixturevalue("vectors")
    if breaks[1] == 2 and not existing:
        pytest.skip("nothing to put aside: there is one rename only")
    if existing:
        import_own(vectors, asked(), settings)
    before = everything(settings)
    with monkeypatch.context() as patch:
        break_at(patch, *breaks, error)
        with pytest.raises((KeyboardInterrupt, BadDataError)) as caught:
            import_own(pictures, asked(replace=True), settings)
    if error is FULL:
        assert "No space left on device. Make room" in str(caught.value)
    assert everything(settings) == before
    assert len(list((settings.data_root / "own").iterdir())) == existing
    import_own(pictures, asked(replace=True), settings)
    assert len(dataset("folder", settings)) == 12


def test_crash_in_the_middle_of_a_replacement_loses_nothing(pictures, vectors, settings):
    """The machine stops between the two renames: the old import is aside, the new one not yet in place."""
    import_own(vectors, asked(), settings)
    own = settings.data_root / "own"
    os.rename(own / "mine", own / ".mine.before")
    assert import_names(settings.data_root) == ["mine"]
    assert len(dataset("arrays", settings)) == 20
    with pytest.raises(BadValueError, match="already"):
        import_own(pictures, asked(), settings)
    import_own(pictures, asked(replace=True), settings)
    assert len(dataset("folder", settings)) == 12
    assert [entry.name for entry in own.iterdir()] == ["mine"]


def test_what_a_kill_left_is_removed_after_a_day(pictures, settings):
    left = settings.data_root / "own" / ".mine.0123.tmp"
    left.mkdir(parents=True)
    import_own(pictures, asked(), settings)
    assert left.exists()  # it may be another import at work
    os.utime(left, (0, 0))
    import_own(pictures, asked(replace=True), settings)
    assert not left.exists()


def test_of_two_imports_at_once_under_a_name_the_second_to_end_is_refused(pictures, settings):
    target = settings.data_root / "own" / "mine"

    def slower() -> None:
        with building(target, replace=False) as folder:
            (folder / "file").touch()
            import_own(pictures, asked(), settings)

    with pytest.raises(BadValueError, match="already"):
        slower()
    assert len(dataset("folder", settings)) == 12
    assert [entry.name for entry in target.parent.iterdir()] == ["mine"]


def test_data_root_that_cannot_be_written_is_one_sentence(pictures, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(BadDataError, match=r"could not be written: .*choose another data root"):
        import_own(pictures, asked(), Settings(data_root=tmp_path / "file" / "data"))
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EROFS, "Read-only")))
    with pytest.raises(BadDataError, match="Read-only"):
        import_own(pictures, asked(), Settings(data_root=tmp_path / "data"))


@pytest.mark.parametrize(
    ("path", "more", "said"),
    [
        ("gone", {}, "There is no .*gone; give a folder"),
        ("a.txt/b", {}, r"a.txt/b cannot be read \(Not a directory\)"),
        ("n" * 300, {}, r"cannot be read \(File name too long\)"),
        ("turns", {}, r"turns cannot be read \(Too many levels of symbolic links\)"),
        ("a.txt", {}, "a.txt is nothing to import"),
        (".", {}, "holds the data root"),
        ("pictures", {"labels": Path("l.csv")}, "--labels belongs to a file"),
        ("vectors.npz", {"table": Path("l.csv")}, "--table belongs to a folder"),
    ],
)
@pytest.mark.usefixtures("pictures", "vectors")
def test_what_cannot_be_imported_is_one_sentence(settings, tmp_path, path, more, said):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "turns").symlink_to("turns")
    with pytest.raises(BadValueError, match=said):
        import_own(tmp_path / path, asked(**more), settings)
    assert not settings.data_root.exists()


def test_single_item_is_refused(settings, tmp_path):
    np.save(tmp_path / "one.npy", np.zeros((1, 3)))
    with pytest.raises(BadDataError, match="gives 1 item, but .* 2 or more"):
        import_own(tmp_path / "one.npy", asked(), settings)
    assert everything(settings) == {}


def test_import_that_is_not_there_or_of_the_other_kind_is_one_sentence(pictures, settings):
    with pytest.raises(UnknownNameError, match="There are none yet; make one: latent-explorer data import"):
        dataset("folder", settings, "")
    import_own(pictures, asked(), settings)
    with pytest.raises(UnknownNameError, match="Say which import .* Choose one of: mine"):
        dataset("folder", settings, "")
    with pytest.raises(UnknownNameError, match="no import 'other'"):
        dataset("folder", settings, "other")
    with pytest.raises(BadValueError, match="holds folder, not arrays; train on `folder`"):
        dataset("arrays", settings)


@pytest.mark.parametrize("file", ["items.npy", "table.npz", "import.json"])
@pytest.mark.parametrize("damage", ["truncated", "gone"])
def test_damaged_import_is_told_and_can_be_replaced(pictures, settings, file, damage):
    import_own(pictures, asked(), settings)
    path = settings.data_root / "own" / "mine" / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises((BadDataError, UnknownNameError)) as caught:
        dataset("folder", settings)
    assert "\n" not in str(caught.value)
    import_own(pictures, asked(replace=True), settings)
    assert len(dataset("folder", settings)) == 12


def test_report_counts_and_says_where_the_list_of_the_skipped_is(pictures, settings):
    for i in range(5):
        (pictures / f"note {i}.txt").write_text("x")
    lines = report(import_own(pictures, asked(), settings), settings)
    text = "\n".join(lines)
    assert "12 items of 3 x 4 x 4" in lines[0]
    assert [line.split() for line in lines[1:3]] == [["cat", "6"], ["dog", "6"]]
    assert "Skipped: 5. note 0.txt is no picture of a known format; note 1.txt" in text
    assert "note 3" not in text
    assert str(settings.data_root / "own" / "mine" / "import.json") in text
    assert [one.file for one in read_record("mine", settings.data_root).skipped] == [f"note {i}.txt" for i in range(5)]


def test_settings_of_pictures_are_not_passed_over_in_silence_for_arrays(pictures, vectors, settings):
    def said(path, **more):
        record = import_own(path, ImportConfig(name="mine", replace=True, **more), settings)
        return [line for line in report(record, settings) if "--" in line and "Train on it" not in line]

    assert said(vectors, size=8, fit="pad") == [
        "Without effect on arrays, as they shape the pictures of a folder: --size, --fit."
    ]
    assert said(vectors) == said(vectors, seed=3, test_share=0.5) == []
    assert said(pictures, size=8, fit="pad") == []


def test_command_imports_lists_and_refuses(pictures, settings, monkeypatch, capsys):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(settings.data_root))
    monkeypatch.setenv("LATENT_EXPLORER_MAX_IMAGE_PIXELS", "400")
    Image.new("L", (21, 20)).save(pictures / "cat" / "large.png")
    command = ["data", "import", str(pictures), "--name", "mine", "--size", "8", "--channels", "grey", "--fit", "pad"]
    assert cli.main(command) == 0
    assert "large.png has 21 x 20 pixels, more than 400" in capsys.readouterr().out
    assert dataset("folder", settings).shape == (1, 8, 8)
    assert cli.main(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert cli.main(["data", "list"]) == 0
    assert "mine             folder: 12 items, 2 classes" in capsys.readouterr().out


def test_command_without_a_path_never_takes_the_folder_it_is_called_in(pictures, settings, monkeypatch, capsys):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(settings.data_root))
    monkeypatch.chdir(pictures)
    assert cli.main(["data", "import", "--name", "mine"]) == 2
    assert "Say what to import" in capsys.readouterr().err
    assert not settings.data_root.exists()


LIMITED = """
import resource, sys
from pathlib import Path
from explorer.settings import Settings
from explorer.workflows import importing
from explorer.workflows.importing import ImportConfig, import_own

def limit(spare):
    used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) << 10
    resource.setrlimit(resource.RLIMIT_DATA, (used + spare, used + spare))

data, settings, spare = Path(sys.argv[1]), Settings(), int(sys.argv[2])
"""
MEMORY = 48 << 20  # bytes beyond what the libraries take
LARGE = (24, 1 << 20)  # float32: 96 MiB


def limited(code: str, tmp_path: Path, *arguments: str, spare: int = MEMORY) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LATENT_EXPLORER_DATA_ROOT": str(tmp_path / "data")}
    environment |= {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "LATENT_EXPLORER_RUNS_ROOT": str(tmp_path / "runs"),
    }
    return subprocess.run(
        [sys.executable, "-c", LIMITED + code, *arguments[:1], str(spare), *arguments[1:]],
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
        check=False,
    )


def large_file(tmp_path: Path, suffix: str) -> Path:
    array = np.lib.format.open_memmap(tmp_path / "large.npy", "w+", np.float32, LARGE)
    array[:, 5] = np.arange(LARGE[0])
    array.flush()
    if suffix == ".npz":
        np.savez(tmp_path / "large.npz", x=array)
    return tmp_path / f"large{suffix}"


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA to count private memory")
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_items_larger_than_memory_are_imported(tmp_path, settings, suffix):
    path = large_file(tmp_path, suffix)
    code = "limit(spare)\nimport_own(data, ImportConfig(name='mine'), settings)\n"
    answer = limited(code, tmp_path, str(path))
    assert answer.returncode == 0, answer.stderr
    assert dataset("arrays", settings).items[:, 5].tolist() == list(range(LARGE[0]))
    fails = limited(
        "limit(spare)\nimport numpy\nnumpy.array(numpy.load(data, mmap_mode='r'))\n",
        tmp_path,
        str(tmp_path / "large.npy"),
    )
    assert "MemoryError" in fails.stderr  # the limit is one


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA to count private memory")
def test_items_larger_than_memory_are_trained_on(tmp_path, settings):
    """128 MiB of items in 80 MiB: trained on, encoded and measured; a small run loads the libraries before."""
    large = np.lib.format.open_memmap(tmp_path / "large.npy", "w+", np.float32, (128 << 10, 256))
    large[:, :2] = np.random.default_rng(0).normal(size=(128 << 10, 2))
    np.save(tmp_path / "small.npy", large[:200])
    for name in ("small", "large"):
        import_own(tmp_path / f"{name}.npy", asked(name), settings)
    code = """
from explorer.data import DATASETS
from explorer.data.own import OwnConfig
from explorer.methods.ae import AE, AEConfig
from explorer.training import items
from explorer.training.config import TrainingConfig
from explorer.workflows import training

def train(name):
    config = TrainingConfig(epochs=1, batch_size=1024, precision="32-true", threads=1, augment=False)
    source, data = DATASETS["arrays"], OwnConfig(name=name)
    list(training.train_new(training.Plan(name, AE, AEConfig(hidden=(4,)), source, data, config, "a test"), settings))

items.MOST_BYTES_IN_MEMORY = 1 << 20
train("small")
limit(spare)
train("large")
"""
    answer = limited(code, tmp_path, str(tmp_path), spare=80 << 20)
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert (tmp_path / "runs" / "large" / "latents.safetensors").exists()
