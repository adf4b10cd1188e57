import pytest
import torch
from torch.nn import functional as F

from explorer.losses.classification import labelled_cross_entropy


def test_even_odds_cost_the_logarithm_of_the_number_of_classes():
    loss = labelled_cross_entropy(torch.zeros(5, 4), torch.tensor([0, 1, 2, 3, 0]))
    assert loss.item() == pytest.approx(torch.log(torch.tensor(4.0)).item())


def test_unlabelled_items_change_nothing():
    logits, labels = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, -1, 2, -1, 1, -1])
    assert labelled_cross_entropy(logits, labels).item() == pytest.approx(
        F.cross_entropy(logits[labels >= 0], labels[labels >= 0]).item()
    )


def test_without_labels_it_is_zero_with_a_zero_gradient():
    logits = torch.randn(4, 3, requires_grad=True)
    loss = labelled_cross_entropy(logits, torch.full((4,), -1))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0
