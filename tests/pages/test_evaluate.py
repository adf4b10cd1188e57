"""The Evaluate page through AppTest: every control, and numbers equal to the records'."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer import places
from explorer.errors import BadValueError
from explorer.ui import state
from explorer.workflows.background import Job
from explorer.workflows.evaluating import measuring_job
from explorer.workflows.failures import keep_failure
from explorer.workflows.mistakes import cell
from explorer.workflows.reviewing import missing_job
from explorer.zoo.evaluation import EVALUATION, Evaluation, read_evaluation
from explorer.zoo.run import Run
from tests.pages.scatters import progress
from tests.pages.test_pages import html, sentences

EVALUATE, DIGITS, PETALS = "5_Evaluate.py", "digits-structured", "textures-petals"
Open = Callable[..., AppTest]


def record(name: str) -> Evaluation:
    found = read_evaluation(places.models() / name, Run(places.models() / name).card)
    assert found is not None
    return found


def value(name: str, measure: str, of: str) -> float | None:
    return next(one.value for one in record(name).scores if (one.measure, one.of) == (measure, of))


def table(at: AppTest):
    return at.dataframe[0].value.set_index("run")


def said(at: AppTest) -> str:
    return (html(at) + " ".join(text.value for text in [*at.markdown, *at.caption])).replace("\\", "")


def charts(at: AppTest) -> list[str]:
    return [json.loads(chart.proto.spec)["data"][0]["type"] for chart in at.get("plotly_chart")]


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was begun in the background; nothing is."""
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(Job, "begin", lambda _job, *command: commands.append(command))
    return commands


@pytest.fixture
def own(runs_root: Path) -> Path:
    """A run of one's own without a record."""
    shutil.copytree(places.models() / DIGITS, runs_root / "mine")
    (runs_root / "mine" / EVALUATION).unlink()
    (runs_root / "mine" / "card.json").touch()  # no other test's run has the same times
    return runs_root / "mine"


def test_table_holds_every_run_with_its_record_and_marks_the_one_in_use(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS)
    assert not at.exception
    assert not sentences(at)
    shown = table(at)
    assert set(shown.index) == {card.parent.name for card in places.models().glob("*/card.json")}
    assert shown.loc[shown["used"] != ""].index.tolist() == [DIGITS]
    for name in (DIGITS, PETALS, "mnist-separate"):
        assert shown.loc[name, "MAP"] == value(name, "MAP", "latent")
        assert shown.loc[name, "Accuracy, SVM"] == value(name, "accuracy", "SVM")
        assert shown.loc[name, "Reconstruction error"] == value(name, "RMSE", "test items")
    assert np.isnan(shown.loc[DIGITS, "Accuracy, softmax"]), "it has no such classifier"
    assert shown.loc[DIGITS, "Accuracy, SVM 95 %"] == "0.992–1.000"


def test_filters_leave_the_runs_that_match(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, data="textures")
    assert set(table(at)["data"]) == {"textures"}
    at.selectbox(key="method").set_value("polar").run()
    assert table(at).index.tolist() == ["textures-beams"]
    at.selectbox(key="method").set_value("All").run()
    at.selectbox(key="data").set_value("All").run()
    at.text_input(key="runs").set_value("weight digits").run()
    assert set(table(at).index) == {f"digits-weight-{weight}" for weight in (0, 25, 50, 75, 100)}
    at.text_input(key="runs").set_value("nothing like it").run()
    assert not at.exception
    assert "No run matches" in at.info[0].value


def test_metrics_are_chosen_by_group(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, metrics="Retrieval")
    assert {"NN", "MAP", "NDCG", "MAP@10", "MAP, fine-grained"} < set(table(at).columns)
    assert table(at).loc["mnist-separate", "MAP, fine-grained"] == value(
        "mnist-separate", "MAP", "latent, fine-grained"
    )
    at.selectbox(key="metrics").set_value("Structure").run()
    assert table(at).loc["digits-vae", "Active dimensions"] == 4
    assert "Active dimensions 95 %" not in table(at).columns, "no run has such an interval"


def test_what_the_address_asks_for_in_vain_is_told(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, metrics="Beauty", chosen="nobody")
    assert not at.exception
    assert "metrics=Beauty" in at.warning[0].value.replace("\\", "")


def test_run_in_use_is_shown_in_detail_and_a_chosen_one_in_its_place(open_page: Open):
    assert f"#### {DIGITS}" in said(open_page(EVALUATE, run=DIGITS))
    at = open_page(EVALUATE, run=DIGITS, chosen=PETALS)
    assert f"#### {PETALS}" in said(at)
    press(at, "Use this run")
    assert at.query_params["run"] == PETALS
    assert table(at).loc[PETALS, "used"]


def test_matrix_is_the_records_and_its_cell_shows_its_images(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS)
    found = record(DIGITS)
    assert charts(at) == ["heatmap"]
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    counts = np.array(found.confusion["SVM"])
    assert figure["data"][1]["text"] == [f"{n:,}" if n else "" for n in counts.ravel()]
    assert "Accuracy of SVM 0.997" in said(at)
    assert at.selectbox(key="cell").value == "2-1", "the most frequent mistake comes first"
    assert len(cells(at)) == counts[2, 1] == 1
    at.selectbox(key="cell").set_value("0-0").run()
    assert at.query_params["cell"] == "0-0"
    assert len(cells(at)) == 24
    press(at, f"Show more of {counts[0, 0]}")
    assert len(cells(at)) == 48
    accuracies = at.dataframe[1].value.set_index("classifier")["accuracy"]
    assert accuracies.to_dict() == {one.of: one.value for one in found.scores if one.measure == "accuracy"}


def group(at: AppTest) -> dict[str, Any]:
    """What the browser is told of a cell's images, once these are made."""
    wait_until(at, lambda: at.get("bidi_component"))
    return json.loads(at.get("bidi_component")[0].proto.json)[0]


def cells(at: AppTest) -> list[str]:
    return group(at)["cells"]


def wait_until(at: AppTest, is_there: Callable[[], object]) -> None:
    """Run the page until what is made in the background is there."""
    for _ in range(200):
        if is_there():
            return
        at.run()
    raise AssertionError(sentences(at))


def test_cell_in_the_address_is_opened_and_a_false_one_is_not(open_page: Open):
    assert open_page(EVALUATE, run=PETALS, cell="0-4").selectbox(key="cell").value == "0-4"
    for false in ("9-9", "<b>", "1-2"):
        at = open_page(EVALUATE, run=PETALS, cell=false)
        assert not at.exception
        assert at.selectbox(key="cell").value == "4-3"


def test_each_classifier_has_its_matrix(open_page: Open):
    at = open_page(EVALUATE, run=PETALS, cell="0-0")
    found, opened = record(PETALS), Run(places.models() / PETALS)
    for name in ("softmax", "SVM"):
        at.segmented_control(key="classifier").set_value(name).run()
        assert f"uniform, right: {found.confusion[name][0][0]}" in said(at)
        sure = cell(opened, name, 0, 0).confidence[0]
        assert f"confidence {sure:.3f}" in cells(at)[0]


def test_image_that_is_clicked_is_opened_on_the_map(open_page: Open):
    at = open_page(EVALUATE, run=PETALS, cell="4-3")
    here = cell(Run(places.models() / PETALS), "softmax", 4, 3)
    at.session_state["cell-items"] = {"picked": {"identity": group(at)["identity"], "seq": 1, "index": 2}}
    at.run()
    assert not at.exception
    assert at.query_params["item"] == str(here.ids[2])
    assert at.query_params["run"] == PETALS
    assert "this map is the latent itself" in html(at)


def test_calibration_shows_both_classifiers(open_page: Open):
    at = open_page(EVALUATE, run=PETALS, section="Calibration")
    assert charts(at) == ["scatter", "bar"]
    names = {trace["name"] for trace in json.loads(at.get("plotly_chart")[0].proto.spec)["data"]}
    assert names == {"softmax", "SVM", "calibrated"}
    for name in ("softmax", "SVM"):
        assert f"Expected calibration error {value(PETALS, 'calibration error', name):.3g}" in said(at)


def test_retrieval_shows_every_way_with_what_the_record_says(open_page: Open):
    at = open_page(EVALUATE, run="mnist-separate", section="Retrieval")
    shown = at.dataframe[1].value.set_index("way")
    found = record("mnist-separate")
    for one in found.scores:
        if one.topic == "retrieval" and one.measure != "semantic weight":
            assert shown.loc[one.of, one.measure] == one.value
    assert charts(at) == ["scatter", "scatter"]
    weights = json.loads(at.get("plotly_chart")[1].proto.spec)["data"]
    assert [trace.get("name") for trace in weights] == ["same class", "fine-grained", None, None]
    score = next(one for one in found.scores if (one.measure, one.of) == ("MAP", "semantic weight 0"))
    assert (weights[2]["y"][0], weights[2]["y"][-1]) == (score.high, score.low)
    at.multiselect(key="ways:mnist-separate").set_value(["semantic weight 0.5"]).run()
    (line,) = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    curve = next(one for one in found.curves if one.of == "semantic weight 0.5")
    assert line["y"] == curve.y
    at.multiselect(key="ways:mnist-separate").set_value([]).run()
    assert not at.exception
    at.query_params["run"] = "digits-vae"
    at.run()
    assert at.multiselect[0].value[0] == "latent", "another run has its own ways"


def test_reconstruction_and_structure_are_the_records(open_page: Open):
    at = open_page(EVALUATE, run="digits-vae", section="Reconstruction")
    assert at.metric[0].value == f"{value('digits-vae', 'RMSE', 'test items'):.3g}"
    assert charts(at) == ["bar"]
    at = open_page(EVALUATE, run="digits-vae", section="Structure")
    assert "4 of 8 dimensions vary" in said(at)
    assert charts(at) == ["heatmap", "bar"]
    bars = json.loads(at.get("plotly_chart")[1].proto.spec)["data"][0]
    assert bars["y"] == [value("digits-vae", "KL", f"dimension {dim}") for dim in range(1, 9)]
    at = open_page(EVALUATE, run=DIGITS, section="Structure")
    assert "No divergences" in said(at)
    points = json.loads(at.get("plotly_chart")[0].proto.spec)["data"][1]
    assert points["y"][0] == value(DIGITS, "distance", "0 6 7 and 1 2 3 8")


@pytest.mark.parametrize(
    ("section", "words"),
    [("Classification", "No confusion matrix"), ("Calibration", "No calibration"), ("Retrieval", "No retrieval")],
)
def test_what_a_run_does_not_have_says_why(open_page: Open, own: Path, section: str, words: str):
    bare = {
        "latents": Run(own).card.files["latents.safetensors"],
        "queries": 1,
        "gallery": 1,
        "scores": [],
        "curves": [],
    }
    (own / EVALUATION).write_text(json.dumps(bare))
    for part, said_there in ((section, words), ("Reconstruction", "No reconstruction"), ("Structure", "No distances")):
        at = open_page(EVALUATE, run="mine", section=part)
        assert not at.exception
        assert said_there in said(at)


def test_two_runs_are_compared_in_settings_and_metrics(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, chosen="digits-weight-50,digits-weight-0")
    wait_until(at, lambda: len(at.dataframe) == 3)
    metrics, settings = at.dataframe[1].value.set_index("which score"), at.dataframe[2].value.set_index("which setting")
    first, second = (value(f"digits-weight-{weight}", "MAP", "latent") for weight in (50, 0))
    assert metrics.loc["MAP", "digits-weight-50"] == first
    assert metrics.loc["MAP", "digits-weight-0, difference"] == pytest.approx(second - first)
    assert metrics.loc["MAP", "digits-weight-0, verdict"] == "▼ worse"
    assert metrics.loc["Reconstruction error", "digits-weight-0, verdict"] == "lower"
    assert settings.loc["structural_weight"].tolist() == ["0.5", "0.0"]
    at.toggle(key="all-scores").set_value(True).run()
    assert "accuracy, majority of 5 nearest, latent" in at.dataframe[1].value["which score"].tolist()


def test_chosen_runs_stay_when_one_leaves_the_page_and_comes_back(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, chosen="digits-weight-50,digits-weight-0")
    at.switch_page(str(places.pages() / "1_Start.py")).run()
    at.query_params.clear()
    at.switch_page(str(places.pages() / EVALUATE)).run()
    assert at.query_params["chosen"] == "digits-weight-50,digits-weight-0"
    assert "#### digits-weight-50 and digits-weight-0" in said(at)


def test_seeds_are_averaged_and_errors_stand_over_labels(open_page: Open, runs_root: Path):
    for name, seed, share in (("one", 0, 1.0), ("two", 1, 1.0), ("few", 0, 0.1)):
        shutil.copytree(places.models() / DIGITS, runs_root / name)
        card = json.loads((runs_root / name / "card.json").read_text())
        card["training"] |= {"seed": seed, "label_share": share}
        (runs_root / name / "card.json").write_text(json.dumps(card))
    latents = Run(runs_root / "few").latents("train")
    assert len(latents.ids) > 0
    at = open_page(EVALUATE, run="one", chosen="one,two,few")
    wait_until(at, lambda: len(at.dataframe) == 4)
    means = at.dataframe[3].value
    shown = means.loc[means["measure"] == "accuracy, SVM", "mean"].iloc[0]
    assert shown == value(DIGITS, "accuracy", "SVM"), "the same latents at both seeds"
    assert "(2 seeds)" in means["runs"].iloc[0]
    assert "Means over seeds" in said(at)


def test_run_without_a_record_is_named_and_measured_on_request(open_page: Open, own: Path, begun):
    at = open_page(EVALUATE, run="mine")
    assert not at.exception
    assert not sentences(at)
    assert np.isnan(table(at).loc["mine", "MAP"])
    press(at, "Measure it")
    assert begun == [("evaluate", "mine", "--again")]
    assert "**1 run has no record:** mine" in said(open_page(EVALUATE, run=DIGITS))
    shutil.copytree(own, own.with_name("other"))
    at = open_page(EVALUATE, run="mine")
    assert "**2 runs have no record:**" in said(at)
    press(at, "Measure all")
    assert begun[1:] == [("evaluate", "--missing")]


def test_run_that_could_not_be_measured_says_why_and_is_not_offered_again(open_page: Open, own: Path, begun):
    keep_failure(own, "Its latents are **torn**.", state.settings())
    assert "no record" not in said(open_page(EVALUATE, run=DIGITS))
    at = open_page(EVALUATE, run="mine")
    assert [text.replace("\\", "") for text in sentences(at)] == ["Its latents are **torn**."]
    press(at, "Try again")
    assert begun == [("evaluate", "mine", "--again")]
    shutil.copytree(own, own.with_name("other"))
    assert "**1 run has no record:** other" in said(open_page(EVALUATE, run=DIGITS))


def test_record_can_be_measured_again(open_page: Open, begun):
    press(open_page(EVALUATE, run=DIGITS), "Measure again")
    assert begun == [("evaluate", DIGITS, "--again")]


def test_measuring_again_that_cannot_begin_says_why(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    def full(*_: str) -> None:
        raise BadValueError("There is no room on the disk.")

    monkeypatch.setattr(Job, "begin", full)
    at = press(open_page(EVALUATE, run=DIGITS), "Measure again")
    assert not at.exception
    assert sentences(at) == sentences(at.run()) == ["There is no room on the disk."]
    monkeypatch.setattr(Job, "begin", lambda *_: True)
    assert not sentences(press(at.run(), "Measure again"))


@pytest.mark.usefixtures("own")
def test_measuring_under_way_is_watched_and_can_be_cancelled(open_page: Open, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(Job, "cancel", lambda job: asked.append(job.title))
    settings = state.settings()
    with measuring_job("mine", state.open_for_page("mine").run.card, settings).working() as report:
        report("measuring", 90, 360)
        at = open_page(EVALUATE, run="mine")
        ((words, share),) = progress(at)
        assert share == pytest.approx(0.25)
        assert "mine: measuring, 90 of 360 queries, for " in words
        press(at, "Cancel")
    with missing_job(settings).working() as report:
        report("measuring mine, 1 of 1", 0, 0)
        at = open_page(EVALUATE, run=PETALS)
        assert "measuring mine, 1 of 1" in progress(at)[0][0]
        press(at, "Cancel")
    assert asked == ["The measuring of mine", "The measuring of the runs without a record"]


def test_damaged_record_is_one_sentence_and_the_page_goes_on(open_page: Open, own: Path, begun):
    (own / EVALUATION).write_text("{")
    at = open_page(EVALUATE, run="mine")
    assert not at.exception
    assert [text for text in sentences(at) if "damaged" in text] == sentences(at)
    assert len(sentences(at)) == 1
    assert not table(at).empty
    press(at, "Measure it")
    assert begun


def test_run_without_latents_and_a_broken_one_are_a_sentence_each(open_page: Open, own: Path, runs_root: Path):
    card = json.loads((own / "card.json").read_text())
    (own / "card.json").write_text(json.dumps(card | {"files": {}, "status": "training"}))
    (runs_root / "broken").mkdir()
    (runs_root / "broken" / "card.json").write_text("{")
    for name, words in (("mine", "no latents yet"), ("broken", "not valid JSON")):
        at = open_page(EVALUATE, run=PETALS, chosen=name)
        assert not at.exception
        assert len(sentences(at)) == 1
        assert words in sentences(at)[0]
        assert {"mine", "broken"} < set(table(at).index)
    at = open_page(EVALUATE, run=PETALS, chosen=f"mine,{DIGITS}")
    assert not at.exception
    assert "mine is left out" in sentences(at)[0]


def test_run_whose_images_are_missing_names_its_items(open_page: Open):
    at = open_page(EVALUATE, run="mnist-petals", cell="4-9")
    assert not at.exception
    assert not sentences(at)
    assert "No pictures: " in said(at)
    assert not at.get("bidi_component")
    ids = cell(Run(places.models() / "mnist-petals"), "softmax", 4, 9).ids
    assert len(ids) == record("mnist-petals").confusion["softmax"][4][9] > 0
    assert all(f"{item}</td>" in html(at) for item in ids[:24])


def test_hostile_names_are_shown_as_text(open_page: Open, own: Path):
    card = json.loads((own / "card.json").read_text())
    card |= {"classes": ["<script>a", "**b** ![x](http://x)", "c"], "title": "<img>"}
    (own / "card.json").write_text(json.dumps(card))
    shutil.copy(places.models() / DIGITS / EVALUATION, own / EVALUATION)
    at = open_page(EVALUATE, run="mine", cell="0-0")
    assert not at.exception
    assert "<script>" not in html(at)
    assert "<script>" not in at.get("plotly_chart")[0].proto.spec


def test_files_hold_what_is_shown(open_page: Open):
    at = open_page(EVALUATE, run=DIGITS, section="Structure", data="digits")
    labels = [button.proto.label for button in at.get("link_button")]
    assert labels == ["Export as CSV", "Record as JSON", "Structure as CSV"]


def test_map_is_one_click_away(open_page: Open):
    at = press(open_page(EVALUATE, run=DIGITS, chosen=PETALS), "Open the map")
    assert at.query_params["run"] == PETALS
    assert "this map is the latent itself" in html(at)


def test_replaced_runs_are_listed_when_asked_for_or_chosen(open_page: Open, runs_root: Path):
    assert not [one for one in open_page(EVALUATE).toggle if one.key == "replaced"]
    for name, before in (("may-1", DIGITS), ("may-2", "may-1")):
        shutil.copytree(places.models() / DIGITS, runs_root / name)
        file = runs_root / name / "card.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"origin": {"run": before, "session": "may"}}))
    (runs_root / "may-1" / EVALUATION).unlink()
    at = open_page(EVALUATE, run=DIGITS)
    assert "may-2" in table(at).index
    assert "may-1" not in table(at).index
    assert "may-1" not in said(at)  # nor is it offered to be measured
    assert "may-1" in table(at.toggle(key="replaced").set_value(True).run()).index
    for asked in ({"run": "may-1"}, {"chosen": "may-1"}, {"replaced": "true"}):
        at = open_page(EVALUATE, **({"run": DIGITS} | asked))
        assert "may-1" in table(at).index
        assert not sentences(at)
