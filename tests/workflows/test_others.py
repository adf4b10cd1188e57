"""Another data set over a run's map: which, which of its items, where they lie and how far outside."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import explorer
from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.data.own import ImportConfig
from explorer.errors import BadDataError, BadValueError
from explorer.evaluation.structure import distance_to_nearest, radii_to_nearest_centre
from explorer.latent.targets import ClassTargets
from explorer.settings import Settings, load_settings
from explorer.workflows import others
from explorer.workflows.importing import import_own
from explorer.workflows.maps import laid_out, latent_map
from explorer.workflows.others import Candidate, OtherItems, candidates, load_others, places_of
from explorer.workflows.outside import how_far
from explorer.workflows.projecting import Places
from explorer.zoo.card import DataPart
from explorer.zoo.run import Run
from tests.workflows.test_search import CLASSES, TEST, TRAIN, make_run


@pytest.fixture
def home(installation, monkeypatch) -> Settings:  # noqa: ARG001
    """An installation with `tiny`, a run on textures, and an empty data root of its own."""
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(installation / "data"))
    return load_settings()


def bring_in(settings: Settings, name: str, array: np.ndarray, labels: np.ndarray | None = None) -> None:
    """Import an array as a person's own data."""
    path = settings.runs_root.parent / f"{name}.npz"
    np.savez(path, x=array, **({} if labels is None else {"y": labels}))
    import_own(path, ImportConfig(name=name, test_share=0.5), settings)


def dataset(labels: np.ndarray, n_classes: int, shape: tuple[int, ...] = (1, 4, 4)) -> Dataset:
    """Test items whose first pixel is their row, after as many training items."""
    n = len(labels)
    items = np.zeros((2 * n, *shape), np.uint8)
    items[n:, 0, 0, 0] = np.arange(n) % 256
    names = tuple(f"kind {i}" for i in range(n_classes))
    return Dataset("made", items, np.tile(labels, 2), names, np.arange(2 * n), np.arange(2 * n) >= n)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Offer a made data set to a run that encodes an item as (its first pixel, -1)."""
    run = make_run(tmp_path / "tiny")
    monkeypatch.setattr(
        Run,
        "posterior",
        lambda _, x: (
            np.stack([x[:, 0, 0, 0].astype(np.float32), -np.ones(len(x), np.float32)], axis=1),
            np.empty((len(x), 0), np.float32),
        ),
    )

    def offer(content: Dataset) -> OtherItems:
        source = replace(DATASETS["digits"], load=lambda *_: content)
        monkeypatch.setitem(others.DATASETS, "digits", source)
        return load_others(run, Candidate("digits", "digits", "digits", source.config()), Settings())

    return run, offer


def test_candidates_are_shifts_then_other_data_sets_then_imports_of_the_same_shape(home):
    card = explorer.load("tiny").card
    bring_in(home, "fits", np.zeros((8, 32, 32), np.uint8))
    bring_in(home, "small", np.zeros((8, 16, 16), np.uint8))
    bring_in(home, "vectors", np.random.default_rng(0).normal(size=(8, 5)))
    assert [one.key for one in candidates(card, home)] == ["shift:other_cameras", "arrays:fits"]
    assert [one.title for one in candidates(card, home)] == ["other cameras", "arrays fits"]
    on_mnist = card.model_copy(
        update={"data": DataPart(name="mnist", settings={}, train_items=1, test_items=1), "shape": (1, 28, 28)}
    )
    assert [one.key for one in candidates(on_mnist, home)] == ["fashion-mnist"]
    on_import = {"name": "arrays", "settings": {"name": "fits"}}
    on_import = card.model_copy(update={"data": card.data.model_copy(update=on_import)})
    assert [one.key for one in candidates(on_import, home)] == ["textures"]
    foreign = card.model_copy(update={"data": card.data.model_copy(update={"name": "gone"})})
    assert [one.key for one in candidates(foreign, home)] == ["textures", "arrays:fits"]


def test_damaged_import_is_left_out(home):
    bring_in(home, "fits", np.zeros((8, 32, 32), np.uint8))
    (home.data_root / "own" / "fits" / "import.json").write_text("{")
    assert [one.key for one in candidates(explorer.load("tiny").card, home)] == ["shift:other_cameras"]


@pytest.mark.parametrize("name", ["textures", "digits"])
def test_data_sets_have_the_shape_that_their_source_tells(tmp_path, name):
    source = DATASETS[name]
    config = source.config(n=50) if name == "textures" else source.config()
    assert source.load(config, tmp_path, None).shape == source.shape


@pytest.mark.usefixtures("installation")
def test_other_cameras_are_encoded_by_the_run_and_kept_in_no_file():
    run, settings = explorer.load("tiny"), load_settings()
    shift = candidates(run.card, settings)[0]
    before = sorted(run.folder.rglob("*"))
    found = load_others(run, shift, settings)
    assert len(found) == 400  # a fifth of 2,000, all of it
    data = DATASETS[shift.source].load(shift.config, settings.data_root, None)
    assert found.z.tolist() == run.encode(data.items[data.rows("test")]).tolist()
    assert set(np.bincount(found.labels)) == {80}
    assert sorted(run.folder.rglob("*")) == before
    assert load_others(run, shift, settings).z.tolist() == found.z.tolist()
    space = latent_map(run)
    assert places_of(found, space) == pytest.approx(space.projection.apply(found.z))
    far = how_far(run, found)
    assert far.all.items == 400
    assert [share.name for share in far.by_class] == list(found.classes)
    assert far.all.within_two == pytest.approx(np.mean([share.within_two for share in far.by_class]))


def test_making_the_data_tells_its_progress(made, monkeypatch):
    content, told = dataset(np.zeros(9, np.int64), 1), []
    source = replace(DATASETS["digits"], load=lambda _config, _root, progress: progress(9, 18) or content)
    monkeypatch.setitem(others.DATASETS, "digits", source)
    one = Candidate("digits", "digits", "digits", source.config())
    load_others(made[0], one, Settings(), lambda *done: told.append(done))
    assert told == [(9, 18)]


@pytest.mark.parametrize(
    ("counts", "most"),
    [
        ({0: 3000, 1: 900, 2: 100}, {0: 375, 1: 112, 2: 12}),
        ({0: 3, 1: 5}, {0: 3, 1: 5}),
        ({-1: 2000}, {-1: 500}),
        ({-1: 1000, 0: 996, 1: 4}, {-1: 250, 0: 249, 1: 1}),
    ],
)
def test_each_class_gives_its_share_of_500_items(made, counts, most):
    labels = np.random.default_rng(0).permutation(np.repeat(list(counts), list(counts.values())))
    found = made[1](dataset(labels, 3))
    names, n = np.unique(found.labels, return_counts=True)
    assert dict(zip(names.tolist(), n.tolist(), strict=True)) == most
    laps = np.cumsum(np.diff(found.z[:, 0], prepend=0) < 0)  # a pixel is its row modulo 256, and rows ascend
    rows = found.z[:, 0].astype(int) + 256 * laps
    assert found.labels.tolist() == labels[rows].tolist()


def test_many_small_classes_give_no_more_than_500_items(made):
    assert len(made[1](dataset(np.repeat(np.arange(254), 5), 254))) == 500


def test_items_of_another_shape_are_refused(made):
    with pytest.raises(BadDataError, match=r"takes items of shape \(1, 4, 4\)"):
        made[1](dataset(np.zeros(9, np.int64), 1, shape=(1, 4, 5)))


def test_data_without_test_items_are_refused(made):
    content = dataset(np.zeros(9, np.int64), 1)
    with pytest.raises(BadDataError, match="0 test items"):
        made[1](replace(content, is_test=np.zeros(18, bool)))


def test_latents_that_are_not_finite_are_refused(made, monkeypatch):
    monkeypatch.setattr(Run, "posterior", lambda _, x: 2 * (np.full((len(x), 2), np.nan, np.float32),))
    with pytest.raises(BadDataError, match="no finite latents"):
        made[1](dataset(np.zeros(9, np.int64), 1))


def test_map_by_neighbours_has_no_place_for_them(made):
    run, offer = made
    space = laid_out(latent_map(run), "umap", Places(np.zeros((TRAIN + TEST, 2), np.float32), 0.5))
    with pytest.raises(BadValueError, match="choose PCA or two dimensions"):
        places_of(offer(dataset(np.zeros(9, np.int64), 1)), space)


def test_how_far_is_what_a_slow_loop_says(made):
    run, offer = made
    found = offer(dataset(np.arange(60) % 4 - 1, 3))  # pixels 0 to 59: from near to far outside
    found = replace(found, z=found.z / 10)
    far, targets = how_far(run, found), run.card.class_targets
    train, test = run.latents("train").z.astype(float), run.latents("test").z.astype(float)
    nearest = [min(np.hypot(*(z - other)) for other in train) for z in found.z]
    reach = np.percentile([min(np.hypot(*(z - other)) for other in train) for z in test], 99)
    radii = [min(np.hypot(*(z - c)) / r for c, r in zip(targets.centres, targets.radii, strict=True)) for z in found.z]
    assert far.reach == pytest.approx(reach)
    for share, label in zip(far.by_class, (0, 1, 2, -1), strict=True):
        of_it = found.labels == label
        assert share.name == ("unlabelled" if label < 0 else f"kind {label}")
        assert share.items == 15
        assert share.beyond == pytest.approx(np.mean(np.array(nearest)[of_it] > reach))
        assert share.within_one == pytest.approx(np.mean(np.array(radii)[of_it] <= 1))
        assert share.within_two == pytest.approx(np.mean(np.array(radii)[of_it] <= 2))
    assert 0 < far.all.beyond < 1
    assert (far.own.items, far.own.beyond) == (TEST, 1 / TEST)


def test_run_without_centres_tells_the_distance_to_training_latents_alone(made, tmp_path):
    free = make_run(tmp_path / "free", targets=False)
    far = how_far(free, made[1](dataset(np.full(9, -1), 0)))
    assert (far.all.within_one, far.own.within_two) == (None, None)
    assert far.by_class == ()


def test_run_whose_latents_are_all_one_point_has_no_reach_and_everything_else_lies_beyond(made, tmp_path, monkeypatch):
    run = make_run(tmp_path / "flat")
    found = made[1](dataset(np.zeros(9, np.int64), 1))
    one = run.latents("train")
    monkeypatch.setattr(Run, "latents", lambda *_: replace(one, z=np.zeros((TRAIN, 2), np.float32)))
    far = how_far(run, found)
    assert (far.reach, far.own.beyond, far.all.beyond) == (0, 0, 1)


def test_run_without_test_items_is_told(made, monkeypatch):
    run, offer = made
    found, one = offer(dataset(np.zeros(9, np.int64), 1)), run.latents("train")
    nothing = replace(one, z=np.empty((0, 2), np.float32))
    monkeypatch.setattr(Run, "latents", lambda _, split: one if split == "train" else nothing)
    with pytest.raises(BadDataError, match="40 training and 0 test items"):
        how_far(run, found)


def test_radii_are_those_of_the_class_that_is_nearest_by_them():
    targets = ClassTargets([[0.0, 0], [10, 0]], [1.0, 8])
    z = np.array([[0.0, 0], [0.5, 0], [4, 0], [10, 16]])
    assert radii_to_nearest_centre(z, targets) == pytest.approx([0, 0.5, 0.75, 2])


def test_distance_to_nearest_of_others():
    assert distance_to_nearest(np.array([[0.0, 0], [3, 4]]), np.array([[0.0, 0], [3, 3]])).tolist() == [0, 1]


def test_torch_waits_until_something_is_encoded():
    code = "import sys, explorer.workflows.outside, explorer.workflows.beside, explorer.workflows.exporting\n"
    code += "assert not {'torch', 'sklearn', 'pyarrow', 'streamlit'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_classes_of_the_run_are_not_those_of_the_others(made):
    assert made[1](dataset(np.zeros(9, np.int64), 1)).classes == ("kind 0",) != tuple(CLASSES)
