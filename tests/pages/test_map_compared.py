"""Compare: another run beside, and items of other data over the map."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.data.own import ImportConfig
from explorer.errors import BadDataError
from explorer.settings import Settings
from explorer.ui import comparing, loading, state
from explorer.ui.loading import FOR_ALL
from explorer.workflows.importing import import_own
from explorer.workflows.projecting import Places
from tests.pages.scatters import BESIDE, lasso, maps, progress, say, selected
from tests.pages.test_pages import html, sentences
from tests.workflows.test_search import latents, make_run

PAGE, VAE, STRUCTURED, PHOTOS = "2_Map.py", "digits-vae", "digits-structured", "arrays photos"
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work is waited for, none of another test is there, and nothing is measured beside a test."""
    monkeypatch.setattr(loading, "SOON", 60.0)
    monkeypatch.setattr(state, "PAUSE", 3600.0)
    loading._under_way.clear()
    yield
    loading._under_way.clear()


@pytest.fixture
def fresh_data(runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001 - after it
    """A data root of the test's own."""
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "roots" / "data"))
    state.settings.cache_clear()
    return tmp_path / "roots" / "data"


@pytest.fixture
def beside(open_page: Open) -> AppTest:
    """Two runs on digits: eight dimensions, and two."""
    return open_page(PAGE, run=VAE, beside=STRUCTURED)


def both() -> tuple[state.OpenRun, state.OpenRun, comparing.Beside]:
    first, second = state.open_for_page(VAE), state.open_for_page(STRUCTURED)
    laid = second.beside("pca", first, first.space)
    assert laid is not None
    return first, second, laid


def told_marks(at: AppTest) -> list[dict]:
    return [told["marks"] for told in maps(at).values()]


@pytest.mark.parametrize(
    ("run", "others"),
    [
        (VAE, [STRUCTURED, *(f"digits-weight-{weight}" for weight in (0, 100, 25, 50, 75))]),
        ("textures-petals", ["textures-beams", "textures-crossentropy"]),
        ("mnist-ae", ["mnist-codes", "mnist-petals", "mnist-separate"]),
    ],
)
def test_only_runs_on_the_same_data_are_offered(open_page: Open, run, others):
    none, *found = open_page(PAGE, run=run).selectbox(key="beside").options
    assert (none, sorted(found)) == ("None", others)


def test_both_maps_are_drawn_and_move_together(beside: AppTest):
    assert not beside.exception
    assert not sentences(beside)
    first, second = maps(beside).values()
    assert list(maps(beside)) == ["map", BESIDE]
    assert first["link"] == second["link"] == "map"
    assert second["layout"].startswith(f"pca!{VAE}!")
    assert second["axes"] == ["turned 1", "turned 2"]
    assert f"<b>{VAE} and {STRUCTURED}</b> 1,797 items in common; the second " in html(beside)
    assert "of an item&#x27;s 10 nearest are the same in both latent spaces" in html(beside)


def test_a_map_alone_is_linked_to_nothing(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert list(maps(at)) == ["map"]
    assert maps(at)["map"]["link"] == ""
    at.selectbox(key="beside").set_value(STRUCTURED).run()
    assert not at.exception
    assert list(maps(at)) == ["map", BESIDE]


@pytest.mark.parametrize("key", ["map", BESIDE])
def test_an_item_clicked_on_either_map_is_shown_on_both(beside: AppTest, key):
    first, second, laid = both()
    clicked = (first if key == "map" else second).space.latents.ids[7]
    at = say(beside, "click", key, index=7)
    assert not at.exception
    assert at.query_params["item"] == str(clicked)
    for told, space in zip(told_marks(at), (first.space, laid.space), strict=True):
        (row,) = np.flatnonzero(space.latents.ids == clicked)
        assert told["query"] == pytest.approx(space.places[row].tolist())
        assert len(told["hits"]) == 12
    assert f"item {clicked}" in html(at)


def test_an_empty_place_is_one_of_the_map_that_was_clicked(beside: AppTest):
    at = say(beside, "click", BESIDE, x=0.25, y=0.5)
    assert not at.exception
    assert at.query_params["at"] == f"0.25,0.5@beside!{STRUCTURED}!pca!pca"
    first, second = told_marks(at)
    assert first["query"] is None
    assert second["query"] == pytest.approx([0.25, 0.5], abs=1e-5)
    assert 'data-name="Decoded place"' in html(at)
    at = say(at, "click", "map", x=0.1, y=0.2)
    assert [marks["query"] is None for marks in told_marks(at)] == [False, True]


def test_a_place_on_the_second_map_goes_with_the_run_beside(beside: AppTest, runs_root: Path):
    shutil.copytree(places.models() / STRUCTURED, runs_root / "other")
    at = say(beside, "click", BESIDE, x=0.25, y=0.5)
    at.selectbox(key="beside").set_value("other").run()
    assert not at.exception
    assert list(maps(at)) == ["map", BESIDE]
    assert [marks["query"] for marks in told_marks(at)] == [None, None]


def test_a_lasso_is_carried_to_the_other_map_and_back(beside: AppTest):
    first, second, laid = both()
    mask = np.arange(len(first.space)) % 50 == 3
    at = lasso(beside, mask)
    assert not at.exception
    assert selected(maps(at)["map"]) is None
    np.testing.assert_array_equal(selected(maps(at)[BESIDE]), laid.common.on_second(mask))
    assert "36 items in the lasso" in html(at)
    few = np.arange(len(second.space)) < 5
    at = lasso(at, few, BESIDE)
    assert selected(maps(at)[BESIDE]) is None
    np.testing.assert_array_equal(selected(maps(at)["map"]), laid.common.on_first(few))
    assert "5 items in the lasso" in html(at)
    next(button for button in at.button if button.label == "Clear the lasso").click().run()
    assert not at.exception
    assert [selected(told) for told in maps(at).values()] == [None, None]
    assert maps(at)[BESIDE]["clear_selection"] == 1
    assert "in the lasso" not in html(at)


def test_a_click_ends_the_lasso_of_the_other_map(beside: AppTest):
    at = lasso(beside, np.arange(1797) < 5)
    at = say(at, "click", BESIDE, index=3)
    assert "in the lasso" not in html(at)
    assert maps(at)["map"]["clear_selection"] == 1


def test_what_is_chosen_for_the_first_map_holds_for_the_second(open_page: Open):
    at = open_page(PAGE, run=VAE, beside=STRUCTURED, colour="Split", regions="true")
    assert [told["colouring"]["name"] for told in maps(at).values()] == ["split", "split"]
    assert [len(marks["centres"]) for marks in told_marks(at)] == [10, 3]
    assert all(told["layers"]["regions_url"] for told in maps(at).values())
    at.checkbox(key="means").set_value(False).run()
    at.checkbox(key="regions").set_value(False).run()
    assert not at.exception
    assert [len(marks["centres"]) for marks in told_marks(at)] == [0, 0]
    assert not any(told["layers"]["regions_url"] for told in maps(at).values())


def test_what_only_the_second_map_has_is_drawn_as_usual(open_page: Open):
    at = open_page(PAGE, run="mnist-ae", beside="mnist-petals")
    assert not at.exception
    assert [len(marks["circles"]) for marks in told_marks(at)] == [0, 10]


def test_a_run_of_two_dimensions_lies_beside_a_map_by_neighbours(open_page: Open, fresh_data: Path):  # noqa: ARG001
    kept = state.open_for_page(VAE).kept("umap")
    kept.write(Places(np.random.default_rng(0).normal(size=(1797, 2)).astype(np.float32), 0.9), 1.0)
    at = open_page(PAGE, run=VAE, projection="UMAP", beside=STRUCTURED)
    assert not at.exception
    assert not sentences(at)
    first, second = maps(at).values()
    assert first["layout"] == "umap"
    assert second["layout"].startswith("pca!")


def test_a_run_that_is_gone_by_now_is_one_sentence(beside: AppTest, monkeypatch: pytest.MonkeyPatch):
    def gone(name):
        raise BadDataError(f"There is no run {name}.")

    monkeypatch.setattr(comparing, "open_for_page", gone)
    beside.run()
    assert not beside.exception
    assert sentences(beside) == [f"There is no run {STRUCTURED}."]
    assert list(maps(beside)) == ["map"]


def test_a_damaged_run_beside_is_one_sentence(open_page: Open, runs_root: Path):
    shutil.copytree(places.models() / STRUCTURED, runs_root / "broken")
    (runs_root / "broken" / "latents.safetensors").write_bytes(b"damaged")
    at = open_page(PAGE, run=VAE, beside="broken")
    assert not at.exception
    assert ["latents" in text for text in sentences(at)] == [True]
    assert list(maps(at)) == ["map"]


@pytest.fixture
def strangers(runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that have 15 test items and 20 of their training items in common, and no images."""

    def missing(*_, **__):
        raise BadDataError("The data are not there.")

    monkeypatch.setattr(state, "load_items", missing)
    make_run(runs_root / "here")
    make_run(runs_root / "there", train=latents(40, 1020))
    for name in ("here", "there"):
        state.open_for_page(name).prepare()  # by now it is known that there are none


@pytest.mark.usefixtures("strangers")
def test_an_item_of_the_second_map_alone_is_shown_there(open_page: Open):
    at = open_page(PAGE, run="here", beside="there", item="1059")
    assert not at.exception
    assert not sentences(at)
    assert "35 items in common" in html(at)
    assert "train item 1059" in html(at)
    assert [marks["query"] is None for marks in told_marks(at)] == [True, False]


@pytest.mark.usefixtures("strangers")
def test_an_item_of_neither_map_is_one_sentence(open_page: Open):
    at = open_page(PAGE, run="here", beside="there", item="5")
    assert not at.exception
    assert len(sentences(at)) == 1


@pytest.mark.usefixtures("strangers")
def test_a_lasso_is_carried_as_far_as_items_are_on_both_maps(open_page: Open):
    at = lasso(open_page(PAGE, run="here", beside="there"), np.ones(55, np.bool_))
    assert not at.exception
    assert selected(maps(at)[BESIDE]).sum() == 35
    here, there = state.open_for_page("here").space.latents.ids, state.open_for_page("there").space.latents.ids
    at = lasso(at, np.isin(there, range(1030, 1060)), BESIDE)
    assert set(here[selected(maps(at)["map"])]) == set(range(1030, 1040))
    at = lasso(at, np.isin(here, range(1000, 1025)))
    assert set(there[selected(maps(at)[BESIDE])]) == set(range(1020, 1025))


@pytest.fixture
def photos(fresh_data: Path, tmp_path: Path) -> Path:
    """An import of 60 pictures of the digits' size; every third has no label."""
    rng = np.random.default_rng(0)
    labels = np.array(["cat", "dog", ""])[np.arange(60) % 3]
    bring_in(tmp_path / "photos.npz", fresh_data, x=rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), labels=labels)
    return fresh_data


def bring_in(path: Path, data_root: Path, **arrays: np.ndarray) -> None:
    """Import arrays as photos, in the place of those that there are."""
    np.savez(path, **arrays)
    import_own(path, ImportConfig(name="photos", replace=True), Settings(data_root=data_root))


@pytest.mark.usefixtures("photos")
def test_items_of_other_data_are_marks_and_a_table(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert at.selectbox(key="over").options == ["None", PHOTOS]
    assert maps(at)["map"]["marks"]["others"] == []
    at.selectbox(key="over").set_value(PHOTOS).run()
    assert not at.exception
    assert not sentences(at)
    marks = maps(at)["map"]["marks"]
    assert len(marks["others"]) == 12
    assert marks["others_names"] == ["cat", "dog", "unlabelled"]
    assert {group for _, _, group in marks["others"]} == {0, 1, 2}
    table = html(at).split('data-name="How far other items fall outside"')[1].split("</table>")[0]
    assert all(f"{name}</td>" in table for name in ("cat", "dog"))
    assert f"Items of {PHOTOS}" in html(at)


def test_an_import_that_takes_the_place_of_another_is_encoded_anew(open_page: Open, photos: Path, tmp_path: Path):
    at = open_page(PAGE, run=VAE, over=PHOTOS)
    assert len(maps(at)["map"]["marks"]["others"]) == 12
    bring_in(tmp_path / "photos.npz", photos, x=np.full((20, 8, 8), 9, np.uint8))
    at.run()
    assert not at.exception
    assert len({(x, y) for x, y, _ in maps(at)["map"]["marks"]["others"]}) == 1  # all the same now


@pytest.mark.usefixtures("photos")
def test_items_of_other_data_lie_on_any_linear_map_and_beside_another_run(open_page: Open):
    at = open_page(PAGE, run=VAE, projection="Two dimensions", over=PHOTOS, beside=STRUCTURED)
    assert not at.exception
    assert [len(marks["others"]) for marks in told_marks(at)] == [12, 0]


@pytest.mark.usefixtures("photos")
def test_a_map_by_neighbours_has_no_place_for_other_data(open_page: Open):
    kept = state.open_for_page(VAE).kept("umap")
    kept.write(Places(np.random.default_rng(0).normal(size=(1797, 2)).astype(np.float32), 0.9), 1.0)
    at = open_page(PAGE, run=VAE, over=PHOTOS)
    at.selectbox(key="projection").set_value("UMAP").run()
    assert not at.exception
    assert at.selectbox(key="over").disabled
    assert maps(at)["map"]["marks"]["others"] == []


class Slow:
    """Work that goes on when it is told to."""

    def __init__(self) -> None:
        self.go_on, self.told, self.begun = Event(), Event(), 0

    def __call__(self, _run, candidate, _settings, progress):
        self.begun += 1
        progress(3, 10)
        self.told.set()
        self.go_on.wait(60)
        progress(4, 10)
        raise BadDataError(f"{candidate.title} are not there.")


@pytest.fixture
def slow(photos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:  # noqa: ARG001 - after it
    work = Slow()
    monkeypatch.setattr(comparing, "load_others", work)
    monkeypatch.setattr(loading, "SOON", 0.2)
    yield work
    work.go_on.set()


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def over() -> loading.Loading:
    (work,) = (work for key, work in loading._under_way.items() if key[0] == "over")
    return work


def test_loading_shows_how_far_it_is_and_the_map_stays(open_page: Open, slow: Slow):
    at = open_page(PAGE, run=VAE, over=PHOTOS)
    assert slow.told.wait(60)
    at.run()
    assert not at.exception
    assert progress(at) == [(f"Encoding items of {PHOTOS}", 0.3)]
    assert list(maps(at)) == ["map"]
    assert slow.begun == 1


def test_loading_is_cancelled_and_begun_again(open_page: Open, slow: Slow):
    at = press(open_page(PAGE, run=VAE, over=PHOTOS), "Cancel")
    assert not at.exception
    assert next(button for button in at.button if button.label == "Cancel").disabled
    slow.go_on.set()
    assert over().wait(60)
    at.run()
    assert sentences(at) == [f"Encoding items of {PHOTOS} was cancelled."]
    press(at, "Try again")
    assert not at.exception
    assert slow.begun == 2


def test_a_cancel_ends_the_work_for_every_session_and_says_so(open_page: Open, slow: Slow):
    one, other = (open_page(PAGE, run=VAE, over=PHOTOS) for _ in range(2))
    assert slow.begun == 1
    assert next(button for button in one.button if button.label == "Cancel").help == FOR_ALL
    press(one, "Cancel")
    slow.go_on.set()
    assert over().wait(60)
    assert sentences(other.run()) == [f"Encoding items of {PHOTOS} was cancelled."]
    press(other, "Try again")
    assert slow.begun == 2


def test_loading_that_fails_says_why(open_page: Open, slow: Slow):
    slow.go_on.set()
    at = open_page(PAGE, run=VAE, over=PHOTOS)
    assert over().wait(60)
    at.run()
    assert not at.exception
    assert sentences(at) == [f"{PHOTOS} are not there."]
    assert maps(at)["map"]["marks"]["others"] == []


def test_two_works_are_watched_and_fail_side_by_side(open_page: Open, slow: Slow, monkeypatch):
    def agreement(*_):
        slow.go_on.wait(60)
        raise BadDataError("Nothing to compare.")

    monkeypatch.setattr(comparing, "agreement", agreement)
    at = open_page(PAGE, run=VAE, beside=STRUCTURED, over=PHOTOS)
    assert not at.exception
    assert len(progress(at)) == 2
    assert [button.label for button in at.button].count("Cancel") == 2
    slow.go_on.set()
    assert all(work.wait(60) for work in loading._under_way.values())
    at.run()
    assert not at.exception
    assert sorted(sentences(at)) == ["Nothing to compare.", f"{PHOTOS} are not there."]
    assert [button.label for button in at.button].count("Try again") == 2
