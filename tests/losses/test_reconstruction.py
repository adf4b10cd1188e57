import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.losses.reconstruction import NORMS, bernoulli_nll, gaussian_nll, pattern_error, squared_error
from tests import reference

SIZES = st.integers(1, 3), st.integers(1, 2), st.integers(2, 7), st.integers(2, 7)


def images(seed: int, n: int = 3, channels: int = 1, height: int = 16, width: int = 16) -> torch.Tensor:
    return torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(seed))


def stripes(period: int, phase: int = 0, contrast: float = 1.0) -> torch.Tensor:
    row = ((torch.arange(32) + phase) % period < period // 2).float()
    return (0.5 + contrast * (row - 0.5)).expand(1, 1, 32, 32)


def test_squared_error_is_the_mean_over_pixels():
    assert squared_error(torch.full((2, 1, 2, 2), 0.5), torch.ones(2, 1, 2, 2)).item() == 0.25
    assert squared_error(images(0), images(0)).item() == 0


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), *SIZES)
def test_pattern_error_equals_trying_every_shift(seed, n, channels, height, width):
    x_hat, x = (images(2 * seed + i, n, channels, height, width) for i in (0, 1))
    assert pattern_error(x_hat, x).item() == pytest.approx(reference.pattern_error(x_hat, x), abs=1e-5)


def test_shading_is_taken_off_the_pixels_around_in_a_large_image():
    x_hat, x = images(1, 1, 1, 19, 18), images(2, 1, 1, 19, 18)
    assert pattern_error(x_hat, x).item() == pytest.approx(reference.pattern_error(x_hat, x), abs=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0, 0.5))
def test_equal_images_cost_nothing_however_bright(seed, light):
    x = images(seed) / 2
    assert pattern_error(x + light, x).item() == pytest.approx(0, abs=1e-5)


def test_flat_images_cost_nothing_and_give_a_finite_gradient():
    x_hat = torch.full((2, 1, 16, 16), 0.3, requires_grad=True)
    loss = pattern_error(x_hat, torch.full((2, 1, 16, 16), 0.8))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    assert torch.isfinite(x_hat.grad).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_pattern_error_lies_in_its_range(seed):
    assert 0 <= pattern_error(images(2 * seed), images(2 * seed + 1)).item() <= 3


@pytest.mark.parametrize("phase", range(1, 8))
def test_stripes_of_any_phase_beat_plain_grey_and_stripes_of_another_period(phase):
    wanted = stripes(8)
    shifted, grey, other = (
        pattern_error(x_hat, wanted).item()
        for x_hat in (stripes(8, phase), torch.full_like(wanted, 0.5), stripes(4, phase))
    )
    assert shifted < 0.2 * min(grey, other)


def test_faded_stripes_cost_more_than_stripes_of_full_contrast():
    wanted = stripes(8)
    losses = [pattern_error(stripes(8, 3, contrast), wanted).item() for contrast in (1.0, 0.7, 0.4)]
    assert losses == sorted(losses)
    assert losses[1] - losses[0] > 0.01


def test_each_image_has_a_shift_of_its_own():
    wanted = stripes(8).repeat(3, 1, 1, 1)
    made = torch.cat([stripes(8, phase) for phase in (0, 3, 5)])
    alone = [pattern_error(made[i : i + 1], wanted[:1]).item() for i in range(3)]
    assert pattern_error(made, wanted).item() == pytest.approx(sum(alone) / 3, abs=1e-6)


def test_bernoulli_of_even_odds_is_log_two_a_pixel():
    x = torch.rand(3, 1, 4, 4)
    assert bernoulli_nll(torch.zeros(3, 1, 4, 4), x).item() == pytest.approx(16 * math.log(2), rel=1e-6)


def test_bernoulli_agrees_with_the_formula_one_pixel_at_a_time():
    logits, x = torch.randn(2, 1, 2, 3), torch.rand(2, 1, 2, 3)
    p = torch.sigmoid(logits)
    slow = -(x * p.log() + (1 - x) * (1 - p).log()).sum() / 2
    assert bernoulli_nll(logits, x).item() == pytest.approx(slow.item(), rel=1e-5)


def test_bernoulli_of_a_sure_mistake_is_large_but_finite():
    assert bernoulli_nll(torch.full((1, 1, 1, 1), 1000.0), torch.zeros(1, 1, 1, 1)).item() == pytest.approx(1000)


def test_gaussian_is_half_the_squared_distance_of_an_item():
    x_hat, x = torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.zeros(2, 2)
    assert gaussian_nll(x_hat, x).item() == pytest.approx(25 / 2 / 2)


def test_gaussian_and_likelihood_are_of_one_item_whatever_the_batch():
    x = torch.rand(4, 5)
    assert gaussian_nll(torch.zeros(8, 5), x.repeat(2, 1)).item() == pytest.approx(
        gaussian_nll(torch.zeros(4, 5), x).item()
    )


def test_squared_norm_counts_pixels_from_minus_one_to_one_and_its_mean_divides_by_them():
    x, x_hat = torch.zeros(2, 1, 2, 2), torch.full((2, 1, 2, 2), 0.5)
    assert NORMS["norm"](x_hat, x).item() == 4  # four pixels, each 1 apart where -1 to 1 is the range
    assert NORMS["mean"](x_hat, x).item() == 1
