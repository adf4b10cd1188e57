import pytest
import torch

from explorer.errors import BadValueError
from explorer.networks.coded import Categoricals, Clip, Sign, gumbel_softmax

Z = torch.tensor([[-3.0, -0.4, 0.0, 0.7, 2.0]])


def gradient(layer: torch.nn.Module) -> list[float]:
    z = Z.clone().requires_grad_()
    layer(z).sum().backward()
    return [] if z.grad is None else z.grad[0].tolist()


def test_clip_cuts_off_at_one():
    assert Clip()(Z).tolist() == [[-1.0, pytest.approx(-0.4), 0.0, pytest.approx(0.7), 1.0]]


def test_sign_of_zero_is_minus_one_and_its_gradient_passes_where_it_is_asked_for():
    assert Sign(straight_through=True)(Z).tolist() == [[-1, -1, -1, 1, 1]]
    assert gradient(Sign(straight_through=True)) == [0, 1, 1, 1, 0]


def test_the_papers_sign_has_no_gradient():
    z = Z.clone().requires_grad_()
    assert not Sign(straight_through=False)(z).requires_grad


def test_categoricals_are_probabilities_each_on_its_own():
    p = Categoricals(3)(torch.tensor([[0.0, 0.0, 0.0, 5.0, 0.0, 0.0]])).view(2, 3)
    assert p.sum(dim=1).tolist() == pytest.approx([1, 1])
    assert p[0].tolist() == pytest.approx([1 / 3] * 3)
    assert p[1, 0] > 0.98


def test_gumbel_draws_each_class_as_often_as_it_is_likely():
    logits = torch.log(torch.tensor([[0.6, 0.3, 0.1]])).expand(20000, 3)
    drawn = gumbel_softmax(logits, classes=3, temperature=0.1, generator=torch.Generator().manual_seed(0))
    share = drawn.argmax(dim=1).bincount(minlength=3) / 20000
    assert share.tolist() == pytest.approx([0.6, 0.3, 0.1], abs=0.015)
    assert drawn.sum(dim=1) == pytest.approx(torch.ones(20000).numpy(), abs=1e-4)


def test_low_temperature_is_nearly_one_hot_and_high_one_nearly_even():
    logits = torch.randn(500, 4, generator=torch.Generator().manual_seed(1))
    for temperature, low, high in ((0.05, 0.95, 1.0), (50, 0.25, 0.3)):
        drawn = gumbel_softmax(logits, classes=4, temperature=temperature, generator=torch.Generator().manual_seed(0))
        assert low <= drawn.max(dim=1).values.mean().item() <= high


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_temperature_of_zero_is_refused(temperature):
    with pytest.raises(BadValueError, match="temperature"):
        gumbel_softmax(Z[:, :4], classes=2, temperature=temperature, generator=torch.Generator())
