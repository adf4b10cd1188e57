"""Networks begin with random weights: each test draws the same ones every time."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _same_weights():
    torch.manual_seed(0)
