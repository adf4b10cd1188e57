import numpy as np
import pytest
from scipy.io import savemat

from explorer.data import svhn
from explorer.data.svhn import SVHN, SvhnConfig, load
from explorer.errors import BadDataError, MissingDataError


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)


@pytest.fixture
def root(tmp_path):
    """A data root with files in torchvision's layout: 30 images to train on, 10 to test."""
    (tmp_path / "SVHN").mkdir()
    for name, n in (("train", 30), ("test", 10)):
        labels = np.arange(n)[:, None] % 10 + 1  # 10 stands for 0
        savemat(tmp_path / "SVHN" / f"{name}_32x32.mat", {"X": images(n, n).transpose(2, 3, 1, 0), "y": labels})
    return tmp_path


def test_images_labels_and_split_are_those_of_the_files(root):
    found = load(SvhnConfig(), root)
    assert np.array_equal(found.items, np.concatenate([images(30, 30), images(10, 10)]))
    assert found.labels[:11].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert found.is_test.tolist() == [False] * 30 + [True] * 10
    assert isinstance(found.items, np.memmap)


def test_torchvision_reads_the_same(root, monkeypatch):
    from torchvision import datasets

    monkeypatch.setattr("torchvision.datasets.svhn.check_integrity", lambda *_: True)
    theirs = datasets.SVHN(str(root / "SVHN"), split="test")
    ours = load(SvhnConfig(), root)
    assert np.array_equal(theirs.data, ours.items[ours.is_test])
    assert theirs.labels.tolist() == ours.labels[ours.is_test].tolist()


def test_cache_needs_no_files(root):
    load(SvhnConfig(), root)
    for file in (root / "SVHN").iterdir():
        file.unlink()
    assert len(load(SvhnConfig(), root)) == 40


def test_missing_file_is_named_with_the_command_that_brings_it(root):
    (root / "SVHN" / "test_32x32.mat").unlink()
    with pytest.raises(MissingDataError, match="latent-explorer data prepare svhn"):
        load(SvhnConfig(), root)


@pytest.mark.parametrize(
    "content",
    [
        b"not a mat file",
        b"",
        {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.ones((3, 1))},
        {"X": np.zeros((28, 28, 3, 4), np.uint8), "y": np.ones((4, 1))},
        {"X": np.zeros((32, 32, 3, 4)), "y": np.ones((4, 1))},
        {"X": np.zeros((32, 32, 3, 4), np.uint8), "y": np.full((4, 1), 11)},
        {"y": np.ones((4, 1))},
    ],
    ids=["text", "empty", "fewer labels", "other size", "floats", "no digit", "no images"],
)
def test_damaged_file_is_one_sentence(root, content):
    path = root / "SVHN" / "train_32x32.mat"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        savemat(path, content)
    with pytest.raises(BadDataError, match=r"train_32x32\.mat is truncated or no file of house numbers"):
        load(SvhnConfig(), root)


def test_truncated_file_and_one_that_is_too_large_are_refused(root, monkeypatch):
    path = root / "SVHN" / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(BadDataError, match="truncated"):
        load(SvhnConfig(), root)
    monkeypatch.setattr(svhn, "LARGEST", 100)
    with pytest.raises(BadDataError, match=r"train_32x32\.mat is truncated or no file"):
        load(SvhnConfig(), root)


def test_download_puts_what_is_missing_and_tells_how_far_it_is(root, monkeypatch):
    wanted = (root / "SVHN" / "test_32x32.mat").read_bytes()
    (root / "SVHN" / "test_32x32.mat").unlink()
    asked, told = [], []

    def downloaded(addresses, checksum, report, *, largest):
        asked.append((addresses, checksum, largest))
        report(len(wanted))
        return wanted, ""

    monkeypatch.setattr(svhn, "downloaded", downloaded)
    SVHN.download.fetch(root, lambda *of: told.append(of))
    assert [(len(addresses), checksum) for addresses, checksum, _ in asked] == [(1, svhn.CHECKSUMS["test_32x32.mat"])]
    assert told[-1] == (svhn.SIZE, svhn.SIZE)
    assert len(load(SvhnConfig(), root)) == 40


def test_download_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(svhn, "downloaded", lambda *_, **__: (None, "no network"))
    with pytest.raises(BadDataError, match="could not be downloaded \\(no network\\)"):
        SVHN.download.fetch(tmp_path, None)
    assert not (tmp_path / "SVHN").exists()
