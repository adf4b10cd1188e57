"""Films as files: what is read back from each is what went in, enlarged without blur."""

import builtins
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageSequence

from explorer.errors import BadValueError, MissingDataError
from explorer.figures import film, vector_scale
from explorer.figures.confidence import confidence_svg
from explorer.figures.meshes import body_mesh

TIMES = film.SIDE // 8


def images(n: int = 5, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, channels, 8, 8)).astype(np.uint8)


def enlarged(image: np.ndarray) -> np.ndarray:
    return np.moveaxis(image, 0, -1).repeat(TIMES, 0).repeat(TIMES, 1)


def read(content: bytes, mode: str) -> tuple[list[np.ndarray], list[int]]:
    with Image.open(BytesIO(content)) as opened:
        found = [(np.asarray(one.convert(mode)), one.info["duration"]) for one in ImageSequence.Iterator(opened)]
    return [pixels for pixels, _ in found], [time for _, time in found]


def test_a_gif_holds_the_frames_there_and_back_and_stays_at_both_ends():
    items = images()
    pixels, times = read(film.gif(film.frames(items)), "L")
    assert len(pixels) == 8
    for found, i in zip(pixels, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        np.testing.assert_array_equal(found, enlarged(items[i])[:, :, 0])
    assert [time > 500 for time in times] == [True, False, False, False, True, False, False, False]


def test_webp_keeps_colours_exactly():
    items = images(channels=3)
    pixels, _ = read(film.webp(film.frames(items)), "RGB")
    np.testing.assert_array_equal(pixels[2], enlarged(items[2]))


def test_mp4_shows_each_frame_and_each_end_longer():
    av = pytest.importorskip("av")
    items = np.stack([np.full((1, 8, 8), value, np.uint8) for value in (30, 120, 220)])
    with av.open(BytesIO(film.mp4(film.frames(items)))) as opened:
        means = [frame.to_ndarray(format="gray").mean() for frame in opened.decode(video=0)]
    held = film.HELD // film.MILLISECONDS
    np.testing.assert_allclose(means[: held + 1], 30, atol=8)
    np.testing.assert_allclose(means[held + 1], 120, atol=8)
    np.testing.assert_allclose(means[held + 2 :], 220, atol=8)
    assert len(means) == 2 * held + 3


def test_mp4_without_its_extra_says_how_to_get_it(monkeypatch):
    importing = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "av":
            raise ImportError(name)
        return importing(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDataError, match="video"):
        film.mp4(film.frames(images()))


def test_frames_beside_real_items_hold_both():
    items = images()
    (first, *_) = film.frames(items, items[::-1])
    pixels = np.asarray(first)
    np.testing.assert_array_equal(pixels[:, : film.SIDE], enlarged(items[0])[:, :, 0])
    np.testing.assert_array_equal(pixels[:, -film.SIDE :], enlarged(items[-1])[:, :, 0])


def test_a_larger_image_is_brought_down_to_the_side_and_a_vector_is_drawn_on_paper():
    assert film.frame(np.zeros((3, 300, 400), np.uint8)).size == (film.SIDE, 168)
    assert film.tile(np.zeros((1, 64, 1024), np.uint8), side=20).size == (32, 2)
    items = images()
    np.testing.assert_array_equal(np.asarray(film.tile(items[0], side=5)), items[0, 0])  # a small one never
    drawn = film.frame(np.linspace(-1, 1, 12))
    assert drawn.size == (film.SIDE, film.SIDE)
    assert drawn.getpixel((0, 0)) == (255, 255, 255)


def test_a_strip_holds_decoded_over_real_with_a_dashed_line_where_it_is_off():
    items, side = images(3), film.STRIP_SIDE // 8 * 8
    with Image.open(BytesIO(film.strip_png(items, items[::-1], np.array([False, True, False])))) as opened:
        pixels = np.asarray(opened.convert("L"))
    step = side + film.GAP
    assert pixels.shape == (2 * step + film.GAP, 3 * step - film.GAP)
    for column in range(3):
        left = column * step
        np.testing.assert_array_equal(pixels[:side:10, left : left + side : 10][:1, :1], items[column, :, :1, 0])
    line = pixels[side + film.GAP - 1]
    assert len(np.unique(line[: side - 1])) == 1  # one stroke
    assert len(np.unique(line[step : step + side - 1])) > 1  # dashes


def test_a_mosaic_fills_rows_from_the_top_left_and_fades_what_is_told():
    items = np.stack([np.full((1, 4, 4), value, np.uint8) for value in (10, 60, 110, 160, 210)])
    tiles = [film.tile(item, side=8) for item in items]
    png = film.mosaic_png(tiles, 3, faded=np.array([False, True, False, False, False]), gap=2)
    with Image.open(BytesIO(png)) as opened:
        pixels = np.asarray(opened)
    assert pixels.shape == (18, 28, 4)
    assert [tuple(pixels[y, x, [0, 3]]) for y, x in ((0, 0), (0, 10), (0, 20), (10, 0), (10, 10))] == [
        (10, 255),
        (60, round(255 * film.FADED)),
        (110, 255),
        (160, 255),
        (210, 255),
    ]
    assert pixels[8, 0, 3] == pixels[17, 27, 3] == 0  # between items and where none is left
    with pytest.raises(BadValueError):
        film.mosaic_png([], 3)


def test_what_is_kept_is_a_byte_a_pixel_and_bounded():
    large = film.compact(np.full((2, 3, 1024, 512), 0.5, np.float32))
    assert (large.shape, large.dtype) == ((2, 3, film.LARGEST, film.LARGEST // 2), np.uint8)
    np.testing.assert_array_equal(large, 128)
    for channels in (1, 3):
        items = images(channels=channels)
        np.testing.assert_array_equal(film.compact(items), items)
        np.testing.assert_array_equal(film.compact((items / 255).astype(np.float32)), items)
    vectors = np.linspace(-5, 5, 12).reshape(3, 4)
    np.testing.assert_array_equal(film.compact(vectors), vectors)


def test_files_show_larger_items_at_their_own_size_up_to_a_bound():
    sides = [film.export_side(np.zeros((1, 1, 8, side), np.uint8)) for side in (28, 240, 1024)]
    assert sides == [film.SIDE, 240, film.LARGEST]
    assert film.export_side(np.zeros((1, 4))) == film.SIDE
    with Image.open(BytesIO(film.strip_png(np.zeros((3, 1, 600, 600), np.uint8), None, np.zeros(3, bool)))) as strip:
        assert strip.width == 3 * (film.LARGEST + film.GAP) - film.GAP


def test_a_body_is_a_mesh_of_its_vertices_whose_camera_stays():
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    bodies = np.random.default_rng(0).normal(size=(6, 12))
    figure = body_mesh(bodies[0], vector_scale(bodies, faces))
    mesh = figure.data[0]
    np.testing.assert_array_equal(np.stack([mesh.x, mesh.y, mesh.z], axis=1), bodies[0].reshape(4, 3))
    np.testing.assert_array_equal(np.stack([mesh.i, mesh.j, mesh.k], axis=1), faces)
    again = body_mesh(bodies[1], vector_scale(bodies, faces))
    assert again.layout.uirevision == figure.layout.uirevision
    assert again.layout.scene.xaxis.range == figure.layout.scene.xaxis.range


def test_a_curve_is_drawn_for_each_class_that_matters_and_foreign_names_are_escaped():
    values = np.array([[1, 0, 0.01], [0.5, 0.5, 0], [0, 1, 0.02]])
    drawn = confidence_svg(values, ["<b>", "two", "three"], ["#111", "#222", "#333"], np.array([False, True, False]), 1)
    assert drawn.count("<polyline") == 2
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert drawn.count("<rect") == 1


def test_while_no_step_stands_none_is_marked():
    values, off = np.array([[1, 0], [0, 1]]), np.array([False, False])
    drawn = [confidence_svg(values, ["one", "two"], ["#111", "#222"], off, at) for at in (1, None)]
    assert len(drawn[0]) > len(drawn[1])
