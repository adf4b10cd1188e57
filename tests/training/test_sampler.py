"""Steps of which a part is labelled: however few labels there are, each has as many turns as another."""

import numpy as np
import pytest
import torch

from explorer.methods.structuring import STRUCTURING, StructuringConfig
from explorer.training.sampler import Sampler
from tests.runs import items

CONFIG = StructuringConfig()


def steps(labels: np.ndarray, part: float, batch_size: int = 10) -> list[np.ndarray]:
    sampler = Sampler(STRUCTURING, CONFIG, items(), labels, batch_size, labelled_part=part)
    drawn = sampler.epoch(np.random.default_rng(0), torch.Generator().manual_seed(0))
    found = [step.numpy() for step in drawn]
    assert len(found) == sampler.steps
    return found


def test_a_part_of_every_step_is_labelled_and_each_label_has_as_many_turns():
    labels = np.where(np.arange(60) % 20 == 0, 1, -1)  # three of sixty
    found = steps(labels, 0.4)
    assert all((labels[step] >= 0).sum() == 4 and len(step) == 10 for step in found)
    turns = np.bincount(np.concatenate(found), minlength=60)
    assert np.ptp(turns[labels >= 0]) == 0  # 6 steps x 4 = 24 = 8 turns each
    assert turns[labels < 0].max() == 1


@pytest.mark.parametrize("labels", [np.full(60, -1), np.zeros(60, int)])
def test_without_both_kinds_all_items_come_in_turn(labels):
    assert np.bincount(np.concatenate(steps(labels, 0.5)), minlength=60).tolist() == [1] * 60


def test_no_part_takes_all_items_in_turn_as_ever():
    labels = np.where(np.arange(60) % 20 == 0, 1, -1)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0)).numpy()
    assert np.array_equal(np.concatenate(steps(labels, 0)), order)
