"""A morph as a file: a moving picture (GIF, WebP, MP4) or a strip, small images enlarged without blur."""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.errors import BadValueError, MissingDataError
from explorer.figures import UNKNOWN, Items, VectorScale, item_picture

SIDE = 224  # pixels of a frame, about
STRIP_SIDE = 84
GAP, EDGE = 6, 2
MILLISECONDS = 60  # a frame is seen
HELD = 700  # at either end
PAPER, INK = "#ffffff", "#1b1f24"
FADED = 0.28  # opacity of what lies off the data
SMALL = 32  # pixels of a side up to which an image is never made smaller
LARGEST = 256  # pixels of the longer side of an item that is kept, and of a frame that is exported


def frame(item: Items, *, scale: VectorScale | None = None, side: int = SIDE) -> Image.Image:
    """One item as a frame: an image enlarged by the whole number of times that fits, a vector drawn at that size.

    Args:
        item: an image (channels, height, width), or a vector (f,).
        scale: of vectors, see `explorer.figures.vector_png`.
        side: wanted longer side, pixels; a larger image is brought down to it, one of up to 32 pixels never.
    """
    drawn = tile(item, scale, side)
    if drawn.mode != "RGBA":
        return drawn
    paper = Image.new("RGB", drawn.size, PAPER)  # a film has no transparency
    paper.paste(drawn, mask=drawn.getchannel("A"))
    return paper


def tile(item: Items, scale: VectorScale | None = None, side: int = STRIP_SIDE) -> Image.Image:
    """An item as `frame` shows it; a vector on a transparent ground."""
    longer = max(item.shape[1:], default=side)
    wanted = longer * (side // longer) if longer <= side else min(longer, max(side, SMALL))
    return item_picture(item, wanted, scale=scale)


def tile_png(item: Items, *, scale: VectorScale | None = None, side: int = STRIP_SIDE) -> bytes:
    """An item as `tile` draws it, as PNG."""
    return _png(tile(item, scale, side))


def compact(items: Items, side: int = LARGEST) -> Items:
    """Items as they are kept: images a byte a pixel, their longer side brought down to at most `side`; vectors as are.

    Args:
        items: images (m, channels, height, width), or vectors (m, features).
        side: pixels.
    """
    if items.ndim == 2 or not len(items):
        return items
    wanted = min(side, max(items.shape[2:]))
    drawn = np.stack([np.asarray(item_picture(item, wanted)) for item in items])
    return drawn[:, None] if drawn.ndim == 3 else np.ascontiguousarray(np.moveaxis(drawn, 3, 1))


def export_side(items: Items, side: int = SIDE) -> int:
    """The side of frames in a file: `side` or, of larger items, their own, at most `LARGEST`.

    Args:
        items: as of `frames`.
        side: pixels.
    """
    return max(side, min(LARGEST, max(items.shape[2:], default=0)))


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
    side = export_side(items, STRIP_SIDE)
    rows = [[frame(item, scale=scale, side=side) for item in part] for part in (items, beside) if part is not None]
    wide, high = rows[0][0].width + GAP, rows[0][0].height
    strip = Image.new("RGB", (wide * len(items) - GAP, len(rows) * (high + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(strip)
    for column, off in enumerate(is_off.tolist()):
        x = column * wide
        strip.paste(rows[0][column], (x, 0))
        _line(draw, x, x + wide - GAP - 1, high + GAP - 1, is_dashed=off)
        if len(rows) > 1:
            strip.paste(rows[1][column], (x, high + 2 * GAP))
    return _png(strip)


def _line(draw: ImageDraw.ImageDraw, left: int, right: int, y: int, *, is_dashed: bool) -> None:
    if not is_dashed:
        draw.line((left, y, right, y), fill=INK, width=EDGE)
        return
    cuts = np.linspace(left, right, 12).round().astype(int).tolist()
    for a, b in list(pairwise(cuts))[::2]:
        draw.line((a, y, b, y), fill=UNKNOWN, width=EDGE)


def mosaic_png(
    tiles: Sequence[Image.Image], columns: int, *, faded: NDArray[np.bool_] | None = None, gap: int = 0
) -> bytes:
    """Tiles of one size row by row as one picture with a transparent ground.

    Args:
        tiles: at least one, see `tile`.
        columns: how many a row.
        faded: which are drawn pale, shape (m,); None for none.
        gap: pixels between tiles.

    Raises:
        BadValueError: no tiles or columns.
    """
    if columns < 1 or not tiles:
        raise BadValueError(f"A mosaic of {len(tiles)} items in {columns} columns cannot be drawn; give at least one.")
    wide, high = tiles[0].width + gap, tiles[0].height + gap
    n_rows = -(-len(tiles) // columns)
    whole = Image.new("RGBA", (columns * wide - gap, n_rows * high - gap), (0, 0, 0, 0))
    for i, one in enumerate(tiles):
        shown = one.convert("RGBA")
        if faded is not None and faded[i]:
            shown.putalpha(shown.getchannel("A").point(lambda opaque: round(opaque * FADED)))
        whole.paste(shown, (i % columns * wide, i // columns * high))
    return _png(whole)


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
