import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.errors import BadDataError
from explorer.retrieval.rmac import regions, rmac


def boxes(height: int, width: int) -> list[tuple[int, int, int]]:
    return [(region.top, region.left, region.side) for region in regions(height, width)]


def squares(side: int, starts: tuple[int, ...], down: tuple[int, ...] | None = None) -> list[tuple[int, int, int]]:
    return [(top, left, side) for top in down or starts for left in starts]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (7, [*squares(7, (0,)), *squares(4, (0, 3)), *squares(3, (0, 2, 4))]),
        (4, [*squares(4, (0,)), *squares(2, (0, 2)), *squares(2, (0, 1, 2))]),
        (3, [*squares(3, (0,)), *squares(2, (0, 1)), *squares(1, (0, 1, 2))]),
        (2, [*squares(2, (0,)), *squares(1, (0, 1)), *squares(1, (0, 1))]),
        (1, [(0, 0, 1)]),
    ],
)
def test_square_maps_have_these_regions(side, expected):
    assert boxes(side, side) == expected


def test_longer_maps_have_more_regions_whose_overlap_is_near_forty_percent():
    # 10 x 16: two of the largest overlap by 4/10 exactly, so there is one more along the longer side at each scale.
    assert boxes(10, 16)[:2] == [(0, 0, 10), (0, 6, 10)]
    assert boxes(10, 16)[2:8] == squares(6, (0, 5, 10), down=(0, 4))
    assert boxes(16, 10) == [
        (left, top, side) for top, left, side in sorted(boxes(10, 16), key=lambda b: (-b[2], b[1]))
    ]
    # 10 x 22: overlaps of two, three and four are -0.2, 0.4 and 0.6.
    assert boxes(10, 22)[:3] == [(0, 0, 10), (0, 6, 10), (0, 12, 10)]


@given(st.integers(1, 20), st.integers(1, 20))
def test_regions_lie_in_the_map_and_cover_its_corners(height, width):
    found = boxes(height, width)
    assert all(top >= 0 and left >= 0 and top + side <= height and left + side <= width for top, left, side in found)
    largest = [box for box in found if box[2] == min(height, width)]
    assert min(box[:2] for box in largest) == (0, 0)
    assert max((top + side, left + side) for top, left, side in largest) == (height, width)


def slowly(maps: np.ndarray) -> np.ndarray:
    """The definition, number by number."""
    n, channels, height, width = maps.shape
    found = np.zeros((n, channels))
    for i in range(n):
        for top, left, side in boxes(height, width):
            strongest = [
                max(float(maps[i, c, y, x]) for y in range(top, top + side) for x in range(left, left + side))
                for c in range(channels)
            ]
            length = sum(value**2 for value in strongest) ** 0.5
            for c in range(channels):
                found[i, c] += strongest[c] / length if length else 0
        length = sum(value**2 for value in found[i]) ** 0.5
        found[i] = found[i] / length if length else 0
    return found


@given(arrays(np.float32, st.tuples(*[st.integers(1, 6)] * 4), elements=st.floats(0, 100, width=32)))
def test_vectors_are_those_of_the_definition(maps):
    np.testing.assert_allclose(rmac(maps), slowly(maps), atol=1e-12)


def test_one_response_in_one_region_counts_less_than_one_that_all_see():
    maps = np.zeros((1, 2, 4, 4))
    maps[0, 0, 0, 0] = 5.0  # a corner: the whole map, one of four, one of nine
    maps[0, 1, 1:3, 1:3] = 0.1  # the middle: every region
    # The corner's three regions are all but the first channel's, the other eleven the second's alone.
    corner, middle = rmac(maps)[0]
    assert middle / corner == pytest.approx((11 + 3 * 0.1 / 25.01**0.5) / (3 * 5 / 25.01**0.5))


def test_strength_of_an_image_does_not_count_and_dark_ones_stay_zero():
    maps = np.random.default_rng(0).random((3, 5, 7, 7))
    maps[2] = 0
    vectors = rmac(maps)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0])
    np.testing.assert_allclose(rmac(maps * 1000), vectors)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (2, 0, 4, 4), (2, 3, 0, 4)])
def test_what_are_no_maps_is_refused(shape):
    with pytest.raises(BadDataError, match="pools maps of shape"):
        rmac(np.zeros(shape))


def test_maps_that_are_no_numbers_are_refused():
    with pytest.raises(BadDataError, match="NaN or infinity"):
        rmac(np.full((1, 2, 3, 3), np.nan))
