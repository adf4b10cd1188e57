import csv
import json
import shutil
from io import StringIO

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, confusion_matrix

from explorer.cli import main
from explorer.errors import BadRunError, BadValueError
from explorer.settings import load_settings
from explorer.workflows import background
from explorer.workflows.evaluating import evaluate, measuring_job, recorded
from explorer.workflows.runs import open_run
from explorer.workflows.scoring import mean_score
from explorer.zoo.evaluation import EVALUATION, read_evaluation


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Copies of shipped runs that may be written to."""
    from explorer import places

    root = tmp_path_factory.mktemp("home") / "runs"
    for name in ("digits-vae", "digits-structured", "textures-petals"):
        shutil.copytree(places.models() / name, root / f"my-{name}")
    return root


@pytest.fixture(autouse=True)
def settings(shelf, monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(shelf))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(shelf.with_name("data")))
    return load_settings()


def value(record, measure: str, of: str) -> float:
    return next(score.value for score in record.scores if (score.measure, score.of) == (measure, of))


def test_numbers_are_scikit_learns(settings):
    run = open_run("my-digits-vae", settings)
    record = evaluate(run, settings, queries=50)
    test, train = run.latents("test"), run.latents("train")
    assert value(record, "accuracy", "SVM") == pytest.approx(accuracy_score(test.labels, run.svm.predict(test.z)))
    assert record.confusion["SVM"] == confusion_matrix(test.labels, run.svm.predict(test.z)).tolist()
    rows = np.arange(50) * len(test.ids) // 50
    nearness = -np.linalg.norm(test.z[rows, None].astype(float) - train.z, axis=2)
    marks = train.labels == test.labels[rows, None]
    expected = np.mean([average_precision_score(*pair) for pair in zip(marks, nearness, strict=True)])
    assert value(record, "MAP", "latent") == pytest.approx(expected)
    assert (record.queries, record.gallery) == (50, len(train.ids))


def test_record_is_kept_and_read_until_it_is_asked_for_again(settings):
    first = recorded("my-digits-vae", settings, queries=40, again=True)
    assert recorded("my-digits-vae", settings) == recorded("my-digits-vae", settings, queries=40) == first
    assert recorded("my-digits-vae", settings, queries=60).queries == 60, "another number is measured anew"
    assert recorded("my-digits-vae", settings, again=True).queries == 359, "all test items, fewer than 2,000"


def test_shipped_run_stays_as_it_is_and_its_record_lies_below_the_data_root(settings, tmp_path):
    settings = settings.model_copy(update={"data_root": tmp_path})
    shipped = open_run("digits-vae", settings).folder / EVALUATION
    before = shipped.read_bytes()
    assert recorded("digits-vae", settings).queries == 359, "as it was shipped"
    assert not list(tmp_path.iterdir()), "nothing was measured"
    found = recorded("digits-vae", settings, queries=5)
    assert recorded("digits-vae", settings) == found, "one's own comes first"
    assert shipped.read_bytes() == before
    assert (tmp_path / "evaluations" / "digits-vae" / EVALUATION).is_file()


def test_run_is_measured_by_one_process_at_a_time(settings):
    run = open_run("my-digits-vae", settings)
    with (
        measuring_job("my-digits-vae", run.card, settings).working(),
        pytest.raises(BadValueError, match="under way in another process"),
    ):
        recorded("my-digits-vae", settings, queries=5, again=True)


def test_how_far_the_measuring_is_stands_where_a_page_looks(settings, monkeypatch):
    seen = []
    monkeypatch.setattr(background, "WRITTEN_EVERY", 0.0)
    job = measuring_job("my-digits-vae", open_run("my-digits-vae", settings).card, settings)
    recorded("my-digits-vae", settings, queries=5, again=True, progress=lambda *_: seen.append(job.look()))
    assert {status.stage for status in seen} == {"measuring"}
    assert seen[-1].done == seen[-1].total > 0
    assert job.look() is None, "over"


def test_record_of_other_latents_is_not_believed(settings):
    evaluate(open_run("my-digits-vae", settings), settings, queries=10)
    run = open_run("my-digits-vae", settings)
    other = run.card.model_copy(update={"files": {**run.card.files, "latents.safetensors": "0" * 64}})
    assert read_evaluation(run.folder, run.card) is not None
    assert read_evaluation(run.folder, other) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": 9}', '{"scores": NaN}', "[" * 100_000])
def test_damaged_record_is_one_sentence(settings, content):
    folder = settings.runs_root / "my-digits-vae"
    (folder / EVALUATION).write_text(content)
    with pytest.raises(BadRunError, match="latent-explorer evaluate my-digits-vae"):
        recorded("my-digits-vae", settings)
    assert recorded("my-digits-vae", settings, queries=5, again=True).queries == 5


def test_wanted_distances_stand_beside_achieved_ones(settings):
    record = evaluate(open_run("my-digits-structured", settings), settings, queries=5)
    pairs = {score.of for score in record.scores if score.measure == "wanted distance"}
    assert pairs == {score.of for score in record.scores if score.measure == "distance"}
    assert len(pairs) == 3


def test_collapsed_dimensions_are_counted(settings):
    record = evaluate(open_run("my-digits-vae", settings), settings, queries=5)
    assert value(record, "active dimensions", "latent") == 4
    assert sum(score.value > 0.1 for score in record.scores if score.measure == "KL") == 4


def test_reliability_of_every_classifier_lies_between_zero_and_one(settings):
    record = evaluate(open_run("my-textures-petals", settings), settings, queries=5)
    names = {curve.of for curve in record.curves if curve.name == "precision over confidence"}
    assert names == {"softmax", "SVM"}
    assert 0 < value(record, "calibration error", "softmax") < 0.2
    for score in record.scores:
        assert score.low is None or score.low <= score.value <= score.high


def test_command_prints_what_the_record_holds(settings, capsys):
    record = recorded("my-digits-vae", settings, queries=30, again=True)
    assert main(["evaluate", "my-digits-vae", "--format", "csv"]) == 0
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [row["measure"] for row in rows] == [score.measure for score in record.scores]
    assert float(rows[0]["value"]) == pytest.approx(record.scores[0].value, rel=1e-3)
    assert main(["evaluate", "my-digits-vae", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"run": "my-digits-vae", **json.loads(record.model_dump_json())}]
    assert main(["evaluate", "my-digits-vae", "--format", "md"]) == 0
    assert len({line.count("|") for line in capsys.readouterr().out.splitlines()}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say which runs"),
        (["nobody"], "nobody"),
        (["my-digits-vae", "--queries", "0"], "queries = 0"),
    ],
)
def test_mistakes_are_one_sentence(capsys, arguments, said):
    assert main(["evaluate", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_measure_that_no_query_has_is_no_number():
    found = mean_score("retrieval", "MAP", "latent", np.array([np.nan, np.nan]))
    assert (found.value, found.items, found.left_out) == (None, 0, 2)
    assert mean_score("retrieval", "MAP", "latent", np.array([np.nan, 0.5, 0.5])).value == 0.5
