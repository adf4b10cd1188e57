"""Folders of pictures as people have them, and as nobody should."""

import csv
import os
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from explorer.data.class_names import encode_labels, label_name, natural, printable
from explorer.data.folder import import_folder
from explorer.data.identity import choose_test, text_ids
from explorer.data.own import ImportConfig
from explorer.data.sidecar import as_factor, read_table
from explorer.data.streaming import ItemsWriter, in_order
from explorer.errors import BadDataError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


def put(root: Path, *files: str, colour=(200, 10, 10)) -> None:
    """Write a picture under each name, the n-th with n + 1 added to its blue."""
    for i, file in enumerate(files):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 10), (*colour[:2], colour[2] + i + 1)).save(root / file, "PNG")


def read(root: Path, tmp_path: Path, *, max_pixels=10_000, progress=None, **asked):
    """The content of an import and its items."""
    into = tmp_path / f"into{len(list(tmp_path.iterdir()))}"
    into.mkdir()
    config = ImportConfig(**{"name": "x", "size": 4, **asked})
    content = import_folder(root, config, into, max_pixels=max_pixels, progress=progress)
    return content, np.load(into / "items.npy", mmap_mode="r")


def names(content):
    return content.factors["file"].tolist()


def labels(content):
    """File to class name, or None."""
    return {
        file: content.classes[label] if label >= 0 else None
        for file, label in zip(names(content), content.labels, strict=True)
    }


def reasons(content):
    return {one.file: one.reason for one in content.skipped}


def test_a_subfolder_is_a_class_in_natural_order_and_nested_files_belong_to_the_top_one(root, tmp_path):
    put(root, "class 10/a.png", "class 2/a.png", "class 2/deep/er/b.png", "Class 3/a.png", "loose.png")
    content, items = read(root, tmp_path)
    assert content.classes == ("class 2", "Class 3", "class 10")
    assert labels(content) == {
        "class 2/a.png": "class 2",
        "class 2/deep/er/b.png": "class 2",
        "Class 3/a.png": "Class 3",
        "class 10/a.png": "class 10",
        "loose.png": None,
    }
    assert items.shape == (5, 3, 4, 4)
    blue = dict(zip(names(content), items[:, 2, 0, 0].tolist(), strict=True))
    written = ["class 10/a.png", "class 2/a.png", "class 2/deep/er/b.png", "Class 3/a.png", "loose.png"]
    assert blue == {file: 11 + i for i, file in enumerate(written)}


def test_flat_folder_has_no_classes(root, tmp_path):
    put(root, "10.png", "9.png")
    content, _ = read(root, tmp_path)
    assert content.classes == ()
    assert names(content) == ["9.png", "10.png"]
    assert content.labels.tolist() == [-1, -1]
    assert content.is_test is None


@pytest.mark.parametrize("other", ["test", "val", "valid", "Test"])
def test_train_and_test_folders_are_the_split(root, tmp_path, other):
    put(root, "train/cat/1.png", "train/dog/1.png", f"{other}/dog/2.png")
    content, _ = read(root, tmp_path)
    assert content.classes == ("cat", "dog")
    split = dict(zip(names(content), content.is_test.tolist(), strict=True))
    assert split == {"train/cat/1.png": False, "train/dog/1.png": False, f"{other}/dog/2.png": True}
    assert content.factors["split"].tolist().count(other) == 1


@pytest.mark.parametrize("extra", ["cat/1.png", "loose.png"])
def test_train_and_test_beside_anything_else_are_classes(root, tmp_path, extra):
    put(root, "train/1.png", "test/1.png", extra)
    content, _ = read(root, tmp_path)
    assert content.is_test is None
    assert set(content.classes) >= {"test", "train"}


def test_test_folder_without_a_readable_picture_is_one_sentence(root, tmp_path):
    put(root, "train/1.png")
    (root / "test").mkdir()
    (root / "test" / "1.png").write_bytes(b"no")
    with pytest.raises(BadDataError, match="No picture of the test split"):
        read(root, tmp_path)


def test_a_class_without_readable_pictures_is_none(root, tmp_path):
    put(root, "cat/1.png", "cat/2.png")
    (root / "dog").mkdir()
    (root / "dog" / "1.png").write_bytes(b"no")
    content, _ = read(root, tmp_path)
    assert content.classes == ("cat",)
    assert reasons(content) == {"dog/1.png": "is no picture of a known format"}


def test_grey_pictures_stay_grey_until_the_first_colour_comes(root, tmp_path):
    for i in range(40):
        Image.new("L", (9, 9), i).save(root / f"{i}.png")
    _, grey = read(root, tmp_path)
    assert grey.shape == (40, 1, 4, 4)
    Image.new("RGB", (9, 9), (1, 2, 3)).save(root / "30b.png")
    _, mixed = read(root, tmp_path)
    assert mixed.shape == (41, 3, 4, 4)
    assert mixed[:, :, 0, 0].tolist() == [[i] * 3 for i in range(31)] + [[1, 2, 3]] + [[i] * 3 for i in range(31, 40)]


def test_threads_and_one_alone_give_the_same(root, tmp_path, monkeypatch):
    put(root, *(f"{'ab'[i % 2]}/{i}.png" for i in range(100)))
    (root / "a" / "50b.png").write_bytes(b"no")
    alone, items = read(root, tmp_path)
    monkeypatch.setattr("explorer.data.folder.SMALL_FILE", 0)
    monkeypatch.setattr("explorer.data.folder.workers", lambda: 4)
    together, same = read(root, tmp_path)
    np.testing.assert_array_equal(same, items)
    assert names(together) == names(alone)
    assert together.skipped == alone.skipped


def test_file_that_goes_while_it_is_read_is_listed(root, tmp_path, monkeypatch):
    put(root, "a.png", "b.png", "c.png")
    from explorer.data import folder

    listed = folder.list_files(root, None)
    (root / "b.png").unlink()
    monkeypatch.setattr(folder, "list_files", lambda *_: listed)
    content, _ = read(root, tmp_path)
    assert reasons(content) == {"b.png": "cannot be read (No such file or directory)"}


def test_hidden_files_and_those_of_systems_are_passed_over(root, tmp_path):
    put(root, "a.png", "b.png", ".c.png", ".hidden/d.png", "__MACOSX/a.png")
    (root / "Thumbs.db").write_bytes(b"x")
    content, _ = read(root, tmp_path)
    assert names(content) == ["a.png", "b.png"]
    assert not content.skipped


def test_links_are_followed_to_files_inside_alone(root, tmp_path):
    put(root, "cat/a.png", "cat/b.png")
    put(tmp_path, "outside/c.png")
    (root / "cat" / "out.png").symlink_to(tmp_path / "outside" / "c.png")
    (root / "elsewhere").symlink_to(tmp_path / "outside")
    (root / "cat" / "loop").symlink_to(root)
    (root / "cat" / "self.png").symlink_to(root / "cat" / "self.png")
    (root / "cat" / "gone.png").symlink_to(root / "nothing.png")
    (root / "cat" / "again.png").symlink_to("a.png")
    content, _ = read(root, tmp_path)
    assert names(content) == ["cat/a.png", "cat/again.png", "cat/b.png"]
    assert reasons(content)["cat/out.png"] == "is a link that leaves the folder"
    assert reasons(content)["elsewhere"] == "is a link that leaves the folder"
    assert {"cat/loop", "cat/self.png", "cat/gone.png"} < set(reasons(content))


def test_pipe_is_listed_and_never_opened(root, tmp_path):
    put(root, "a.png", "b.png")
    os.mkfifo(root / "c.png")
    content, _ = read(root, tmp_path)
    assert reasons(content) == {"c.png": "is no regular file"}


def test_names_that_are_no_plain_text_are_read_and_shown_as_escapes(root, tmp_path):
    put(root, "line\nbreak.png", "ok.png")
    os.rename(root / "ok.png", os.path.join(os.fsencode(root), b"caf\xe9.png"))
    content, items = read(root, tmp_path)
    assert sorted(names(content)) == ["caf\\udce9.png", "line\\nbreak.png"]
    assert len(set(content.ids.tolist())) == len(items) == 2


def test_nothing_is_written_into_the_folder(root, tmp_path):
    put(root, "a/1.png", "b/2.png")
    before = {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]}
    read(root, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in [root, *root.rglob("*")]} == before


def test_progress_reaches_the_number_of_files(root, tmp_path):
    put(root, *(f"{i}.png" for i in range(20)))
    (root / "no.txt").write_text("no")
    seen = []
    read(root, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 21) for i in range(21)]


def test_empty_folder_and_folder_without_pictures_say_so(root, tmp_path):
    with pytest.raises(BadDataError, match="holds no files; put pictures there"):
        read(root, tmp_path)
    (root / "a.txt").write_text("no")
    with pytest.raises(BadDataError, match=r"no picture that can be read \(1 skipped: a.txt is no picture"):
        read(root, tmp_path)


def test_more_folders_than_classes_can_be_is_one_sentence(root, tmp_path):
    put(root, *(f"{i}/1.png" for i in range(255)))
    with pytest.raises(BadDataError, match="255 different labels .* at most 254"):
        read(root, tmp_path)


# Tables


def table(path: Path, text: str, encoding="utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_table_in_the_folder_gives_labels_and_factors_and_leaves_out_what_it_does_not_list(root, tmp_path):
    put(root, "b.png", "x/a.png", "c.png", "d.png")
    table(root / "labels.csv", "file,label,age,weight,who\nx/a.png,old,70,1.5,Ada\nb.png,,3,,Bo\nc.png,young,4,2,\n")
    content, _ = read(root, tmp_path)
    assert labels(content) == {"x/a.png": "old", "b.png": None, "c.png": "young"}
    assert content.factors["age"].tolist() == [70, 3, 4]
    np.testing.assert_array_equal(content.factors["weight"], [1.5, np.nan, 2])
    assert content.factors["who"].tolist() == ["Ada", "Bo", ""]
    assert content.left_out == 1
    assert not content.skipped


def test_table_that_is_named_wins_and_its_parquet_says_the_same(root, tmp_path):
    import pyarrow
    import pyarrow.parquet as pq

    put(root, "a.png", "b.png", "c.png")
    columns = {"file": ["a.png", "b.png", "c.png"], "label": [1.0, None, 10.0], "age": [1, 2, None]}
    pq.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    content, _ = read(root, tmp_path, table=tmp_path / "t.parquet")
    assert labels(content) == {"a.png": "1", "b.png": None, "c.png": "10"}
    np.testing.assert_array_equal(content.factors["age"], [1, 2, np.nan])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("file,label\na.png,x\nb.png,y\n", "utf-8-sig"),
        ("file;label\r\na.png;x\r\nb.png;y\r\n", "utf-8"),
        ("File\tLabel\na.png\tx\n\nb.png\ty", "utf-8"),
        ('"file","label"\n"a.png"," x "\n./b.png,y\n', "utf-8"),
    ],
    ids=["byte order mark", "semicolon", "tab", "quotes"],
)
def test_csv_is_read_as_programs_write_it(root, tmp_path, text, encoding):
    put(root, "a.png", "b.png")
    content, _ = read(root, tmp_path, table=table(tmp_path / "t.csv", text, encoding))
    assert labels(content) == {"a.png": "x", "b.png": "y"}


def test_column_split_of_a_table_is_the_split(root, tmp_path):
    put(root, "a.png", "b.png", "c.png")
    path = table(tmp_path / "t.csv", "file,split\na.png,train\nb.png,Test\nc.png,val\n")
    content, _ = read(root, tmp_path, table=path)
    assert content.is_test.tolist() == [False, True, True]
    assert content.factors["split"].tolist() == ["train", "Test", "val"]
    with pytest.raises(BadDataError, match="`split` of t.csv holds 'later'; write train or test"):
        read(root, tmp_path, table=table(path, "file,split\na.png,train\nb.png,later\n"))
    with pytest.raises(BadDataError, match="No picture of the test split"):
        read(root, tmp_path, table=table(path, "file,split\na.png,train\nb.png,train\n"))


def test_table_in_the_folder_under_another_name_is_no_picture_that_was_left_out(root, tmp_path, monkeypatch):
    put(root, "a.png", "b.png")
    table(root / "mine.csv", "file\na.png\nb.png\n")
    monkeypatch.chdir(root)
    content, _ = read(root, tmp_path, table=Path("mine.csv"))
    assert (len(content.ids), content.left_out, content.skipped) == (2, 0, [])


def test_backslashes_of_a_table_separate_folders(root, tmp_path):
    put(root, "x/a.png", "x/b.png")
    content, _ = read(root, tmp_path, table=table(tmp_path / "t.csv", "file\nx\\a.png\nx\\b.png\n"))
    assert labels(content) == {"x/a.png": "x", "x/b.png": "x"}  # without a column label, folders are the classes


def test_rows_that_lead_nowhere_are_reported(root, tmp_path):
    put(root, "a.png", "b.png")
    put(tmp_path, "secret.png")
    rows = ["a.png", "b.png", "a.png", "gone.png", "../secret.png", str(tmp_path / "secret.png"), "x/../../secret.png"]
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["file", "label"], *([row, "x"] for row in rows), ["", "x"]])
    content, items = read(root, tmp_path, table=path)
    assert names(content) == ["a.png", "b.png"]
    assert len(items) == 2
    found = reasons(content)
    assert "twice" in found.pop("a.png")
    assert "is not in the folder" in found.pop("gone.png")
    assert "empty cell" in found.pop("")
    assert found == {
        "../secret.png": "is listed in t.csv but leaves the folder",
        str(tmp_path / "secret.png"): "is listed in t.csv by its full path; write paths relative to the folder",
    }


def test_full_path_of_a_file_in_the_folder_is_told_as_one(root, tmp_path):
    put(root, "a.png", "b.png", "c.png")
    content, _ = read(root, tmp_path, table=table(tmp_path / "t.csv", f"file\na.png\nb.png\n{root / 'c.png'}\n"))
    assert reasons(content)[str(root / "c.png")].endswith("write paths relative to the folder")


@pytest.mark.parametrize(
    "text",
    [
        "file,label,,\na.png,x,,\nb.png,y,,\n",
        "file,label\na.png,x,,\nb.png,y\n",
        "file,,label,\na.png,,x,,\nb.png, ,y\n",
        "file,label,,\n,,,\na.png,x\nb.png,y,,\n\n",
    ],
)
def test_empty_columns_without_a_name_are_passed_over(root, tmp_path, text):
    put(root, "a.png", "b.png")
    content, _ = read(root, tmp_path, table=table(tmp_path / "t.csv", text))
    assert labels(content) == {"a.png": "x", "b.png": "y"}
    assert set(content.factors) == {"file"}


def test_column_without_a_name_that_holds_something_is_kept_and_two_are_refused(tmp_path):
    numbered = table(tmp_path / "t.csv", ",file\n0,a.png\n1,b.png\n")
    assert read_table(numbered) == {"": ["0", "1"], "file": ["a.png", "b.png"]}
    with pytest.raises(BadDataError, match="two columns ''"):
        read_table(table(tmp_path / "t.csv", ",file,\n0,a.png,1\n"))


@pytest.mark.parametrize("content", ["twice", "damaged"])
def test_parquet_table_that_is_none_is_one_sentence(tmp_path, content):
    path = tmp_path / "t.parquet"
    column = pyarrow.array([f"{i * i}.png" for i in range(2000)])
    pq.write_table(
        pyarrow.Table.from_arrays([column, column], names=["file", "file" if content == "twice" else "b"]), path
    )
    if content == "damaged":
        whole = path.read_bytes()
        path.write_bytes(whole[:8] + bytes(40) + whole[48:])
    with pytest.raises(BadDataError, match="two columns 'file'|The table t.parquet is no Parquet file") as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"name,label\na.png,x\n", "no column `file`, only: name, label"),
        (b"file,file\na.png,x\n", "two columns 'file'"),
        (b"file,label\na.png,x,y\n", "Row 2 .* 3 cells, but the header 2"),
        (b"file,label\na\xff.png,x\n", "not UTF-8"),
        (b'file,label\n"a.png,x\n', "not valid CSV"),
    ],
)
def test_table_that_is_none_is_one_sentence(root, tmp_path, content, said):
    put(root, "a.png", "b.png")
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(BadDataError, match=said) as caught:
        read(root, tmp_path, table=tmp_path / "t.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gone.csv", "t.xlsx", "t.parquet", "pipe.csv"])
def test_table_that_cannot_be_read_is_one_sentence(root, tmp_path, name):
    put(root, "a.png", "b.png")
    (tmp_path / "t.xlsx").write_text("x")
    (tmp_path / "t.parquet").write_text("x")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(BadDataError, match="table|give a"):
        read(root, tmp_path, table=tmp_path / name)


def test_two_tables_in_the_folder_must_be_chosen_from(root, tmp_path):
    put(root, "a.png", "b.png")
    table(root / "labels.csv", "file\na.png\nb.png\n")
    (root / "labels.parquet").write_text("x")
    with pytest.raises(BadDataError, match="which one to use with --table"):
        read(root, tmp_path)
    content, _ = read(root, tmp_path, table=root / "labels.csv")
    assert names(content) == ["a.png", "b.png"]


# Parts


@given(st.lists(st.text(st.characters(), max_size=6), unique=True, max_size=60), st.integers(6, 52))
def test_ids_differ_stay_in_range_and_do_not_hang_on_the_order(texts, bits):
    ids = dict(zip(texts, text_ids(texts, bits).tolist(), strict=True))
    assert len(set(ids.values())) == len(texts)
    assert all(0 <= found < 2**bits for found in ids.values())
    assert dict(zip(texts[::-1], text_ids(texts[::-1], bits).tolist(), strict=True)) == ids


def test_ids_stay_as_they_are_for_ever():
    assert text_ids(["cat/1.png"]).tolist() == [4024123334247048]


@given(st.sets(st.integers(0, 2**52 - 1), min_size=40, max_size=80), st.integers(0, 9))
def test_new_items_move_no_other_to_another_split(ids, seed):
    every = np.array(sorted(ids))
    some = every[::2]
    was = choose_test(some, share=0.3, seed=seed)
    now = choose_test(every, share=0.3, seed=seed)[::2]
    assert (was == now).all() or was.sum() in (1, len(some) - 1)  # one was moved to leave no side empty


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9])
def test_split_has_its_share(share):
    found = choose_test(np.arange(20_000), share=share, seed=3).mean()
    assert found == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 20_000))
    assert (choose_test(np.arange(99), share=0.5, seed=0) != choose_test(np.arange(99), share=0.5, seed=1)).any()


@given(st.integers(2, 5), st.sampled_from([0.01, 0.9]), st.integers(0, 50))
def test_no_split_is_empty(n, share, seed):
    is_test = choose_test(np.arange(n), share=share, seed=seed)
    assert 0 < is_test.sum() < n


@given(st.lists(st.text(max_size=8), unique=True))
@example(["٣a", "²", "9" * 50])
def test_natural_order_is_total(texts):
    assert sorted(texts, key=natural) == sorted(texts[::-1], key=natural)


@pytest.mark.parametrize("value", [None, float("nan"), "", "  ", -1, -1.0, "-1", np.nan])
def test_empty_and_minus_one_are_unlabelled(value):
    assert label_name(value) == ""
    assert encode_labels([value, "a"])[0].tolist() == [-1, 0]


def test_numbers_as_labels_keep_their_order():
    assert encode_labels([10, 2, 2.0, "2", "10"])[1] == ("2", "10")


def test_long_and_odd_names_stay_short_and_printable():
    assert printable("a" * 500).startswith("aaa")
    assert len(printable("a" * 500)) <= 200
    assert printable("é\t\x1b[31m") == "é\\t\\x1b[31m"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "i"),
        (["1", "2.5"], "f"),
        (["1", None], "f"),
        (["1", "x"], "U"),
        ([str(2**70), "1"], "f"),
        ([None], "f"),
        (["007", "12"], "U"),
        (["-01", "1"], "U"),
        (["0", "-0"], "i"),
        (["0.5", "1"], "f"),
        (["1_000", "1"], "U"),
        ([1.0, 2.0], "i"),
        ([True, False], "i"),
        (["nan", "inf"], "f"),
        ([2**53 + 1, None], "U"),
        ([str(2**53 + 1), "0.5"], "U"),
    ],
)
def test_factor_is_the_narrowest_that_holds_all(values, kind):
    assert as_factor(values).dtype.kind == kind


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.none()), min_size=1))
@example([2**60, 2**60 + 1])
@example([2**60 + 1, None])
def test_whole_numbers_come_through_a_factor_unchanged(values):
    for column in (values, [None if value is None else str(value) for value in values]):
        back = [
            None if one in ("", "nan") else int(float(one)) if "." in one else int(one)
            for one in map(str, as_factor(column))
        ]
        assert back == values


def test_texts_with_leading_zeros_stay_as_they_are():
    assert as_factor(["007", "010", None]).tolist() == ["007", "010", ""]


def test_read_table_keeps_the_order_of_columns(tmp_path):
    assert list(read_table(table(tmp_path / "t.csv", "b,file,a\n1,2\n"))) == ["b", "file", "a"]


def test_threads_keep_the_order_and_run_no_further_ahead_than_they_may():
    started = []

    def work(i):
        started.append(i)
        return i * i

    results = in_order(work, range(1000), 2)
    first = [next(results) for _ in range(10)]
    assert len(started) <= 10 + 24 * 2 + 8
    assert first + list(results) == [i * i for i in range(1000)]


def test_writer_writes_what_numpy_reads(tmp_path):
    with ItemsWriter(tmp_path / "items.npy") as writer:
        writer.append(np.ones((3, 7), np.float32))
        writer.append(np.zeros((2, 7), np.float32))
    assert np.load(tmp_path / "items.npy").tolist() == [[1] * 7] * 3 + [[0] * 7] * 2
