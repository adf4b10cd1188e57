import gzip
import hashlib
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from explorer.data import DATASETS, mnist
from explorer.data.dataset import Dataset
from explorer.data.mnist import (
    FASHION_MNIST,
    FILES,
    GARMENTS,
    MNIST,
    FashionMnistConfig,
    MnistConfig,
    load_fashion_mnist,
    load_mnist,
)
from explorer.errors import BadDataError, BadValueError
from explorer.fields import parse

N_TRAIN, N_TEST = 40, 20
SOURCES = {"MNIST": (load_mnist, MnistConfig()), "FashionMNIST": (load_fashion_mnist, FashionMnistConfig())}
EITHER = pytest.mark.parametrize("source", list(SOURCES))


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)


def labels(n: int) -> np.ndarray:
    return (np.arange(n) % 10).astype(np.uint8)[::-1]


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as a file of the idx format, written by the book."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def contents() -> dict[str, bytes]:
    return dict(zip(FILES, map(idx, (images(N_TRAIN), labels(N_TRAIN), images(N_TEST), labels(N_TEST))), strict=True))


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def load(source: str, data_root: Path) -> Dataset:
    function, config = SOURCES[source]
    return function(config, data_root)


def assert_whole(dataset: Dataset) -> None:
    np.testing.assert_array_equal(dataset.items[:, 0], np.concatenate([images(N_TRAIN), images(N_TEST)]))
    np.testing.assert_array_equal(dataset.labels, np.concatenate([labels(N_TRAIN), labels(N_TEST)]))
    np.testing.assert_array_equal(dataset.ids, np.arange(N_TRAIN + N_TEST))
    np.testing.assert_array_equal(dataset.rows("test"), np.arange(N_TRAIN, N_TRAIN + N_TEST))


@pytest.fixture(params=list(SOURCES))
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A source and a data root that holds its files."""
    put(tmp_path / "data" / request.param / "raw", contents())
    return request.param, tmp_path / "data"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a local mirror that both sources download from."""
    archives = {f"{name}.gz": gzip.compress(content) for name, content in contents().items()}
    folder = put(tmp_path / "mirror", archives)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, args=[0.01], daemon=True).start()
        mirror(monkeypatch, running.server_port, archives)
        yield folder
        running.shutdown()


def mirror(monkeypatch: pytest.MonkeyPatch, port: int, archives: dict[str, bytes]) -> None:
    """Let torchvision ask this port only, and expect these archives."""
    from torchvision import datasets

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    sums = [(f"{name}.gz", hashlib.md5(archives.get(f"{name}.gz", b"")).hexdigest()) for name in FILES]
    for source in SOURCES:
        monkeypatch.setattr(getattr(datasets, source), "mirrors", [f"http://127.0.0.1:{port}/"])
        monkeypatch.setattr(getattr(datasets, source), "resources", sums)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    mirror(monkeypatch, port, {})


def test_table_of_data_sets_holds_both():
    assert DATASETS["mnist"] is MNIST
    assert DATASETS["fashion-mnist"] is FASHION_MNIST


def test_files_are_read_as_they_are(filled):
    source, data_root = filled
    dataset = load(source, data_root)
    assert_whole(dataset)
    assert dataset.shape == (1, 28, 28)
    assert dataset.classes == (GARMENTS if source == "FashionMNIST" else tuple("0123456789"))


def test_files_are_read_as_torchvision_reads_them(filled):
    from torchvision import datasets

    source, data_root = filled
    dataset = load(source, data_root)
    for train in (True, False):
        theirs = getattr(datasets, source)(str(data_root), train=train)
        rows = dataset.rows("train" if train else "test")
        np.testing.assert_array_equal(dataset.items[rows, 0], theirs.data.numpy())
        np.testing.assert_array_equal(dataset.labels[rows], theirs.targets.numpy())


def test_names_of_the_garments_are_torchvisions():
    from torchvision import datasets

    assert list(GARMENTS) == datasets.FashionMNIST.classes


def test_files_are_converted_once_and_then_no_longer_needed(filled):
    source, data_root = filled
    load(source, data_root)
    shutil.rmtree(data_root / source / "raw")
    dataset = load(source, data_root)
    assert_whole(dataset)
    assert isinstance(dataset.items, np.memmap)


def test_neither_reading_nor_opening_again_imports_torch(filled):
    source, data_root = filled
    code = (
        "import sys\nfrom pathlib import Path\nfrom explorer.data import DATASETS\n"
        f"source = DATASETS[{ {'MNIST': 'mnist', 'FashionMNIST': 'fashion-mnist'}[source]!r}]\n"
        f"sizes = [len(source.load(source.config(), Path({str(data_root)!r}), None)) for _ in range(2)]\n"
        "print(sizes, sorted({'torch', 'torchvision', 'sklearn'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[60, 60] []\n"


def test_data_root_that_cannot_be_written_still_gives_the_data(filled, monkeypatch):
    def full(_: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("os.fsync", full)
    source, data_root = filled
    dataset = load(source, data_root)
    assert_whole(dataset)
    assert not isinstance(dataset.items, np.memmap)


@EITHER
@pytest.mark.usefixtures("server")
def test_missing_files_are_downloaded(source, tmp_path):
    before = socket.getdefaulttimeout()
    assert_whole(load(source, tmp_path / "new"))
    assert {path.name for path in (tmp_path / "new" / source / "raw").iterdir()} >= set(FILES)
    assert socket.getdefaulttimeout() == before


def test_download_that_is_corrupted_is_one_sentence_and_the_next_try_mends_it(server, tmp_path):
    good = (server / f"{FILES[2]}.gz").read_bytes()
    (server / f"{FILES[2]}.gz").write_bytes(good[:-20])
    with pytest.raises(
        BadDataError, match=r"MNIST.*could not be downloaded \(.*corrupted\).*LATENT_EXPLORER_DATA_ROOT"
    ):
        load("MNIST", tmp_path / "data")
    (server / f"{FILES[2]}.gz").write_bytes(good)
    assert_whole(load("MNIST", tmp_path / "data"))


def test_file_that_the_mirror_lacks_is_one_sentence(server, tmp_path):
    (server / f"{FILES[0]}.gz").unlink()
    with pytest.raises(BadDataError, match=r"could not be downloaded \(.*404"):
        load("MNIST", tmp_path / "data")


@EITHER
@pytest.mark.usefixtures("no_network")
def test_without_network_one_sentence_says_which_files_to_put_where(source, tmp_path):
    with pytest.raises(BadDataError) as caught:
        load(source, tmp_path / "data")
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path / "data" / source / "raw") in message
    assert all(name in message for name in FILES)
    assert "Connection refused" in message


@pytest.mark.usefixtures("server")
def test_data_root_that_cannot_be_downloaded_to_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    with pytest.raises(BadDataError, match="could not be downloaded"):
        load("MNIST", tmp_path / "file")


def test_server_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirror(monkeypatch, silent.getsockname()[1], {})
        with pytest.raises(BadDataError, match=r"could not be downloaded \(.*timed out"):
            load("MNIST", tmp_path / "data")
    assert socket.getdefaulttimeout() is None


def test_archives_put_there_by_hand_need_no_network(tmp_path, monkeypatch):
    archives = {f"{name}.gz": gzip.compress(content) for name, content in contents().items()}
    put(tmp_path / "data" / "MNIST" / "raw", archives)
    mirror(monkeypatch, 1, archives)
    assert_whole(load("MNIST", tmp_path / "data"))


DAMAGES = {
    "truncated": lambda whole: whole[:-1],
    "empty": lambda whole: whole[:0],
    "half a header": lambda whole: whole[:6],
    "too long": lambda whole: whole + b"\0",
    "packed": gzip.compress,
    "a page of the web": lambda whole: b"<!DOCTYPE html>" + whole[15:],
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_damaged_file_is_named(tmp_path, name, damage):
    folder = put(tmp_path / "MNIST" / "raw", contents())
    (folder / name).write_bytes(DAMAGES[damage](contents()[name]))
    with pytest.raises(BadDataError, match=f"{folder / name} is truncated or no file of"):
        load("MNIST", tmp_path)


def test_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    folder = put(tmp_path / "MNIST" / "raw", contents())

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("numpy.fromfile", refused)
    with pytest.raises(BadDataError, match=rf"{folder / FILES[0]} cannot be read \(Permission denied\)"):
        load("MNIST", tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        (FILES[1], idx(labels(N_TRAIN - 1)), r"\(39,\)"),
        (FILES[0], idx(images(N_TRAIN)[:, :20]), r"\(40, 20, 28\)"),
        (FILES[1], idx(labels(N_TRAIN) + np.uint8(10)), "up to 19"),
    ],
    ids=["fewer labels", "other size", "letters"],
)
def test_files_that_do_not_fit_together_are_refused(tmp_path, name, content, found):
    put(tmp_path / "MNIST" / "raw", contents() | {name: content})
    with pytest.raises(BadDataError, match=f"{FILES[0]} and {FILES[1]} in .* do not fit together.*{found}"):
        load("MNIST", tmp_path)


def test_files_without_any_item_are_refused(tmp_path):
    put(tmp_path / "MNIST" / "raw", contents() | {FILES[0]: idx(images(0)), FILES[1]: idx(labels(0))})
    with pytest.raises(BadDataError, match="do not fit together"):
        load("MNIST", tmp_path)


@pytest.mark.usefixtures("no_network")
def test_refused_files_leave_no_cache_behind(tmp_path):
    folder = put(tmp_path / "MNIST" / "raw", contents())
    (folder / FILES[3]).write_bytes(b"")
    with pytest.raises(BadDataError):
        load("MNIST", tmp_path)
    put(folder, contents())
    assert_whole(load("MNIST", tmp_path))


@pytest.mark.parametrize(
    ("grouping", "garments"),
    [
        (
            "seasons",
            {
                "summer": {"T-shirt/top", "Sandal", "Dress", "Shirt"},
                "winter": {"Pullover", "Coat", "Ankle boot"},
                "all-year": {"Sneaker", "Trouser", "Bag"},
            },
        ),
        (
            "upper-body",
            {
                "upper body": {"T-shirt/top", "Pullover", "Dress", "Coat", "Shirt"},
                "not upper body": {"Trouser", "Sandal", "Sneaker", "Bag", "Ankle boot"},
            },
        ),
    ],
)
def test_groups_of_garments_are_the_papers(tmp_path, grouping, garments):
    put(tmp_path / "FashionMNIST" / "raw", contents())
    dataset = load_fashion_mnist(FashionMnistConfig(grouping=grouping), tmp_path)
    assert dataset.classes == tuple(garments)
    for label, group in enumerate(dataset.classes):
        assert set(dataset.factors["garment"][dataset.labels == label]) == garments[group]


def test_random_groups_of_digits_are_classes_and_the_digit_stays_a_factor(tmp_path):
    put(tmp_path / "MNIST" / "raw", contents())
    plain = load_mnist(MnistConfig(), tmp_path)
    dataset = load_mnist(MnistConfig(grouping="random", grouping_seed=2), tmp_path)
    assert sorted(len(name.split()) for name in dataset.classes) == [3, 3, 4]
    for digit, label in zip(dataset.factors["digit"], dataset.labels, strict=True):
        assert str(digit) in dataset.classes[label].split()
    np.testing.assert_array_equal(dataset.factors["digit"], plain.labels)
    np.testing.assert_array_equal(plain.factors["digit"], plain.labels)


def test_original_class_is_a_factor_without_groups_too(tmp_path):
    put(tmp_path / "FashionMNIST" / "raw", contents())
    dataset = load("FashionMNIST", tmp_path)
    assert dataset.factors["garment"].tolist() == [GARMENTS[label] for label in dataset.labels]


def test_all_groupings_share_one_cache(tmp_path):
    put(tmp_path / "FashionMNIST" / "raw", contents())
    for grouping in ("none", "seasons", "upper-body"):
        load_fashion_mnist(FashionMnistConfig(grouping=grouping), tmp_path)
    assert len(list(tmp_path.rglob("items.npy"))) == 1


@pytest.mark.parametrize(
    ("cls", "values", "words"),
    [
        (MnistConfig, {"grouping": "seasons"}, "grouping"),
        (FashionMnistConfig, {"grouping": "random"}, "grouping"),
        (FashionMnistConfig, {"grouping_seed": 1}, "grouping_seed"),
    ],
)
def test_wrong_settings_are_named(cls, values, words):
    with pytest.raises(BadValueError, match=words):
        parse(cls, values, "the data set")
