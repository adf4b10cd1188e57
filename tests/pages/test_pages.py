"""Every page through AppTest: what Python does with a view, a touch and a damaged run."""

import base64
import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer
from explorer import places
from explorer.ui import state
from explorer.workflows.exporting import export_points
from explorer.workflows.maps import latent_map

MAP, START = "2_Map.py", "1_Start.py"
RUN = "textures-petals"


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def sentences(at: AppTest) -> list[str]:
    return [element.value.replace("\\", "") for element in at.error]


def stamp() -> str:
    return f"{(places.models() / RUN / 'card.json').stat().st_mtime_ns:x}"


@pytest.mark.parametrize("page", [file.name for file in sorted(places.pages().glob("*.py"))])
def test_every_page_runs_without_an_error(open_page, page):
    at = open_page(page)
    assert not at.exception
    assert not sentences(at)


def test_start_shows_each_shipped_run_and_opens_it_with_one_click(open_page):
    at = open_page(START)
    text = " ".join(m.value for m in at.markdown).replace("\\", "")
    shipped = [folder.name for folder in places.models().iterdir() if (folder / "card.json").exists()]
    assert len(shipped) >= 2
    assert all(name in text for name in shipped)
    assert html(at).count('class="le-thumb"') == len(shipped)
    at.button(key=f"open-{RUN}").click().run()
    assert at.query_params["run"] == RUN
    assert "this map is the latent itself" in html(at)


def test_an_item_in_the_address_shows_its_true_neighbours(open_page):
    space = latent_map(explorer.load(RUN))
    row = 123
    at = open_page(MAP, run=RUN, item=str(space.latents.ids[row]), measure="Euclidean", k="5")
    assert not at.exception
    z = space.latents.z.astype(float)
    distances = np.sqrt(((z - z[row]) ** 2).sum(axis=1))
    distances[row] = np.inf
    shown = html(at)
    assert shown.count('role="listitem"') == 2 + 5  # the image, its reconstruction, five hits
    for nearest in np.sort(distances)[:5]:
        assert f"distance {nearest:.3f}" in shown


def test_right_and_wrong_hits_are_told_by_words_too(open_page):
    space = latent_map(explorer.load(RUN))
    wrong = np.flatnonzero(space.predicted != space.latents.labels)[0]
    shown = html(open_page(MAP, run=RUN, item=str(space.latents.ids[wrong]), k="50"))
    assert "other class" in shown
    assert 'class="le-picture wrong"' in shown


def test_a_click_puts_the_item_into_the_address(open_page):
    at = open_page(MAP, run=RUN)
    space = latent_map(explorer.load(RUN))
    click = {"identity": f"{RUN}:{stamp()}", "index": 7, "x": 0.0, "y": 0.0, "seq": 1}
    at.session_state["map"] = {"click": click}
    at.run()
    assert at.query_params["item"] == str(space.latents.ids[7])
    assert 'data-name="Query"' in html(at)


def test_an_empty_place_is_decoded_and_shows_real_items(open_page):
    at = open_page(MAP, run=RUN, at="0,0")
    shown = html(at)
    assert 'data-name="Decoded place"' in shown
    assert shown.count('role="listitem"') == 1 + 12
    assert "same class" not in shown  # a place has no class, so no hit is right or wrong


def test_moving_the_boundary_similarity_changes_the_ranking(open_page):
    at = open_page(MAP, run=RUN, at="0.5,0.3", k="30")
    before = html(at)
    at.slider(key="b_c").set_value(0.2).run()
    assert not at.exception
    assert html(at) != before


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("0.3,0.2", "outside every circle. There b_c scales all similarities alike"),
        ("5,5", "like no class at all, so its hits are ranked by distance"),
        ("0.5,0", ""),
        ("0.85,0", ""),
    ],
)
def test_where_the_boundary_similarity_changes_no_order_that_is_said(open_page, place, sentence):
    at = open_page(MAP, run=RUN, at=place)
    shown = html(at)
    assert [part in shown for part in ("There b_c scales", "b_c changes nothing")] == [
        sentence.startswith("outside"),
        sentence.startswith("ranked"),
    ]
    assert sentence in shown
    assert "0.79 (b_c) at the edge" in shown


def test_the_run_that_tells_most_beside_this_one_is_one_click_away_and_so_is_the_way_back(open_page):
    at = open_page(MAP, run=RUN)
    assert at.button(key="pair").label.replace("\\", "") == "Compare with textures-crossentropy"
    at.button(key="pair").click().run()
    assert not at.exception
    assert at.selectbox(key="beside").value == at.query_params["beside"] == "textures-crossentropy"
    assert "pair" not in [button.key for button in at.button]
    at.button(key="alone").click().run()
    assert at.selectbox(key="beside").value == "None"
    assert at.button(key="pair")


def test_a_run_alone_on_its_data_invites_to_no_comparison(open_page):
    assert "pair" not in [button.key for button in open_page(MAP, run="fashion-seasons").button]


def test_a_run_without_configured_classes_offers_euclidean_alone(open_page):
    at = open_page(MAP, run="textures-crossentropy", at="0,0")
    assert not at.exception
    assert not at.slider
    assert "measure" not in [control.key for control in at.segmented_control]
    assert "similarity" not in html(at).split('data-name="Nearest images"')[1]


def test_a_lasso_lists_its_classes_and_exports_every_id(open_page):
    at = open_page(MAP, run=RUN)
    space = latent_map(explorer.load(RUN))
    mask = np.zeros(len(space), bool)
    mask[:40] = True
    packed = base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()
    at.session_state["map"] = {"lasso": {"identity": f"{RUN}:{stamp()}", "mask": packed, "seq": 1}}
    at.run()
    assert not at.exception
    assert int(at.dataframe[0].value["items"].sum()) == 40
    content = export_points(space, explorer.load(RUN).card.classes, "csv", mask=mask).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [int(row["id"]) for row in rows] == space.latents.ids[:40].tolist()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"run": "nothing-like-it"}, "There is no run 'nothing-like-it'"),
        ({"run": "../../etc"}, "There is no run '../../etc'"),
        ({"run": RUN, "item": "-5"}, "has no item"),
        ({"run": RUN, "item": "x" * 500}, "has no item"),
        ({"run": RUN, "at": "a,b"}, "two numbers"),
        ({"run": RUN, "at": "nan,0"}, "two finite numbers"),
        ({"run": RUN, "at": "1,2,3"}, "two numbers"),
    ],
)
def test_a_broken_address_is_one_sentence(open_page, query, sentence):
    at = open_page(MAP, **query)
    assert not at.exception
    assert [sentence in text for text in sentences(at)] == [True]


def test_foreign_text_in_a_sentence_has_no_meaning_in_markdown(open_page):
    at = open_page(MAP, run="![seen](http://198.51.100.1/x.png)")
    assert "\\!\\[seen\\]\\(http" in at.error[0].value


def _damage(folder: Path, name: str, change) -> None:
    (folder / name).write_bytes(change((folder / name).read_bytes()))


def _edit_card(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


DAMAGES = {
    "truncated latents": lambda f: _damage(f, "latents.safetensors", lambda b: b[: len(b) // 2]),
    "altered latents": lambda f: _damage(f, "latents.safetensors", lambda b: b[:-1] + bytes([b[-1] ^ 1])),
    "newer card": lambda f: _edit_card(f, schema_version=99),
    "card with a path": lambda f: _edit_card(
        f, data={"name": "../../etc", "settings": {}, "train_items": 1, "test_items": 1}
    ),
    "card that is no JSON": lambda f: (f / "card.json").write_text("{"),
    "fewer items than latents": lambda f: _edit_card(
        f, data={**json.loads((f / "card.json").read_text())["data"], "train_items": 7}
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_one_sentence_and_the_others_still_open(open_page, runs_root, damage):
    broken = runs_root / "broken"
    shutil.copytree(places.models() / RUN, broken)
    DAMAGES[damage](broken)
    at = open_page(MAP, run="broken")
    assert not at.exception
    assert len(sentences(at)) == 1
    assert "broken" in sentences(at)[0]
    start = open_page(START)
    assert not start.exception
    assert start.button(key=f"open-{RUN}").disabled is False


@pytest.mark.parametrize(
    "change",
    [lambda b: b[:100], lambda _: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda _: b"not a tensor file"],
    ids=["truncated", "empty", "altered", "foreign"],
)
def test_damaged_weights_cost_the_decoded_picture_only(open_page, runs_root, change):
    broken = runs_root / "broken"
    shutil.copytree(places.models() / RUN, broken)
    _damage(broken, "weights.safetensors", change)
    at = open_page(MAP, run="broken", at="0,0")
    assert not at.exception
    assert ["weights.safetensors of broken" in text for text in sentences(at)] == [True]
    assert html(at).count('role="listitem"') == 12


def test_every_choice_of_a_run_counts_however_quick(open_page):
    at = open_page("2_Map.py", run=RUN)
    for run in ("digits-vae", "digits-structured", RUN, "digits-weight-50", "digits-vae"):
        at.sidebar.selectbox[0].set_value(run).run()
        assert not at.exception
        assert at.query_params["run"] == run
        assert at.sidebar.selectbox[0].value == run
        assert f"<h1>{run}</h1>" in html(at)


def test_address_that_changes_leads_to_its_run(open_page):
    at = open_page("2_Map.py", run=RUN)
    at.sidebar.selectbox[0].set_value("digits-vae").run()
    at.query_params["run"] = "digits-structured"  # as the browser's way back does
    at.run()
    assert at.sidebar.selectbox[0].value == "digits-structured"


def test_touched_item_goes_from_page_to_page_of_one_run(open_page):
    item = str(state.open_for_page(RUN).space.latents.ids[5])
    at = open_page("2_Map.py", run=RUN, item=item)
    for page in ("3_Retrieve.py", "2_Map.py"):
        at.switch_page(str(places.pages() / page))
        at.query_params.clear()  # as the navigation does
        at.run()
        assert not at.exception
        assert at.query_params["item"] == item
    at.sidebar.selectbox[0].set_value("digits-vae").run()
    assert "item" not in at.query_params
