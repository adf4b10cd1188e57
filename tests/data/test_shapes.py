from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.data.parts import box, ellipse, rounded, skin, slab, smooth, tube
from explorer.data.rendering import renderer
from explorer.data.shapes import CATEGORIES

AROUND = [(azimuth, 15.0) for azimuth in range(0, 360, 45)]
COUNT = 6


@pytest.fixture(scope="module")
def render():
    with renderer() as render:
        yield render


@pytest.fixture(scope="module")
def shown(render):
    """Layers of some instances of each category from all around, (categories, instances, views, 3, 64, 64)."""
    rng = np.random.default_rng(0)
    return np.stack([[render(draw(rng), AROUND) for _ in range(COUNT)] for draw in CATEGORIES.values()])


def cover(layers: NDArray[np.uint8]) -> NDArray[np.float64]:
    return layers[..., 2, :, :] / 255


def test_there_are_eleven_categories_and_a_solid_depends_on_its_random_stream_alone():
    assert len(CATEGORIES) == 11
    for draw in CATEGORIES.values():
        parts = draw(np.random.default_rng(5))
        assert parts == draw(np.random.default_rng(5))
        assert parts != draw(np.random.default_rng(6))
        assert all(0 <= share <= 1 and sum(part.paint) <= 1 for part in parts for share in part.paint)


def test_categories_are_told_apart_by_their_outlines_across_instances(shown):
    masks = cover(shown).reshape(11, COUNT, 8, 16, 4, 16, 4).mean(axis=(4, 6)).reshape(11, COUNT, 8, -1)
    known, asked = (masks[:, part].reshape(-1, 256) for part in (slice(0, 4), slice(4, COUNT)))
    nearest = np.square(asked[:, None] - known[None]).sum(axis=2).argmin(axis=1)
    found, right = nearest // (4 * 8), np.repeat(np.arange(11), 2 * 8)
    assert (found == right).mean() > 0.75  # by chance 0.09
    assert all((found == right)[right == label].mean() > 0.4 for label in range(11))


@pytest.mark.parametrize("category", CATEGORIES)
def test_instances_of_a_category_differ_from_all_around(shown, category):
    of_one = cover(shown)[list(CATEGORIES).index(category)]
    for one, other in combinations(of_one, 2):
        assert np.abs(one - other).sum(axis=(1, 2)).max() > 40  # pixels


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_azimuth_shows_another_picture_that_lies_whole_in_view(shown, category):
    of_one = shown[list(CATEGORIES).index(category)].astype(float)
    rim = np.ones((64, 64), bool)
    rim[1:-1, 1:-1] = False
    assert not cover(of_one)[..., rim].any()
    if category != "table":  # which is the same from opposite sides
        for one, other in combinations(of_one[0], 2):
            assert np.abs(one - other).sum(axis=0).sum() > 255 * 10


def test_camera_goes_around_a_solid_from_its_front_over_its_left(render):
    # A box that is dark ahead, pale at its left and of the solid's hue elsewhere.
    parts = [box((2, 2, 2)), box((0.1, 1.8, 1.8), (1, 0, 0), (0, 0)), box((1.8, 0.1, 1.8), (0, 1, 0), (0, 1))]
    ahead, left, behind, right = render(parts, [(azimuth, 0) for azimuth in (0, 90, 180, 270)])[:, :2, 32, 32]
    assert ahead.tolist() == [0, 0]
    assert left[0] == 0 < left[1]
    assert behind[0] > 0 == behind[1]
    assert right[0] > 0 == right[1]
    between = render(parts, [(45, 0)])[0, :, 32]
    assert between[1, :31].max() == 0 < between[1, 34:].max()  # its left is to our right


def test_elevation_lifts_the_camera(render):
    parts = CATEGORIES["table"](np.random.default_rng(0))
    areas = cover(render(parts, [(0, elevation) for elevation in (0, 15, 30, 45)])).sum(axis=(1, 2))
    assert (np.diff(areas) > 50).all()
    mast = cover(render(CATEGORIES["boat"](np.random.default_rng(0)), [(0, 0)]))[0]
    assert mast[:20].sum() < mast[-20:].sum()


SHEET = np.stack(np.meshgrid([0.0], np.linspace(-2, 2, 3), np.linspace(-1, 1, 4)), axis=-1)[:, 0]


@pytest.mark.parametrize(
    "part",
    [
        box((0.2, 4, 2)),
        box((0.2, 2, 4), turn=(90, 0, 0)),
        rounded((0.2, 4, 2), (0, 0, 0)),
        slab([(-2, -1), (2, -1), (2, 1), (-2, 1)], 0.1, "x"),
        slab([(-0.1, -2), (0.1, -2), (0.1, 2), (-0.1, 2)], 2, "z"),
        tube([(0, -2, 0), (0, 2, 0)], 1.0),
        skin(SHEET),
    ],
    ids=["box", "turned box", "rounded", "slab along x", "slab along z", "tube", "skin"],
)
def test_each_kind_of_part_has_the_lengths_that_are_given(render, part):
    seen = cover(render([part], [(0, 0)]))[0] > 0.5
    high, wide = seen.any(axis=1).sum(), seen.any(axis=0).sum()
    assert wide / high == pytest.approx(2, rel=0.12)
    filled = seen.sum() / (high * wide)
    assert filled == pytest.approx(np.pi / 4 if part.kind == "rounded" else 1, abs=0.06)


def test_tube_takes_a_radius_at_each_point(render):
    seen = cover(render([tube([(0, 0, 0), (0, 0, 2)], [1.0, 0.2])], [(0, 0)]))[0].sum(axis=1)
    rows = np.flatnonzero(seen > 1)
    assert seen[rows[-3]] > 3 * seen[rows[2]]


def test_outlines_pass_through_their_points():
    square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    curve = smooth(square, closed=True, n=40)
    assert all(np.linalg.norm(curve - corner, axis=1).min() < 1e-9 for corner in square)
    line = smooth([(0.0, 0.0), (1.0, 2.0), (2.0, 4.0)], n=5)
    assert line == pytest.approx(np.stack([np.linspace(0, 2, 5), np.linspace(0, 4, 5)], axis=1))
    assert np.ptp(ellipse(4, 2, corners=0.2), axis=0) == pytest.approx([4, 2], rel=0.01)
    assert np.square(ellipse(4, 2) / (2, 1)).sum(axis=1) == pytest.approx(1)
