"""Pictures of any size and mode, and files that only look like some."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from explorer.data.fitting import Look
from explorer.data.pictures import Unreadable, decoder

LIMIT = 1_000_000


pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")


def read(path, *, size=8, channels="colour", fit="crop", max_pixels=LIMIT):
    return decoder(Look(size, channels, fit, max_pixels))(path)


def saved(tmp_path, image, name="a.png", **how):
    path = tmp_path / name
    image.save(path, **how)
    return path


def flat(mode, value, size=(20, 30)):
    return Image.new(mode, size, value)


GREY = np.full((3, 8, 8), 100)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (flat("L", 100), "a.png"),
        (flat("LA", (100, 255)), "a.png"),
        (flat("RGB", (100, 100, 100)), "a.png"),
        (flat("RGB", (100, 100, 100)), "a.webp"),
        (flat("RGB", (100, 100, 100)), "a.tga"),
        (flat("RGB", (100, 100, 100)), "a.gif"),
        (flat("RGBA", (100, 100, 100, 255)), "a.png"),
        (flat("L", 100).convert("P"), "a.png"),
        (flat("CMYK", (0, 0, 0, 155)), "a.tiff"),
        (flat("YCbCr", (100, 128, 128)), "a.jpg"),
        (Image.fromarray(np.full((30, 20), 100 * 257, np.uint16)), "a.png"),
        (Image.fromarray(np.full((30, 20), 100 * 257, np.uint16)), "a.tiff"),
        (Image.fromarray(np.full((30, 20), 100 * 257, np.int32)), "a.tiff"),
        (Image.fromarray(np.full((30, 20), 100 / 255, np.float32)), "a.tiff"),
    ],
    ids=lambda value: getattr(value, "mode", value),
)
def test_every_mode_gives_the_same_grey(tmp_path, image, name):
    how = {"lossless": True} if name.endswith("webp") else {}
    assert np.abs(read(saved(tmp_path, image, name, **how)) - GREY).max() <= 1


def test_black_and_white_is_0_and_255(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.array([[False, True]] * 2)))
    assert read(path, size=2, channels="auto").tolist() == [[[0, 255], [0, 255]]]


@pytest.mark.parametrize(
    ("image", "how"),
    [
        (flat("RGBA", (0, 0, 0, 0)), {}),
        (flat("LA", (0, 0)), {}),
        (flat("P", 0), {"transparency": 0}),
        (flat("RGB", (1, 2, 3)), {"transparency": (1, 2, 3)}),
        (flat("L", 7), {"transparency": 7}),
    ],
    ids=["RGBA", "LA", "P", "RGB", "L"],
)
def test_what_is_transparent_shows_white(tmp_path, image, how):
    assert (read(saved(tmp_path, image, **how)) == 255).all()


def test_half_transparent_red_over_white_is_pink(tmp_path):
    pink = read(saved(tmp_path, flat("RGBA", (255, 0, 0, 128))))
    assert pink[:, 0, 0].tolist() == pytest.approx([255, 127, 127], abs=1)


def test_fractions_and_whole_numbers_outside_their_range_are_stretched(tmp_path):
    ramp = np.tile(np.linspace(-5, 5, 8, dtype=np.float32), (8, 1))
    row = read(saved(tmp_path, Image.fromarray(ramp), "a.tiff"), channels="grey")[0, 0]
    assert (row[0], row[-1]) == (0, 255)
    assert (np.diff(row.astype(int)) > 0).all()


@pytest.mark.parametrize("value", [np.int32(70_000), np.int32(-3), np.float32(2), np.float32(-1)], ids=str)
def test_flat_picture_of_values_outside_their_range_is_black(tmp_path, value):
    path = saved(tmp_path, Image.fromarray(np.full((9, 9), value)), "a.tiff")
    assert not read(path).any()


def test_fractions_that_are_not_finite_are_a_reason(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.full((4, 4), np.nan, np.float32)), "a.tiff")
    with pytest.raises(Unreadable, match="NaN"):
        read(path)


def test_auto_keeps_one_channel_where_there_is_no_colour_and_three_where_there_is(tmp_path):
    grey = saved(tmp_path, flat("RGB", (9, 9, 9)), "grey.png")
    colour = saved(tmp_path, flat("RGB", (9, 9, 10)), "colour.png")
    assert read(grey, channels="auto").shape == (1, 8, 8)
    assert read(colour, channels="auto").shape == (3, 8, 8)
    assert read(colour, channels="grey").shape == (1, 8, 8)
    assert read(grey, channels="colour").shape == (3, 8, 8)


def halves():
    """Left half red, right half blue, twice as wide as high, with a green middle."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :30, 0] = pixels[:, 30:50, 1] = pixels[:, 50:, 2] = 255
    return Image.fromarray(pixels)


def test_crop_keeps_the_middle_pad_adds_black_and_stretch_keeps_all(tmp_path):
    path = saved(tmp_path, halves())
    assert (read(path, fit="crop")[1, :, 2:6] > 200).all()
    assert read(path, fit="crop")[0, :, 0].min() > 200  # red left of the middle
    padded = read(path, fit="pad")
    assert not padded[:, :2].any()
    assert not padded[:, 6:].any()
    assert padded[:, 2:6].any(axis=0).all()
    assert (read(path, fit="stretch").max(axis=0) > 100).all()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 7)])
def test_tiny_and_thin_pictures_fill_their_square(tmp_path, fit, size):
    assert read(saved(tmp_path, flat("L", 200, size)), fit=fit).shape == (3, 8, 8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp"])
def test_orientation_turns_as_pillow_itself_does(tmp_path, orientation, fit, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.zeros((32, 48), np.uint8)
    pixels[:16, :24], pixels[:16, 24:], pixels[16:, :24] = 255, 160, 80
    how = {"exif": exif, "quality": 95} | ({"tiffinfo": {0x0112: orientation}} if suffix == "tiff" else {})
    path = saved(tmp_path, Image.fromarray(pixels).convert("RGB"), f"a.{suffix}", **how)
    turned = saved(tmp_path, ImageOps.exif_transpose(Image.open(path)), "upright.png")
    assert np.abs(read(path, fit=fit).astype(int) - read(turned, fit=fit)).max() <= 8
    quarters = np.array([[255, 160], [80, 0]])
    right = [quarters, quarters[:, ::-1], quarters[::-1, ::-1], quarters[::-1], quarters.T]
    right += [np.rot90(quarters, -1), quarters[::-1, ::-1].T, np.rot90(quarters)]
    small = read(path, size=16, fit="stretch", channels="grey")[0]
    assert np.abs(small[4::8, 4::8].astype(int) - right[orientation - 1]).max() <= 8


def test_shrinking_while_decoding_changes_hardly_a_pixel(tmp_path):
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8)).resize((1200, 900), Image.Resampling.BICUBIC)
    path = saved(tmp_path, smooth, "a.jpg", quality=95)
    plain = Image.open(path)
    plain.load()  # once decoded, a draft has no effect
    slow = plain.crop((150, 0, 1050, 900)).resize((32, 32), Image.Resampling.LANCZOS)
    fast = read(path, size=32, max_pixels=2_000_000)
    assert np.abs(fast.transpose(1, 2, 0).astype(int) - np.asarray(slow)).mean() < 2


def test_animation_gives_its_first_frame(tmp_path):
    path = saved(tmp_path, flat("L", 10), "a.gif", save_all=True, append_images=[flat("L", 250)])
    assert (read(path) == 10).all()


def png_header(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
    )


def zipped():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "text")
    return content.getvalue()


def jpeg(share):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(content, "JPEG")
    return content.getvalue()[: int(len(content.getvalue()) * share)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello", "no picture of a known format"),
        (zipped(), "no picture of a known format"),
        (os.urandom(4096), "no picture"),
        (jpeg(0.5), "truncated"),
        (jpeg(0.01), "damaged|no picture"),
        (png_header(30_000, 30_000), "more than 1,000,000"),
        (png_header(1001, 1000), r"1,001 x 1,000 pixels, more than 1,000,000 \(setting max_image_pixels\)"),
        (png_header(10, 10), "damaged|truncated"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "drawing"),
        (b"\xd7\xcd\xc6\x9a" + bytes(100), "drawing"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing"),
        (b"%PDF-1.7\n", "drawing or a document"),
        (b"II*\0" + b"\xff" * 50, "damaged|no picture|truncated"),
    ],
)
def test_what_is_no_usable_picture_has_a_reason(tmp_path, content, reason):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        read(path)


def test_huge_picture_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    path = saved(tmp_path, flat("L", 3, (100, 100)))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("was decoded"))
    with pytest.raises(Unreadable, match="100 x 100 pixels"):
        read(path, max_pixels=9_999)


def test_above_what_pillow_ever_decodes_the_limit_is_not_said_to_be_the_setting(tmp_path, monkeypatch):
    path = saved(tmp_path, flat("L", 3, (100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)
    with pytest.raises(Unreadable, match="has more than 8,000 pixels, the most that are ever decoded"):
        read(path, max_pixels=1_000_000)
    with pytest.raises(Unreadable, match=r"has more than 7,000 pixels \(setting max_image_pixels\)"):
        read(path, max_pixels=7_000)


def test_damaged_tiff_has_a_reason_without_a_word_on_stderr_or_of_python(tmp_path, capfd):
    rng = np.random.default_rng(0)
    content = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(content, "TIFF", compression="tiff_lzw")
    reasons = set()
    for _ in range(40):
        damaged = bytearray(content.getvalue())
        for at in rng.integers(8, len(damaged), 8):
            damaged[at] = rng.integers(256)
        (tmp_path / "a.tiff").write_bytes(damaged)
        try:
            read(tmp_path / "a.tiff")
        except Unreadable as error:
            reasons.add(str(error))
    assert "is damaged" in reasons
    assert not any("Error" in reason for reason in reasons)
    assert capfd.readouterr().err == ""


def test_picture_of_exactly_the_limit_is_read(tmp_path):
    assert read(saved(tmp_path, flat("L", 3, (100, 100))), max_pixels=10_000).shape == (3, 8, 8)


def test_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(Unreadable, match="no regular file"):  # opening it would wait for a writer
        read(tmp_path / "a.png")


def test_link_that_takes_the_place_of_a_file_is_not_followed(tmp_path):
    saved(tmp_path, flat("L", 3), "b.png")
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    with pytest.raises(Unreadable):
        read(tmp_path / "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission_has_a_reason(tmp_path):
    path = saved(tmp_path, flat("L", 3))
    path.chmod(0)
    with pytest.raises(Unreadable, match="Permission denied"):
        read(path)
