import math

import pytest
import torch

from explorer.errors import BadValueError
from explorer.losses.contrastive import contrastive_loss


def test_known_values_by_hand():
    one, other = torch.zeros(4, 2), torch.tensor([[3.0, 4.0], [3.0, 4.0], [3.0, 4.0], [0.3, 0.4]])
    differs = torch.tensor([False, True, True, True])
    assert contrastive_loss(one[:1], other[:1], differs[:1], margin=2).item() == pytest.approx(5)
    assert contrastive_loss(one[1:2], other[1:2], differs[1:2], margin=2).item() == 0
    assert contrastive_loss(one[3:], other[3:], differs[3:], margin=2).item() == pytest.approx(1.5)
    assert contrastive_loss(one, other, differs, margin=2).item() == pytest.approx((5 + 0 + 0 + 1.5) / 4)


@pytest.mark.parametrize("differs", [True, False])
def test_gradient_of_coinciding_latents_is_finite(differs):
    one, other = torch.zeros(1, 3, requires_grad=True), torch.zeros(1, 3)
    contrastive_loss(one, other, torch.tensor([differs]), margin=1).backward()
    assert one.grad.isfinite().all()


@pytest.mark.parametrize("margin", [0, -1, math.nan])
def test_margin_of_zero_is_refused(margin):
    with pytest.raises(BadValueError, match="margin"):
        contrastive_loss(torch.zeros(1, 1), torch.zeros(1, 1), torch.tensor([True]), margin=margin)
