"""Pictures as people keep them, turned into small squares of pixels: any size and mode that Pillow reads.

A file is believed in nothing: formats are told by content, sizes are checked before anything is
decoded, and formats that would start another program are refused.
"""

import ctypes
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.data.fitting import Look, padded, resized, shrink_while_decoding

if TYPE_CHECKING:
    from PIL.Image import Image

# Formats of pixels, told by their first bytes. Targa has no such bytes and is tried for its suffix alone.
FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000"),
    *("QOI", "PCX", "SGI", "ICO", "DDS", "PSD", "DIB", "XBM", "XPM", "SUN", "MSP"),
)
DRAWINGS = (b"%!PS", b"\xc5\xd0\xd3\xc6", b"\xd7\xcd\xc6\x9a", b"%PDF", b"<svg")
ORIENTATION = 0x0112  # EXIF tag
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # its values, as Pillow's Transpose
LYING = {5, 6, 7, 8}  # of these, width becomes height
LARGE = 16_000_000  # pixels: larger ones are decoded one at a time, so that memory stays bounded
FULL_16_BIT = 65_535.0


class Unreadable(Exception):  # noqa: N818 - a reason to skip one file, never shown by itself
    """Why one file gives no picture; `str(error)` ends the sentence "the file ..."."""


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
        Path of a regular file to pixels, shape (1, height, width) for grey or (3, height, width); it
        raises `Unreadable` for everything that is no usable picture.
    """
    one_large_at_a_time = Lock()
    _hush_libtiff()

    def decode(path: Path) -> NDArray[np.uint8]:
        with _reasons(), open_regular(path) as file:
            return _read(file, path.suffix.lower(), look, one_large_at_a_time)

    return decode


def decode_bytes(content: bytes, look: Look, one_large_at_a_time: Lock) -> NDArray[np.uint8]:
    """Read one picture that has no file, as `decoder` reads one that has.

    Args:
        content: the picture.
        look: what to make of it.
        one_large_at_a_time: shared by all who decode beside each other.

    Raises:
        Unreadable: everything that is no usable picture.
    """
    _hush_libtiff()
    with _reasons():
        return _read(BytesIO(content), "", look, one_large_at_a_time)


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn whatever a decoder raises into a reason."""
    try:
        yield
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(_why(error)) from error
    except MemoryError as error:
        raise Unreadable("needs more memory to decode than there is") from error
    except Exception as error:  # decoders meet damage with errors of every kind
        raise Unreadable("is damaged") from error


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
        shrink_while_decoding(image, look)
        image.load()
        orientation = _orientation(image)  # after the load, which turns some formats by itself
        small = resized(_plain(image, look), look.lying if orientation in LYING else look)
        return _pixels(padded(_upright(small, orientation), look), look)


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


def _pixels(image: "Image", look: Look) -> NDArray[np.uint8]:
    """Pixels with the channel first, shape (1 or 3, height, width)."""
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        grey = pixels[None]
        return np.repeat(grey, 3, axis=0) if look.channels == "colour" else grey
    has_colour = look.channels == "colour" or (pixels != pixels[..., :1]).any()
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) if has_colour else pixels[None, ..., 0]
