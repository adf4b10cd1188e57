import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadValueError
from explorer.latent.targets import class_circle
from explorer.losses.geometric import geometric_loss
from tests import reference

CENTRE, RADIUS, FIRST = torch.tensor([[3.0, 4.0]]), torch.tensor([2.0]), torch.tensor([0])
PETALS = class_circle(5)
CENTRES, RADII = torch.tensor(PETALS.centres).float(), torch.tensor(PETALS.radii).float()


def loss_and_gradient(z: list[float], centre: torch.Tensor = CENTRE) -> tuple[float, torch.Tensor]:
    point = torch.tensor([z], requires_grad=True)
    loss = geometric_loss(point, FIRST, centre, RADIUS)
    loss.backward()
    return loss.item(), point.grad[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_known_answer(dtype):
    z = torch.zeros(1, 2, dtype=dtype)
    assert geometric_loss(z, FIRST, CENTRE.to(dtype), RADIUS.to(dtype)).item() == pytest.approx(19.085537, abs=1e-5)


def test_inside_the_circle_loss_and_gradient_are_exactly_zero():
    loss, gradient = loss_and_gradient([3.5, 5.0])
    assert loss == 0
    assert gradient.tolist() == [0, 0]


def test_at_the_centre_loss_and_gradient_are_zero_and_not_nan():
    loss, gradient = loss_and_gradient([3.0, 4.0])
    assert loss == 0
    assert gradient.tolist() == [0, 0]


def test_million_units_outside_loss_and_gradient_are_finite():
    loss, gradient = loss_and_gradient([1e6 + 2, 0.0], torch.zeros(1, 2))
    assert loss == pytest.approx(math.exp(20) * (1e6 - 19) - 1, rel=1e-5)
    assert gradient.tolist() == pytest.approx([math.exp(20), 0], rel=1e-5)


def test_linear_continuation_has_the_same_value_and_slope_where_it_begins():
    (below, slope_below), (at, _), (above, slope_above) = (
        loss_and_gradient([22 + step, 0.0], torch.zeros(1, 2)) for step in (-1e-3, 0.0, 1e-3)
    )
    assert at == pytest.approx(math.exp(20) - 1, rel=1e-5)
    assert below < at < above
    assert above - at == pytest.approx(at - below, rel=0.02)
    assert slope_below[0].item() == pytest.approx(slope_above[0].item(), rel=2e-3)


def test_gradient_exactly_where_the_continuation_begins_is_its_slope():
    _, gradient = loss_and_gradient([22.0, 0.0], torch.zeros(1, 2))
    assert gradient.tolist() == pytest.approx([math.exp(20), 0], rel=1e-4)


def test_gradient_points_away_from_the_centre_so_that_descent_comes_nearer():
    _, gradient = loss_and_gradient([0.0, 0.0])
    assert gradient.tolist() == pytest.approx([-0.6 * math.exp(3), -0.8 * math.exp(3)], rel=1e-5)


def test_only_the_own_class_counts():
    assert geometric_loss(CENTRES, torch.arange(5), CENTRES, RADII).item() == 0
    assert geometric_loss(CENTRES, torch.tensor([1, 2, 3, 4, 0]), CENTRES, RADII).item() > 1


def test_reductions_fit_together():
    z, labels = torch.randn(6, 2, generator=torch.manual_seed(0)) * 3, torch.tensor([0, 1, -1, 3, 4, -1])
    each, total, mean = (
        geometric_loss(z, labels, CENTRES, RADII, reduction=reduction) for reduction in ("none", "sum", "mean")
    )
    assert each.shape == (6,)
    assert total.item() == pytest.approx(each.sum().item())
    assert mean.item() == pytest.approx(each.sum().item() / 4)
    assert geometric_loss(z, labels, CENTRES, RADII).item() == total.item()


def test_unlabelled_samples_cost_nothing_and_pull_nowhere():
    z = torch.full((3, 2), 50.0, requires_grad=True)
    labels = torch.full((3,), -1)
    assert geometric_loss(z, labels, CENTRES, RADII, reduction="mean").item() == 0
    geometric_loss(z, labels, CENTRES, RADII).backward()
    assert not z.grad.any()


def test_unknown_reduction_names_the_allowed_ones():
    with pytest.raises(BadValueError, match="sum, mean or none"):
        geometric_loss(CENTRES, torch.arange(5), CENTRES, RADII, reduction="max")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_latents_are_summed_in_float32(dtype):
    z = torch.full((100, 2), 12.0, dtype=dtype)
    loss = geometric_loss(z, torch.zeros(100, dtype=torch.long), torch.zeros(1, 2), torch.ones(1))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(100 * (math.exp(math.sqrt(288) - 1) - 1), rel=1e-4)


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.float64, (7, 2), elements=st.floats(-30, 30, width=32)),
    arrays(np.int64, 7, elements=st.integers(-1, 4)),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_equals_slow_loop(z, labels, dtype):
    found = geometric_loss(
        torch.tensor(z, dtype=dtype), torch.tensor(labels), CENTRES.to(dtype), RADII.to(dtype), reduction="none"
    )
    slow = reference.geometric_loss(z, labels, PETALS.centres, PETALS.radii)
    assert found.tolist() == pytest.approx(slow, rel=1e-4, abs=1e-5)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float32, (5, 2), elements=st.floats(-1e6, 1e6, width=32)))
def test_gradient_is_finite_wherever_a_latent_lies(z):
    point = torch.tensor(z, requires_grad=True)
    loss = geometric_loss(point, torch.arange(5), CENTRES, RADII)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(point.grad).all()
