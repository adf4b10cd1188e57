"""Files of arrays: what is taken, what is refused, and that nothing of them is run."""

import errno
import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explorer.data import array_files
from explorer.data.arrays import import_arrays
from explorer.data.dataset import Dataset
from explorer.data.parquet_files import open_parquet
from explorer.errors import BadDataError

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(30, 5))


def read(path: Path, *, labels=None, progress=None) -> tuple[Dataset, list]:
    """The import as a data set, and what was skipped."""
    into = path.parent / f"into{len(list(path.parent.iterdir()))}"
    into.mkdir()
    content = import_arrays(path, into, labels=labels, progress=progress)
    assert [file.name for file in into.iterdir()] == ["items.npy"]
    items = np.load(into / "items.npy", mmap_mode="r")
    is_test = np.arange(len(items)) % 2 == 0
    found = Dataset("arrays", items, content.labels, content.classes, content.ids, is_test, content.factors)
    return found, content.skipped


def npy(folder: Path, array, name="a.npy", **how) -> Path:
    np.save(folder / name, array, **how)
    return folder / name


def npz(folder: Path, **arrays) -> Path:
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def parquet(folder: Path, columns) -> Path:
    pq.write_table(columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns), folder / "a.parquet")
    return folder / "a.parquet"


def refused(path: Path, said: str, **how) -> None:
    with pytest.raises(BadDataError, match=said) as caught:
        read(path, **how)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "u1", "i2", ">f4", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_vectors_of_any_real_type_become_float32(tmp_path, dtype, order, kind):
    array = np.asarray(VECTORS * 10, order=order).astype(dtype)
    path = npy(tmp_path, array) if kind == "npy" else npz(tmp_path, x=array)
    found, _ = read(path)
    assert found.items.dtype == np.float32
    np.testing.assert_array_equal(found.items, array.astype(np.float32))
    assert found.ids.tolist() == list(range(30))
    assert found.classes == ()


@settings(max_examples=30)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.float64]),
        st.tuples(st.integers(2, 5), st.integers(1, 6), st.integers(1, 6)),
        elements=st.integers(0, 1),
    )
)
def test_images_keep_their_place_whatever_the_pieces(tmp_path_factory, images):
    path = npy(tmp_path_factory.mktemp("images"), images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_files, "CHUNK", 1)
        found, _ = read(path)
    expected = images[:, None] * (1 if images.dtype == np.uint8 else 255)
    np.testing.assert_array_equal(found.items, expected)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((6, 4, 5), (6, 1, 4, 5)),
        ((6, 4, 5, 3), (6, 3, 4, 5)),
        ((6, 4, 5, 1), (6, 1, 4, 5)),
        ((6, 3, 4, 5), (6, 3, 4, 5)),
        ((6, 1, 4, 5), (6, 1, 4, 5)),
        ((6, 3, 4, 3), (6, 3, 4, 3)),
    ],
)
def test_channels_are_found_first_or_last(tmp_path, shape, expected):
    images = RNG.integers(0, 256, shape, np.uint8)
    found, _ = read(npy(tmp_path, images))
    assert found.items.shape == expected
    if shape == (6, 4, 5, 3):
        np.testing.assert_array_equal(found.items[2, 1], images[2, :, :, 1])


def test_fractions_are_shares_of_white_and_truth_is_black_and_white(tmp_path):
    shares = np.array([[[0, 0.5, 1, 1 / 255]]] * 2)
    assert read(npy(tmp_path, shares))[0].items[0, 0, 0].tolist() == [0, 128, 255, 1]
    assert read(npy(tmp_path, shares > 0.4))[0].items[0, 0, 0].tolist() == [0, 255, 255, 0]
    whole = np.array([[[0, 7, 255]]] * 2, np.int64)
    assert read(npy(tmp_path, whole))[0].items[0, 0, 0].tolist() == [0, 7, 255]


@pytest.mark.parametrize("values", [[-0.1, 1], [0, 255.0], [0, np.nan]])
def test_images_outside_their_range_are_refused(tmp_path, values):
    refused(npy(tmp_path, np.array([[values]] * 3)), "images of a.npy reach from")
    refused(npy(tmp_path, np.array([[[-1, 3]], [[0, 256]]])), "reach from -1 to 256")


@pytest.mark.parametrize("key", ["x", "images", "vectors", "data", "only"])
def test_npz_knows_its_items_labels_ids_and_factors(tmp_path, key):
    others = (
        {} if key == "only" else {"labels": np.arange(30) % 3, "ids": np.arange(100, 130), "age": np.arange(30) / 2}
    )
    found, skipped = read(npz(tmp_path, **{key: VECTORS}, **others))
    np.testing.assert_array_equal(found.items, VECTORS.astype(np.float32))
    if others:
        assert found.classes == ("0", "1", "2")
        assert found.labels.tolist() == others["labels"].tolist()
        assert found.ids.tolist() == others["ids"].tolist()
        assert {name: values.tolist() for name, values in found.factors.items()} == {"age": others["age"].tolist()}
    assert not skipped


def test_npz_tells_which_arrays_it_left_out(tmp_path):
    path = npz(tmp_path, x=VECTORS, pairs=np.zeros((30, 2)), few=np.zeros(3), when=np.zeros(30, "M8[s]"))
    found, skipped = read(path)
    assert {one.file for one in skipped} == {"pairs", "few", "when"}
    assert not found.factors


def test_compressed_npz_is_the_same(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=VECTORS, y=np.array(["b", "a", ""] * 10))
    found, _ = read(tmp_path / "a.npz")
    assert found.classes == ("a", "b")
    assert found.labels.tolist() == [1, 0, -1] * 10


def test_texts_as_ids_are_hashed_and_kept(tmp_path):
    texts = np.array([f"item {i}" for i in range(30)])
    found, _ = read(npz(tmp_path, x=VECTORS, ids=texts))
    assert found.factors["id"].tolist() == texts.tolist()
    again, _ = read(npz(tmp_path, x=VECTORS, ids=texts[::-1]))
    assert again.ids.tolist() == found.ids.tolist()[::-1]
    assert 0 <= found.ids.min() <= found.ids.max() < 2**52


@pytest.mark.parametrize("ids", [np.zeros(30, int), np.arange(30) - 1, np.arange(30) + 2**53, np.arange(29)])
def test_ids_that_are_none_are_refused(tmp_path, ids):
    refused(npz(tmp_path, x=VECTORS, ids=ids), "ids of x in a.npz")


@pytest.mark.parametrize("form", ["npy", "csv", "csv with a header", "csv with more columns"])
def test_labels_in_a_file_of_their_own(tmp_path, form):
    values = ["a", "b", ""] * 10
    if form == "npy":
        labels = npy(tmp_path, np.array(values), "labels.npy")
    else:
        labels = tmp_path / "labels.csv"
        lines = {
            "csv": [value or '""' for value in values],
            "csv with a header": ["label", *(value or "-1" for value in values)],
            "csv with more columns": ["n;label", *(f"{i};{value}" for i, value in enumerate(values))],
        }[form]
        if form == "csv":
            lines = [value if value != '""' else "-1" for value in lines]
        labels.write_text("\n".join(lines))
    found, _ = read(npy(tmp_path, VECTORS), labels=labels)
    assert found.classes == ("a", "b")
    assert found.labels.tolist() == [0, 1, -1] * 10


def test_numbers_as_labels_may_have_gaps_and_minus_one_is_unlabelled(tmp_path):
    found, _ = read(npz(tmp_path, x=VECTORS, y=np.array([10, 2, -1] * 10)))
    assert found.classes == ("2", "10")
    assert found.labels.tolist() == [1, 0, -1] * 10
    found, _ = read(npz(tmp_path, x=VECTORS, y=np.array([1, np.nan, 0] * 10)))
    assert found.labels.tolist() == [1, -1, 0] * 10


@pytest.mark.parametrize("labels", [np.arange(29), np.zeros((30, 3)), np.array(3)])
def test_labels_that_do_not_fit_are_refused(tmp_path, labels):
    refused(npz(tmp_path, x=VECTORS, y=labels), "labels of x in a.npz have shape .* but there are 30 items")
    refused(npy(tmp_path, VECTORS), "but there are 30 items", labels=npy(tmp_path, labels, "labels.npy"))


@pytest.mark.parametrize("name", ["gone.npy", "labels.txt", "pipe.csv"])
def test_file_of_labels_that_cannot_be_read_is_one_sentence(tmp_path, name):
    (tmp_path / "labels.txt").write_text("a")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(npy(tmp_path, VECTORS), "cannot be read|no file of labels", labels=tmp_path / name)


def test_vectors_that_are_not_finite_are_counted(tmp_path):
    array = VECTORS.copy()
    array[[7, 9, 20], [0, 1, 2]] = np.nan, np.inf, 1e300
    refused(npy(tmp_path, array), r"3 of 30 vectors of a.npy .* the first in row 7 \(from 0\)")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((0, 5)), r"shape \(0, 5\)"),
        (np.zeros((5, 0)), r"shape \(5, 0\)"),
        (np.array(3.0), r"shape \(\)"),
        (np.zeros(9), r"shape \(9,\); expected vectors"),
        (np.zeros((2, 2, 2, 2, 2)), "expected vectors"),
        (np.zeros((3, 8, 9, 4)), "expected 1 or 3 channels"),
        (np.zeros((2, 1, 5000), np.uint8), "a side at most 4,096 px"),
        (np.zeros((3, 2), complex), "type complex128; expected real numbers"),
        (np.array([["a", "b"]] * 3), "expected real numbers"),
        (np.zeros((3, 2), "M8[s]"), "expected real numbers"),
    ],
    ids=str,
)
def test_arrays_that_hold_no_items_are_refused(tmp_path, array, said):
    refused(npy(tmp_path, array), said)
    refused(npz(tmp_path, x=array), said)


class Trap:
    """Whoever unpickles it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_python_objects_are_refused_and_never_run(tmp_path):
    trap = tmp_path / "sprung"
    objects = np.array([Trap(trap), 1], object)
    refused(npy(tmp_path, objects, allow_pickle=True), "Python objects, which are never loaded")
    refused(npz(tmp_path, x=objects), "Python objects")
    refused(npz(tmp_path, x=VECTORS, extra=np.array([Trap(trap)] * 30, object)), "Python objects")
    refused(npz(tmp_path, x=VECTORS, y=np.array([Trap(trap)] * 30, object)), "Python objects")
    assert not trap.exists()


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.parquet"])
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x93NUMPY\x01\x00\xff\xff", b"PK\x03\x04" + bytes(60), b"PAR1"], ids=range(5)
)
def test_damaged_files_are_one_sentence(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, name)


@pytest.mark.parametrize(
    "maker", [npy, lambda folder, array: npz(folder, x=array), lambda f, a: parquet(f, {"x": list(a)})]
)
def test_truncated_files_are_one_sentence(tmp_path, maker):
    path = maker(tmp_path, VECTORS)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, path.name)


def test_header_that_promises_more_than_the_file_holds_is_refused(tmp_path):
    path = npy(tmp_path, VECTORS)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"(30, 5)", b"(9**9,5)"[:7].ljust(7)))
    refused(path, "no NumPy array")
    path.write_bytes(content.replace(b"(30, 5), }  ", b"(3000000, 5), }"[:12]))
    refused(path, "a.npy")


def test_npz_without_items_names_what_it_has(tmp_path):
    refused(npz(tmp_path, train=VECTORS, test=VECTORS), "only: train, test")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("../x.npy", b"no")
    refused(tmp_path / "b.npz", "b.npz")


@pytest.mark.parametrize("name", ["gone.npy", "pipe.npy", "folder.npy"])
def test_what_is_no_file_is_one_sentence(tmp_path, name):
    os.mkfifo(tmp_path / "pipe.npy")
    (tmp_path / "folder.npy").mkdir()
    refused(tmp_path / name, "cannot be read")


def member(header: bytes, length: int):
    """A .npy file that says one thing and is another, in pieces."""
    yield header
    for at in range(0, length, 1 << 20):
        yield bytes(min(length - at, 1 << 20))


def header(shape, descr="<f4") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def packed(folder: Path, how=zipfile.ZIP_DEFLATED, **members) -> Path:
    """A .npz file of arrays and of members piece by piece."""
    with zipfile.ZipFile(folder / "a.npz", "w", how) as archive:
        for name, content in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                if isinstance(content, np.ndarray):
                    np.lib.format.write_array(file, content)
                else:
                    file.writelines(content)
    return folder / "a.npz"


LONG_HEADER = b"\x93NUMPY\x02\x00" + (64 << 20).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"x": member(header((4, 2)), 64 << 20)}, "no NumPy array"),
        ({"x": member(LONG_HEADER, 64 << 20)}, "no NumPy array"),
        ({"x": VECTORS, "labels": member(header((8 << 20,), "<i8"), 64 << 20)}, "labels of x in a.npz have shape"),
        ({"x": VECTORS, "ids": member(header((8 << 20,), "<i8"), 64 << 20)}, "ids of x in a.npz have shape"),
        ({"x": VECTORS, "age": member(header((30,)), 64 << 20)}, "no NumPy array"),
        ({"x": VECTORS, "y": member(header((30,), "<U500000"), 60_000_000)}, "labels .* at most 4,096 bytes"),
        ({"x": VECTORS, "y": member(header((30,), "|V1000000"), 30_000_000)}, "labels .* at most 4,096 bytes"),
    ],
    ids=["items", "header", "labels", "ids", "factor", "texts", "bytes"],
)
def test_npz_that_unpacks_to_more_than_it_may_is_refused_unread(tmp_path, members, said):
    path = packed(tmp_path, **members)
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        refused(path, said)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    written = [file.stat().st_size for file in tmp_path.glob("into*/*")]
    assert sum(written) < 1 << 16


def test_npz_packed_in_a_way_that_unpacks_without_bounds_is_refused(tmp_path):
    refused(packed(tmp_path, zipfile.ZIP_LZMA, x=VECTORS), "no NumPy array")


def test_factor_of_long_texts_is_left_out(tmp_path):
    found, skipped = read(npz(tmp_path, x=VECTORS, story=np.array(["a" * 1025] * 30), name=np.array(["a" * 1024] * 30)))
    assert set(found.factors) == {"name"}
    assert [(one.file, one.reason) for one in skipped] == [("story", "has entries of 4,100 bytes, more than 4,096")]


def test_other_files_in_an_npz_are_passed_over(tmp_path):
    path = npz(tmp_path, x=VECTORS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("read me.txt", "hello")
    assert len(read(path)[0]) == 30


@pytest.mark.parametrize("labels", [np.empty(0), np.full(30, "a" * 1025)])
def test_file_of_labels_is_checked_before_it_is_read(tmp_path, labels):
    refused(npy(tmp_path, VECTORS), "labels of labels.npy have", labels=npy(tmp_path, labels, "labels.npy"))


@pytest.mark.parametrize(
    "ids", [[np.nan, np.nan, *range(28)], [np.nan, *range(29)], [1.5, 1.5, *range(28)], [b"", b"", *range(28)]], ids=str
)
def test_ids_that_are_doubled_or_missing_as_they_are_stored_are_refused(tmp_path, ids):
    refused(npz(tmp_path, x=VECTORS, ids=np.array(ids)), "doubled or missing; give each item its own")


def test_whole_numbers_of_any_size_stay_what_they_are(tmp_path):
    large = np.arange(30, dtype=np.uint64) + np.uint64(2**53)
    larger = large + np.uint64(2**63)
    found, _ = read(npz(tmp_path, x=VECTORS, large=large, larger=larger))
    np.testing.assert_array_equal(found.factors["large"], large)
    assert found.factors["larger"].tolist() == [float(value) for value in larger.tolist()]  # rounded, never negative


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\nb\n", ["a", "", "b"]),
        ('a\n""\nb\n', ["a", "", "b"]),
        ("\n\nb", ["", "", "b"]),
        ("a\n\n\n", ["a", "", ""]),
        ("a\n\n\n\n\n\n", ["a", "", ""]),
        ("label\na\n\nb\n", ["a", "", "b"]),
        (" label \na\n\n\n\n", ["a", "", ""]),
        ("n,label\n1,a\n,\n2,b\n\n,\n\n", ["a", "", "b"]),
        ("label,n\na,1\n\n,\nb,2\n", ["a", "", "b"]),
    ],
)
def test_empty_labels_in_a_file_of_their_own_keep_their_place(tmp_path, text, expected):
    (tmp_path / "labels.csv").write_text(text)
    found, _ = read(npy(tmp_path, VECTORS[:3]), labels=tmp_path / "labels.csv")
    assert [found.classes[label] if label >= 0 else "" for label in found.labels] == expected


def test_file_of_labels_with_too_many_is_refused_however_it_ends(tmp_path):
    (tmp_path / "labels.csv").write_text("a\n\nb\nb\n\n")
    refused(npy(tmp_path, VECTORS[:3]), r"have shape \(4,\), but there are 3", labels=tmp_path / "labels.csv")


BROKEN = OSError(errno.EIO, "Input/output error")


def breaks(*_args, **_how):
    raise BROKEN


@pytest.mark.parametrize("broken", ["zipfile.ZipFile.__init__", "zipfile.ZipExtFile.read", "numpy.load", "csv.reader"])
def test_source_that_cannot_be_read_is_not_told_as_a_full_disk(tmp_path, monkeypatch, broken):
    path = npy(tmp_path, VECTORS) if broken in ("numpy.load", "csv.reader") else npz(tmp_path, x=VECTORS)
    (tmp_path / "labels.csv").write_text("a\n" * 30)
    monkeypatch.setattr(broken, breaks)
    refused(path, r"cannot be read \(Input/output error\)", labels=tmp_path / "labels.csv")


def test_disk_that_cannot_be_written_is_not_told_as_the_source(tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, _content):
            raise OSError(errno.ENOSPC, "No space left on device")

    path = npz(tmp_path, x=VECTORS)
    monkeypatch.setattr(array_files, "open", lambda *_: Full(), raising=False)
    with pytest.raises(OSError, match="No space left"):
        read(path)


# Parquet


@pytest.mark.parametrize(
    "kind",
    [pyarrow.list_(pyarrow.float64()), pyarrow.list_(pyarrow.float32(), 5), pyarrow.large_list(pyarrow.float16())],
)
def test_list_column_holds_the_vectors(tmp_path, kind):
    rows = VECTORS.astype(np.float16)
    table = pyarrow.table(
        {
            "id": list(range(7, 37)),
            "vector": pyarrow.array([list(row) for row in rows], kind),
            "label": ["a", None, "b"] * 10,
            "age": [1, 2, None] * 10,
            "who": ["Ada", "Bo", None] * 10,
        }
    )
    found, _ = read(parquet(tmp_path, table))
    np.testing.assert_array_equal(found.items, rows.astype(np.float32))
    assert found.ids.tolist() == list(range(7, 37))
    assert found.labels.tolist() == [0, -1, 1] * 10
    assert found.factors["who"].tolist() == ["Ada", "Bo", ""] * 10
    np.testing.assert_array_equal(found.factors["age"], [1, 2, np.nan] * 10)


def test_columns_of_numbers_are_the_dimensions(tmp_path):
    columns = {f"d{i}": VECTORS[:, i] for i in range(5)} | {"label": [3, 1, -1] * 10, "who": ["Ada"] * 30}
    found, _ = read(parquet(tmp_path, columns))
    np.testing.assert_array_equal(found.items, VECTORS.astype(np.float32))
    assert found.classes == ("1", "3")
    assert set(found.factors) == {"who"}


def test_parquet_of_many_batches_keeps_the_order(tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.data.parquet_files.CHUNK", 7 * 5 * 8)  # bytes: 7 rows of 5 numbers
    seen = []
    found, _ = read(parquet(tmp_path, {"x": list(VECTORS)}), progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(found.items, VECTORS.astype(np.float32))
    assert seen[-1] == (30, 30)
    assert len(seen) == 5


def test_features_and_pieces_follow_the_width(tmp_path):
    wide = np.arange(6 * 2**20, dtype=np.float32).reshape(6, -1)  # 8 MiB a row as float64: two rows at once
    kind = pyarrow.list_(pyarrow.float32(), wide.shape[1])
    path = parquet(tmp_path, {"x": pyarrow.FixedSizeListArray.from_arrays(wide.ravel(), type=kind)})
    file = open_parquet(path, tmp_path)
    assert file.shape == wide.shape
    pieces = list(file.chunks())
    assert [len(piece) for piece in pieces] == [2, 2, 2]
    np.testing.assert_array_equal(np.concatenate(pieces), wide)


def test_columns_of_one_name_are_refused(tmp_path):
    columns = [pyarrow.array([[1.0], [2.0]]), pyarrow.array([1, 2]), pyarrow.array([1, 2])]
    path = parquet(tmp_path, pyarrow.Table.from_arrays(columns, names=["x", "a", "a"]))
    refused(path, "two columns 'a'; give each column its own name")


def test_columns_of_lists_are_no_labels_ids_or_factors(tmp_path):
    lists = [[i] for i in range(30)]
    found, skipped = read(parquet(tmp_path, {"x": list(VECTORS), "id": lists, "label": lists, "more": lists}))
    assert {one.file for one in skipped} == {"id", "label", "more"}
    assert found.ids.tolist() == list(range(30))
    assert (found.classes, found.factors) == ((), {})


def test_damage_anywhere_in_a_parquet_file_is_one_sentence_or_values(tmp_path):
    rng = np.random.default_rng(0)
    path = parquet(tmp_path, {"x": list(rng.normal(size=(2000, 4))), "label": ["a", "b"] * 1000})
    content, said = path.read_bytes(), []
    for _ in range(60):
        damaged = bytearray(content)
        at = int(rng.integers(4, len(content) - 8))
        damaged[at : at + 20] = rng.bytes(len(damaged[at : at + 20]))
        path.write_bytes(damaged)
        try:
            read(path)
        except BadDataError as error:
            said.append(str(error))
    assert any("no Parquet file that can be read" in one for one in said)
    assert not any("\n" in one for one in said)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"x": [[1.0, 2.0], [1.0]]}, "not all of one length"),
        ({"x": [[1.0, 2.0], None]}, "not all of one length, or some are missing"),
        ({"x": [[1.0, None], [1.0, 2.0]]}, "1 of 2 vectors"),
        ({"a": [1.0, None], "b": [1.0, 2.0]}, "1 of 2 vectors .* row 1"),
        ({"a": [[1.0]] * 2, "b": [[1.0]] * 2}, "list columns a, b; name the one"),
        ({"x": [["a"], ["b"]]}, "expected real numbers"),
        ({"name": ["a", "b"]}, "no column of lists or numbers"),
        ({"x": pyarrow.array([], pyarrow.list_(pyarrow.float64()))}, "shape"),
        ({"x": [[], []]}, "one length"),
    ],
)
def test_parquet_without_vectors_is_one_sentence(tmp_path, columns, said):
    refused(parquet(tmp_path, columns), said)
