"""A training that may begin with weights from elsewhere."""

import numpy as np
import pytest
from torch import nn

import explorer
from explorer.networks.googlenet import GoogLeNetEncoder
from explorer.training.events import Started, read_events
from explorer.workflows.runs import load_dataset
from explorer.zoo.store import EVENTS
from tests.commands import imported, pictures, set_up, train


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An installation with photographs of 48 pixels a side, and nothing in torch hub's cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    home = set_up(tmp_path, monkeypatch)
    return imported(home, pictures(home / "pictures", {"a": 8, "b": 8}, mode="RGB"), "photos", "--size", "48")


def test_run_says_what_it_began_with_and_opens_without_it(home, capsys):
    assert train("separate", "folder", "google", "--data.name", "photos", "--network", "googlenet") == 0
    assert "GoogLeNet begins with random weights" in capsys.readouterr().out
    run = explorer.load("google")
    first = next(event for event in read_events(home / "runs" / "google" / EVENTS) if isinstance(event, Started))
    assert first.weights.startswith("GoogLeNet begins with random weights")
    assert (run.card.config["network"], run.card.config["pretrained"]) == ("googlenet", "none")
    assert run.card.command.count("--pretrained none") == 1
    assert sum(isinstance(part, GoogLeNetEncoder) for part in run.network.modules()) == 2
    stored, dataset = run.latents("test"), load_dataset(run.card)
    np.testing.assert_allclose(run.encode(dataset.items[dataset.rows("test")]), stored.z, rtol=1e-4, atol=1e-6)
    assert run.decode(stored.z[:2]).shape == (2, 3, 48, 48)
    assert isinstance(run.network.classifier, nn.Module)


def test_weights_that_are_not_there_end_the_command_in_one_sentence(home, capsys):
    flags = ("--data.name", "photos", "--network", "googlenet", "--pretrained", "imagenet")
    assert train("classifier", "folder", "google", *flags) != 0
    assert "are not on this machine" in capsys.readouterr().err
    assert not (home / "runs" / "google").exists()
