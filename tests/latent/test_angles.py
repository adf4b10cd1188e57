import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.latent.angles import AngleMap
from explorer.latent.spaces import angle_map, lift, onto

DIMS = {"sphere": 3, "torus": 4}
HALF = {"sphere": 90, "torus": 180}


@pytest.mark.parametrize("geometry", DIMS)
@given(across=st.floats(-180, 180), up=st.floats(-1, 1))
def test_place_comes_back_from_its_latent_which_lies_in_the_space(geometry, across, up):
    shown, place = AngleMap(geometry), np.array([[across, 0.99 * up * HALF[geometry]]])
    z = shown.invert(place)
    assert onto(geometry, z) == pytest.approx(z)
    back = shown.apply(z) - place
    assert (back + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)  # -180 and 180 are the same
    assert lift(geometry, shown, place) == pytest.approx(z)


def test_angles_are_known_ones():
    sphere = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [-0.6, 0, -0.8]])
    assert AngleMap("sphere").apply(sphere)[:3] == pytest.approx(np.array([[0, 0], [90, 0], [0, 90]]))
    assert AngleMap("sphere").apply(sphere)[3] == pytest.approx([180, -np.degrees(np.arcsin(0.8))])
    assert AngleMap("torus").apply(np.array([[0, -1, 0.5, 0.5]]))[0] == pytest.approx([-90, 45])


@pytest.mark.parametrize(("geometry", "outside"), [("sphere", [(0, 91), (181, 0)]), ("torus", [(0, -181), (181, 0)])])
def test_nothing_lies_outside_the_map(geometry, outside):
    assert np.isnan(AngleMap(geometry).invert(np.array(outside, float))).all()


def test_only_spaces_that_two_angles_tell_have_such_a_map():
    there = [(g, d) for g in ("euclidean", "sphere", "torus", "poincare") for d in range(2, 7) if angle_map(g, d)]
    assert there == [("sphere", 3), ("torus", 4)]
