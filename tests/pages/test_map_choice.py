"""The choice of a map for latents of more than two dimensions, and items that are no labelled images."""

import shutil
from collections.abc import Callable
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.data.dataset import Dataset
from explorer.settings import Settings
from explorer.ui import state
from explorer.ui.progress import Standing, _looks
from explorer.workflows.background import Job
from explorer.workflows.maps import latent_map
from explorer.workflows.projecting import Kept, Places
from explorer.workflows.runs import Items
from explorer.zoo.card import Card, DataPart
from explorer.zoo.run import Run
from explorer.zoo.store import LATENTS, Latents, write_card, write_latents
from tests.pages.scatters import followed_quietly, progress
from tests.pages.test_pages import html, sentences
from tests.runs import CONFIG, train

MAP = "2_Map.py"
RUN = "deep"
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation with one run of four latent dimensions."""
    home = tmp_path_factory.mktemp("deep")
    settings = Settings(data_root=home / "data", runs_root=home / "runs", device="cpu")
    train(settings, RUN, config=CONFIG.model_copy(update={"latent_dims": 4, "layout": "simplex"}))
    return settings


@pytest.fixture
def deep(trained: Settings, runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run in the page's own installation, where no map is kept yet."""
    shutil.copytree(trained.runs_root / RUN, runs_root / RUN)
    shutil.copytree(trained.data_root, tmp_path / "roots" / "data")
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "roots" / "data"))
    monkeypatch.setattr(state, "PAUSE", 3600.0)  # nothing is measured beside a test
    state.settings.cache_clear()
    return Run(runs_root / RUN)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was begun in the background; nothing is."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(Job, "begin", lambda _job, *command: commands.append(command))
    return commands


def keep(run: Run, name: str = "umap", trust: float = 0.875) -> Kept:
    """Keep a made-up map: item i of the run's order lies at (i, -i)."""
    kept = Kept(run, name, state.settings())
    places = np.arange(kept.n_items)[:, None] * np.array([1, -1])
    kept.write(Places(places.astype(np.float32), trust), 1.0)
    return kept


def buttons(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def test_latent_of_two_dimensions_has_no_choice_of_map(open_page: Open):
    at = open_page(MAP, run="textures-petals", projection="UMAP")
    assert not at.exception
    assert "projection" not in [control.key for control in at.selectbox]
    assert "this map is the latent itself" in html(at)


def test_more_dimensions_open_on_their_principal_components(open_page: Open, deep: Run):
    at = open_page(MAP, run=RUN)
    assert not at.exception
    assert at.selectbox(key="projection").value == "PCA"
    share = latent_map(deep).projection.variance
    assert f"two principal components of 4: {100 * share:.0f} % of the variance; trustworthiness …" in html(at)
    assert "Compute" not in buttons(at)


def measured(at: AppTest) -> list[str]:
    """Names of what is being measured; the items, which the page awaits too, are not."""
    return [name for name in followed_quietly(at) if not name.startswith("factors-")]


def test_measuring_is_followed_by_the_browser_and_holds_neither_run_nor_map(open_page: Open, deep: Run):  # noqa: ARG001
    at = open_page(MAP, run=RUN)
    (identity,) = measured(at)
    assert "trustworthiness …" in html(at)
    look = _looks[identity]
    assert look() == Standing("", 0.0)
    assert progress(at) == [], "there is no bar"
    assert all(isinstance(one, ref) for one in look.args)
    opened = state.open_for_page(RUN)
    opened._measure(opened.space)
    assert look() is None
    assert measured(at.run()) == []


def test_trustworthiness_is_told_once_it_is_measured(open_page: Open, deep: Run):  # noqa: ARG001
    opened = state.open_for_page(RUN)
    opened._measure(opened.space)
    assert f"; trustworthiness {opened.trustworthiness(opened.space):.3f}" in html(open_page(MAP, run=RUN))


@pytest.mark.parametrize(("choice", "name"), [("UMAP", "umap"), ("t-SNE", "tsne")])
def test_map_by_neighbours_is_offered_and_computed_only_when_asked(open_page, deep, begun, choice, name):
    at = open_page(MAP, run=RUN)
    at.selectbox(key="projection").set_value(choice).run()
    assert not at.exception
    assert f"**{choice}** of 120 items" in " ".join(text.value for text in at.markdown)
    assert "two principal components" in html(at)  # the map that is there stays usable
    assert begun == []
    next(button for button in at.button if button.label == "Compute").click().run()
    assert not at.exception
    assert begun == [("project", RUN, "--map", name)]
    assert Kept(deep, name, state.settings()).read() is None


def test_kept_map_is_drawn_at_once_with_its_trustworthiness(open_page: Open, deep: Run):
    keep(deep)
    at = open_page(MAP, run=RUN, projection="UMAP")
    assert not at.exception
    assert "UMAP: distances are not the latent&#x27;s; trustworthiness 0.875" in html(at)
    assert "Compute" not in buttons(at)


def test_computation_under_way_is_shown_with_its_progress_and_can_be_cancelled(open_page: Open, deep: Run):
    kept = Kept(deep, "umap", state.settings())
    with kept.job.working() as report:
        report("laying out the map", 120, 500)
        at = open_page(MAP, run=RUN, projection="UMAP")
        assert not at.exception
        assert "Compute" not in buttons(at)
        ((words, share),) = progress(at)
        assert share == pytest.approx(0.24)
        assert "UMAP: laying out the map, 120 of 500 steps, for " in words
        assert "two principal components" in html(at)
        assert not next(button for button in at.button if button.label == "Cancel").disabled


def test_cancel_asks_the_process_to_end(open_page: Open, deep: Run, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(Job, "cancel", lambda job: asked.append(job.title))
    with Kept(deep, "umap", state.settings()).job.working():
        at = open_page(MAP, run=RUN, projection="UMAP")
        next(button for button in at.button if button.label == "Cancel").click().run()
    assert not at.exception
    assert asked == ["The UMAP map of deep"]


def test_process_that_died_is_one_sentence_and_can_be_begun_anew(open_page, deep, begun):
    kept = Kept(deep, "umap", state.settings())
    with pytest.raises(MemoryError), kept.job.working():
        raise MemoryError
    at = open_page(MAP, run=RUN, projection="UMAP")
    assert not at.exception
    assert sentences(at) == [
        "UMAP could not be computed: there is not enough memory for it; end other programs, then begin again."
    ]
    next(button for button in at.button if button.label == "Compute").click().run()
    assert begun


def test_damaged_map_is_one_sentence_and_offered_again(open_page: Open, deep: Run):
    kept = keep(deep)
    kept.stem.with_suffix(".npy").write_bytes(b"damaged")
    at = open_page(MAP, run=RUN, projection="UMAP")
    assert not at.exception
    assert ["was damaged and has been removed; compute it again" in text for text in sentences(at)] == [True]
    assert "Compute" in buttons(at)
    assert not sentences(at.run())


def test_data_root_that_cannot_be_written_is_one_sentence(open_page, deep, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "file" / "data"))
    state.settings.cache_clear()
    at = open_page(MAP, run=deep.folder.name, projection="UMAP")
    next(button for button in at.button if button.label == "Compute").click().run()
    assert not at.exception
    assert ["could not be written" in text for text in sentences(at)] == [True]


def test_unknown_map_in_the_address_is_the_principal_components(open_page: Open, deep: Run):  # noqa: ARG001
    at = open_page(MAP, run=RUN, projection="../UMAP")
    assert not at.exception
    assert "two principal components" in html(at)


def click(at: AppTest, opened: state.OpenRun, name: str, **touch: float) -> AppTest:
    identity = opened.cloud(opened.on(name)).identity
    at.session_state["map"] = {"click": {"identity": identity, "index": -1, "x": 0.0, "y": 0.0, "seq": 1} | touch}
    return at.run()


def test_empty_place_on_a_map_by_neighbours_has_no_latent_but_real_items_near(open_page: Open, deep: Run):
    keep(deep)
    at = click(open_page(MAP, run=RUN, projection="UMAP"), state.open_for_page(RUN), "umap", x=10.2, y=-10.2)
    assert not at.exception
    assert at.query_params["at"] == "10.2,-10.2@umap"
    shown = html(at)
    assert "at (10.200, -10.200): a place on a UMAP map has no latent to decode" in shown
    assert "Nearest on the map" in shown
    assert "Decoded" not in shown
    assert "Similarity to each class" not in shown
    assert shown.count('role="listitem"') == 12
    assert "on the map 0.283" in shown  # item 10 lies at (10, -10)


def test_place_is_forgotten_on_another_map_and_found_again_on_its_own(open_page: Open, deep: Run):
    keep(deep)
    at = open_page(MAP, run=RUN, projection="UMAP", at="10.2,-10.2@umap")
    assert "Empty place" in html(at)
    at.selectbox(key="projection").set_value("PCA").run()
    assert not at.exception
    assert "Empty place" not in html(at)
    at.selectbox(key="projection").set_value("UMAP").run()
    assert "Empty place" in html(at)


def test_click_on_a_point_stays_that_item_on_every_map(open_page: Open, deep: Run):
    keep(deep)
    opened = state.open_for_page(RUN)
    at = click(open_page(MAP, run=RUN, projection="UMAP"), opened, "umap", index=5)
    item = str(opened.space.latents.ids[5])
    assert at.query_params["item"] == item
    on_umap = html(at).split("Nearest images")[1]
    at.selectbox(key="projection").set_value("PCA").run()
    assert at.query_params["item"] == item
    assert html(at).split("Nearest images")[1] == on_umap  # neighbours are those of the latent space


def test_click_on_the_map_before_is_no_click_on_this_one(open_page: Open, deep: Run):
    keep(deep)
    at = click(open_page(MAP, run=RUN, projection="UMAP"), state.open_for_page(RUN), "pca", x=0.1)
    assert "at" not in at.query_params


def test_confidence_colours_a_map_by_neighbours_too(open_page: Open, deep: Run):
    keep(deep)
    at = open_page(MAP, run=RUN, projection="UMAP", colour="Confidence")
    assert not at.exception
    assert at.selectbox(key="colour").value == "Confidence"


@pytest.fixture
def vectors(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> Items:
    """A run of vectors without labels, and its items."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 7)).astype(np.float32)
    ids, none = np.arange(60, dtype=np.int64), np.empty((60, 0), np.float32)
    unlabelled = np.full(60, -1)
    every = Latents(ids, values[:, :2], unlabelled, none, none, none, none)
    parts = {
        split: Latents(*(getattr(every, name)[rows] for name in every.__dataclass_fields__))
        for split, rows in (("train", slice(50)), ("test", slice(50, None)))
    }
    (runs_root / "vectors").mkdir()
    digest = write_latents(runs_root / "vectors", parts)
    card = Card(
        name="vectors",
        status="finished",
        method="ae",
        config={},
        paper="",
        data=DataPart(name="arrays", settings={}, train_items=50, test_items=10),
        classes=[],
        shape=(7,),
        latent_dims=2,
        has_decoder=False,
        training={},
        epochs_done=1,
        device="cpu",
        command="latent-explorer train",
        created="2026-01-01T00:00:00+00:00",
        versions={},
        files={LATENTS: digest},
    )
    write_card(runs_root / "vectors", card)
    items = Items(Dataset("arrays", values, unlabelled, (), ids, ids >= 50))
    monkeypatch.setattr(state, "load_items", lambda *_, **__: items)
    return items


def test_unlabelled_vectors_are_drawn_without_classes_colours_or_verdicts(open_page: Open, vectors: Items):
    at = open_page(MAP, run="vectors", item="7", k="5")
    assert not at.exception
    assert not sentences(at)
    assert at.selectbox(key="colour").options == ["One colour", "Split"]
    shown = html(at)
    assert shown.count("data:image/png") == 1 + 5
    assert "train item 7" in shown
    assert not any(
        word in shown for word in ("unlabelled", 'class="le-swatch"', "same class", "other class", "predicted")
    )
    cloud = state.open_for_page("vectors").cloud(state.open_for_page("vectors").space)
    assert (cloud.classes, cloud.colours, cloud.has_confidence) == ((), (), False)
    scale = state.open_for_page("vectors").images.scale
    assert scale.mean == pytest.approx(vectors.dataset.items.mean(axis=0), abs=1e-5)


def test_unlabelled_run_has_its_card_on_the_shelf(open_page: Open, vectors: Items):  # noqa: ARG001
    at = open_page("1_Start.py")
    assert not at.exception
    assert at.button(key="open-vectors").disabled is False
