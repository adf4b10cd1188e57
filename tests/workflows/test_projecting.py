"""Maps by neighbours: computed when asked for, kept, checked when they are read."""

import hashlib
import io
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import BadDataError, BadRunError, BadValueError, UnknownNameError
from explorer.evaluation.faithfulness import trustworthiness
from explorer.latent import neighbour_maps
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS
from explorer.settings import Settings
from explorer.workflows.maps import laid_out, latent_map
from explorer.workflows.projecting import FOLDER, Kept, Places, compute
from explorer.zoo.run import Run
from tests.workflows.test_search import TEST, TRAIN, latents, make_run

N = TRAIN + TEST


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_run(tmp_path / "deep", dims=4, targets=False)


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """UMAP replaced by the first two dimensions; holds how many items each computation had."""
    called: list[int] = []

    def layout(z: np.ndarray, _settings: object, report: neighbour_maps.Report) -> np.ndarray:
        called.append(len(z))
        report("laying out the map", 1, 2)
        return z[:, :2]

    monkeypatch.setitem(NEIGHBOUR_MAPS, "umap", replace(NEIGHBOUR_MAPS["umap"], layout=layout))
    return called


def files(kept: Kept) -> list[Path]:
    return sorted(kept.stem.parent.glob("*"))


def test_nothing_is_computed_or_written_unasked(run, settings, layouts):
    kept = Kept(run, "umap", settings)
    assert kept.read() is None
    assert kept.job.look() is None
    assert not settings.data_root.exists()
    assert layouts == []


def test_computed_map_is_kept_and_never_computed_again(run, settings, layouts):
    said: list[str] = []
    found = compute(Kept(run, "umap", settings), lambda stage, *_: said.append(stage))
    z = np.concatenate([run.latents("train").z, run.latents("test").z])
    assert found.places.tolist() == z[:, :2].tolist()
    assert found.trustworthiness == pytest.approx(trustworthiness(z, z[:, :2]))
    assert said == ["loading UMAP", "laying out the map", "measuring how far the map can be trusted"]
    kept = Kept(Run(run.folder), "umap", settings)
    again = kept.read()
    assert again.places.tolist() == found.places.tolist()
    assert again.trustworthiness == found.trustworthiness
    assert compute(kept).places.tolist() == found.places.tolist()
    assert layouts == [N]
    assert {file.suffix for file in files(kept)} == {".npy", ".json", ".lock"}
    assert files(kept)[0].parent == settings.data_root / FOLDER


def test_each_item_keeps_its_own_place(run, settings, layouts):  # noqa: ARG001
    space = latent_map(run)
    laid = laid_out(space, "umap", compute(Kept(run, "umap", settings)))
    assert laid.places.tolist() == space.latents.z[:, :2].tolist()
    assert laid.latents.ids.tolist() == space.latents.ids.tolist()
    assert (laid.name, laid.projection, laid.circles) == ("umap", None, ())


def test_key_is_that_of_latents_map_settings_and_library_and_not_of_the_runs_name(run, settings, tmp_path, monkeypatch):
    key = Kept(run, "umap", settings).key
    shutil.copytree(run.folder, tmp_path / "copy")
    assert Kept(Run(tmp_path / "copy"), "umap", settings).key == key
    other = make_run(tmp_path / "other", dims=4, targets=False, train=latents(TRAIN, 77, dims=4))
    keys = {key, Kept(run, "tsne", settings).key, Kept(other, "umap", settings).key}
    entry = NEIGHBOUR_MAPS["umap"]
    monkeypatch.setitem(NEIGHBOUR_MAPS, "umap", replace(entry, settings={**entry.settings, "n_neighbors": 16}))
    keys.add(Kept(run, "umap", settings).key)
    monkeypatch.setitem(NEIGHBOUR_MAPS, "umap", entry)
    monkeypatch.setattr(neighbour_maps, "version", lambda _: "99")
    keys.add(Kept(run, "umap", settings).key)
    assert len(keys) == 5


def forge(kept: Kept, array: np.ndarray, **changes: object) -> None:
    """Another array in place of the map's, with the digest that fits."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    kept.stem.with_suffix(".npy").write_bytes(out.getvalue())
    about = json.loads(kept.stem.with_suffix(".json").read_text())
    about |= {"sha256": hashlib.sha256(out.getvalue()).hexdigest(), **changes}
    kept.stem.with_suffix(".json").write_text(json.dumps(about))


DAMAGES = {
    "truncated": lambda k: k.stem.with_suffix(".npy").write_bytes(k.stem.with_suffix(".npy").read_bytes()[:-9]),
    "missing": lambda k: k.stem.with_suffix(".npy").unlink(),
    "no JSON": lambda k: k.stem.with_suffix(".json").write_text("{"),
    "other JSON": lambda k: k.stem.with_suffix(".json").write_text("[]"),
    "too few items": lambda k: forge(k, np.zeros((N - 1, 2), np.float32)),
    "another type": lambda k: forge(k, np.zeros((N, 2), np.int64)),
    "not finite": lambda k: forge(k, np.full((N, 2), np.nan, np.float32)),
    "pickled": lambda k: forge(k, np.array([[{}] * 2] * N, dtype=object)),
    "made of other latents": lambda k: forge(k, np.zeros((N, 2), np.float32), **{"made of": {}}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_map_is_told_removed_and_computed_anew(run, settings, layouts, damage):
    kept = Kept(run, "umap", settings)
    places = compute(kept).places.tolist()
    DAMAGES[damage](kept)
    with pytest.raises(BadDataError, match="The kept UMAP map of deep was damaged and has been removed; compute it"):
        kept.read()
    assert kept.read() is None
    assert compute(kept).places.tolist() == places
    assert len(layouts) == 2


def test_damaged_map_is_computed_anew_even_if_nobody_read_it(run, settings, layouts):
    kept = Kept(run, "umap", settings)
    compute(kept)
    DAMAGES["truncated"](kept)
    assert compute(kept).places.shape == (N, 2)
    assert layouts == [N, N]


def test_very_few_items_have_a_map_without_a_trustworthiness(run, settings):
    kept = Kept(run, "umap", settings)
    kept.write(Places(np.zeros((N, 2), np.float32), float("nan")), 1.0)
    assert np.isnan(kept.read().trustworthiness)


def test_run_whose_map_is_its_latent_is_refused(tmp_path, settings):
    with pytest.raises(BadValueError, match="flat has 2 latent dimensions, so its map is the latent itself"):
        Kept(make_run(tmp_path / "flat"), "umap", settings)


def test_run_without_latents_and_map_that_does_not_exist_are_refused(run, settings):
    with pytest.raises(UnknownNameError, match="no map '../x'"):
        Kept(run, "../x", settings)
    run.card = run.card.model_copy(update={"files": {}})
    with pytest.raises(BadRunError, match="deep has no latents yet"):
        Kept(run, "umap", settings)


def test_failure_is_kept_as_a_sentence(tmp_path, settings):
    same = replace(latents(TRAIN, 1, dims=4), z=np.ones((TRAIN, 4), np.float32))
    run = make_run(tmp_path / "same", dims=4, targets=False, train=same)
    altered = run.folder / "latents.safetensors"
    altered.write_bytes(altered.read_bytes()[:-1] + b"x")
    kept = Kept(run, "umap", settings)
    with pytest.raises(BadRunError):
        compute(kept)
    assert "latents.safetensors of same is truncated or altered" in kept.job.look().problem


def test_background_process_leaves_the_map_that_this_process_would_compute(tmp_path, monkeypatch):
    settings = Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs")
    settings.runs_root.mkdir()
    run = make_run(settings.runs_root / "deep", dims=4, targets=False)
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(settings.runs_root))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(settings.data_root))
    kept = Kept(run, "tsne", settings)
    kept.begin()
    deadline = time.monotonic() + 60
    while kept.job.is_running and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kept.job.look() is None
    elsewhere = Kept(run, "tsne", settings.model_copy(update={"data_root": tmp_path / "other"}))
    assert kept.read().places.tolist() == compute(elsewhere).places.tolist()
