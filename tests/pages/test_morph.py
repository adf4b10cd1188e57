"""Each control of the Morph page: what it offers, what it changes, and what the address holds."""

import json
import re
import shutil
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path
from threading import Event
from time import sleep
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image, ImageSequence
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.figures import film
from explorer.ui import downloads, ending, film_exporting, films, loading, morphing_film, morphing_planes, state
from explorer.workflows.ends import end_of
from explorer.workflows.morphing import FRAMES, morph
from explorer.zoo.store import read_card, read_latents, write_card, write_latents
from tests.pages.scatters import say
from tests.pages.test_pages import html, sentences

PAGE, VAE, PETALS, MNIST = "4_Morph.py", "digits-vae", "textures-petals", "mnist-petals"
BODIES, STRUCTURED = "bodies-structured", "digits-structured"
MAP = ending.MAP
NUMBERS = count(1)
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page waits for its work, and nothing is measured beside a test."""
    monkeypatch.setattr(loading, "SOON", 120.0)
    monkeypatch.setattr(state, "PAUSE", 3600.0)


@pytest.fixture
def opened(open_page: Open) -> Open:
    def start(run: str, **query: str) -> AppTest:
        at = open_page(PAGE, run=run, **query)
        assert not at.exception
        assert not sentences(at)
        return at

    return start


def told(at: AppTest, key: str) -> dict[str, Any]:
    """What a component of the page is told."""
    protos = [element.proto for element in at.get("bidi_component")]
    return next(json.loads(proto.json)[0] for proto in protos if proto.id.split("-", 2)[2] == key)


def drawn(at: AppTest, name: str) -> str:
    """The HTML of a group."""
    return next(body for body in html(at).split("\n") if f'data-name="{name}"' in body)


def film_of(run: str, a: str, b: str, kind: str = "straight"):
    opened = state.open_for_page(run)
    ends = tuple(end_of(opened.space, tuple(opened.run.card.classes), name) for name in (a, b))
    graph = lambda: films.graph_of(opened)  # noqa: E731
    return morph(opened.run, opened.space, ends, kind, reach=films.reach_of(opened), graph=graph)


def keys(controls) -> list[str]:
    return [control.key for control in controls if control.key]


def test_opening_shows_a_film_from_3_to_8_at_its_middle(opened: Open):
    at = opened(VAE)
    assert [at.selectbox(key=key).value for key in ("from", "to", "path")] == ["3", "8", "Straight"]
    assert at.slider(key="t").value == 0.5
    shown, space = film_of(VAE, "3", "8"), state.open_for_page(VAE).space
    strip = told(at, f"strip-{VAE}")
    assert (len(strip["cells"]), strip["chosen"]) == (9, 4)
    assert "3 at" not in strip["cells"][0]
    pair = drawn(at, "This frame")
    assert f"item {space.latents.ids[shown.rows[20]]}" in pair
    assert f"distance {shown.distances[20]:.3g}" in pair
    assert pair.count("<img") == 2
    marks = told(at, MAP)["marks"]
    np.testing.assert_allclose(marks["query"], space.projection.apply(shown.z[20]))
    np.testing.assert_allclose(marks["lines"][0][:2], space.projection.apply(shown.z[0]))
    assert told(at, "confidence")["svg"].count("<polyline") >= 2


def test_the_slider_shows_another_frame_and_makes_no_new_film(opened: Open, monkeypatch: pytest.MonkeyPatch):
    at = opened(VAE)
    monkeypatch.setattr(films, "morph", pytest.fail)
    at.slider(key="t").set_value(0.9).run()
    assert not at.exception
    shown, space = film_of(VAE, "3", "8"), state.open_for_page(VAE).space
    assert f"item {space.latents.ids[shown.rows[36]]}" in drawn(at, "This frame")
    np.testing.assert_allclose(told(at, MAP)["marks"]["query"], space.projection.apply(shown.z[36]))


def test_a_frame_of_the_strip_takes_the_slider_along(opened: Open):
    at = opened(VAE)
    key = f"strip-{VAE}"
    message = {"identity": told(at, key)["identity"], "seq": next(NUMBERS), "index": 8}
    at.session_state[key] = {"picked": message}
    at.run()
    assert not at.exception
    assert at.slider(key="t").value == 1.0
    assert told(at, key)["chosen"] == 8


def test_play_moves_the_film_by_itself(opened: Open):
    at = opened(VAE)
    at.toggle(key="play").set_value(True).run()
    assert not at.exception
    (address,) = re.findall(r"data:image/webp;base64,([^\"]+)", drawn(at, "This frame"))
    with Image.open(BytesIO(b64decode(address))) as read:
        assert read.n_frames == 2 * FRAMES - 2
        shown, real = film_of(VAE, "3", "8"), np.asarray(read.convert("L"))[:, read.width // 2 + film.GAP // 2 :]
        assert read.width > 2 * read.height
    opened_run = state.open_for_page(VAE)
    np.testing.assert_array_equal(
        real, np.asarray(film.frame(films.real_items(opened_run, shown.rows[:1])[0], side=morphing_film.SIDE))
    )
    assert " data.</b>" not in html(at)  # of no frame while none stands
    assert "of this path is off the data" in html(at)
    assert (told(at, MAP)["marks"].get("query"), "(cross)" in html(at)) == (None, False)
    at.toggle(key="play").set_value(False).run()
    assert " data.</b>" in html(at)
    assert "image/png" in drawn(at, "This frame")


@pytest.mark.parametrize("t", ["0.25", "0"])
def test_the_address_holds_mode_ends_path_and_t(opened: Open, t):
    at = opened(PETALS, **{"from": "dots", "to": "squares", "path": "Class circle", "t": t, "mode": "Morph"})
    assert [at.selectbox(key=key).value for key in ("from", "to", "path")] == ["dots", "squares", "Class circle"]
    assert at.slider(key="t").value == float(t)
    shown, space = film_of(PETALS, "dots", "squares", "circle"), state.open_for_page(PETALS).space
    at_frame = shown.near(float(t))
    np.testing.assert_allclose(told(at, MAP)["marks"]["query"], space.projection.apply(shown.z[at_frame]), atol=1e-6)


@pytest.mark.parametrize(
    "query",
    [{"from": "item 5x"}, {"to": "nobody"}, {"t": "7"}, {"path": "Sideways"}, {"mode": "Fly"}, {"sets": "both"}],
)
def test_what_the_address_asks_in_vain_is_told_in_one_sentence(open_page: Open, query):
    at = open_page(PAGE, run=VAE, **query)
    assert not at.exception
    assert not sentences(at)
    assert any("does not know" in warning.value for warning in at.warning)


def test_an_end_is_a_class_an_item_or_a_place(opened: Open):
    space = state.open_for_page(VAE).space
    at = opened(VAE, **{"from": f"item {space.latents.ids[3]}", "to": "place 0.5, 0.25", "t": "0"})
    marks = told(at, MAP)["marks"]
    np.testing.assert_allclose(marks["query"], space.places[3], atol=1e-5)
    np.testing.assert_allclose(marks["lines"][-1][2:], [0.5, 0.25], atol=1e-5)
    at.selectbox(key="from").set_value("7").run()
    assert not at.exception
    np.testing.assert_allclose(told(at, MAP)["marks"]["query"], space.projection.apply(film_of(VAE, "7", "8").z[0]))


def test_a_click_on_the_map_sets_the_end_or_the_start(opened: Open):
    at = opened(VAE)
    space = state.open_for_page(VAE).space
    say(at, "click", MAP, index=5)
    assert not at.exception
    assert at.selectbox(key="to").value == f"item {space.latents.ids[5]}"
    at.segmented_control(key="sets").set_value(ending.BEGIN).run()
    say(at, "click", MAP, index=-1, x=0.125, y=-0.5)
    assert not at.exception
    assert at.selectbox(key="from").value == "place 0.125, -0.5"
    assert at.selectbox(key="to").value == f"item {space.latents.ids[5]}"


def links(at: AppTest) -> list[dict[str, list[str]]]:
    """What the links from the Map to this page ask for."""
    found = [element.proto for element in at.get("page_link")]
    return [parse_qs(proto.query_string) for proto in found if proto.label == "Morph from here"]


def test_what_is_touched_on_the_map_leads_on_to_a_morph_from_there(open_page: Open):
    item = str(state.open_for_page(PETALS).space.latents.ids[3])
    assert links(open_page("2_Map.py", run=PETALS, item=item)) == [{"run": [PETALS], "from": [f"item {item}"]}]
    (asked,) = links(open_page("2_Map.py", run=PETALS, at="0.5,-0.25"))
    at = open_page(PAGE, run=PETALS, **{"from": asked["from"][0], "t": "0"})
    np.testing.assert_allclose(told(at, MAP)["marks"]["query"], [0.5, -0.25])


def test_only_paths_that_fit_are_offered_and_why_not_the_others_is_told(opened: Open):
    assert opened(PETALS).selectbox(key="path").options == ["Straight", "Class circle", "Through the data"]
    at = opened(VAE)
    assert at.selectbox(key="path").options == ["Straight", "Through the data"]
    assert "do not lie on a circle" in at.selectbox(key="path").help
    at.selectbox(key="path").set_value("Through the data").run()
    assert not at.exception
    shown, space = film_of(VAE, "3", "8", "data"), state.open_for_page(VAE).space
    np.testing.assert_allclose(told(at, MAP)["marks"]["query"], space.projection.apply(shown.z[20]), atol=1e-6)


def test_where_the_morph_leaves_the_data_is_told_in_words_and_signs(opened: Open):
    at = opened(MNIST)
    shown = film_of(MNIST, "3", "8")
    assert shown.is_off[20]
    assert "Off the data" in html(at)
    assert f"{shown.is_off.mean():.0%} of this path" in html(at)
    strip = told(at, f"strip-{MNIST}")["cells"]
    assert [("le-edge off" in cell) for cell in strip] == shown.is_off[::5].tolist()
    assert "<rect" in told(at, "confidence")["svg"]
    at.slider(key="t").set_value(0.0).run()
    assert "On the data" in html(at)


def test_off_the_data_is_told_as_a_multiple_of_the_limit_and_without_one_as_elsewhere():
    def said(off: float, reach: float) -> str:
        shown = SimpleNamespace(is_off=np.array([off > 1]), off=np.array([off]), reach=reach)
        return morphing_film._said(shown, 0)

    own = "99 % of the run's own test items"
    assert f"The nearest training item lies at 3.2 times the distance that {own} keep to." in said(3.2, 0.5)
    assert f"lies elsewhere, whereas {own} lie exactly where a training item does." in said(np.inf, 0.0)
    assert f"within the distance that {own} keep to" in said(0.4, 0.5)


def test_a_mode_that_is_left_works_on_for_nobody(opened: Open, monkeypatch: pytest.MonkeyPatch):
    ended = Event()

    def slow(*args: Any) -> None:
        try:
            for _ in range(6000):
                args[-1](0, 1)
                sleep(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(loading, "SOON", 0.0)
    monkeypatch.setattr(morphing_planes, "grid", slow)
    at = opened(VAE, mode="Grid", size="30")
    assert not ended.is_set()
    monkeypatch.setattr(loading, "SOON", 120.0)
    at.segmented_control(key="mode").set_value("Reconstructions").run()
    assert not at.exception
    assert ended.wait(60)


def test_who_measures_one_run_holds_up_nobody_at_another_and_who_waits_can_be_cancelled():
    one, other = state.open_for_page(VAE), state.open_for_page(PETALS)

    def cancelled(*_: int) -> None:
        raise InterruptedError

    with films._alone(one):
        with films._alone(other, cancelled):
            pass
        with pytest.raises(InterruptedError):
            films.graph_of(one, cancelled)


def test_a_grid_of_one_dimension_names_no_rectangle():
    assert "rectangle" not in morphing_planes._covered(1)
    assert "rectangle" in morphing_planes._covered(2)
    assert "at their mean" in morphing_planes._covered(3)


def test_without_images_frames_are_decoded_and_the_nearest_items_named(opened: Open):
    at = opened(MNIST)  # MNIST is not in this data root
    pair = drawn(at, "This frame")
    assert pair.count("<img") == 1
    assert "Nearest real item: " in pair
    assert any("not on this machine" in markdown.value for markdown in at.markdown)
    assert "beside_real" not in keys(at.checkbox)


@pytest.fixture
def blind(runs_root: Path) -> str:
    """A run without a decoder."""
    shutil.copytree(places.models() / VAE, runs_root / "blind")
    run = state.open_for_page("blind").run
    run.card = run.card.model_copy(update={"has_decoder": False})
    return "blind"


def test_a_run_without_a_decoder_morphs_over_its_real_items_and_says_so(opened: Open, blind):
    at = opened(blind)
    assert at.segmented_control(key="mode").options == ["Morph"]
    assert drawn(at, "This frame").count("<img") == 1
    assert all(cell.count("<img") == 1 for cell in told(at, "strip-blind")["cells"])
    assert "no decoder" in " ".join(markdown.value for markdown in at.markdown)


@pytest.fixture
def nameless(runs_root: Path) -> str:
    """A run without classes, as an import may be."""
    shutil.copytree(places.models() / VAE, runs_root / "nameless")
    folder = runs_root / "nameless"
    card = read_card(folder)
    latents = {
        split: replace(part, labels=np.full_like(part.labels, -1), probabilities=part.probabilities[:, :0])
        for split, part in read_latents(folder, card).items()
    }
    kept = {name: digest for name, digest in card.files.items() if not name.startswith("svm")}
    kept["latents.safetensors"] = write_latents(folder, latents)
    write_card(folder, card.model_copy(update={"classes": [], "files": kept}))
    return "nameless"


def test_a_run_without_classes_morphs_between_items(opened: Open, nameless):
    at = opened(nameless)
    assert re.fullmatch(r"item \d+", at.selectbox(key="from").value)
    assert at.selectbox(key="path").options == ["Straight", "Through the data"]
    assert "Add a class" not in at.segmented_control(key="mode").options
    assert "neither a classifier" in html(at)


def test_a_run_of_bodies_turns_them_as_a_mesh(opened: Open):
    at = opened(BODIES)
    (chart,) = at.get("plotly_chart")
    assert '"mesh3d"' in chart.proto.spec
    assert drawn(at, "This frame").count("<img") == 1


def content(at: AppTest, key: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What a link gives: made when it is pressed, so the test takes the function from the page."""
    taken: dict[str, Callable[[], bytes]] = {}
    offer = downloads.offer

    def take(title: str, make: Callable[[], bytes], **options: Any) -> None:
        taken[options["key"]] = make
        offer(title, make, **options)

    monkeypatch.setattr(downloads, "offer", take)
    at.run()
    assert not at.exception
    return taken[key]()


def test_the_gif_holds_the_decoded_frames_there_and_back(opened: Open, monkeypatch):
    gif = content(opened(VAE), "export-gif", monkeypatch)
    decoded = film_of(VAE, "3", "8").decoded
    with Image.open(BytesIO(gif)) as read:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(read)]
    assert len(frames) == 2 * FRAMES - 2
    for i in (0, 20, 40):
        np.testing.assert_array_equal(frames[i], np.asarray(film.frame(decoded[i])))


def test_other_files_are_what_they_are_called_and_bear_the_real_items_if_asked(opened: Open, monkeypatch):
    at = opened(VAE, beside_real="true")
    assert at.checkbox(key="beside_real").value
    webp = content(at, "export-webp", monkeypatch)
    with Image.open(BytesIO(webp)) as read:
        assert (read.format, read.width) == ("WEBP", 2 * film.SIDE + film.GAP)
    strip = content(at, "export-strip", monkeypatch)
    with Image.open(BytesIO(strip)) as read:
        assert read.format == "PNG"
    assert content(at, "export-mp4", monkeypatch)[4:8] == b"ftyp"
    at.checkbox(key="beside_real").set_value(False).run()
    with Image.open(BytesIO(content(at, "export-gif", monkeypatch))) as read:
        assert read.width == film.SIDE


def test_a_file_of_larger_items_says_at_which_size_it_shows_them(opened: Open, monkeypatch):
    assert "The items are larger" not in html(opened(VAE))
    monkeypatch.setattr(film, "LARGEST", 4)
    assert "a file shows them at 4 pixels a side" in html(opened(VAE))


def test_without_the_extra_mp4_is_not_offered_and_says_how_to_get_it(opened: Open, monkeypatch):
    monkeypatch.setattr(film_exporting, "find_spec", lambda _: None)
    at = opened(VAE)
    (link,) = [one for one in at.get("link_button") if one.proto.label == "MP4"]
    assert link.proto.disabled
    assert "video" in link.proto.help


def test_a_class_is_added_to_items_at_any_strength(opened: Open):
    at = opened(BODIES, mode="Add a class")
    assert [at.selectbox(key=key).value for key in ("take", "add", "items")] == ["female", "male", "6 items"]
    sheet = drawn(at, "Items with a class added")
    assert sheet.count("<img") == 6 * 8  # the real one and seven strengths
    assert sheet.count("male 1.00") + sheet.count("male 0.9") >= 5
    at.slider(key="strength").set_value(0.0).run()
    assert "female" in drawn(at, "Items with a class added")
    at.selectbox(key="take").set_value("male").run()
    assert not at.exception
    assert at.selectbox(key="add").value == "female"


def test_a_class_is_added_to_one_item_of_the_address(opened: Open):
    item = state.open_for_page(VAE).space.latents.ids[11]
    at = opened(VAE, mode="Add a class", items=f"item {item}", take="3", add="8", strength="0.5")
    sheet = drawn(at, "Items with a class added")
    assert (sheet.count("<tr>"), f">{item}<" in sheet) == (2, True)
    assert "0.50" in sheet


def test_a_grid_is_drawn_over_any_two_dimensions(opened: Open):
    at = opened(VAE, mode="Grid", size="10")
    widest = 1 + np.argsort(-state.open_for_page(VAE).space.latents.z.std(axis=0))[:2]
    assert told(at, "grid-map")["layout"] == f"z{widest[0]}-z{widest[1]}"
    assert len(told(at, "grid-map")["marks"]["borders"]) == 1
    pale = drawn(at, "Grid of decodings")
    at.selectbox(key="gx").set_value("z1").run()
    at.selectbox(key="gy").set_value("z2").run()
    assert not at.exception
    assert told(at, "grid-map")["layout"] == "z1-z2"
    assert "z1, " in drawn(at, "Grid of decodings")
    assert drawn(at, "Grid of decodings") != pale
    at.selectbox(key="size").set_value("15").run()
    assert "of 225 cells" in html(at)


def test_what_is_off_the_data_is_pale_unless_refused(opened: Open):
    at = opened(STRUCTURED, mode="Grid", size="10")
    pale = drawn(at, "Grid of decodings")
    at.toggle(key="pale").set_value(False).run()
    assert not at.exception
    assert drawn(at, "Grid of decodings") != pale
    assert "gx" not in keys(at.selectbox)  # two dimensions leave no choice


def test_each_dimension_is_walked_along_around_a_class_or_an_item(opened: Open):
    at = opened(VAE, mode="Dimensions")
    walk = drawn(at, "Walk along each dimension")
    assert (walk.count("<tr>"), walk.count("<img")) == (9, 8 * 9)
    at.selectbox(key="around").set_value("5").run()
    assert not at.exception
    assert drawn(at, "Walk along each dimension") != walk


def test_samples_come_from_the_prior_of_a_variational_run_and_change_with_the_seed(opened: Open):
    at = opened(VAE, mode="Samples", seed="4")
    assert at.number_input(key="seed").value == 4
    first = drawn(at, "Samples from the prior")
    at.number_input(key="seed").set_value(5).run()
    assert not at.exception
    assert drawn(at, "Samples from the prior") != first
    at.toggle(key="pale").set_value(False).run()
    assert not at.exception
    other = opened(PETALS)
    assert "Samples" not in other.segmented_control(key="mode").options
    assert "which this run is not" in " ".join(markdown.value for markdown in other.markdown)


def test_reconstructions_stand_beside_their_items_worst_first(opened: Open):
    at = opened(VAE, mode="Reconstructions")
    latents = state.open_for_page(VAE).space.latents
    worst = np.sort(latents.error[:, 0])[::-1]
    shown = re.findall(r"error (\d\.\d+)", drawn(at, "Reconstructions").split("</div>", 1)[1])
    assert drawn(at, "Reconstructions").count("<img") == 48
    np.testing.assert_allclose([float(shown[0])], worst[:1], atol=6e-4)
    at.selectbox(key="listed").set_value("Best first").run()
    at.selectbox(key="of").set_value("3").run()
    assert not at.exception
    best = np.sort(latents.error[latents.labels == 3, 0])
    assert f"error {best[0]:.3f}" in drawn(at, "Reconstructions")


@pytest.mark.parametrize("mode", ["Morph", "Add a class", "Grid", "Dimensions", "Samples", "Reconstructions"])
@pytest.mark.parametrize("run", ["coloured-gvae-nt", "mnist-separate"])
def test_every_mode_runs_on_runs_of_other_kinds(open_page: Open, run, mode):
    at = open_page(PAGE, run=run, mode=mode)
    assert not at.exception
    assert not sentences(at)
