import pytest
import torch

from explorer.methods.supervised import SUPERVISED, SupervisedConfig
from explorer.training import pace
from explorer.training.config import TrainingConfig
from explorer.training.pace import settle, threads
from tests.runs import built, items

CONFIG = SupervisedConfig(width=0.0625)


@pytest.fixture
def cores():
    """Two threads, whatever the machine has."""
    with threads(2):
        yield


def settled(run: TrainingConfig, costs: dict[tuple[str, int], float], monkeypatch) -> TrainingConfig:
    """What is settled where a step costs so many seconds by precision and threads."""
    monkeypatch.setattr(pace, "_seconds_a_step", lambda *rest: costs[rest[4].precision, rest[4].threads])
    dataset = items()
    return settle(built(SUPERVISED, CONFIG, dataset), SUPERVISED, CONFIG, dataset, run, "cpu")


COSTS = {("32-true", 2): 1.0, ("32-true", 1): 0.7, ("bf16-mixed", 2): 0.5, ("bf16-mixed", 1): 0.3}


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ("bf16-mixed", 1)),
        ({"precision": "32-true"}, ("32-true", 1)),
        ({"threads": 2}, ("bf16-mixed", 2)),
        ({"precision": "32-true", "threads": 2}, ("32-true", 2)),
    ],
)
def test_fastest_of_what_is_left_open_is_taken(asked, found, monkeypatch):
    run = settled(TrainingConfig(**asked), COSTS, monkeypatch)
    assert (run.precision, run.threads) == found


@pytest.mark.usefixtures("cores")
def test_a_small_gain_is_left_alone(monkeypatch):
    run = settled(TrainingConfig(), dict.fromkeys(COSTS, 0.95) | {("32-true", 2): 1.0}, monkeypatch)
    assert (run.precision, run.threads) == ("32-true", 2)


@pytest.mark.usefixtures("cores")
def test_a_short_training_is_not_worth_it(monkeypatch):
    run = settled(TrainingConfig(epochs=1), {("32-true", 2): 1e-6}, monkeypatch)  # no other choice is tried
    assert (run.precision, run.threads) == ("32-true", 2)


def test_trying_leaves_network_and_randomness_as_they_were(monkeypatch):
    monkeypatch.setattr(pace, "WORTH_MEASURING", 0)
    monkeypatch.setattr(pace, "TRIAL", 0)
    dataset = items()
    network = built(SUPERVISED, CONFIG, dataset)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    run = settle(network, SUPERVISED, CONFIG, dataset, TrainingConfig(), "cpu")
    assert run.precision != "auto"
    assert run.threads > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_are_put_back_even_after_an_error():
    before = torch.get_num_threads()
    with threads(before + 1):
        assert torch.get_num_threads() == before + 1
    with pytest.raises(ZeroDivisionError), threads(before + 1):
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
