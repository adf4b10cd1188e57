"""Parts that solids are made of, as plain numbers: no renderer is needed to draw up a solid.

Every solid faces x; y is to its left and z above it. Lengths are free: a renderer scales the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float, float]
Kind = Literal["box", "rounded", "tube", "slab", "skin"]

# How much of the solid's hue a surface has, and how much white.
HUE, DEEP, LIGHT = (1.0, 0.0), (0.6, 0.0), (0.6, 0.4)
DARK, GREY, PALE = (0.0, 0.12), (0.0, 0.4), (0.0, 0.9)
Paint = tuple[float, float]


@dataclass(frozen=True)
class Part:
    """One piece of a solid.

    Args:
        kind: what the numbers mean; made by the function of that name.
        numbers: of the kind, nested lists.
        paint: shares of hue and of white, 0 to 1 each.
        at: where its own origin lies.
        turn: degrees about x, y and z in turn, about its own origin.
    """

    kind: Kind
    numbers: Sequence[object]
    paint: Paint = HUE
    at: Point = (0.0, 0.0, 0.0)
    turn: Point = (0.0, 0.0, 0.0)


def box(size: Point, at: Point = (0.0, 0.0, 0.0), paint: Paint = HUE, turn: Point = (0.0, 0.0, 0.0)) -> Part:
    """A box of these lengths about its origin."""
    return Part("box", size, paint, at, turn)


def rounded(size: Point, at: Point, paint: Paint = HUE, *, corners: float = 1.0) -> Part:
    """A superquadric of these lengths: an ellipsoid where corners is 1, nearly a box where it is 0.2."""
    return Part("rounded", [*size, corners], paint, at)


def tube(points: Sequence[Point], radii: float | Sequence[float], paint: Paint = HUE) -> Part:
    """A round tube with closed ends along these points, of one radius or of one at each point."""
    each = [radii] * len(points) if isinstance(radii, float | int) else list(radii)
    return Part("tube", [[list(map(float, point)) for point in points], list(map(float, each))], paint)


def slab(
    outline: NDArray[np.float64] | Sequence[tuple[float, float]],
    thickness: float,
    axis: Literal["x", "y", "z"],
    at: Point = (0.0, 0.0, 0.0),
    paint: Paint = HUE,
    turn: Point = (0.0, 0.0, 0.0),
) -> Part:
    """A flat outline, (n, 2) on the other two axes in their order, made thick along an axis, half to each side."""
    flat = np.insert(np.asarray(outline, float), "xyz".index(axis), 0.0, axis=1)
    along = [thickness * (name == axis) for name in "xyz"]
    return Part("slab", [flat.tolist(), along], paint, at, turn)


def skin(grid: NDArray[np.float64], paint: Paint = HUE) -> Part:
    """A surface through a grid of points, shape (rows, columns, 3)."""
    return Part("skin", [list(grid.shape[:2]), grid.reshape(-1, 3).tolist()], paint)


def wheel(x: float, y: float, radius: float, width: float, paint: Paint = DARK) -> Part:
    """A wheel that stands on the ground, z = 0."""
    return tube([(x, y - width / 2, radius), (x, y + width / 2, radius)], radius, paint)


def smooth(points: Sequence[tuple[float, ...]], *, closed: bool = False, n: int = 40) -> NDArray[np.float64]:
    """A cubic spline through some points, as n points, shape (n, dimensions); the last of a closed one is left out."""
    from scipy.interpolate import CubicSpline  # imports slowly

    corners = np.array([*points, points[0]] if closed else points, float)
    way = np.append(0, np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum())
    spline = CubicSpline(way, corners, bc_type="periodic" if closed else "natural")
    return np.asarray(spline(np.linspace(0, way[-1], n, endpoint=not closed)))


def ellipse(length: float, width: float, *, corners: float = 1.0, n: int = 32) -> NDArray[np.float64]:
    """An outline of these lengths, shape (n, 2): an ellipse where corners is 1, nearly a rectangle where it is 0.2."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False) + np.pi / n
    sides = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(np.sign(sides) * np.abs(sides) ** corners * (length / 2, width / 2))
