import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.data.textures import CLASSES, TEXTURES, TexturesConfig, load, textures
from explorer.errors import BadValueError
from explorer.fields import parse

NAMED_FACTORS = {
    "period", "phase", "duty", "contrast", "mean_tone", "angle", "perspective", "blur", "noise", "jpeg_quality",
    "fold", "occlusion", "print", "resolution", "source",
}  # fmt: skip


def make(**values: Any) -> Dataset:
    return textures(TexturesConfig(**{"n": 250, **values}))


def assert_equal(a: Dataset, b: Dataset) -> None:
    for one, other in ((a.items, b.items), (a.labels, b.labels), (a.ids, b.ids), (a.is_test, b.is_test)):
        np.testing.assert_array_equal(one, other)
    assert a.factors.keys() == b.factors.keys()
    for name in a.factors:
        np.testing.assert_array_equal(a.factors[name], b.factors[name])
    assert (a.name, a.classes, a.leak) == (b.name, b.classes, b.leak)


def gradients(dataset: Dataset, label: int) -> tuple[float, float]:
    """Mean absolute step from pixel to pixel downwards and sideways, of one class."""
    images = dataset.items[dataset.labels == label, 0].astype(float)
    return float(np.abs(np.diff(images, axis=1)).mean()), float(np.abs(np.diff(images, axis=2)).mean())


def test_table_of_data_sets_holds_textures() -> None:
    assert DATASETS["textures"] is TEXTURES


def test_classes_stand_in_label_order() -> None:
    assert CLASSES == ("uniform", "horizontal lines", "vertical lines", "squares", "dots")
    assert make().classes == CLASSES


def test_same_seed_gives_same_bytes() -> None:
    assert_equal(make(seed=3), make(seed=3))


def test_another_seed_gives_other_images() -> None:
    a, b = make(seed=3), make(seed=4)
    assert (a.items != b.items).any(axis=(1, 2, 3)).all()
    assert not set(a.ids) & set(b.ids)


@pytest.mark.parametrize("values", [{}, {"siblings": 3}, {"siblings": 3, "split": "post"}])
def test_larger_data_set_begins_with_the_smaller_one(values: dict[str, Any]) -> None:
    small, large = make(n=130, **values), make(n=600, **values)
    n = len(small)
    np.testing.assert_array_equal(small.items, large.items[:n])
    np.testing.assert_array_equal(small.ids, large.ids[:n])
    np.testing.assert_array_equal(small.is_test, large.is_test[:n])


def test_original_stays_the_same_with_other_siblings() -> None:
    alone, family = make(), make(n=1000, siblings=4)
    originals = family.factors["sibling"] == 0
    np.testing.assert_array_equal(alone.items, family.items[originals])
    np.testing.assert_array_equal(alone.ids, family.ids[originals])
    np.testing.assert_array_equal(alone.is_test, family.is_test[originals])


def test_classes_are_balanced_in_both_splits() -> None:
    dataset = make(n=500)
    assert np.bincount(dataset.labels).tolist() == [100] * 5
    assert np.bincount(dataset.labels[dataset.rows("test")]).tolist() == [20] * 5


def test_smallest_data_set_has_test_and_training_items_of_every_class() -> None:
    for values in ({"n": 50}, {"n": 50, "siblings": 5}, {"n": 50, "siblings": 5, "split": "post"}):
        dataset = make(**values)
        for split in ("train", "test"):
            assert set(dataset.labels[dataset.rows(split)]) == set(range(5))


@pytest.mark.parametrize("siblings", [1, 3])
@pytest.mark.parametrize("cameras", ["training", "other"])
def test_factors_have_one_entry_an_item_and_none_is_constant(siblings: int, cameras: str) -> None:
    dataset = make(siblings=siblings, cameras=cameras)
    assert dataset.factors.keys() >= NAMED_FACTORS
    for name, values in dataset.factors.items():
        assert values.shape == (len(dataset),)
        assert len(np.unique(values)) > 1, name


def test_lines_keep_their_direction() -> None:
    dataset = make(siblings=4, n=2000)
    tilted = np.isin(dataset.labels, (1, 2))
    assert np.abs(dataset.factors["angle"][tilted]).max() <= 15


def test_horizontal_lines_change_downwards_and_vertical_lines_sideways() -> None:
    dataset = make(n=500)
    down, sideways = gradients(dataset, 1)
    assert down > 1.8 * sideways
    down, sideways = gradients(dataset, 2)
    assert sideways > 1.8 * down


def test_uniform_cloth_is_the_smoothest_and_squares_change_both_ways() -> None:
    dataset = make(n=500)
    steps = [sum(gradients(dataset, label)) for label in range(5)]
    assert steps[0] < 0.7 * min(steps[1:])
    down, sideways = gradients(dataset, 3)
    assert 0.8 < down / sideways < 1.25


def test_strong_contrast_and_noise_are_seen_in_the_pixels() -> None:
    dataset = make(n=1000)
    lines = np.isin(dataset.labels, (1, 2))
    spread = dataset.items[lines].std(axis=(1, 2, 3))
    assert np.corrcoef(spread, dataset.factors["contrast"][lines])[0, 1] > 0.7


def test_split_before_photographing_keeps_siblings_together_and_tests_originals_only() -> None:
    dataset = make(n=1000, siblings=4)
    source, sibling = dataset.factors["source"], dataset.factors["sibling"]
    assert not set(source[dataset.is_test]) & set(source[~dataset.is_test])
    assert (sibling[dataset.is_test] == 0).all()
    assert (dataset.factors["erased"][dataset.is_test] == 0).all()
    assert len(dataset) == 1000 - 3 * 50
    assert dataset.leak == ""


@pytest.mark.parametrize("siblings", [2, 5])
def test_split_after_photographing_leaks_and_says_so(siblings: int) -> None:
    dataset = make(n=500, siblings=siblings, split="post")
    source = dataset.factors["source"]
    assert set(source[dataset.is_test]) & set(source[~dataset.is_test])
    assert "training" in dataset.leak
    assert dataset.leak.endswith(".")
    assert len(dataset) == 500
    assert dataset.is_test.sum() == 100


def test_siblings_share_the_cloth_and_differ_in_the_photograph() -> None:
    dataset = make(n=500, siblings=5, split="post")
    first, second = dataset.factors["sibling"] == 0, dataset.factors["sibling"] == 1
    for name in ("source", "period", "contrast", "mean_tone", "print", "layout"):
        np.testing.assert_array_equal(dataset.factors[name][first], dataset.factors[name][second])
    np.testing.assert_array_equal(dataset.labels[first], dataset.labels[second])
    assert (dataset.items[first] != dataset.items[second]).any(axis=(1, 2, 3)).all()


def test_other_cameras_have_other_ids_and_less_sharp_images() -> None:
    training, other = make(n=500), make(n=500, cameras="other")
    assert not set(training.ids) & set(other.ids)
    patterned = (1, 2, 3, 4)
    sharpness = [sum(sum(gradients(dataset, label)) for label in patterned) for dataset in (training, other)]
    assert sharpness[1] < 0.7 * sharpness[0]
    assert other.factors["period"].max() > training.factors["period"].max()
    assert other.factors["jpeg_quality"].mean() < training.factors["jpeg_quality"].mean()


def test_shift_of_a_data_set_is_the_other_cameras_without_a_leak() -> None:
    config = TexturesConfig(n=60, seed=2, siblings=2, split="post")
    shifted = TEXTURES.shifts["other_cameras"](config)
    assert shifted == TexturesConfig(n=2000, seed=2, cameras="other")
    assert TEXTURES.shifts["other_cameras"](shifted) == TexturesConfig(n=2000, seed=2)


def test_ids_are_exact_in_javascript() -> None:
    dataset = make(seed=99_999_999, cameras="other", siblings=3)
    assert dataset.ids.min() >= 0
    assert dataset.ids.max() < 2**53


def test_progress_counts_up_to_n() -> None:
    calls: list[tuple[int, int]] = []
    textures(TexturesConfig(n=1100, siblings=2), lambda done, total: calls.append((done, total)))
    assert calls[:4] == [(250, 1100), (500, 1100), (750, 1100), (1000, 1100)]
    assert set(calls[4:]) == {(1100, 1100)}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"split": "post"}, "siblings"),
        ({"n": 50, "siblings": 6}, "60"),
        ({"n": 49}, "n = '49'"),
        ({"siblings": 21}, "siblings"),
        ({"cameras": "phone"}, "cameras"),
    ],
)
def test_wrong_settings_are_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        parse(TexturesConfig, values, "the data set textures")


def test_second_load_maps_the_same_data(tmp_path: Path) -> None:
    config = TexturesConfig(n=250, siblings=2, split="post")
    calls: list[tuple[int, ...]] = []
    first = load(config, tmp_path, lambda *done: calls.append(done))
    assert calls
    calls.clear()
    second = load(config, tmp_path, lambda *done: calls.append(done))
    assert not calls
    assert isinstance(second.items, np.memmap)
    assert_equal(first, second)
    assert_equal(second, textures(config))


@pytest.mark.parametrize("name", ["items.npy", "table.npz"])
@pytest.mark.parametrize("kept", [0, 10, 1000, -1])
def test_truncated_cache_is_generated_again(tmp_path: Path, name: str, kept: int) -> None:
    config = TexturesConfig(n=50)
    load(config, tmp_path)
    (file,) = tmp_path.rglob(name)
    whole = file.read_bytes()
    file.write_bytes(whole[:kept])
    assert_equal(load(config, tmp_path), textures(config))
    assert file.read_bytes() == whole


def test_cache_of_other_settings_is_not_believed(tmp_path: Path) -> None:
    load(TexturesConfig(n=50), tmp_path)
    config = TexturesConfig(n=50, seed=1)
    (folder,) = (tmp_path / "textures").iterdir()
    folder.rename(folder.with_name(folder.name.replace("seed0", "seed1")))
    assert_equal(load(config, tmp_path), textures(config))


def test_each_setting_has_its_own_cache(tmp_path: Path) -> None:
    configs = [{}, {"n": 51}, {"seed": 1}, {"siblings": 2}, {"siblings": 2, "split": "post"}, {"cameras": "other"}]
    for values in configs:
        load(TexturesConfig(**{"n": 50, **values}), tmp_path)
    assert len(list((tmp_path / "textures").iterdir())) == len(configs)


def test_data_root_that_cannot_be_written_still_gives_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = TexturesConfig(n=50)
    (tmp_path / "file").write_text("a file where a folder should be")
    assert_equal(load(config, tmp_path / "file"), textures(config))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert_equal(load(config, tmp_path), textures(config))
    assert not [path for path in (tmp_path / "textures").rglob("*") if path.is_file()]


def test_two_loads_at_once_both_end_well(tmp_path: Path) -> None:
    config, found = TexturesConfig(n=50), []
    threads = [threading.Thread(target=lambda: found.append(load(config, tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for dataset in found:
        assert_equal(dataset, textures(config))


@settings(max_examples=15, deadline=None)
@given(
    n=st.integers(50, 400),
    seed=st.integers(0, 99_999_999),
    siblings=st.integers(1, 5),
    split=st.sampled_from(["pre", "post"]),
    cameras=st.sampled_from(["training", "other"]),
)
def test_any_settings_give_a_sound_data_set(n: int, seed: int, siblings: int, split: str, cameras: str) -> None:
    if split == "post" and siblings == 1:
        siblings = 2
    dataset = make(n=n, seed=seed, siblings=siblings, split=split, cameras=cameras)
    assert dataset.items.shape == (len(dataset), 1, 32, 32)
    assert dataset.items.dtype == np.uint8
    assert len(dataset) <= n
    assert len(dataset) == n or (split == "pre" and siblings > 1)
    assert dataset.labels.dtype == np.int64
    assert set(dataset.labels) == set(range(5))
    assert len(np.unique(dataset.ids)) == len(dataset)
    assert dataset.ids.dtype == np.int64
    assert 0 < dataset.is_test.sum() < len(dataset)
    assert dataset.is_test.dtype == np.bool_
    for name, values in dataset.factors.items():
        assert values.shape == (len(dataset),), name
        assert np.isfinite(values).all(), name
