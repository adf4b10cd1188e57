import csv
import json
import shutil
from io import StringIO
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import places
from explorer.cli import main
from explorer.errors import BadRunError
from explorer.settings import Settings
from explorer.workflows import evaluating, reviewing
from explorer.workflows.differing import better_of, config_differences, differences
from explorer.workflows.evaluating import JOBS, measuring_job
from explorer.workflows.exporting import as_csv
from explorer.workflows.failures import NAME, keep_failure
from explorer.workflows.mistakes import cell, confidences
from explorer.workflows.records import (
    as_json,
    by_way,
    distance_table,
    distances,
    layout_error,
    score_rows,
    weights,
)
from explorer.workflows.reviewing import (
    COLUMNS,
    NOT_MEASURED,
    columns_of,
    measure_missing,
    missing_job,
    review,
    rows,
)
from explorer.workflows.runs import entry_of, run_roots, shelf
from explorer.zoo.evaluation import EVALUATION, Evaluation, Score, read_evaluation
from explorer.zoo.run import Run

SHIPPED = ("digits-structured", "textures-petals")


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """An installation with three runs of one's own: measured, without a record, and without test items."""
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path / "runs"))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    for name in ("measured", "unmeasured"):
        shutil.copytree(places.models() / "digits-structured", tmp_path / "runs" / name)
    (tmp_path / "runs" / "unmeasured" / EVALUATION).unlink()
    return Settings(runs_root=tmp_path / "runs", data_root=tmp_path / "data")


def run(name: str) -> Run:
    return Run(places.models() / name)


def record(name: str) -> Evaluation:
    found = read_evaluation(places.models() / name, run(name).card)
    assert found is not None
    return found


def reviewed(folder: Path, settings: Settings) -> reviewing.Review:
    entry = entry_of(folder, folder.name)
    assert entry is not None
    return review(entry, settings)


def score(value: float | None, low: float | None = None, high: float | None = None, measure: str = "MAP") -> Score:
    return Score(topic="retrieval", measure=measure, of="latent", value=value, low=low, high=high, items=9)


def evaluation(*scores: Score) -> Evaluation:
    return Evaluation(latents="", queries=1, gallery=1, scores=list(scores), curves=[])


def test_every_shipped_run_has_its_record(settings):
    for entry in shelf(settings):
        if not entry.is_own:
            found = review(entry, settings)
            assert found.record is not None, found.why
            assert found.record.confusion
            assert found.why == ""


def test_shipped_records_are_small():
    sizes = [path.stat().st_size for path in places.models().glob(f"*/{EVALUATION}")]
    assert len(sizes) == len(list(places.models().glob("*/card.json")))
    assert sum(sizes) < 400_000


def test_run_without_a_record_says_so_and_can_be_measured(settings):
    found = reviewed(settings.runs_root / "unmeasured", settings)
    assert (found.record, found.why, found.is_measurable) == (None, NOT_MEASURED, True)


@pytest.mark.parametrize("content", ["{", '{"curves": [{"x": [1], "y": []}]}', '{"schema_version": 7}', "[" * 9999])
def test_damaged_record_is_one_sentence_and_can_be_measured_again(settings, content):
    folder = settings.runs_root / "measured"
    assert reviewed(folder, settings).record is not None
    (folder / EVALUATION).write_text(content)
    found = reviewed(folder, settings)
    assert found.record is None
    assert found.is_measurable
    assert "latent-explorer evaluate measured --again" in found.why


def test_confusion_that_is_no_square_and_curves_of_two_lengths_are_damage(settings):
    folder = settings.runs_root / "measured"
    good = json.loads((folder / EVALUATION).read_text())
    curve = good["curves"][0]
    bad = (
        good | {"confusion": {"SVM": [[1, 2], [3]]}},
        good | {"confusion": {"SVM": [[-1]]}},
        good | {"curves": [curve | {"y": curve["y"][1:]}]},
        good | {"curves": [curve | {"count": [1]}]},
    )
    for values in bad:
        (folder / EVALUATION).write_text(json.dumps(values))
        with pytest.raises(BadRunError, match="damaged"):
            read_evaluation(folder, Run(folder).card)


def test_run_that_is_cut_off_cannot_be_measured(settings):
    folder = settings.runs_root / "measured"
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"files": {}, "status": "training"}))
    found = reviewed(folder, settings)
    assert (found.record, found.is_measurable) == (None, False)
    assert "no latents yet" in found.why


def test_broken_run_says_why(settings):
    (settings.runs_root / "measured" / "card.json").write_text("{")
    found = reviewed(settings.runs_root / "measured", settings)
    assert (found.card, found.record, found.is_measurable) == (None, None, False)
    assert "not valid JSON" in found.why


def test_record_that_was_replaced_is_read_anew(settings):
    folder = settings.runs_root / "measured"
    before = reviewed(folder, settings).record
    evaluating.evaluate(Run(folder), settings, queries=7)
    after = reviewed(folder, settings).record
    assert before is not None
    assert after is not None
    assert (before.queries, after.queries) == (359, 7)


def test_row_holds_what_the_record_says(settings):
    found = reviewed(places.models() / "textures-petals", settings)
    (row,) = rows([found], COLUMNS)
    assert (row["run"], row["method"], row["data"], row["seed"], row["labels"]) == (
        "textures-petals",
        "supervised",
        "textures",
        0,
        1.0,
    )
    scores = {(one.topic, one.measure, one.of): one for one in record("textures-petals").scores}
    softmax = scores["classification", "accuracy", "softmax"]
    assert (row["Accuracy, softmax"], row["Accuracy, softmax, low"], row["Accuracy, softmax, high"]) == (
        softmax.value,
        softmax.low,
        softmax.high,
    )
    assert row["MAP"] == scores["retrieval", "MAP", "latent"].value
    assert row["Reconstruction error"] == scores["reconstruction", "RMSE", "test items"].value
    assert row["MAP, fine-grained"] is None, "textures have no styles"


def test_groups_of_columns():
    assert {one.topic for one in columns_of("retrieval")} == {"retrieval"}
    assert len(columns_of("")) == len(reviewing.MAIN)
    assert sum(
        len(columns_of(topic)) for topic in ("classification", "retrieval", "reconstruction", "structure")
    ) == len(COLUMNS)


def test_foreign_seed_that_is_no_number_is_left_out(settings):
    folder = settings.runs_root / "measured"
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"training": {"seed": "<b>", "label_share": True}}))
    (row,) = rows([reviewed(folder, settings)], [])
    assert (row["seed"], row["labels"]) == (None, None)


@pytest.mark.parametrize("name", SHIPPED)
def test_cells_hold_the_items_that_the_matrix_counts(name):
    opened, found = run(name), record(name)
    test = opened.latents("test")
    for classifier, counts in found.confusion.items():
        seen: list[int] = []
        for true, row in enumerate(counts):
            for predicted, count in enumerate(row):
                here = cell(opened, classifier, true, predicted)
                assert len(here.ids) == count
                assert (np.diff(here.confidence) <= 0).all(), "the surest first"
                seen += here.ids.tolist()
        assert sorted(seen) == sorted(test.ids.tolist()), "each labelled item is in one cell"


def test_items_of_a_cell_are_truly_confused():
    opened = run("textures-petals")
    test = opened.latents("test")
    here = cell(opened, "softmax", 4, 3)
    chosen = np.flatnonzero(np.isin(test.ids, here.ids))
    assert len(chosen) == 7
    assert (test.labels[chosen] == 4).all()
    assert (test.probabilities[chosen].argmax(axis=1) == 3).all()


def test_classifier_that_there_is_not_has_no_items():
    assert not len(cell(run("digits-structured"), "softmax", 0, 0).ids)


@pytest.mark.parametrize("name", SHIPPED)
def test_histograms_count_every_item_right_or_wrong_as_the_matrix_does(name):
    found = record(name)
    for classifier, one in confidences(run(name)).items():
        counts = np.array(found.confusion[classifier])
        assert one.right.sum() == np.trace(counts)
        assert one.wrong.sum() == counts.sum() - np.trace(counts)
        assert len(one.edges) == len(one.right) + 1


def test_layout_error_is_the_mean_gap():
    pairs = [("a and b", 1.0, 1.5), ("a and c", 2.0, 1.0)]
    scores = [
        Score(topic="structure", measure=measure, of=pair, value=value, items=1)
        for pair, achieved, wanted in pairs
        for measure, value in (("distance", achieved), ("wanted distance", wanted))
    ]
    found = layout_error(evaluation(*scores))
    assert found is not None
    assert found.value == pytest.approx(0.75)
    assert distances(evaluation(*scores)) == pairs
    assert layout_error(evaluation(scores[0])) is None, "nothing was wanted"
    table = distance_table(evaluation(*scores), ["a", "b", "c"])
    np.testing.assert_equal(table, [[0, 1, 2], [1, 0, np.nan], [2, np.nan, 0]])


def test_weights_are_ascending_and_foreign_ones_are_left_out():
    of = [f"semantic weight {weight}" for weight in ("1", "0.3", "0", "nan", "7", "x, fine-grained")]
    scores = [Score(topic="retrieval", measure="MAP", of=name, value=0.5, items=1) for name in of]
    scores.append(scores[1].model_copy(update={"of": "semantic weight 0.3, fine-grained"}))
    found = weights(evaluation(*scores))
    assert {name: [weight for weight, _ in one] for name, one in found.items()} == {
        "same class": [0, 0.3, 1],
        "fine-grained": [0.3],
    }
    assert len(weights(record("mnist-separate"))["fine-grained"]) == 11


def test_ways_hold_each_score_once():
    found = by_way(record("textures-petals"))
    assert set(found["latent"]) == {"NN", "MAP", "NDCG", "MAP@1", "MAP@2", "MAP@5", "MAP@10"}
    assert all(one.of == way for way, scores in found.items() for one in scores.values())


@pytest.mark.parametrize(
    ("first", "second", "measure", "verdict"),
    [
        ((0.5, 0.4, 0.6), (0.8, 0.7, 0.9), "MAP", "better"),
        ((0.8, 0.7, 0.9), (0.5, 0.4, 0.6), "MAP", "worse"),
        ((0.5, 0.4, 0.6), (0.6, 0.5, 0.7), "MAP", "not told apart"),
        ((0.5, 0.4, 0.6), (0.1, 0.0, 0.2), "RMSE", "better"),
        ((0.5, None, None), (0.4, None, None), "RMSE", "lower"),
        ((0.5, None, None), (0.6, None, None), "calibration error", "higher"),
        ((0.5, 0.4, 0.6), (0.6, None, None), "layout error", "higher"),
        ((0.5, None, None), (0.5, None, None), "RMSE", "equal"),
        ((2.0, None, None), (3.0, None, None), "active dimensions", ""),
        ((0.5, 0.4, 0.6), (0.5, 0.4, 0.6), "MAP", "not told apart"),
    ],
)
def test_verdicts(first, second, measure, verdict):
    (found,) = differences(evaluation(score(*first, measure=measure)), evaluation(score(*second, measure=measure)))
    assert found.verdict == verdict


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_interval_of_a_difference_is_that_of_independent_means(one, other, near, far):
    first = score(one, max(0.0, one - near), min(1.0, one + near))
    second = score(other, max(0.0, other - far), min(1.0, other + far))
    (there,) = differences(evaluation(first), evaluation(second))
    (back,) = differences(evaluation(second), evaluation(first))
    assert there.change == pytest.approx(-back.change)
    assert there.reach == pytest.approx(back.reach)
    if near <= one <= 1 - near and far <= other <= 1 - far:  # neither end is cut
        assert there.reach == pytest.approx(sqrt(near**2 + far**2), abs=1e-5)
    opposite = {"better": "worse", "worse": "better"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


def test_scores_that_only_one_run_has_and_those_without_a_value_are_left_out():
    one, other = evaluation(score(0.5), score(0.1, measure="NN")), evaluation(score(None), score(0.1, measure="NDCG"))
    assert differences(one, other) == []


def test_differences_in_the_columns_of_the_table():
    first, second = record("digits-weight-0"), record("digits-weight-50")
    found = {one.title: one for one in differences(first, second, columns_of(""))}
    assert set(found) == {"Accuracy, SVM", "MAP", "Reconstruction error", "Calibration error, SVM"}
    assert found["MAP"].verdict == "better"
    assert found["Reconstruction error"].verdict == "higher", "it has no interval, so chance may have made it"


def test_every_column_knows_what_is_better():
    for column in COLUMNS:
        scores = [column.find(record(name)) for name in ("textures-petals", "mnist-separate", "digits-structured")]
        measures = {one.measure for one in scores if one is not None}
        assert measures, column.title
        assert {better_of(measure) for measure in measures} == {column.better}


def test_settings_that_differ_and_nothing_else():
    cards = [run(f"digits-weight-{weight}").card for weight in (0, 50)]
    found = dict(config_differences(cards))
    assert found["config.structural_weight"] == ["0.0", "0.5"]
    assert "config.width" not in found
    assert config_differences(cards[:1]) == []
    assert dict(config_differences([run(name).card for name in SHIPPED]))["method"] == ["structuring", "supervised"]


def test_missing_records_are_made_and_the_others_stay(settings):
    before = (settings.runs_root / "measured" / EVALUATION).read_bytes()
    seen: list[tuple[str, int, int]] = []
    assert measure_missing(settings, lambda *step: seen.append(step)) == {"unmeasured": ""}
    assert {stage for stage, *_ in seen} == {"measuring unmeasured, 1 of 1"}
    assert reviewed(settings.runs_root / "unmeasured", settings).record is not None
    assert (settings.runs_root / "measured" / EVALUATION).read_bytes() == before
    assert measure_missing(settings) == {}
    assert missing_job(settings).look() is None


def test_runs_that_a_fine_tuning_has_replaced_are_not_measured(settings):
    for name, before in (("unmeasured", "first"), ("measured", "unmeasured")):
        file = settings.runs_root / name / "card.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"origin": {"run": before, "session": "may"}}))
    assert measure_missing(settings) == {}
    shutil.rmtree(settings.runs_root / "measured")
    assert measure_missing(settings) == {"unmeasured": ""}


def test_run_that_cannot_be_measured_does_not_stop_the_others(settings, capsys):
    latents = settings.runs_root / "measured" / "latents.safetensors"
    (settings.runs_root / "measured" / EVALUATION).unlink()
    latents.write_bytes(latents.read_bytes()[:-9])
    assert main(["evaluate", "--missing"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert "unmeasured: measured" in said
    assert any(line.startswith("measured: latents.safetensors of measured is truncated") for line in said)
    assert main(["evaluate", "--missing", "measured"]) == 2


def test_run_that_could_not_be_measured_says_why_until_its_files_change(settings):
    folder = settings.runs_root / "unmeasured"
    latents, whole = folder / "latents.safetensors", (folder / "latents.safetensors").read_bytes()
    assert reviewed(folder, settings).is_missing
    latents.write_bytes(whole[:-9])
    why = measure_missing(settings)["unmeasured"]
    found = reviewed(folder, settings)
    assert "truncated" in why
    assert (found.why, found.has_failed, found.is_missing) == (why, True, False)
    seen: list[object] = []
    assert measure_missing(settings, lambda *step: seen.append(step)) == {"unmeasured": why}
    assert seen == [], "nothing is tried again"
    latents.write_bytes(whole)
    assert reviewed(folder, settings).is_missing
    assert measure_missing(settings) == {"unmeasured": ""}
    assert reviewed(folder, settings).record is not None


@pytest.mark.parametrize("content", ["{", "[1]", "[" * 99_999, '{"%s": 7}', '"x"', "\xff", " " * 1_000_001])
def test_damaged_file_of_failures_says_nothing(settings, content):
    folder = settings.runs_root / "unmeasured"
    keep_failure(folder, "It is broken.", settings)
    assert reviewed(folder, settings).why == "It is broken."
    key = next(iter(json.loads((settings.data_root / JOBS / NAME).read_text())))
    (settings.data_root / JOBS / NAME).write_text(content.replace("%s", key), "latin-1")
    assert reviewed(folder, settings).is_missing


def test_run_that_another_process_measures_has_not_failed(settings):
    card = Run(settings.runs_root / "unmeasured").card
    with measuring_job("unmeasured", card, settings).working():
        assert "under way" in measure_missing(settings)["unmeasured"]
    assert reviewed(settings.runs_root / "unmeasured", settings).is_missing


def test_missing_records_are_made_by_one_process_at_a_time(settings):
    with missing_job(settings).working():
        assert main(["evaluate", "--missing"]) == 2


def test_files_hold_the_record():
    found = record("textures-petals")
    assert json.loads(as_json("textures-petals", found)) == {"run": "textures-petals", **found.model_dump(mode="json")}
    lines = list(csv.DictReader(StringIO(as_csv(score_rows(found, "classification")).decode())))
    kept = [one for one in found.scores if one.topic == "classification"]
    assert [line["of"] for line in lines] == [one.of for one in kept]
    assert [float(line["value"]) for line in lines] == [one.value for one in kept]
    assert lines[1]["low"] == "", "no interval"
    assert len(score_rows(found)) == len(found.scores)


def test_table_as_a_file_has_no_formula(settings):
    found = [review(entry, settings) for entry in shelf(settings)]
    lines = list(csv.DictReader(StringIO(as_csv(rows(found, COLUMNS)).decode())))
    assert [line["run"] for line in lines] == [one.name for one in found]
    assert "'=1+1" in as_csv([{"name": "=1+1", "value": None}]).decode()
    assert run_roots(settings)[0] == settings.runs_root
