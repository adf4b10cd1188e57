import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.figures import (
    BAR,
    VectorScale,
    class_colours,
    image_png,
    item_png,
    map_thumbnail,
    montage_png,
    tile_side,
    vector_png,
    vector_scale,
)


def opened(png: bytes) -> np.ndarray:
    picture = Image.open(BytesIO(png))
    assert picture.format == "PNG"
    return np.asarray(picture)


@pytest.mark.parametrize("n_classes", range(41))
def test_colours_are_as_many_as_classes_and_all_different(n_classes):
    colours = class_colours(n_classes)
    assert len({colour.lower() for colour in colours}) == len(colours) == n_classes
    assert all(re.fullmatch("#[0-9A-Fa-f]{6}", colour) for colour in colours)


def test_class_keeps_its_colour_up_to_eight_classes():
    assert class_colours(8)[:5] == class_colours(5)


@pytest.mark.parametrize("n_classes", [5, 8, 10, 20])
def test_neighbouring_classes_are_easily_told_apart(n_classes):
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in class_colours(n_classes)])
    gaps = np.abs(rgb - np.roll(rgb, 1, axis=0)).max(axis=1)
    assert gaps.min() >= 25


@pytest.mark.parametrize("channels", [1, 3])
def test_image_survives_png(channels):
    image = np.random.default_rng(0).integers(0, 256, (channels, 7, 5), np.uint8)
    expected = image[0] if channels == 1 else np.moveaxis(image, 0, -1)
    assert opened(image_png(image)).tolist() == expected.tolist()


def test_image_of_floats_is_rounded_and_kept_in_range():
    image = np.array([[[0.0, 0.5, 1.0, 1.7, -0.2]]], np.float32)
    assert opened(image_png(image)).tolist() == [[0, 128, 255, 255, 0]]


def test_thumbnail_has_the_asked_size_and_shows_points_in_their_class_colours():
    rng = np.random.default_rng(0)
    picture = opened(map_thumbnail(rng.normal(size=(300, 2)), np.arange(300) % 2, 2, size=(120, 80)))
    assert picture.shape == (80, 120, 4)
    solid = picture[picture[..., 3] > 200][:, :3].astype(int)
    for colour in class_colours(2):
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(solid - rgb).max(axis=1) < 30).any()
    assert (picture[..., 3] == 0).any()


def test_thumbnail_of_unlabelled_points_is_not_empty():
    picture = opened(map_thumbnail(np.random.default_rng(0).normal(size=(50, 2)), np.full(50, -1), 3))
    assert (picture[..., 3] > 200).any()


def test_thumbnail_shows_circles():
    places, labels = np.zeros((1, 2)), np.zeros(1, np.int64)
    bare = opened(map_thumbnail(places, labels, 1))
    circled = opened(map_thumbnail(places, labels, 1, circles=[(0, 0, 1)]))
    assert (circled[..., 3] > 0).sum() > (bare[..., 3] > 0).sum() > 0


def test_thumbnail_points_upwards_and_is_not_squeezed():
    corners = np.array([[0.0, 0], [4, 0], [0, 1]])
    picture = opened(map_thumbnail(corners, np.zeros(3, np.int64), 1, size=(200, 200)))
    rows, columns = np.nonzero(picture[..., 3] > 100)
    assert rows[columns.argmax()] > rows.min()  # the right-most point lies lower than the highest one
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(4, rel=0.25)


def test_few_far_points_do_not_shrink_the_rest():
    places = np.vstack([np.random.default_rng(0).normal(size=(1000, 2)), [[1e4, 1e4]]])
    picture = opened(map_thumbnail(places, np.zeros(1001, np.int64), 1))
    rows, _ = np.nonzero(picture[..., 3] > 100)
    assert np.ptp(rows) > 100


def test_thumbnail_of_no_points_or_of_one_is_drawn():
    assert opened(map_thumbnail(np.empty((0, 2)), np.empty(0, np.int64), 3)).shape == (220, 360, 4)
    assert (opened(map_thumbnail(np.ones((1, 2)), np.zeros(1, np.int64), 1))[..., 3] > 0).any()


def bars(picture: np.ndarray) -> np.ndarray:
    """Where a picture of a vector has the colour of its bars."""
    return (picture[..., :3] == [int(BAR[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=2) & (picture[..., 3] == 255)


UNIT = VectorScale(np.zeros(1), np.full(1, 1 / 3))  # a picture shows -1 to 1


def test_vector_is_drawn_as_bars_from_zero():
    shown = bars(opened(vector_png(np.array([1.0, 0.5, -1.0]), scale=UNIT, size=(30, 41))))
    assert shown.shape == (41, 30)
    above, below = shown[:20].sum(axis=0), shown[21:].sum(axis=0)
    assert above[[2, 12, 22]].tolist() == [20, 10, 0]
    assert below[[2, 12, 22]].tolist() == [0, 0, 20]


def test_value_far_out_is_drawn_at_its_edge_and_one_that_is_no_number_as_nothing():
    inside, outside = (opened(vector_png(np.array([v, 0.2]), scale=UNIT)) for v in (1.0, 7.0))
    assert inside.tolist() == outside.tolist()
    nothing = bars(opened(vector_png(np.array([np.nan, 1.0]), size=(40, 20))))
    assert nothing[:19, :20].sum() == 0


@pytest.mark.parametrize("vector", [np.zeros(4), np.ones(1), np.full(3, -2.0), np.arange(5000.0)])
def test_any_vector_has_a_picture_of_the_asked_size(vector):
    assert opened(vector_png(vector, size=(96, 64))).shape == (64, 96, 4)


def test_many_features_are_averaged():
    one, many = np.array([0.2, -0.6, 1.0]), np.repeat([0.2, -0.6, 1.0], 400)
    few = opened(vector_png(np.repeat(one, 16), scale=UNIT))
    assert opened(vector_png(many, scale=UNIT)).tolist() == few.tolist()


def test_scale_of_vectors_makes_features_of_any_unit_comparable():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(5, 0.01, 200), rng.normal(-3, 1000, 200), np.full(200, 7.0)], axis=1)
    scale = vector_scale(values)
    assert scale.mean == pytest.approx(values.mean(axis=0))
    assert scale.deviation == pytest.approx([values[:, 0].std(), values[:, 1].std(), 1])
    above = values.mean(axis=0) + [0.01, 1000, 0]
    shown = bars(opened(vector_png(above, scale=scale, size=(30, 61)))).sum(axis=0)
    assert shown[2] == pytest.approx(shown[12], abs=2)
    assert shown[22] == 0


def test_item_is_drawn_as_what_it_is():
    image, vector = np.zeros((1, 5, 5), np.uint8), np.arange(3.0)
    assert item_png(image) == image_png(image)
    assert item_png(vector, scale=UNIT) == vector_png(vector, scale=UNIT)


def tiles_of(png: bytes, side: int) -> list[np.ndarray]:
    """The tiles of a montage, RGBA, left to right."""
    strip = np.asarray(Image.open(BytesIO(png)).convert("RGBA"))
    assert strip.shape[0] == side
    return np.split(strip, strip.shape[1] // side, axis=1)


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_montage_enlarges_by_whole_multiples_pixel_for_pixel(channels, times):
    images = np.random.default_rng(0).integers(0, 256, (3, channels, 16, 16), np.uint8)
    for tile, image in zip(tiles_of(montage_png(images, 16 * times), 16 * times), images, strict=True):
        expected = np.moveaxis(np.broadcast_to(image, (3, 16, 16)), 0, -1).repeat(times, 0).repeat(times, 1)
        assert (tile[..., :3] == expected).all()
        assert (tile[..., 3] == 255).all()


def test_montage_between_whole_multiples_keeps_the_inside_of_every_pixel_sharp():
    board = (np.indices((8, 8)).sum(0) % 2 * 255).astype(np.uint8)
    tile = tiles_of(montage_png(board[None, None], 44), 44)[0][..., 0]
    middles = np.floor((np.arange(8) + 0.5) * 44 / 8).astype(int)
    assert (tile[np.ix_(middles, middles)] == board).all()
    assert np.isin(tile, (0, 255)).mean() > 0.6


def test_montage_keeps_the_aspect_and_leaves_the_rest_transparent():
    tile = tiles_of(montage_png(np.full((1, 1, 10, 20), 200, np.uint8), 40), 40)[0]
    assert (tile[10:30, :, 3] == 255).all()
    assert (tile[:10, :, 3] == 0).all()
    assert (tile[30:, :, 3] == 0).all()


def test_montage_has_as_many_channels_as_its_tiles_need():
    grey, colour, wide = (np.full(shape, 200, np.uint8) for shape in ((1, 8, 8), (3, 8, 8), (1, 4, 8)))
    assert opened(montage_png([grey, grey], 16)).ndim == 2
    assert opened(montage_png([colour], 16)).shape == (16, 16, 3)
    for mixed in ([grey, colour], [grey, wide], [wide, wide]):
        tiles = tiles_of(montage_png(mixed, 16), 16)
        assert opened(montage_png(mixed, 16)).shape == (16, 32, 4)
        assert all((tile[8, 8] == (200, 200, 200, 255)).all() for tile in tiles)


def test_montage_makes_large_images_smaller_and_tall_ones_no_thinner_than_a_pixel():
    assert len(tiles_of(montage_png(np.zeros((2, 3, 300, 200), np.uint8), 32), 32)) == 2
    assert tiles_of(montage_png(np.zeros((1, 1, 400, 1), np.uint8), 16), 16)[0][..., 3].any()


def test_montage_draws_vectors_as_bars_on_the_scale_of_all():
    vectors = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -2.0]])
    for tile, vector in zip(tiles_of(montage_png(vectors, 40, scale=UNIT), 40), vectors, strict=True):
        assert tile.tolist() == opened(vector_png(vector, scale=UNIT, size=(40, 40))).tolist()


@pytest.mark.parametrize(
    ("shape", "side"),
    [((1, 28, 28), 56), ((3, 32, 32), 64), ((1, 64, 48), 64), ((1, 8, 8), 48), ((3, 400, 300), 52), ((30,), 52)],
)
def test_tile_side_is_a_whole_multiple_of_a_small_image(shape, side):
    assert tile_side(shape) == side


def test_vector_of_vertices_is_drawn_as_the_body_that_they_make():
    square = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], float)  # upper half of what is seen
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    scale = vector_scale(np.stack([square.ravel(), square.ravel()]), faces)
    shown = opened(vector_png(square.ravel(), scale=scale, size=(44, 60)))
    assert shown.shape == (44, 44, 4)
    rows, columns = np.nonzero(shown[:, :, 3])
    # A feature that never varies has deviation 1, so 1.1 * (1 + 1) is seen either way: 10 of 22 pixels are 1.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 22, 12, 32), "y is up, x to the right"
    assert len(np.unique(shown[13:21, 13:31, 0])) == 1, "one flat side has one tone"
    assert opened(vector_png(np.full(12, np.nan), scale=scale)).shape == (64, 64, 4)


def test_nearer_side_of_a_body_hides_the_farther_one():
    near = [[-1, -1, 1], [1, -1, 1], [0, 1, 1]]
    far = [[-1, -1, -1], [1, -1, -1], [0, 1, -0.2]]  # leans, so it is of another tone
    body = np.array(near + far, float).ravel()
    tones = []
    for faces in ([[0, 1, 2]], [[3, 4, 5]], [[0, 1, 2], [3, 4, 5]]):
        scale = vector_scale(body[None], np.array(faces))
        tones.append(int(opened(vector_png(body, scale=scale))[32, 32, 0]))
    assert tones[0] != tones[1]
    assert tones[2] == tones[0]
