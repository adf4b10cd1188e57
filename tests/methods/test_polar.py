import math

import pytest
import torch

from explorer.errors import BadValueError
from explorer.method import InputSpec
from explorer.methods.polar import POLAR, PolarConfig
from tests.runs import built, items, vectors

SMALL = {"width": 0.0625}


@pytest.mark.parametrize("make", [items, vectors])
def test_no_latent_lies_between_the_beams(make):
    dataset = make(n=400)
    network = built(POLAR, PolarConfig(**SMALL), dataset).eval()
    with torch.no_grad():
        z = network.encode(100 * torch.randn(400, *dataset.shape, generator=torch.Generator().manual_seed(0)))
    period = 2 * math.pi / 3
    phase = torch.atan2(z[:, 1], z[:, 0]).remainder(period)
    assert ((phase <= 5 / 6 * period + 1e-5) | (phase >= period - 1e-5)).all()


def test_angles_are_given_in_degrees():
    spec = InputSpec((1, 16, 16), 6)
    head = POLAR.build(PolarConfig(class_width=50, fold_rotation=30, **SMALL), spec).head
    default = POLAR.build(PolarConfig(**SMALL), spec).head
    assert (head.class_width, head.rotation) == pytest.approx((math.radians(50), math.radians(30)))
    assert (default.class_width, default.rotation) == pytest.approx((head.class_width, head.rotation))


def test_angles_that_leave_points_between_the_beams_are_refused():
    with pytest.raises(BadValueError, match="between the class sectors"):
        POLAR.build(PolarConfig(class_width=50, fold_rotation=5, **SMALL), InputSpec((1, 16, 16), 6))


def test_pattern_is_not_for_vectors():
    with pytest.raises(BadValueError, match="choose pixels"):
        POLAR.build(PolarConfig(reconstruction="pattern"), InputSpec((5,), 3))


def test_there_is_a_decoder_where_it_has_a_weight():
    spec = InputSpec((1, 16, 16), 3)
    assert POLAR.build(PolarConfig(**SMALL), spec).decoder is None
    assert POLAR.build(PolarConfig(reconstruction_weight=1, **SMALL), spec).decoder is not None
