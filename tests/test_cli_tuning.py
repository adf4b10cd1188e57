"""The commands that fine-tune a session's run and simulate sessions."""

import numpy as np
import pytest

from explorer.cli import main
from explorer.cli.tuning import _cell


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("LATENT_EXPLORER_RUNS_ROOT", str(tmp_path / "runs"))
    monkeypatch.setenv("LATENT_EXPLORER_CONFIG", str(tmp_path / "none.toml"))


TINY = (
    "--items 100 --start 5 --per-round 5 --rounds 1 --epochs 1 --pretraining 1 --seeds 1 --latent-dims 2 --width 0.0625"
)


def test_campaign_prints_the_error_after_each_round_and_what_it_comes_to(capsys):
    assert main(["campaign", "digits", *TINY.split()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["labels", "5", "10"]
    assert lines[1].count("%") == 2
    assert "±" not in lines[1]  # one seed has no spread
    assert lines[-1].startswith("Random picks end at ")


def test_spread_is_the_standard_deviation_of_a_sample():
    assert _cell(np.array([0.1, 0.2, 0.3])) == " 20.00 % ± 10.00"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["tune", "may"], "There is no labeling session called 'may'"),
        (["campaign", "nothing"], "no data set 'nothing'"),
        (["campaign", "digits", "--items", "100"], "520 labels of 100 items"),
        (["campaign", "digits", "--rounds", "0"], "rounds = '0', but it"),
    ],
)
def test_mistakes_are_told_in_a_sentence(said, why, capsys):
    assert main(said) == 2
    error = capsys.readouterr().err
    assert why in error
    assert "Traceback" not in error
