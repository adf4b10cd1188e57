"""Files that strangers upload as a query: an item, or one sentence."""

import io
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from explorer.data import uploads
from explorer.data.uploads import uploaded_ink, uploaded_item
from explorer.errors import BadDataError, ExplorerError
from tests.data.test_pictures import jpeg, png_header, zipped

pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
GREY, COLOUR = (1, 8, 8), (3, 8, 8)
LIMIT = 1_000_000


def saved(image, kind="PNG", **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def item(content, shape=GREY, **how):
    return uploaded_item(content, shape, max_pixels=LIMIT, **how)


PNG = saved(Image.new("RGB", (20, 30), (100, 100, 100)))


@pytest.mark.parametrize("shape", [GREY, COLOUR, (1, 28, 28), (3, 5, 9), (1, 9, 5), (1, 1, 1), (3, 64, 7)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_any_mode_becomes_an_item_of_any_shape(shape, mode):
    image = Image.new("F", (31, 17), 0.5) if mode == "F" else Image.new("L", (31, 17), 128).convert(mode)
    found = item(saved(image, "TIFF"), shape)
    assert (found.shape, found.dtype) == (shape, np.uint8)


def test_proportions_stay_and_the_middle_is_kept():
    """A picture twice as wide as high, for items three times as wide as high."""
    pixels = np.zeros((40, 80), np.uint8)
    pixels[:, 40:] = 255
    pixels[:6] = pixels[-6:] = 77  # above and below what fits
    found = item(saved(Image.fromarray(pixels)), (1, 8, 24))
    assert found[0, :, :11].max() < 5  # the filter's ripples
    assert found[0, :, 13:].min() > 250


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_lying_camera_and_lying_items(fit):
    """A picture 24 x 8 that says it was held upright gives what its upright twin gives."""
    pixels = np.zeros((8, 24), np.uint8)
    pixels[:, 12:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = item(saved(Image.fromarray(pixels), exif=exif), (1, 24, 8), fit=fit)
    upright = item(saved(Image.fromarray(np.rot90(pixels, -1))), (1, 24, 8), fit=fit)
    assert turned.tolist() == upright.tolist()
    assert turned[0, 23, 0] != turned[0, 0, 0]


def test_broken_notes_of_a_camera_cost_nothing_but_the_turn():
    notes = b"Exif\0\0II*\0\xff\xff\xff\x7f" + b"\xfe" * 40
    assert (np.abs(item(saved(Image.new("L", (9, 9), 100), "JPEG", exif=notes)).astype(int) - 100) <= 2).all()


def test_animation_is_its_first_frame():
    first, second = Image.new("L", (9, 9), 10), Image.new("L", (9, 9), 250)
    assert (item(saved(first, "GIF", save_all=True, append_images=[second])) == 10).all()


def bomb():
    """A PNG of 40 MB of black in 40 kB, and a zip under a picture's first bytes."""
    return saved(Image.new("L", (6400, 6400)), optimize=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "no picture of a known format"),
        (zipped(), "no picture of a known format"),
        (jpeg(0.5), "truncated"),
        (PNG[:60], "truncated|damaged"),
        (png_header(30_000, 30_000), "more than 1,000,000 pixels"),
        (bomb(), r"6,400 x 6,400 pixels, more than 1,000,000"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "export it as PNG"),
        (b"%PDF-1.7\n", "a document"),
        (b"\x93NUMPY\x01\0", "no picture of a known format"),
    ],
)
def test_what_is_no_picture_is_one_sentence(content, words):
    for read in (lambda: item(content), lambda: uploaded_ink(content, max_pixels=LIMIT)):
        with pytest.raises(BadDataError, match=words) as told:
            read()
        assert str(told.value).startswith("The uploaded file ")
        assert str(told.value).count(";") == 1
        assert str(told.value).endswith(".")


def test_file_of_many_bytes_is_refused_unread(monkeypatch):
    monkeypatch.setattr(uploads, "decode_bytes", lambda *_: pytest.fail("was read"))
    with pytest.raises(BadDataError, match="33 MB, but an upload at most 32 MB"):
        item(bytes(33 << 20))


def test_items_of_other_channels_cannot_come_from_a_picture():
    with pytest.raises(BadDataError, match="have 4 channels"):
        item(PNG, (4, 8, 8))


def test_ink_stays_as_it_is_or_ends_at_512_px():
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30)).astype(np.uint8)
    assert uploaded_ink(saved(Image.fromarray(pixels)), max_pixels=LIMIT).tolist() == pixels.tolist()
    assert uploaded_ink(saved(Image.new("L", (1200, 600))), max_pixels=LIMIT).shape == (256, 512)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


ROW = np.array([0.5, -2, 3e4])


@pytest.mark.parametrize(
    "content",
    [npy(ROW), npy(ROW[None]), npy(ROW[:, None].astype(np.float32)), b"0.5,-2,3e4", b"\xef\xbb\xbf0.5; -2;30000\r\n"]
    + [b"a,b,c\n0.5,-2,3e4\n", b"0.5\n-2\n30000\n", b"0.5 -2\t3e4"],
)
def test_row_of_numbers_is_a_vector(content):
    found = item(content, (3,))
    assert found.dtype == np.float32
    assert found.tolist() == ROW.tolist()


def npz():
    out = io.BytesIO()
    np.savez(out, x=ROW)
    return out.getvalue()


def promising(n):
    """A .npy file whose header promises n numbers and which holds none."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (n,)})
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PNG, "is no row of numbers"),
        (b"", "is no row of numbers|holds 0 numbers"),
        (npz(), "is no row of numbers"),
        (npy(np.array([{}], object)), "is no row of numbers"),
        (npy(np.array(["1", "2", "3"])), "is no row of numbers"),
        (promising(10**12), "is no row of numbers"),
        (b"1,2", "holds 2 numbers"),
        (b"1,2,3\n4,5,6", "holds 6 numbers"),
        (b"1,2,nan", "NaN"),
        (npy(np.array([1, 2, 1e300])), "too large"),
        (b"1," * 20_000, "holds more"),
        (b"\xff\xfe1,2,3", "is no row of numbers"),
    ],
)
def test_what_is_no_vector_is_one_sentence(content, words):
    with pytest.raises(BadDataError, match=words) as told:
        item(content, (3,))
    assert "vectors of 3 numbers, so a picture does not fit either; upload one row" in str(told.value)


STARTS = [b"", PNG, PNG[:30], jpeg(1), jpeg(0.7), saved(Image.new("P", (3, 3)), "GIF"), npy(ROW), b"II*\0", b"RIFF"]
STARTS += [b"BM", b"P5 4 4 255\n", b"8BPS\0\1", b"qoif\0\0\0\4\0\0\0\4", zipped(), b"1,2,"]


@given(st.sampled_from(STARTS), st.binary(max_size=200), st.integers(0, 200), st.sampled_from([GREY, (3, 5, 9), (3,)]))
@example(b"", zipfile.stringFileHeader, 0, GREY)
def test_any_bytes_give_an_item_or_an_explorer_error_and_nothing_else(start, more, at, shape):
    """Whole files with bytes behind them, and files with bytes replaced."""
    for content in (start + more, start[:at] + more + start[at + len(more) :]):
        with suppress(ExplorerError):
            found = item(content, shape)
            assert found.shape == shape
            assert np.isfinite(found).all()
