import errno
import gzip
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from explorer.data import DATASETS, downloading, mnist_files
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
from explorer.data.mnist_files import ORIGINS
from explorer.errors import BadDataError, BadValueError, MissingDataError
from explorer.fields import parse
from tests.mirrored import N_TEST, N_TRAIN, Mirror, archives, contents, idx, images, labels, origin, put, serving

SOURCES = {"MNIST": MNIST, "FashionMNIST": FASHION_MNIST}
EITHER = pytest.mark.parametrize("source", list(SOURCES))


def load(source: str, data_root: Path) -> Dataset:
    return SOURCES[source].load(SOURCES[source].config(), data_root, None)


def prepare(source: str, data_root: Path, progress=None) -> Dataset:
    return SOURCES[source].prepare(SOURCES[source].config(), data_root, progress)


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


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A local mirror that both sources download from."""
    with serving(Mirror(put(tmp_path / "mirror", archives()))) as running:
        come_from(monkeypatch, running.address)
        yield running


def come_from(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for source in SOURCES:
        monkeypatch.setitem(ORIGINS, source, origin(*addresses))


def nobody() -> str:
    """An address where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    come_from(monkeypatch, nobody())


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


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
def test_addresses_and_checksums_are_torchvisions(source):
    from torchvision import datasets

    theirs = getattr(datasets, source)
    assert list(ORIGINS[source].mirrors) == theirs.mirrors
    assert [(f"{name}.gz", md5) for name, md5 in zip(FILES, ORIGINS[source].checksums, strict=True)] == theirs.resources


@EITHER
def test_loading_never_asks_a_network(source, server, tmp_path):
    with pytest.raises(MissingDataError, match=f"{source} are not all in .*latent-explorer data prepare"):
        load(source, tmp_path / "data")
    assert server.asked == []
    assert not (tmp_path / "data").exists()


@EITHER
def test_missing_files_are_downloaded_when_that_is_asked_for(source, server, tmp_path):
    assert_whole(prepare(source, tmp_path / "new"))
    assert {path.name for path in (tmp_path / "new" / source / "raw").iterdir()} == set(FILES)
    assert server.asked == [f"{name}.gz" for name in FILES]
    assert_whole(prepare(source, tmp_path / "new"))
    assert len(server.asked) == 4


@pytest.mark.usefixtures("no_network")
def test_converted_files_that_were_removed_are_not_downloaded_again(filled):
    source, data_root = filled
    load(source, data_root)
    shutil.rmtree(data_root / source / "raw")
    assert_whole(prepare(source, data_root))


@pytest.mark.usefixtures("server")
def test_progress_is_in_bytes_grows_and_ends_at_the_whole(tmp_path):
    seen: list[tuple[int, int]] = []
    prepare("MNIST", tmp_path, lambda *step: seen.append(step))
    done = [step[0] for step in seen]
    assert done == sorted(done)
    assert len(set(done)) > len(FILES)
    assert {step[1] for step in seen} == {sum(map(len, archives().values()))}
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("damage", [lambda good: good[:-20], lambda good: good[:30] + b"x" + good[31:], gzip.compress])
def test_download_that_is_corrupted_is_one_sentence_and_the_next_try_mends_it(server, tmp_path, damage):
    archive = server.folder / f"{FILES[2]}.gz"
    good = archive.read_bytes()
    archive.write_bytes(damage(good))
    with pytest.raises(
        BadDataError, match=r"MNIST.*could not be downloaded \(.*corrupted\).*LATENT_EXPLORER_DATA_ROOT"
    ):
        prepare("MNIST", tmp_path / "data")
    assert files(tmp_path / "data") == {f"MNIST/raw/{name}" for name in FILES[:2]}  # what is whole stays
    archive.write_bytes(good)
    server.asked.clear()
    assert_whole(prepare("MNIST", tmp_path / "data"))
    assert server.asked == [f"{name}.gz" for name in FILES[2:]]


def test_next_mirror_is_asked_where_the_first_fails(server, tmp_path, monkeypatch):
    come_from(monkeypatch, nobody(), f"{server.address}nowhere/", server.address)
    assert_whole(prepare("MNIST", tmp_path))


def test_file_that_the_mirror_lacks_is_one_sentence(server, tmp_path):
    (server.folder / f"{FILES[0]}.gz").unlink()
    with pytest.raises(BadDataError, match=r"could not be downloaded \(.*404"):
        prepare("MNIST", tmp_path / "data")


def test_server_that_never_stops_sending_is_cut_off(server, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist_files, "LARGEST", 10_000)
    with pytest.raises(BadDataError, match="the server gives more than the file can hold"):
        prepare("MNIST", tmp_path / "data")
    assert len(server.asked) == 1


@EITHER
@pytest.mark.usefixtures("no_network")
def test_without_network_one_sentence_says_which_files_to_put_where(source, tmp_path):
    with pytest.raises(BadDataError) as caught:
        prepare(source, tmp_path / "data")
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path / "data" / source / "raw") in message
    assert all(name in message for name in FILES)
    assert "Connection refused" in message


@pytest.mark.usefixtures("server")
def test_data_root_that_cannot_be_downloaded_to_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    with pytest.raises(BadDataError, match="could not be written: Not a directory. .*choose another data root"):
        prepare("MNIST", tmp_path / "file")


@pytest.mark.usefixtures("server")
def test_full_disk_is_one_sentence_and_leaves_nothing_half(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(BadDataError, match=r"could not be written: No space left on device\. Make room"):
            prepare("MNIST", tmp_path / "data")
    assert files(tmp_path / "data") == set()
    assert_whole(prepare("MNIST", tmp_path / "data"))


def test_server_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        come_from(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(BadDataError, match=r"could not be downloaded \(.*timed out"):
            prepare("MNIST", tmp_path / "data")


@pytest.mark.usefixtures("no_network")
def test_archives_put_there_by_hand_need_no_network(tmp_path):
    put(tmp_path / "data" / "MNIST" / "raw", archives())
    assert_whole(prepare("MNIST", tmp_path / "data"))


def test_damaged_archive_put_there_by_hand_is_downloaded_instead(server, tmp_path):
    put(tmp_path / "MNIST" / "raw", archives() | {f"{FILES[1]}.gz": b"damaged"})
    assert_whole(prepare("MNIST", tmp_path))
    assert server.asked == [f"{FILES[1]}.gz"]


def test_file_cut_off_by_an_older_download_is_replaced_while_others_are_missing(server, tmp_path):
    whole = contents()
    put(tmp_path / "MNIST" / "raw", {FILES[0]: whole[FILES[0]][:1000], FILES[3]: whole[FILES[3]]})
    assert_whole(prepare("MNIST", tmp_path))
    assert server.asked == [f"{name}.gz" for name in FILES[:3]]


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
