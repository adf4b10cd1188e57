"""What Python says about a map beside its points: marks over them, what colours mean, and layers beneath."""

import base64
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError

Place = tuple[float, float]


@dataclass(frozen=True)
class Marks:
    """What is drawn over the points, in data coordinates; each kind has a shape of its own.

    Args:
        circles: (x, y, radius, class) of each configured class circle.
        query: place of the query.
        hits: (x, y, right?) of each hit; a right one is a solid ring, a wrong one a dashed ring with a cross.
        query_row: row of the query's point; -1: it is none. What belongs to a point that is hidden is not drawn.
        hit_rows: rows of the hits' points, in the order of `hits`; without them all hits are drawn.
        query_is_place: the query is a decoded place without an item: a cross instead of a ring.
        centres: (x, y, class) of each class centre: a plus.
        sectors: (x, y, start, width, class): the wedge of that width, radians, counter-clockwise from the angle
            `start` around (x, y), to the end of the view; class -1 is forbidden to all: hatched; any class
            below is nobody's: empty.
        lines: (x0, y0, x1, y1) from a query to its true neighbours.
        ellipses: (x, y, a, b, angle): semi-axes in data units, a at `angle` radians counter-clockwise from x.
        outlines: (x, y, radius, name) of circles beneath the points: the edge of the latent space, without a name, or
            what lies equally far within it.
        borders: (left, bottom, right, top) of rectangles beneath the points: the edge of a map that has one.
        others: (x, y, group) of items of another data set: large diamonds, with a letter for each group.
        others_names: names of these groups; one that is called like a class has its colour.
        trails: points whose way up to the timeline's frame is drawn; none: those of a sample, once a person asks.
    """

    circles: tuple[tuple[float, float, float, int], ...] = ()
    query: Place | None = None
    hits: tuple[tuple[float, float, bool], ...] = ()
    query_row: int = -1
    hit_rows: tuple[int, ...] = ()
    query_is_place: bool = False
    centres: tuple[tuple[float, float, int], ...] = ()
    sectors: tuple[tuple[float, float, float, float, int], ...] = ()
    lines: tuple[tuple[float, float, float, float], ...] = ()
    ellipses: tuple[tuple[float, float, float, float, float], ...] = ()
    outlines: tuple[tuple[float, float, float, str], ...] = ()
    borders: tuple[tuple[float, float, float, float], ...] = ()
    others: tuple[tuple[float, float, int], ...] = ()
    others_names: tuple[str, ...] = ()
    trails: tuple[int, ...] = ()


@dataclass(frozen=True)
class Colouring:
    """What a point's colour says, when it is not its class.

    Args:
        name: of its own among the colourings of a cloud: under it the browser keeps the bytes, and the page's
            address what is hidden.
        title: for a person, as in "Confidence, 0 to 1": what stands after a comma is said smaller, and in the legend
            alone.
        url: GET gives one byte a point, in the points' order; fetched once.
        groups: byte i means groups[i], 255 none of them; the legend lists and hides them. Empty: bytes 0 to 254 are
            values from `low` to `high` along a ramp, 255 is not known.
        colours: "#rrggbb" for each group.
        low: the ramp's lower end in words; a number may bear a unit, as in "0 %".
        high: its upper end. Where both are numbers of one unit, the tooltip says a point's own.
        pale: points of byte 255 are faint and lie beneath the others.
    """

    name: str
    title: str
    url: str
    groups: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    low: str = "0"
    high: str = "1"
    pale: bool = False

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.colours):
            raise BadValueError(
                f"The colouring {self.name} has {len(self.groups)} groups and {len(self.colours)} colours; "
                "give each group one colour."
            )


@dataclass(frozen=True)
class Layers:
    """What lies beneath the points and is fetched by the browser itself; an empty address: nothing.

    Args:
        regions_url: with "&box=left,bottom,right,top&size=width,height", GET gives width * height bytes, row by row
            from the top left: the class decided there, 255 none. Asked for anew when the camera rests.
        targets_url: GET gives n pairs (x, y) of little-endian float32 in the points' order, where each item should
            lie; NaN where it should lie nowhere.
    """

    regions_url: str = ""
    targets_url: str = ""


NO_MARKS, NO_LAYERS = Marks(), Layers()


def selection_message(selected: NDArray[np.bool_] | None, n: int) -> dict[str, str]:
    """A selection as the browser takes it: its bits (point i in bit i % 8 of byte i // 8) and a name of its own.

    Args:
        selected: shape (n,), or None for no selection.
        n: number of points.

    Returns:
        "mask" in base64 and "name": the same for the same points, so that a rerun which says nothing new does not
        undo what a person selects in the meantime; both empty for None.

    Raises:
        BadValueError: a mask of another length.
    """
    if selected is None:
        return {"name": "", "mask": ""}
    if selected.shape != (n,):
        raise BadValueError(f"The selection has shape {selected.shape}, but the map has {n} points: give ({n},).")
    bits = np.packbits(selected, bitorder="little").tobytes()
    return {"name": hashlib.blake2b(bits, digest_size=8).hexdigest(), "mask": base64.b64encode(bits).decode()}
