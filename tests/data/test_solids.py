import colorsys
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from explorer.data import rendering
from explorer.data.backgrounds import PATTERNS
from explorer.data.shapes import CATEGORIES
from explorer.data.solids import AZIMUTHS, ELEVATIONS, HUES, SATURATION, SolidsConfig, composed, load
from explorer.errors import MissingDataError

SMALL = SolidsConfig(n=55, perspectives=2)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root that holds the small set already."""
    root = tmp_path_factory.mktemp("data")
    load(SMALL, root)
    return root


@pytest.fixture(scope="module")
def dataset(root):
    return load(SMALL, root)


def test_each_instance_is_shown_so_often_in_one_split(dataset):
    assert dataset.items.shape == (110, 3, 64, 64)
    assert dataset.group == "instance"
    instances = dataset.factors["instance"].reshape(55, 2)
    assert instances.tolist() == [[number, number] for number in range(55)]
    assert (dataset.is_test.reshape(55, 2).sum(axis=1) % 2 == 0).all()
    assert np.bincount(dataset.labels[dataset.is_test]).tolist() == [2] * 11
    assert np.bincount(dataset.labels[~dataset.is_test]).tolist() == [8] * 11
    assert dataset.classes == tuple(CATEGORIES)
    assert dataset.factors["category"].tolist() == [dataset.classes[label] for label in dataset.labels]


def test_factors_have_their_ranges_and_no_view_comes_twice(tmp_path):
    seen = load(SolidsConfig(n=55, perspectives=32), tmp_path).factors
    assert set(seen["azimuth"]) == set(range(0, 360, 45)) == set(AZIMUTHS)
    assert set(seen["elevation"]) == set(ELEVATIONS)
    assert set(seen["hue"]) == set(range(0, 360, 36))
    assert set(seen["background"]) == set(PATTERNS)
    views = np.stack([seen["azimuth"], seen["elevation"]], axis=1).reshape(55, 32, 2)
    assert all(len(np.unique(of_one, axis=0)) == 32 for of_one in views)


def test_image_depends_on_seed_instance_and_perspective_alone(dataset, tmp_path):
    more = load(SolidsConfig(n=66, perspectives=3), tmp_path)
    rows = (np.arange(55)[:, None] * 3 + [0, 1]).ravel()
    assert np.array_equal(more.items[rows], dataset.items)
    assert more.ids[rows].tolist() == dataset.ids.tolist()
    assert more.is_test[rows].tolist() == dataset.is_test.tolist()


def test_another_seed_gives_other_images_and_ids(dataset, tmp_path):
    other = load(SMALL.model_copy(update={"seed": 1}), tmp_path)
    assert (other.items != dataset.items).any(axis=(1, 2, 3)).all()
    assert not set(other.ids) & set(dataset.ids)
    largest = SolidsConfig(n=55, perspectives=2, seed=9_999_999)
    assert (largest.seed << 26) + (50_000 << 5) + 32 < 2**53


def test_hue_that_is_said_is_the_hue_that_is_seen(dataset):
    for row in range(0, 110, 3):
        image = dataset.items[row].astype(float) / 255
        pixel = image[:, *np.unravel_index(np.ptp(image, axis=0).argmax(), (64, 64))]
        away = abs(colorsys.rgb_to_hsv(*pixel)[0] * 360 - dataset.factors["hue"][row])
        assert min(away, 360 - away) < 12


def test_hue_and_background_change_what_they_say_and_nothing_else():
    layers = np.zeros((1, 3, 2, 2), np.uint8)
    layers[0, :, 0, 0] = 255, 0, 255  # of the solid's hue
    layers[0, :, 0, 1] = 0, 102, 255  # grey
    layers[0, :, 1, 0] = 0, 0, 51  # a fifth is covered, in black
    grey, dark = np.full((1, 2, 2), 0.4), np.full((1, 2, 2), 0.2)
    red, cyan = (composed(layers, np.array([hue]), grey)[0] for hue in (0, HUES // 2))
    assert red[:, 0, 0].tolist() == [255, 51, 51]
    assert cyan[:, 0, 0].tolist() == [51, 255, 255]
    assert np.array_equal(red[:, [0, 1, 1], [1, 0, 1]], cyan[:, [0, 1, 1], [1, 0, 1]])
    assert red[0, [0, 1, 1], [1, 0, 1]].tolist() == [102, 82, 102]
    before = composed(layers, np.array([0]), dark)[0]
    assert np.array_equal(before[:, 0], red[:, 0])
    assert before[0, 1].tolist() == [41, 51]
    assert round(255 * (1 - SATURATION)) == 51


def test_cache_gives_the_same_needs_no_renderer_and_is_mapped(dataset, root, tmp_path, monkeypatch, capfd):
    told = []
    made = load(SMALL, tmp_path, lambda *of: told.append(of))
    assert told == [(100, 110), (110, 110)]
    assert np.array_equal(made.items, dataset.items)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    again = load(SMALL, root)
    assert isinstance(again.items, np.memmap)
    assert again.group == made.group
    assert capfd.readouterr() == ("", "")
    assert "vtkmodules.vtkCommonCore" not in sys.modules


def test_data_root_that_cannot_be_written_costs_time_only(dataset, tmp_path):
    (tmp_path / "solids").write_text("a file where the folder should be")
    found = load(SMALL, tmp_path)
    assert np.array_equal(found.items, dataset.items)
    assert found.group == "instance"


def test_without_vtk_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDataError, match=r"pip install 'latent-explorer\[solids\]'.*coloured"):
        load(SMALL, tmp_path)


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.kill(os.getpid(), 11)", "VTK ended with code -11. Without a screen"),
        ("import sys; sys.exit('no \\x1b[31mlibEGL')", "code 1, saying: no libEGL. Without a screen"),
        ("import sys; sys.stdin.readline(); print('x')", "code 0. Without a screen"),
    ],
)
def test_renderer_that_ends_is_told_and_leaves_no_cache(program, said, tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "COMMAND", (sys.executable, "-c", program))
    with pytest.raises(MissingDataError) as told:
        load(SMALL, tmp_path)
    assert said in str(told.value)
    assert left(tmp_path) == []


def test_interrupt_leaves_no_cache_and_no_process(dataset, tmp_path, monkeypatch):
    started, start = [], subprocess.Popen

    def recorded(*arguments, **settings):
        started.append(start(*arguments, **settings))
        return started[-1]

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rendering.subprocess, "Popen", recorded)
    with pytest.raises(KeyboardInterrupt):
        load(SMALL, tmp_path, interrupt)
    assert left(tmp_path) == []
    assert [process.returncode for process in started] == [-9]
    assert np.array_equal(load(SMALL, tmp_path).items, dataset.items)


def test_renderer_ends_with_the_process_that_started_it():
    program = (
        "import os, subprocess, time\nfrom explorer.data import rendering\n"
        "start = subprocess.Popen\n"
        "rendering.subprocess.Popen = lambda *of, **settings: start(*of, **settings, pass_fds=[os.dup(1)])\n"
        "with rendering.renderer():\n    print('started', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        process.kill()
        process.wait()
        # The renderer holds the other end of this pipe too, so only its own end closes it.
        assert process.stdout.read() == b""
