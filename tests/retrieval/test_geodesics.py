import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from explorer.latent.spaces import onto
from explorer.retrieval.geodesics import RANKING, distances_from, flat_torus, great_circle, poincare
from explorer.retrieval.index import euclidean_distances

CURVED = ("sphere", "torus", "poincare")
FARTHEST = {"sphere": np.pi, "torus": np.pi * np.sqrt(2), "poincare": 20.0}


def points(geometry: str, n: int, seed: int = 0, dims: int = 4) -> np.ndarray:
    """Points of a space, some of them near its edge, and near each other."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, dims)) * rng.choice([0.1, 0.4, 3.0], (n, 1))
    z[1::5] = z[::5][: len(z[1::5])] + 1e-7
    return onto(geometry, z)


def slow_sphere(a, b):
    return math.acos(max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(a, b, strict=True)))))


def slow_torus(a, b):
    total = 0.0
    for i in range(0, len(a), 2):
        apart = math.atan2(a[i + 1], a[i]) - math.atan2(b[i + 1], b[i])
        total += ((apart + math.pi) % (2 * math.pi) - math.pi) ** 2
    return math.sqrt(total)


def slow_poincare(a, b):
    """Another formula: 2 artanh of the length of the Möbius sum of -a and b."""
    dot = -math.fsum(x * y for x, y in zip(a, b, strict=True))
    aa, bb = (math.fsum(x * x for x in point) for point in (a, b))
    scale = 1 + 2 * dot + aa * bb
    moved = [(-(1 + 2 * dot + bb) * x + (1 - aa) * y) / scale for x, y in zip(a, b, strict=True)]
    return 2 * math.atanh(math.sqrt(math.fsum(x * x for x in moved)))


SLOW = {"sphere": slow_sphere, "torus": slow_torus, "poincare": slow_poincare}


@pytest.mark.parametrize("geometry", CURVED)
@pytest.mark.parametrize("dims", [2, 4, 20])
def test_distances_are_those_of_a_slow_loop(geometry, dims):
    queries, gallery = points(geometry, 7, dims=dims), points(geometry, 31, seed=1, dims=dims)
    slow = [[SLOW[geometry](a, b) for b in gallery.tolist()] for a in queries.tolist()]
    assert RANKING[geometry](queries, gallery) == pytest.approx(np.array(slow), rel=1e-6, abs=1e-7)


def test_distances_are_known_ones():
    axes = np.eye(3)
    assert great_circle(axes, -axes) == pytest.approx(np.where(np.eye(3), np.pi, np.pi / 2))
    degrees = np.radians([[170, 0], [-170, 0], [10, 90]])
    torus = np.stack([np.cos(degrees), np.sin(degrees)], axis=2).reshape(3, 4)
    assert np.degrees(flat_torus(torus[:1], torus))[0] == pytest.approx([0, 20, math.hypot(160, 90)], abs=1e-9)
    from_origin = poincare(np.zeros((1, 2)), np.array([[0.0, 0.0], [0.5, 0.0], [0.0, -0.996]]))
    assert from_origin[0] == pytest.approx([0, math.log(3), math.log(1.996 / 0.004)])


@pytest.mark.parametrize("geometry", CURVED)
@given(seed=st.integers(0, 10**6))
def test_distances_are_a_metric(geometry, seed):
    z = points(geometry, 12, seed)
    found = RANKING[geometry](z, z)
    assert found.diagonal().tolist() == [0.0] * len(z)
    assert found == pytest.approx(found.T, abs=1e-12)
    assert (found <= FARTHEST[geometry] + 1e-9).all()
    through = (found[:, :, None] + found[None]).min(axis=1)  # by way of the best of the others
    assert (found <= through + 1e-9).all()


@pytest.mark.parametrize("geometry", CURVED)
@given(exponent=st.floats(-12, -3), angle=st.floats(0, 6))
def test_near_points_are_told_apart_exactly(geometry, exponent, angle):
    step = 10**exponent
    a, b = (np.array([[math.cos(at), math.sin(at)]]) for at in (angle, angle + step))
    wanted = step
    if geometry == "poincare":  # a step along a circle of radius 1/2
        a, b, wanted = a / 2, b / 2, step / (1 - 0.25)
    assume(np.any(a != b))
    assert RANKING[geometry](a, b)[0, 0] == pytest.approx(wanted, rel=1e-3 if exponent > -10 else 0.1)


def test_antipodes_are_told_apart_exactly():
    a, b = (np.array([[math.cos(at), math.sin(at)]]) for at in (1.0, 1.0 + math.pi - 1e-9))
    assert math.pi - great_circle(a, b)[0, 0] == pytest.approx(1e-9, rel=1e-3)


@pytest.mark.parametrize("geometry", CURVED)
@given(
    z=st.lists(st.lists(st.floats(-1e300, 1e300), min_size=4, max_size=4), min_size=1, max_size=5),
)
def test_latents_of_a_foreign_file_that_lie_beside_the_space_have_distances_too(geometry, z):
    z = np.array(z)
    found = RANKING[geometry](z, z)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@pytest.mark.parametrize("geometry", CURVED)
def test_half_precision_moves_no_point_far(geometry):
    z = points(geometry, 200)
    stored = z.astype(np.float16)
    assert np.abs(RANKING[geometry](z, stored) - RANKING[geometry](z, z)).max() < {"poincare": 4}.get(geometry, 0.01)


def test_of_one_query_they_are_the_row_and_euclids_stay_as_they_were():
    for geometry in CURVED:
        z = points(geometry, 20)
        assert distances_from(geometry, z[3], z).tolist() == RANKING[geometry](z[3:4], z)[0].tolist()
    assert distances_from("euclidean", z[3], z).tolist() == euclidean_distances(z[3], z).tolist()
