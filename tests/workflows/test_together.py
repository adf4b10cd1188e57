import csv
import json
import shutil
from io import StringIO

import numpy as np
import pytest

from explorer import places
from explorer.cli import main
from explorer.settings import load_settings
from explorer.workflows.evaluating import recorded
from explorer.workflows.runs import open_run
from explorer.workflows.scoring import of_chosen_weight
from explorer.workflows.together import error_over_labels, together
from explorer.zoo.evaluation import Evaluation, Score
from explorer.zoo.run import Run

SEEDS = {"one": 0, "two": 1, "three": 2}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A run at three seeds, and one that knew fewer labels; their latents are those of a shipped run."""
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path))
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    for name, seed in {**SEEDS, "few": 0}.items():
        shutil.copytree(places.models() / "digits-structured", tmp_path / name)
        card = json.loads((tmp_path / name / "card.json").read_text())
        card["training"] |= {"seed": seed, "threads": seed, "label_share": 0.1 if name == "few" else 1.0}
        (tmp_path / name / "card.json").write_text(json.dumps(card))
    return load_settings()


def record(accuracy: float, *, more: tuple[Score, ...] = ()) -> Evaluation:
    score = Score(topic="classification", measure="accuracy", of="SVM", value=accuracy, items=10)
    return Evaluation(latents="", queries=1, gallery=1, scores=[score, *more], curves=[])


def test_seeds_are_averaged_with_students_interval(settings):
    runs = [open_run(name, settings) for name in SEEDS]
    (group,) = together(runs, dict(zip(SEEDS, map(record, (0.8, 0.9, 1.0)), strict=True)))
    assert group.runs == ("one", "two", "three")
    assert group.name == "structuring on digits (3 seeds)"
    mean = group.scores[0]
    # t(0.975, 2 degrees of freedom) = 4.3027; the values' standard deviation is 0.1
    assert (mean.value, mean.high - mean.value) == pytest.approx((0.9, 4.3027 * 0.1 / np.sqrt(3)), rel=1e-4)
    assert group.scores[-1].measure == "seeds_centroid_spread"
    assert group.scores[-1].value == pytest.approx(0), "the copies have the same latents"


def test_what_one_of_the_seeds_lacks_is_left_out(settings):
    odd = Score(topic="structure", measure="KL", of="dimension 1", value=1, items=10)
    nothing = Score(topic="retrieval", measure="MAP", of="latent", value=None, items=0)
    runs = [open_run(name, settings) for name in ("one", "two")]
    (group,) = together(runs, {"one": record(0.5, more=(odd, nothing)), "two": record(0.7, more=(nothing,))})
    assert [score.measure for score in group.scores] == ["accuracy", "seeds_centroid_spread"]


def test_errors_stand_over_the_number_of_labels(settings):
    runs = [open_run(name, settings) for name in (*SEEDS, "few")]
    records = dict(zip((*SEEDS, "few"), map(record, (0.9, 0.9, 0.9, 0.6)), strict=True))
    groups = together(runs, records)
    assert [group.runs for group in groups] == [("one", "two", "three"), ("few",)]
    assert all("labels" in group.name for group in groups)
    doctored = [groups[0], type(groups[1])(**{**vars(groups[1]), "labelled": 7})]
    (curve,) = error_over_labels(doctored)
    assert curve.x == [7, groups[0].labelled]
    assert curve.y == pytest.approx([0.4, 0.1])
    assert error_over_labels(groups[:1]) == []


def test_command_prints_groups_and_their_errors(settings, capsys):
    for name in (*SEEDS, "few"):
        recorded(name, settings, queries=5)
    assert main(["evaluate", *SEEDS, "few", "--together", "--format", "csv"]) == 0
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert len({row["run"] for row in rows if "seeds" in row["run"]}) == 1
    assert {row["of"] for row in rows if row["measure"] == "seeds_centroid_spread"} == {"class centroids over 3 seeds"}
    assert main(["evaluate", *SEEDS, "--together", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [group["runs"] for group in found["groups"]] == [list(SEEDS)]


def test_labels_of_a_compact_run_are_those_it_knew_not_those_it_kept():
    run = Run(places.models() / "fashion-seasons")
    assert len(run.latents("train").ids) == 10_000
    (group,) = together([run], {run.card.name: record(0.5)})
    assert group.labelled == pytest.approx(6000, rel=0.1)


def test_settings_that_an_older_card_does_not_name_are_at_their_defaults(settings):
    folder = settings.runs_root / "two"
    card = json.loads((folder / "card.json").read_text())
    card["config"] |= {"pretrained": "auto"}
    (folder / "card.json").write_text(json.dumps(card))
    runs = [open_run(name, settings) for name in ("one", "two")]
    assert len(together(runs, {"one": record(0.5), "two": record(0.5)})) == 1


def test_groups_with_as_many_labels_each_have_their_point(settings):
    runs = [open_run(name, settings) for name in ("one", "few")]
    groups = together(runs, {"one": record(0.9), "few": record(0.5)})
    assert groups[0].labelled == groups[1].labelled
    (curve,) = error_over_labels(groups)
    assert sorted(curve.y) == pytest.approx([0.1, 0.5])


def test_weight_is_chosen_on_every_second_query_and_measured_on_the_others():
    averages = {0.0: np.array([0.1, 0.9, 0.1, 0.8]), 1.0: np.array([0.2, 0.3, 0.2, 0.4])}
    weight, score = of_chosen_weight(averages, ", fine-grained")
    assert weight.of == score.of == "weight chosen on other queries, fine-grained"
    assert (weight.value, weight.items) == (1, 2)
    assert (score.measure, score.value, score.items) == ("MAP", pytest.approx(0.35), 2)
    assert list(of_chosen_weight({0.0: np.array([0.1, np.nan])}, "")) == []
