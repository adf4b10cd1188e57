"""A morph as a file: a moving picture (GIF, WebP, MP4) or a strip, small images enlarged without blur."""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.errors import BadValueError, MissingDataError
from explorer.figures import UNKNOWN, VectorScale, image_picture, vector_picture

SIDE = 224  # pixels of a frame, about
STRIP_SIDE = 84
GAP, EDGE = 6, 2
MILLISECONDS = 60  # a frame is seen
HELD = 700  # at either end
PAPER, INK = "#ffffff", "#1b1f24"
FADED = 0.28  # opacity of what lies off the data
Items = NDArray[np.floating] | NDArray[np.uint8]


def frame(item: Items, *, scale: VectorScale | None = None, side: int = SIDE) -> Image.Image:
    """One item as a frame: an image enlarged by the whole number of times that fits, a vector drawn at that size.

    Args:
        item: an image (channels, height, width), or a vector (f,).
        scale: of vectors, see `explorer.figures.vector_png`.
        side: wanted longer side, pixels; a larger image stays as it is.
    """
    drawn = _tile(item, scale, side)
    if drawn.mode != "RGBA":
        return drawn
    paper = Image.new("RGB", drawn.size, PAPER)  # a film has no transparency
    paper.paste(drawn, mask=drawn.getchannel("A"))
    return paper


def _tile(item: Items, scale: VectorScale | None, side: int) -> Image.Image:
    """An item as `frame` shows it; a vector on a transparent ground."""
    if item.ndim == 1:
        return vector_picture(np.asarray(item, np.float64), scale, (side, side))
    picture = image_picture(item)
    times = max(1, side // max(picture.size))
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def frames(
    items: Items, beside: Items | None = None, *, scale: VectorScale | None = None, side: int = SIDE
) -> list[Image.Image]:
    """The frames of a film.

    Args:
        items: images (m, channels, height, width), or vectors (m, features).
        beside: what is shown to the right of each, or None.
        scale: of vectors.
        side: of an item, as of `frame`.
    """
    shown = [frame(item, scale=scale, side=side) for item in items]
    if beside is None:
        return shown
    return [_side_by_side(one, frame(other, scale=scale, side=side)) for one, other in zip(shown, beside, strict=True)]


def _side_by_side(one: Image.Image, other: Image.Image) -> Image.Image:
    both = Image.new(one.mode, (one.width + GAP + other.width, one.height), PAPER)
    both.paste(one, (0, 0))
    both.paste(other.convert(one.mode), (one.width + GAP, 0))
    return both


def _there_and_back(shown: Sequence[Image.Image]) -> tuple[list[Image.Image], list[int]]:
    """All frames forwards and then backwards, so that the film has no jump, and how long each is seen."""
    loop = [*shown, *shown[-2:0:-1]]
    times = [MILLISECONDS] * len(loop)
    times[0] = times[len(shown) - 1] = HELD
    return loop, times


def gif(shown: Sequence[Image.Image]) -> bytes:
    """The film there and back as GIF, without end; grey frames are exact, colours are brought to 256 a frame."""
    loop, times = _there_and_back(shown)
    return _moving(loop, "GIF", duration=times, loop=0, optimize=False)


def webp(shown: Sequence[Image.Image]) -> bytes:
    """The film there and back as animated WebP, without loss or end."""
    loop, times = _there_and_back([picture.convert("RGB") for picture in shown])
    return _moving(loop, "WEBP", duration=times, loop=0, lossless=True)


def _moving(shown: Sequence[Image.Image], kind: str, **options: object) -> bytes:
    out = BytesIO()
    shown[0].save(out, kind, save_all=True, append_images=shown[1:], **options)
    return out.getvalue()


def mp4(shown: Sequence[Image.Image]) -> bytes:
    """The film from end to end as MP4 (H.264), each end held for a moment.

    Raises:
        MissingDataError: without the extra `video`.
    """
    try:
        import av
    except ImportError:
        raise MissingDataError(
            "MP4 needs the extra `video`. Install it with pip install 'latent-explorer[video]', or export GIF or WebP."
        ) from None
    held = [0] * (HELD // MILLISECONDS)
    order = [*held, *range(len(shown)), *[len(shown) - 1] * len(held)]
    out = BytesIO()
    with av.open(out, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=round(1000 / MILLISECONDS))
        stream.width, stream.height = (size - size % 2 for size in shown[0].size)  # which H.264 takes only even
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "16"}
        box = (0, 0, stream.width, stream.height)
        for i in order:
            picture = np.asarray(shown[i].convert("RGB").crop(box))
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    return out.getvalue()


def strip_png(
    items: Items,
    beside: Items | None,
    is_off: NDArray[np.bool_],
    *,
    scale: VectorScale | None = None,
) -> bytes:
    """A strip: the decoded items in a row, a line below each, dashed where it lies off the data, then the real ones.

    Args:
        items: what was decoded, as of `frames`.
        beside: the nearest real item of each, or None.
        is_off: shape (m,).
        scale: of vectors.
    """
    rows = [
        [frame(item, scale=scale, side=STRIP_SIDE) for item in part] for part in (items, beside) if part is not None
    ]
    wide, high = rows[0][0].width + GAP, rows[0][0].height
    strip = Image.new("RGB", (wide * len(items) - GAP, len(rows) * (high + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(strip)
    for column, off in enumerate(is_off.tolist()):
        x = column * wide
        strip.paste(rows[0][column], (x, 0))
        _line(draw, x, x + wide - GAP - 1, high + GAP - 1, is_dashed=off)
        if len(rows) > 1:
            strip.paste(rows[1][column], (x, high + 2 * GAP))
    out = BytesIO()
    strip.save(out, "PNG")
    return out.getvalue()


def _line(draw: ImageDraw.ImageDraw, left: int, right: int, y: int, *, is_dashed: bool) -> None:
    if not is_dashed:
        draw.line((left, y, right, y), fill=INK, width=EDGE)
        return
    cuts = np.linspace(left, right, 12).round().astype(int).tolist()
    for a, b in list(pairwise(cuts))[::2]:
        draw.line((a, y, b, y), fill=UNKNOWN, width=EDGE)


def mosaic_png(
    items: Items,
    columns: int,
    *,
    scale: VectorScale | None = None,
    side: int = STRIP_SIDE,
    faded: NDArray[np.bool_] | None = None,
    gap: int = 0,
) -> bytes:
    """Items row by row as one picture with a transparent ground.

    Args:
        items: at least one, as of `frames`.
        columns: how many a row.
        scale: of vectors.
        side: of an item, pixels; small images are enlarged by the whole number of times that fits.
        faded: which are drawn pale, shape (m,); None for none.
        gap: pixels between items.

    Raises:
        BadValueError: no items or columns.
    """
    if columns < 1 or not len(items):
        raise BadValueError(f"A mosaic of {len(items)} items in {columns} columns cannot be drawn; give at least one.")
    tiles = [_tile(item, scale, side) for item in items]
    wide, high = tiles[0].width + gap, tiles[0].height + gap
    n_rows = -(-len(tiles) // columns)
    whole = Image.new("RGBA", (columns * wide - gap, n_rows * high - gap), (0, 0, 0, 0))
    for i, tile in enumerate(tiles):
        shown = tile.convert("RGBA")
        if faded is not None and faded[i]:
            shown.putalpha(shown.getchannel("A").point(lambda opaque: round(opaque * FADED)))
        whole.paste(shown, (i % columns * wide, i // columns * high))
    out = BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()
