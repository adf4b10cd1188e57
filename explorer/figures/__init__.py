"""Pictures as plain values: class colours, items as PNG, one by one or as a montage, the thumbnail of a map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WHITE = 255
THUMBNAIL = (360, 220)  # width and height, pixels
MOST_DEVIATIONS = 3.0
TILE = 52  # pixels of a tile on a map, about: an image is still told apart, and many fit
LARGEST_TILE = 64
DARKEST, LIGHTEST = 90, 200  # tones of a body: told apart from a light page and from a dark one
LIGHT = np.array([0.3, 0.5, 0.81])  # of length 1: from ahead, above and a little to the side
FINER = 2  # pixels drawn in place of one, in each direction
BAR, UNKNOWN = "#6C66E0", "#8A8A8A"  # at least 3 to 1 against the page, light and dark
# Okabe and Ito's palette, safe for colour-blind readers; black is left out, as it vanishes on a dark page.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#8A8A8A")
Items = NDArray[np.uint8] | NDArray[np.floating]
"""One image (channels, height, width) or vector (f,), or several in a row; pixels 0 to 255, or floats 0 to 1."""


def class_colours(n_classes: int) -> tuple[str, ...]:
    """One "#rrggbb" a class: Okabe-Ito up to eight, evenly spread hues of two lightnesses above.

    Args:
        n_classes: c, at least 0.
    """
    if n_classes <= len(OKABE_ITO):
        return OKABE_ITO[:n_classes]
    hues = np.arange(n_classes) / n_classes * 2 * np.pi
    # OKLab, where equal steps look equal: two lightnesses keep neighbours in hue apart.
    light = np.where(np.arange(n_classes) % 2, 0.62, 0.74)
    return tuple(_oklab(level, 0.13 * np.cos(hue), 0.13 * np.sin(hue)) for level, hue in zip(light, hues, strict=True))


def _oklab(light: float, a: float, b: float) -> str:
    """The sRGB colour of OKLab coordinates."""
    long, medium, short = (
        (light + 0.3963 * a + 0.2158 * b) ** 3,
        (light - 0.1056 * a - 0.0639 * b) ** 3,
        (light - 0.0895 * a - 1.2915 * b) ** 3,
    )
    linear = (
        4.0767 * long - 3.3077 * medium + 0.2310 * short,
        -1.2684 * long + 2.6098 * medium - 0.3413 * short,
        -0.0042 * long - 0.7034 * medium + 1.7076 * short,
    )
    srgb = [max(0.0, min(1.0, v)) ** (1 / 2.2) for v in linear]
    return "#" + "".join(f"{round(WHITE * v):02x}" for v in srgb)


def image_png(image: NDArray[np.floating] | NDArray[np.uint8]) -> bytes:
    """One image as PNG, a pixel a pixel.

    Args:
        image: uint8, or float in 0 to 1; shape (channels, height, width) with 1 or 3 channels.
    """
    return _png(image_picture(image))


def image_picture(image: NDArray[np.floating] | NDArray[np.uint8]) -> Image.Image:
    """One image (channels, height, width), a pixel a pixel; see `image_png`."""
    pixels = image if image.dtype == np.uint8 else np.round(np.clip(image, 0, 1) * WHITE).astype(np.uint8)
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1))


@dataclass(frozen=True)
class VectorScale:
    """What vectors of one data set share when they are drawn.

    Args:
        mean, deviation: of each feature, shape (f,), so that features of any unit can be compared.
        faces: triangles between vertices, shape (m, 3), where a vector is x, y, z of each vertex: it is drawn as that
            body, seen from ahead (x to the right, y up); None draws bars.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    faces: NDArray[np.integer] | None = None


def vector_scale(
    vectors: NDArray[np.floating] | NDArray[np.uint8], faces: NDArray[np.integer] | None = None
) -> VectorScale:
    """The scale of these vectors, shape (n, f), and their faces; a feature that never varies has deviation 1."""
    values = np.asarray(vectors, np.float64)
    deviation = values.std(axis=0)
    return VectorScale(values.mean(axis=0), np.where(deviation > 0, deviation, 1), faces)


def vector_png(
    vector: NDArray[np.floating], *, scale: VectorScale | None = None, size: tuple[int, int] = (96, 64)
) -> bytes:
    """A vector as a body or as bars from zero, on a transparent ground, in a colour that both themes can bear.

    Args:
        vector: shape (f,); where there are more features than half the width, a bar is the mean of successive ones.
        scale: see `VectorScale`; bars show how many standard deviations a feature lies above or below its mean, up to
            three; without it, the values as they are.
        size: width and height, pixels.
    """
    return _png(vector_picture(vector, scale, size))


def vector_picture(
    vector: NDArray[np.floating] | NDArray[np.uint8], scale: VectorScale | None, size: tuple[int, int]
) -> Image.Image:
    """A vector (f,) as a body or as bars; see `vector_png`."""
    width, height = size
    values = np.nan_to_num(np.asarray(vector, np.float64))
    if scale is not None and scale.faces is not None:
        return _body_picture(values.reshape(-1, 3), scale, min(size))
    if scale is None:
        low, high = min(values.min(initial=0), 0.0), max(values.max(initial=0), 0.0)
    else:
        values, low, high = (values - scale.mean) / scale.deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS
    bars = [part.mean() for part in np.array_split(values, min(len(values), width // 2))]
    unit = (height - 1) / (high - low) if high > low else 0.0
    base = round(high * unit)
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    edges = np.round(np.linspace(0, width, len(bars) + 1)).astype(int)
    for value, left, right in zip(np.clip(bars, low, high), edges[:-1], edges[1:], strict=True):
        top, bottom = sorted((base, round((high - value) * unit)))
        gap = 1 if right - left > 2 else 0
        draw.rectangle((int(left), top, int(right) - 1 - gap, bottom), fill=BAR)
    draw.line((0, base, width, base), fill=UNKNOWN)
    return picture


def _body_picture(vertices: NDArray[np.float64], scale: VectorScale, side: int) -> Image.Image:
    """A body (v, 3) seen from ahead, far triangles first, the lighter the more they face the light."""
    usual = (np.abs(scale.mean) + scale.deviation).reshape(-1, 3)[:, :2]
    reach = 1.1 * float(usual.max())  # of all bodies, at one scale
    fine = side * FINER
    corners = vertices[scale.faces]  # (m, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(across, axis=1)
    facing = np.abs(across @ LIGHT) / np.where(length > 0, length, 1)
    pixels = (corners[:, :, :2] * [1, -1] / reach + 1) * fine / 2
    picture = Image.new("RGBA", (fine, fine), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    for triangle in np.argsort(corners[:, :, 2].mean(axis=1), kind="stable").tolist():
        tone = int(DARKEST + (LIGHTEST - DARKEST) * facing[triangle])
        draw.polygon([tuple(corner) for corner in pixels[triangle].tolist()], fill=(tone, tone, tone, WHITE))
    return picture.resize((side, side), Image.Resampling.BOX)


def item_png(item: NDArray[np.floating] | NDArray[np.uint8], *, scale: VectorScale | None = None) -> bytes:
    """An item as PNG: an image a pixel a pixel, a vector as a body or as bars.

    Args:
        item: an image (channels, height, width), or a vector (f,).
        scale: see `vector_png`.
    """
    return vector_png(np.asarray(item, np.float64), scale=scale) if item.ndim == 1 else image_png(item)


def tile_side(shape: Sequence[int]) -> int:
    """Side of a tile at which such items look best: about `TILE`, for a small image a whole multiple of its own.

    Args:
        shape: of an item: (channels, height, width), or (features,).
    """
    longer = max(shape[1:], default=TILE)
    return longer * max(1, round(TILE / longer)) if longer <= LARGEST_TILE else TILE


def montage_png(
    items: Iterable[NDArray[np.floating] | NDArray[np.uint8]],
    side: int,
    *,
    scale: VectorScale | None = None,
) -> bytes:
    """Items in a row as PNG, a square tile each, transparent where an item does not fill its own.

    Args:
        items: images (channels, height, width) or vectors (f,), at least one; each is let go of when its tile is drawn.
        side: of a tile, pixels; images are scaled to fill it, small ones without blur.
        scale: see `vector_png`.
    """
    tiles = [item_picture(item, side, scale=scale) for item in items]
    # Transparency is slow to compress, and images that fill their tiles have none.
    kinds = {(tile.mode, tile.size) for tile in tiles}
    mode = tiles[0].mode if kinds == {(tiles[0].mode, (side, side))} else "RGBA"
    strip = Image.new(mode, (side * len(tiles), side))
    for column, tile in enumerate(tiles):
        strip.paste(tile, (column * side + (side - tile.width) // 2, (side - tile.height) // 2))
    return _png(strip)


def item_picture(
    item: NDArray[np.floating] | NDArray[np.uint8], side: int, *, scale: VectorScale | None = None
) -> Image.Image:
    """An item as a picture whose longer side is so many pixels; small images without blur; see `item_png`."""
    return vector_picture(item, scale, (side, side)) if item.ndim == 1 else _fitted(image_picture(item), side)


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side as asked."""
    times = side / max(picture.size)
    size = max(1, round(picture.width * times)), max(1, round(picture.height * times))
    if times <= 1:
        return picture.resize(size, Image.Resampling.LANCZOS)
    # Every pixel stays a square with sharp edges: enlarged by a whole number, then averaged down to the side asked.
    whole = int(times) if times.is_integer() else 4 * ceil(times)
    large = picture.resize((picture.width * whole, picture.height * whole), Image.Resampling.NEAREST)
    return large if large.size == size else large.resize(size, Image.Resampling.BOX)


def map_thumbnail(
    places: NDArray[np.floating],
    labels: NDArray[np.integer],
    n_classes: int,
    *,
    circles: Sequence[tuple[float, float, float]] = (),
    size: tuple[int, int] = THUMBNAIL,
) -> bytes:
    """A small picture of a map as PNG, transparent, equal aspect.

    Args:
        places: on the map, shape (n, 2).
        labels: class of each, shape (n,); -1 for unlabelled.
        n_classes: c.
        circles: (x, y, radius) of configured classes.
        size: width and height, pixels.
    """
    picture = Image.new("RGBA", (2 * size[0], 2 * size[1]), (0, 0, 0, 0))
    if len(places):
        _draw_points(picture, places, labels, n_classes, circles)
    return _png(picture.resize(size, Image.Resampling.LANCZOS))


def places_on_thumbnail(
    places: NDArray[np.floating], asked: NDArray[np.floating], *, size: tuple[int, int] = THUMBNAIL
) -> NDArray[np.float64]:
    """Where places lie on the thumbnail of a map without circles, as shares of its width and height, shape (m, 2).

    Args:
        places: of the map, shape (n, 2), as they were drawn.
        asked: shape (m, 2); 0 to 1 from the left and from the top for what is on the picture.
        size: of the picture.
    """
    middle, scale = _frame(places, (), size)
    return np.asarray((asked - middle) * (scale, -scale) / size + 0.5)


def _draw_points(
    picture: Image.Image,
    places: NDArray[np.floating],
    labels: NDArray[np.integer],
    n_classes: int,
    circles: Sequence[tuple[float, float, float]],
) -> None:
    middle, scale = _frame(places, circles, picture.size)
    corner = np.array(picture.size) / 2
    colours = [*class_colours(n_classes), UNKNOWN]
    draw = ImageDraw.Draw(picture)
    for (x, y), label in zip((places - middle) * (scale, -scale) + corner, labels, strict=True):
        draw.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), fill=colours[label])
    for x, y, radius in circles:
        (cx, cy), r = (np.array([x, y]) - middle) * (scale, -scale) + corner, radius * scale
        draw.ellipse((cx - r, cy - r, cx + r, cy + r), outline=UNKNOWN, width=3)


def _frame(
    places: NDArray[np.floating], circles: Sequence[tuple[float, float, float]], size: tuple[int, int]
) -> tuple[NDArray[np.float64], float]:
    """The place in the middle of a thumbnail, and pixels a unit of the map."""
    # A few far points must not shrink the rest to a dot.
    low, high = np.percentile(places, 0.5, axis=0), np.percentile(places, 99.5, axis=0)
    for x, y, radius in circles:
        low, high = np.minimum(low, (x - radius, y - radius)), np.maximum(high, (x + radius, y + radius))
    scale = 0.88 * min(size[0] / max(high[0] - low[0], 1e-9), size[1] / max(high[1] - low[1], 1e-9))
    return (low + high) / 2, scale


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
