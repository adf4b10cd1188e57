"""Pictures as people keep them, turned into small squares of pixels: any size and mode that Pillow reads.

A file is believed in nothing: formats are told by content, sizes are checked before anything is
decoded, and formats that would start another program are refused.
"""

import ctypes
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Channels = Literal["auto", "grey", "colour"]
Fit = Literal["crop", "pad", "stretch"]

# Formats of pixels, told by their first bytes. Targa has no such bytes and is tried for its suffix alone.
FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000"),
    *("QOI", "PCX", "SGI", "ICO", "DDS", "PSD", "DIB", "XBM", "XPM", "SUN", "MSP"),
)
DRAWINGS = (b"%!PS", b"\xc5\xd0\xd3\xc6", b"\xd7\xcd\xc6\x9a", b"%PDF", b"<svg")
ORIENTATION = 0x0112  # EXIF tag
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # its values, as Pillow's Transpose
LARGE = 16_000_000  # pixels: larger ones are decoded one at a time, so that memory stays bounded
FULL_16_BIT = 65_535.0


class Unreadable(Exception):  # noqa: N818 - a reason to skip one file, never shown by itself
    """Why one file gives no picture; `str(error)` ends the sentence "the file ..."."""


@dataclass(frozen=True)
class Look:
    """What every picture is made into.

    Args:
        size: side of the square, px.
        channels: "grey" or "colour"; "auto" keeps a picture grey that has no colour.
        fit: "crop" cuts the longer side to its middle, "pad" fills the shorter one with black,
            "stretch" changes the proportions.
        max_pixels: a picture of more is not decoded, nor ever one of more than 178,956,970, Pillow's own limit.
    """

    size: int
    channels: Channels
    fit: Fit
    max_pixels: int


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Pillow's warnings about damaged notes in a file would only disturb: what cannot be read is listed."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\..*")
        yield


def decoder(look: Look) -> Callable[[Path], NDArray[np.uint8]]:
    """Make the function that reads one picture; threads may share it.

    Args:
        look: what to make of each.

    Returns:
        Path of a regular file to pixels, shape (1, size, size) for grey or (3, size, size); it
        raises `Unreadable` for everything that is no usable picture.
    """
    one_large_at_a_time = Lock()
    _hush_libtiff()

    def decode(path: Path) -> NDArray[np.uint8]:
        try:
            with open_regular(path) as file:
                return _read(file, path.suffix.lower(), look, one_large_at_a_time)
        except Unreadable:
            raise
        except OSError as error:
            raise Unreadable(_why(error)) from error
        except MemoryError as error:
            raise Unreadable("needs more memory to decode than there is") from error
        except Exception as error:  # decoders meet damage with errors of every kind
            raise Unreadable("is damaged") from error

    return decode


@cache
def _hush_libtiff() -> None:
    """Stop libtiff from writing about damaged files to stderr: it does so by itself, past Python's warnings.

    Its handlers belong to the process and are the same for all threads, so they are taken away once
    and for good. Only messages are lost: the error itself comes back through Pillow.
    """
    from PIL import _imaging

    with suppress(OSError, AttributeError, TypeError):  # a build without libtiff, or with it inside
        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading if it is a regular one: a pipe or a device would wait or act.

    Raises:
        Unreadable: it is something else, or has become a link.
        OSError: it cannot be opened.
    """
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise Unreadable("is no regular file")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Unreadable("is no regular file")
        yield file


def _why(error: OSError) -> str:
    """The reason behind an OSError, of the system's or of Pillow's."""
    if error.strerror:
        return f"cannot be read ({error.strerror})"
    return "is truncated" if "truncated" in str(error) else "is damaged"


def _read(file: BinaryIO, suffix: str, look: Look, one_large_at_a_time: Lock) -> NDArray[np.uint8]:
    """Decode the first frame, resize it and turn it upright."""
    image = _open(file, suffix, look.max_pixels)
    alone = one_large_at_a_time if image.width * image.height > LARGE else nullcontext()
    with image, alone:
        _shrink_while_decoding(image, look)
        image.load()
        orientation = _orientation(image)  # after the load, which turns some formats by itself
        small = _resize(_plain(image, look), look)
        return _pixels(_padded(_upright(small, orientation), look.size), look)


def _open(file: BinaryIO, suffix: str, max_pixels: int) -> "Image":
    """Read the header alone, and refuse what is no picture or too large."""
    from PIL import Image, UnidentifiedImageError

    start = file.read(512)
    if not start:
        raise Unreadable("is empty")
    if start.startswith(DRAWINGS) or start[40:44] == b" EMF" or b"<svg" in start:
        raise Unreadable("is a drawing or a document, not pixels; export it as PNG")
    try:
        image = Image.open(file, formats=[*_formats(), "TGA"] if suffix == ".tga" else _formats())
    except UnidentifiedImageError:
        raise Unreadable("is no picture of a known format") from None
    except Image.DecompressionBombError:
        raise Unreadable(f"has more than {_limit(max_pixels)}") from None
    if image.width * image.height > max_pixels:
        raise Unreadable(
            f"has {image.width:,} x {image.height:,} pixels, more than {max_pixels:,} (setting max_image_pixels)"
        )
    return image


def _limit(max_pixels: int) -> str:
    """The limit that holds, and whose it is: Pillow has one of its own, and it is the whole process's."""
    from PIL import Image

    most = 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else max_pixels
    if most < max_pixels:
        return f"{most:,} pixels, the most that are ever decoded"
    return f"{max_pixels:,} pixels (setting max_image_pixels)"


@cache
def _formats() -> list[str]:
    """Those of FORMATS that this Pillow was built with."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _shrink_while_decoding(image: "Image", look: Look) -> None:
    """Let JPEG's decoder leave out what the resize would: down to no less than 3/2 of the final size."""
    least = look.size * 3 // 2
    side = max(image.size) if look.fit == "pad" else min(image.size)
    wanted = tuple(max(1, -(-length * least // side)) for length in image.size)
    if look.fit == "stretch":
        wanted = (least, least)
    image.draft("L" if look.channels == "grey" else None, cast("tuple[int, int]", wanted))


def _orientation(image: "Image") -> int:
    """How the camera was held, as EXIF says; 1, upright, where that cannot be read."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # damaged notes are no reason to lose the picture
        return 1


def _upright(image: "Image", orientation: int) -> "Image":
    """Undo how the camera was held."""
    from PIL.Image import Transpose

    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(Transpose(turn))


def _plain(image: "Image", look: Look) -> "Image":
    """The picture as L or RGB, transparency over white."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(image))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", image.size, "white")
        image.alpha_composite(layer)
    if image.mode in ("1", "L") or look.channels == "grey":
        return image if image.mode == "L" else image.convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: "Image") -> NDArray[np.uint8]:
    """Bring grey values of 16 and 32 bits into 0 to 255.

    Whole numbers in 0 to 65,535 are taken as 16 bits, fractions in 0 to 1 as shares of white; a
    picture with other values is stretched from its least to its greatest.
    """
    values = np.asarray(image, np.float32)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise Unreadable("has pixels that are NaN or infinite")
    full = 1.0 if image.mode == "F" else FULL_16_BIT
    if low < 0 or high > full:
        values, full = values - low, (high - low) or 1.0  # a flat picture becomes black
    return np.asarray(np.rint(values * (255 / full)), np.uint8)


def _resize(image: "Image", look: Look) -> "Image":
    """Resize once, with a filter that neither blurs nor makes stairs: to the square, or to fit into it."""
    from PIL import Image

    width, height = image.size
    shrinks = min(width, height) > look.size
    filter_ = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
    if look.fit == "pad":
        scale = look.size / max(width, height)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        return image.resize(inner, filter_, reducing_gap=2)
    cut = min(width, height) if look.fit == "crop" else 0
    left, top = ((width - cut) / 2, (height - cut) / 2) if cut else (0, 0)
    return image.resize((look.size, look.size), filter_, (left, top, width - left, height - top), reducing_gap=2)


def _padded(image: "Image", size: int) -> "Image":
    """The picture in the middle of a black square."""
    from PIL import Image

    if image.size == (size, size):
        return image
    square = Image.new(image.mode, (size, size))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def _pixels(image: "Image", look: Look) -> NDArray[np.uint8]:
    """Pixels with the channel first, shape (1 or 3, size, size)."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        grey = pixels[None]
        return np.repeat(grey, 3, axis=0) if look.channels == "colour" else grey
    has_colour = look.channels == "colour" or (pixels != pixels[..., :1]).any()
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) if has_colour else pixels[None, ..., 0]
