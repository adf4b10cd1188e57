import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadValueError
from explorer.latent.spaces import FARTHEST
from explorer.networks.spaces import SpaceConfig, SpaceHead, space_head, to_poincare, to_sphere, to_torus

CURVED = ("sphere", "torus", "poincare")
SPECIAL = [0.0, -0.0, 1e-45, 1e-30, 1e-7, -1e-6, 1.0, 1e30, -3e38]
OUTPUTS = arrays(
    "float32",
    st.tuples(st.integers(1, 5), st.sampled_from([2, 4, 6])),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    | st.sampled_from(SPECIAL).map(lambda value: torch.tensor(value).item()),
)


def lengths(geometry: str, z: torch.Tensor) -> torch.Tensor:
    """Of each point; on a torus of each of its circles."""
    z = z.double()
    return z.unflatten(1, (-1, 2)).norm(dim=2) if geometry == "torus" else z.norm(dim=1)


@pytest.mark.parametrize("geometry", CURVED)
@given(outputs=OUTPUTS)
def test_any_finite_output_becomes_a_point_of_the_space(geometry, outputs):
    found = lengths(geometry, SpaceHead(geometry)(torch.from_numpy(outputs)))
    if geometry == "poincare":
        assert (found <= FARTHEST + 1e-6).all()
    else:
        assert found.numpy() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@given(outputs=OUTPUTS)
def test_points_of_the_ball_lie_strictly_within_it_however_they_are_stored(dtype, outputs):
    stored = to_poincare(torch.from_numpy(outputs)).to(dtype)
    assert (stored.double().norm(dim=1) < 0.9999).all()


@pytest.mark.parametrize("geometry", CURVED)
@given(outputs=OUTPUTS, weights=st.integers(0, 9))
def test_gradients_are_finite(geometry, outputs, weights):
    z = torch.from_numpy(outputs).requires_grad_()
    generator = torch.Generator().manual_seed(weights)
    (SpaceHead(geometry)(z) * torch.randn(z.shape, generator=generator)).sum().backward()
    assert z.grad.isfinite().all()


@pytest.mark.parametrize("geometry", CURVED)
def test_gradients_are_those_of_the_formula(geometry):
    z = torch.randn(20, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 0.9
    assert torch.autograd.gradcheck(SpaceHead(geometry), z.requires_grad_())


@pytest.mark.parametrize("geometry", CURVED)
def test_a_network_whose_outputs_are_all_zero_can_still_learn(geometry):
    z = torch.zeros(1, 4, requires_grad=True)
    (SpaceHead(geometry)(z) * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert z.grad.abs().sum() > 0


@pytest.mark.parametrize("geometry", ["sphere", "torus"])
def test_how_large_an_output_is_changes_nothing(geometry):
    z = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
    head = SpaceHead(geometry)
    torch.testing.assert_close(head(z * 1e30), head(z))


def test_sphere_and_torus_keep_directions():
    assert to_sphere(torch.tensor([[0.0, 3.0, 4.0]]))[0].tolist() == pytest.approx([0, 0.6, 0.8])
    assert to_torus(torch.tensor([[0.0, 2.0, -3.0, 4.0]]))[0].tolist() == pytest.approx([0, 1, -0.6, 0.8])


def test_ball_is_the_exponential_map():
    z = torch.tensor([[0.0, 0.0], [0.3, 0.4], [-2.0, 0.0]], dtype=torch.float64)
    slow = [[math.tanh(math.hypot(x, y)) * part / (math.hypot(x, y) or 1) for part in (x, y)] for x, y in z.tolist()]
    assert to_poincare(z).numpy() == pytest.approx(np.array(slow))
    assert to_poincare(torch.tensor([[1e-9, 0.0]]))[0, 0].item() == pytest.approx(1e-9)


def test_half_precision_is_computed_in_single():
    assert SpaceHead("sphere")(torch.ones(2, 2, dtype=torch.bfloat16)).dtype == torch.float32


def test_euclids_space_needs_no_head():
    assert space_head(SpaceConfig()) is None


@pytest.mark.parametrize(
    ("geometry", "dims", "told"), [("torus", 3, "even number, such as 4"), ("sphere", 1, "2 coord")]
)
def test_dimensions_that_a_space_cannot_have_are_one_sentence(geometry, dims, told):
    with pytest.raises(BadValueError, match=told):
        space_head(SpaceConfig(geometry=geometry, latent_dims=dims))
