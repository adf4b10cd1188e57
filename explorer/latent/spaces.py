"""Latent spaces beyond Euclid's: the unit sphere, the flat torus and the Poincaré ball, by coordinates around them.

A latent stays a row of d numbers, so decoders, classifiers and linear maps work as ever; only where latents can lie
and how far apart they are is the space's own (explorer/retrieval/geodesics.py).
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.latent.angles import AngleMap
from explorer.latent.projection import Projection

Geometry = Literal["euclidean", "sphere", "torus", "poincare"]
GEOMETRIES: tuple[Geometry, ...] = get_args(Geometry)
Z = NDArray[np.floating]
CIRCLE = 2  # coordinates of a circle: cosine and sine
FARTHEST = 0.996  # radius at which the Poincaré head ends: rounded to bfloat16 or float16, still below 1
ROUNDING = 1e-6  # of places, which are kept in single precision
EDGE = 0.9999  # radius from which a place in the Poincaré ball is none: distances from it would be no numbers


def check_geometry(geometry: Geometry, dims: int) -> None:
    """Check that latents of so many dimensions can lie in a space.

    Args:
        geometry: of the space.
        dims: d, coordinates of a latent.

    Raises:
        BadValueError: a sphere of fewer than two coordinates, or a torus of an odd number.
    """
    if geometry == "torus" and dims % CIRCLE:
        raise BadValueError(
            f"latent_dims = {dims}, but a torus has two coordinates, cosine and sine, for each of its circles. "
            f"Choose an even number, such as {dims + 1}."
        )
    if geometry == "sphere" and dims < CIRCLE:
        raise BadValueError(
            f"latent_dims = {dims}, but a sphere needs 2 coordinates (a circle) or more; 3 are the usual sphere."
        )


def onto(geometry: Geometry, z: Z) -> NDArray[np.float64]:
    """The point of a space nearest to each place around it; points of the space stay, up to rounding.

    Sphere: z / |z|; torus: the same of each (cos, sin) pair; Poincaré ball: z where |z| <= 0.9999, else 0.9999 z / |z|.

    Args:
        geometry: of the space.
        z: finite, shape (n, d).

    Returns:
        Shape (n, d). Where all directions are equally near, at 0, the first axis is taken.
    """
    z = z.astype(np.float64)
    if geometry == "sphere":
        return _unit(z)
    if geometry == "torus":
        return np.asarray(_unit(z.reshape(len(z), z.shape[1] // CIRCLE, CIRCLE)).reshape(z.shape))
    if geometry == "poincare":
        beyond = np.linalg.norm(z.clip(-1, 1), axis=1, keepdims=True) > EDGE  # larger squares might overflow
        return np.asarray(np.where(beyond, EDGE * _unit(z), z))
    return np.asarray(z)


def angle_map(geometry: Geometry, dims: int) -> AngleMap | None:
    """The map of a space by two angles; None for one that two angles do not tell."""
    if geometry == "sphere" and dims == 3:  # noqa: PLR2004 - longitude and latitude
        return AngleMap("sphere")
    if geometry == "torus" and dims == 2 * CIRCLE:
        return AngleMap("torus")
    return None


def lift(geometry: Geometry, projection: Projection | AngleMap, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """The latent at each place of a map.

    Sphere (d > 2) and Poincaré ball: the latent that the map draws exactly there, with what the map does not show as
    near as can be to the mean; of a sphere's two sides that on which the mean lies. Circle and torus: the point of
    the space nearest to the place.

    Args:
        geometry: of the space.
        projection: the map.
        places: shape (m, 2).

    Returns:
        Shape (m, d); NaN outside the disc onto which the map draws a sphere or a ball, and outside a map of angles:
        no latent lies there.
    """
    flat = projection.invert(places)
    dims = flat.shape[1]
    if geometry == "euclidean" or isinstance(projection, AngleMap):
        return flat
    if geometry == "torus" or (geometry == "sphere" and dims == CIRCLE):
        return onto(geometry, flat)
    shown = projection.axes.T @ projection.axes  # (d, d): a latent's part that the map shows
    unseen = projection.mean - shown @ projection.mean
    seen = flat @ shown  # (m, d)
    reach = 1 if geometry == "sphere" else EDGE
    room = reach**2 - np.square(seen).sum(axis=1)  # for the square of the unseen part
    depth = np.sqrt(room.clip(0))[:, None]
    if geometry == "sphere":
        seen += depth * _across(unseen, shown)
    else:
        seen += np.minimum(1, depth / max(float(np.linalg.norm(unseen)), EDGE)) * unseen
    z = onto(geometry, seen)
    z[room < -ROUNDING] = np.nan
    return z


def _across(unseen: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """A unit vector that a map does not show, towards the mean's unseen part where there is one."""
    if np.linalg.norm(unseen) < ROUNDING:  # then any
        hidden = np.eye(len(shown)) - shown
        unseen = hidden[np.diagonal(hidden).argmax()]
    return np.asarray(unseen / np.linalg.norm(unseen))


def _unit(z: Z) -> NDArray[np.float64]:
    """Vectors along the last axis brought to length 1; the first axis in place of 0."""
    largest = np.abs(z).max(axis=-1, keepdims=True)  # first: a square may overflow or vanish
    first = np.zeros(z.shape[-1])
    first[0] = 1
    z = np.where(largest > 0, z / np.where(largest > 0, largest, 1), first)
    return np.asarray(z / np.linalg.norm(z, axis=-1, keepdims=True))
