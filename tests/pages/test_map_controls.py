"""Each control of the Map's bar: what it offers, what reaches the map, and what the address holds."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.ui import downloads, state
from explorer.ui.overlaying import OVERLAYS
from explorer.ui.progress import standing_of
from tests.pages.scatters import followed_quietly, lasso, maps
from tests.pages.test_pages import html, sentences

PAGE, VAE, PETALS, BEAMS, STRUCTURED = (
    "2_Map.py",
    "digits-vae",
    "textures-petals",
    "textures-beams",
    "digits-structured",
)
TWO = "Two dimensions"
WIDEST = "z8-z3"  # of the latent of digits-vae
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured beside a test."""
    monkeypatch.setattr(state, "PAUSE", 3600.0)


def keys(controls) -> list[str]:
    return [control.key for control in controls if control.key]


def item(run: str, row: int = 5) -> str:
    return str(state.open_for_page(run).space.latents.ids[row])


def test_any_two_dimensions_can_be_drawn(open_page: Open):
    at = open_page(PAGE, run=VAE, projection=TWO)
    names = [f"z{i}" for i in range(1, 9)]
    assert at.selectbox(key="across").options == names
    widest = 1 + np.argsort(-state.open_for_page(VAE).space.latents.z.std(axis=0))[:2]
    assert maps(at)["map"]["layout"] == WIDEST == f"z{widest[0]}-z{widest[1]}"
    assert at.selectbox(key="up").options == [name for name in names if name != f"z{widest[0]}"]
    at.selectbox(key="up").set_value("z2").run()
    assert not at.exception
    at.selectbox(key="across").set_value("z5").run()
    assert not at.exception
    assert maps(at)["map"]["layout"] == "z5-z2"
    assert maps(at)["map"]["axes"] == ["z5", "z2"]
    assert "map=z5-z2&" in maps(at)["map"]["url"]
    assert "dimensions 5 and 2 of 8" in html(at)


def test_a_dimension_is_never_drawn_against_itself(open_page: Open):
    at = open_page(PAGE, run=VAE, projection=TWO, across="z3", up="z5")
    assert maps(at)["map"]["layout"] == "z3-z5"
    at.selectbox(key="across").set_value("z5").run()
    assert not at.exception
    assert maps(at)["map"]["layout"] == f"z5-{WIDEST[:2]}"


def test_posterior_is_drawn_at_its_mean_or_a_sample(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert at.segmented_control(key="drawn").value == "its mean"
    at.segmented_control(key="drawn").set_value("a sample").run()
    assert not at.exception
    assert maps(at)["map"]["layout"] == "pca~sample"
    assert "a sample of each item&#x27;s posterior on two principal components of 8" in html(at)
    assert maps(open_page(PAGE, run=VAE, drawn="a sample", projection=TWO))["map"]["layout"] == f"{WIDEST}~sample"


@pytest.mark.parametrize("query", [{"run": VAE, "projection": "UMAP"}, {"run": PETALS}, {"run": "mnist-ae"}])
def test_a_map_without_posteriors_has_no_sample(open_page: Open, query):
    at = open_page(PAGE, drawn="a sample", **query)
    assert not at.exception
    assert "drawn" not in keys(at.segmented_control)
    assert "~sample" not in maps(at)["map"]["layout"]


OFFERED = {
    PETALS: ["centres", "circles", "regions"],
    BEAMS: ["means", "sectors", "regions"],
    STRUCTURED: ["means", "regions", "targets"],
    VAE: ["means", "regions", "neighbours", "posterior"],
    "mnist-petals": ["centres", "circles", "regions"],
    "mnist-ae": ["means", "regions"],
}


@pytest.mark.parametrize("run", OFFERED)
def test_only_overlays_that_a_run_can_have_are_offered(open_page: Open, run):
    at = open_page(PAGE, run=run)
    assert not at.exception
    assert keys(at.checkbox) == OFFERED[run]
    assert [box.label for box in at.checkbox] == [OVERLAYS[name].title for name in OFFERED[run]]
    assert "images" in keys(at.segmented_control)


def drawn(at: AppTest, name: str) -> int:
    """How much of an overlay reaches the map."""
    told = maps(at)["map"]
    if name in ("regions", "targets"):
        return int(bool(told["layers"][f"{name}_url"]))
    places = {"means": "centres", "neighbours": "lines", "posterior": "ellipses"}
    return len(told["marks"][places.get(name, name)])


@pytest.mark.parametrize(
    ("run", "name", "much"),
    [
        (PETALS, "centres", 5),
        (PETALS, "circles", 5),
        (PETALS, "regions", 1),
        (BEAMS, "means", 5),
        (BEAMS, "sectors", 10),
        (STRUCTURED, "targets", 1),
        (STRUCTURED, "regions", 1),
        (VAE, "means", 10),
        (VAE, "neighbours", 10),
        (VAE, "posterior", 2),
    ],
)
def test_each_overlay_is_drawn_where_it_is_ticked_and_nowhere_else(open_page: Open, run, name, much):
    at = open_page(PAGE, run=run, item=item(run))
    usual = OVERLAYS[name].usual
    assert at.checkbox(key=name).value is usual
    assert drawn(at, name) == (much if usual else 0)
    at.checkbox(key=name).set_value(not usual).run()
    assert not at.exception
    assert drawn(at, name) == (0 if usual else much)
    linked = open_page(PAGE, run=run, item=item(run), **{name: str(not usual).lower()})
    assert drawn(linked, name) == (0 if usual else much)


def test_marks_of_a_touch_come_with_the_touch(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert [drawn(at, name) for name in ("neighbours", "posterior", "means")] == [0, 0, 10]
    assert maps(at)["map"]["marks"]["query"] is None


@pytest.mark.parametrize(("choice", "told"), [("when zoomed in", "auto"), ("always", "always"), ("never", "never")])
def test_images_in_place_of_points(open_page: Open, choice, told):
    at = open_page(PAGE, run=VAE)
    assert maps(at)["map"]["images"] == "auto"
    at.segmented_control(key="images").set_value(choice).run()
    assert maps(at)["map"]["images"] == told
    assert maps(open_page(PAGE, run=VAE, images=choice))["map"]["images"] == told


def test_colour_says_each_thing_that_the_run_knows(open_page: Open):
    at = open_page(PAGE, run=VAE, item=item(VAE))
    at.run()  # by now the items are here, and their factors
    names = {title: name for name, title in state.open_for_page(VAE).painting.titles(wait=True).items()}
    assert at.selectbox(key="colour").options == ["Class", *names]
    assert maps(at)["map"]["colouring"] is None
    assert {"confidence", "error", "verdict", "predicted", "split"} < set(names.values())
    for title, name in names.items():
        at.selectbox(key="colour").set_value(title).run()
        assert not at.exception
        told = maps(at)["map"]["colouring"]
        assert told["name"] == name
        assert told["url"].startswith(f"/explorer/column/{VAE}/")
    at.selectbox(key="colour").set_value("Class").run()
    assert maps(at)["map"]["colouring"] is None


@pytest.fixture
def anew() -> None:
    """No run is open yet, and so no items are at hand."""
    state._open.clear()


@pytest.mark.usefixtures("anew")
def test_a_factor_in_the_address_waits_for_the_items(open_page: Open):
    at = open_page(PAGE, run=VAE)
    assert "Digit" not in at.selectbox(key="colour").options
    assert "factors follow" in at.selectbox(key="colour").help
    state._open.clear()
    at = open_page(PAGE, run=VAE, colour="Digit")
    assert not at.exception
    assert at.selectbox(key="colour").value == "Digit"
    assert maps(at)["map"]["colouring"]["name"] == "factor:digit"
    assert "factors follow" not in at.selectbox(key="colour").help


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize("run", [VAE, "mnist-petals"])
def test_an_unknown_colour_in_the_address_is_the_class(open_page: Open, run):
    at = open_page(PAGE, run=run, colour="![x](http://198.51.100.1)")
    assert not at.exception
    assert not sentences(at)
    assert at.selectbox(key="colour").value == "Class"
    assert maps(at)["map"]["colouring"] is None


def test_search_ranks_by_what_is_chosen(open_page: Open):
    at = open_page(PAGE, run=PETALS, at="0.5,0.3")
    assert at.segmented_control(key="measure").value == "latent similarity"
    by_similarity = maps(at)["map"]["marks"]["hits"]
    assert len(by_similarity) == 12
    at.segmented_control(key="measure").set_value("Euclidean").run()
    nearest = maps(at)["map"]["marks"]["hits"]
    assert nearest != by_similarity
    at.number_input(key="k").set_value(3).run()
    assert not at.exception
    assert maps(at)["map"]["marks"]["hits"] == nearest[:3]


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the page offers to save: each file's content by its name."""
    found: dict[str, bytes] = {}
    monkeypatch.setattr(downloads, "offer", lambda _, make, *, name, **_how: found.update({name: make()}))
    return found


def test_all_points_are_saved_as_csv_and_parquet(open_page: Open, files):
    at = open_page(PAGE, run=VAE, projection=TWO, across="z2", up="z4")
    assert not at.exception
    assert sorted(files) == [f"{VAE}-points.csv", f"{VAE}-points.parquet"]
    space = state.open_for_page(VAE).on("z2-z4")
    rows = list(csv.DictReader(io.StringIO(files[f"{VAE}-points.csv"].decode())))
    table = pyarrow.parquet.read_table(io.BytesIO(files[f"{VAE}-points.parquet"])).to_pydict()
    assert [int(row["id"]) for row in rows] == table["id"] == space.latents.ids.tolist()
    assert table["x"] == space.places[:, 0].tolist()
    assert [float(row["z8"]) for row in rows] == pytest.approx(space.latents.z[:, 7].tolist())


def test_a_lasso_is_saved_for_itself(open_page: Open, files):
    at = open_page(PAGE, run=VAE)
    mask = np.arange(1797) % 100 == 7
    lasso(at, mask)
    assert not at.exception
    ids = state.open_for_page(VAE).space.latents.ids[mask].tolist()
    rows = list(csv.DictReader(io.StringIO(files[f"{VAE}-selection.csv"].decode())))
    assert [int(row["id"]) for row in rows] == ids
    assert pyarrow.parquet.read_table(io.BytesIO(files[f"{VAE}-selection.parquet"])).to_pydict()["id"] == ids


def test_both_offers_to_save_stand_on_one_page(open_page: Open):
    at = lasso(open_page(PAGE, run=VAE), np.arange(1797) < 9)
    assert not at.exception
    labels = [link.proto.label for link in at.get("link_button")]
    assert labels == ["Export as CSV", "Export as Parquet"] * 2


@pytest.mark.parametrize(("run", "query"), [(VAE, {"projection": TWO}), (PETALS, {}), (BEAMS, {})], ids=str)
def test_every_control_stands_in_the_address(open_page: Open, run, query):
    at = open_page(PAGE, run=run, **query)
    kinds = (at.checkbox, at.selectbox, at.segmented_control, at.number_input, at.slider, at.toggle)
    controls = [control for kind in kinds for control in kind if control.label != "Run in use"]
    assert len(controls) > 6
    assert [control.proto.query_param_key for control in controls] == [control.key for control in controls]


@pytest.mark.parametrize(
    "query",
    [
        {"projection": TWO, "across": "z9", "up": "zz"},
        {"projection": TWO, "across": "z8", "up": "z8"},
        {"drawn": "nonsense", "images": "nonsense", "over": "nonsense", "beside": "../../etc", "replay": "perhaps"},
        {"k": "9999", "measure": "x", "b_c": "7", "means": "perhaps", "sectors": "true"},
        {"k": "many", "epoch": "-5", "view": "x", "hide": "y"},
        {"colour": "One colour", "at": "0,0@nowhere"},
    ],
    ids=str,
)
def test_a_control_that_the_address_gets_wrong_keeps_its_usual_value(open_page: Open, query):
    at = open_page(PAGE, run=VAE, **query)
    assert not at.exception
    assert not sentences(at)
    (told,) = maps(at).values()
    assert told["layout"] == (WIDEST if "projection" in query else "")
    assert told["colouring"] is told["timeline"] is None
    assert told["images"] == "auto"
    assert drawn(at, "means") == 10


@pytest.mark.parametrize("number", ["--5", "-", "5-", "\u0663", "5.0", "9" * 40, "1" * 19])
def test_an_item_that_is_no_number_of_this_map_is_one_sentence(open_page: Open, number):
    at = open_page(PAGE, run=VAE, item=number)
    assert not at.exception
    assert ["has no item" in text for text in sentences(at)] == [True]


@pytest.mark.parametrize("place", ["1e30,-1e30", "1e300,1e300", "1e308,-1e308"])
def test_a_place_far_out_costs_at_most_its_answer(open_page: Open, place):
    at = open_page(PAGE, run=VAE, at=place)
    assert not at.exception
    assert len(sentences(at)) <= 1
    assert len(maps(at)) == 1


def test_a_card_without_proper_sectors_costs_them_only(open_page: Open, runs_root: Path):
    shutil.copytree(places.models() / BEAMS, runs_root / "foreign")
    card = json.loads((runs_root / "foreign" / "card.json").read_text())
    card["config"]["class_width"] = 999
    (runs_root / "foreign" / "card.json").write_text(json.dumps(card))
    at = open_page(PAGE, run="foreign")
    assert not at.exception
    assert ["class_width is no angle" in text for text in sentences(at)] == [True]
    assert drawn(at, "sectors") == 0
    assert drawn(at, "means") == 5


def test_a_run_that_vanishes_is_one_sentence(open_page: Open, runs_root: Path):
    shutil.copytree(places.models() / VAE, runs_root / "fleeting")
    at = open_page(PAGE, run="fleeting", replay="true", epoch="3")
    assert not sentences(at)
    shutil.rmtree(runs_root / "fleeting")
    at.run()
    assert not at.exception
    assert ["There is no run 'fleeting'" in text for text in sentences(at)] == [True]


def test_factors_are_awaited_by_the_browser_until_the_items_are_here(open_page: Open):
    state._open.clear()
    at = open_page(PAGE, run=VAE)
    opened = state.open_for_page(VAE)
    name = f"factors-{VAE}-{opened.stamp}"
    assert name in followed_quietly(at)
    assert standing_of(name) is not None
    opened.items  # noqa: B018 - it loads them
    assert standing_of(name) is None
    assert name not in followed_quietly(at.run())
