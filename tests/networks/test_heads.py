import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.errors import BadValueError
from explorer.latent.sectors import default_class_width, default_rotation
from explorer.networks.heads import PolarHead, polar_fold

PAPER = {"n_classes": 6, "class_width": math.radians(50), "rotation": math.radians(30)}
CLOSE = {torch.float32: 2e-6, torch.float64: 1e-14}


def at(degrees: float | list[float], r: float = 1.0, dtype: torch.dtype = torch.float64) -> Tensor:
    phi = torch.tensor(degrees, dtype=torch.float64).reshape(-1).deg2rad()
    return (r * torch.stack([phi.cos(), phi.sin()], dim=1)).to(dtype)


def degrees(z: Tensor) -> list[float]:
    return [math.degrees(math.atan2(y, x)) % 360 for x, y in z.tolist()]


def twin(z: Tensor, n_classes: int, class_width: float, rotation: float) -> list[list[float]]:
    """The paper's way: r and phi, then back."""
    folded = []
    for x, y in z.tolist():
        r, phi = math.hypot(x, y), math.atan2(y, x)
        if phi % (2 * math.pi / n_classes) >= class_width:
            phi += rotation
        folded.append([r * math.cos(phi), r * math.sin(phi)])
    return folded


@st.composite
def beams(draw: st.DrawFn) -> dict[str, float]:
    """Any allowed layout, its ends and the default among them."""
    n_classes = draw(st.integers(2, 16))
    period = 2 * math.pi / n_classes
    if draw(st.booleans()):
        layout = {"class_width": default_class_width(n_classes), "rotation": default_rotation(n_classes)}
        return {"n_classes": n_classes, **layout}
    width = period * draw(st.floats(0.5, 0.95))
    share = draw(st.floats(0, 1))
    return {"n_classes": n_classes, "class_width": width, "rotation": (1 - share) * (period - width) + share * width}


@st.composite
def points(draw: st.DrawFn, dtype: torch.dtype) -> Tensor:
    """A few points of very different radius; angles at random and at multiples of 10 degrees."""
    angles = st.floats(-180, 180) | st.integers(-18, 18).map(lambda step: 10.0 * step)
    place = st.tuples(angles, st.floats(-30, 30))
    return torch.cat([at(angle, 10**power, dtype) for angle, power in draw(st.lists(place, min_size=1, max_size=20))])


def phases(z: Tensor, n_classes: int) -> Tensor:
    z = z.double()
    return torch.atan2(z[:, 1], z[:, 0]).remainder(2 * math.pi / n_classes)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(st.data())
def test_no_point_lies_in_a_forbidden_sector_and_radii_stay(dtype, data):
    layout, z = data.draw(beams()), data.draw(points(dtype))
    folded = polar_fold(z, **layout)
    phase, close = phases(folded, layout["n_classes"]), CLOSE[dtype]
    period = 2 * math.pi / layout["n_classes"]
    assert ((phase <= layout["class_width"] + close) | (phase >= period - close)).all()
    radius = torch.linalg.vector_norm(z.double(), dim=1)
    assert torch.linalg.vector_norm(folded.double(), dim=1).tolist() == pytest.approx(radius.tolist(), rel=close)


@given(beams(), points(torch.float32))
def test_points_in_class_sectors_stay_exactly_where_they_are(layout, z):
    phase = phases(z, layout["n_classes"])
    inside = (phase > 2e-6) & (phase < layout["class_width"] - 2e-6)
    assert torch.equal(polar_fold(z, **layout)[inside], z[inside])


@given(beams(), points(torch.float64))
def test_fold_is_what_r_and_phi_give(layout, z):
    phase, period = phases(z, layout["n_classes"]), 2 * math.pi / layout["n_classes"]
    edges = torch.stack([phase, phase - layout["class_width"], phase - period]).abs().amin(dim=0)
    z = z[edges > 1e-12]  # at an edge, rounding decides
    for folded, slow in zip(polar_fold(z, **layout).tolist(), twin(z, **layout), strict=True):
        assert folded == pytest.approx(slow, rel=1e-12, abs=1e-12 * math.hypot(*slow))


def test_six_classes_are_the_papers():
    assert math.degrees(default_class_width(6)) == pytest.approx(50)
    assert math.degrees(default_rotation(6)) == pytest.approx(30)
    folded = polar_fold(at([0, 1, 49, 51, 59, 61, 115, 179, 355]), **PAPER)
    assert degrees(folded) == pytest.approx([0, 1, 49, 81, 89, 61, 145, 209, 25])


@pytest.mark.parametrize("n_classes", [1, 2, 3, 10, 16, 254])
def test_defaults_fit_any_number_of_classes(n_classes):
    layout = {"class_width": default_class_width(n_classes), "rotation": default_rotation(n_classes)}
    period = 360 / n_classes
    folded = polar_fold(at([0.5 * period, 0.9 * period]), n_classes=n_classes, **layout)
    assert degrees(folded) == pytest.approx([0.5 * period, (1.4 * period) % 360])


def test_printed_rule_turns_25_degrees_into_the_sector_that_it_should_keep_free():
    assert degrees(polar_fold(at(25), **PAPER, rule="printed")) == pytest.approx([55])
    assert degrees(polar_fold(at(25), **PAPER)) == pytest.approx([25])


def test_printed_rule_turns_10_to_40_and_50_to_60_degrees_of_every_sixth():
    given = [degree + 0.5 for degree in range(360)]
    turned = [10 < degree % 60 < 40 or 50 < degree % 60 < 60 for degree in given]
    wanted = [(degree + 30 * turn) % 360 for degree, turn in zip(given, turned, strict=True)]
    assert degrees(polar_fold(at(given), **PAPER, rule="printed")) == pytest.approx(wanted)


def test_gradient_at_the_origin_is_the_identity():
    for zero in ([0.0, 0.0], [-0.0, 0.0], [0.0, -0.0]):
        jacobian = torch.autograd.functional.jacobian(lambda z: polar_fold(z, **PAPER)[0], torch.tensor([zero]))
        assert jacobian.isfinite().all()
    z = torch.zeros(1, 2, requires_grad=True)
    polar_fold(z, **PAPER)[0, 0].backward()
    assert z.grad.tolist() == [[1, 0]]


@given(beams(), st.lists(st.tuples(*2 * [st.floats(-(2.0**120), 2.0**120, width=32)]), min_size=1, max_size=10))
def test_gradient_of_any_finite_point_is_a_rotation(layout, places):
    z = torch.tensor(places, requires_grad=True)
    folded = polar_fold(z, **layout)
    assert folded.isfinite().all()
    rows = [torch.autograd.grad(folded[:, axis].sum(), z, retain_graph=True)[0] for axis in (0, 1)]
    jacobian = torch.stack(rows, dim=1)  # (n, 2, 2)
    torch.testing.assert_close(jacobian @ jacobian.mT, torch.eye(2).expand(len(places), 2, 2))
    torch.testing.assert_close(torch.linalg.det(jacobian), torch.ones(len(places)))


def test_turned_points_pass_the_gradient_turned_back():
    z = at(55).requires_grad_()
    polar_fold(z, **PAPER)[0, 0].backward()
    assert z.grad[0].tolist() == pytest.approx([math.cos(math.pi / 6), -math.sin(math.pi / 6)])


def test_bfloat16_points_are_folded_in_float32():
    z = at([float(degree) for degree in range(360)], dtype=torch.bfloat16)
    folded = polar_fold(z, **PAPER)
    assert folded.dtype == torch.float32
    assert torch.equal(folded, polar_fold(z.float(), **PAPER))


def test_what_is_no_number_stays_none():
    assert polar_fold(torch.tensor([[math.nan, 1.0]]), **PAPER)[0].isnan().any()


def test_head_folds_what_the_encoder_gives():
    encoder = nn.Linear(3, 2)
    x = torch.randn(50, 3)
    head = nn.Sequential(encoder, PolarHead(**PAPER, rule="printed"))
    assert torch.equal(head(x), polar_fold(encoder(x), **PAPER, rule="printed"))
    assert not torch.equal(head(x), polar_fold(encoder(x), **PAPER))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"n_classes": 0}, "at least one class"),
        ({"rule": "text"}, "must be guaranteed or printed"),
        ({"rule": "printed", "n_classes": 5, "class_width": 1.0, "rotation": 0.6}, "for 6 classes, not 5"),
        ({"class_width": math.radians(29)}, "29 degrees does not fit: .* 30 or more and less than 60"),
        ({"class_width": math.radians(60)}, "does not fit"),
        ({"class_width": math.nan}, "does not fit"),
        ({"rotation": math.radians(9)}, "9 degrees would leave points .* 10 to 50"),
        ({"rotation": math.radians(51)}, "51 degrees would leave points"),
        ({"rotation": math.nan}, "would leave points"),
    ],
)
def test_beams_without_their_guarantee_are_refused(changed, sentence):
    settings = {**PAPER, **changed}
    with pytest.raises(BadValueError, match=sentence):
        polar_fold(torch.zeros(1, 2), **settings)
    with pytest.raises(BadValueError, match=sentence):
        PolarHead(**settings)


def test_three_dimensions_are_refused():
    with pytest.raises(BadValueError, match="2 dimensions, but the latent has 3"):
        polar_fold(torch.zeros(4, 3), **PAPER)
