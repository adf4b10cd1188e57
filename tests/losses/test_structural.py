import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.losses.structural import structural_loss


def slow(z, targets, labels):
    """Mean over labelled items and dims, one number at a time."""
    squares = [
        (z[j, k].item() - targets[j, k].item()) ** 2 for j in range(len(z)) for k in range(z.shape[1]) if labels[j] >= 0
    ]
    return sum(squares) / len(squares) if squares else 0.0


@given(st.lists(st.integers(-1, 2), min_size=1, max_size=6), st.integers(1, 3), st.integers(0, 99))
def test_equals_the_slow_version_whatever_the_rows_of_unlabelled_items_hold(labels, d, seed):
    z, targets = torch.randn(2, len(labels), d, generator=torch.Generator().manual_seed(seed)).unbind()
    labels = torch.tensor(labels)
    targets[labels < 0] = torch.nan
    assert structural_loss(z, targets, labels).item() == pytest.approx(slow(z, targets, labels), rel=1e-5, abs=1e-6)


def test_unlabelled_items_have_no_gradient_and_labelled_ones_the_derivative():
    z = torch.tensor([[1.0, 2.0], [5.0, 5.0]], requires_grad=True)
    targets = torch.tensor([[0.0, 0.0], [torch.nan, torch.nan]])
    structural_loss(z, targets, torch.tensor([0, -1])).backward()
    assert z.grad.tolist() == [[1.0, 2.0], [0.0, 0.0]]
