"""Paths from one latent to another: straight within their space, or around the middle of a class circle."""

import numpy as np
from numpy.typing import NDArray

from explorer.latent.spaces import CIRCLE, Geometry, onto

Z = NDArray[np.floating]
ROUND = 0.02  # centres whose distances from their middle differ by less than this share lie on a circle
TINY = 1e-12


def straight(a: Z, b: Z, steps: int, geometry: Geometry = "euclidean") -> NDArray[np.float64]:
    """The shortest path between two points of a latent space, at even steps.

    Euclid: a + t (b - a). Sphere: the great circle, sin((1 - t) w) / sin w a + sin(t w) / sin w b, w the angle between.
    Torus: each angle the shorter way round. Poincaré ball: a (+) t (x) ((-a) (+) b), Möbius's sums and multiples.

    Args:
        a, b: latents, shape (d,); in a space beyond Euclid's they are first brought onto it.
        steps: how many points, both ends among them, at least 2.
        geometry: of the space.

    Returns:
        Shape (steps, d); the first is a, the last b. Between opposite points of a sphere or a circle, where all ways
        are equally short, one of them.

    Reference: Ganea, Bécigneul and Hofmann, Hyperbolic Neural Networks, eq. 11 (the ball's geodesic).
    """
    t = np.linspace(0, 1, steps)[:, None]
    first, last = onto(geometry, np.stack([a, b]))
    if geometry == "sphere":
        path = _great_circle(first, last, t)
    elif geometry == "torus":
        path = _around_circles(first, last, t)
    elif geometry == "poincare":
        path = _through_ball(first, last, t)
    else:
        path = (1 - t) * first + t * last
    path[0], path[-1] = first, last
    return onto(geometry, path)


def _great_circle(a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    across = b - (a @ b) * a  # at a right angle to a, towards b
    if np.linalg.norm(across) < TINY:  # the same point, or the opposite one: then any direction
        across = np.eye(len(a))[np.abs(a).argmin()]
        across = across - (a @ across) * a
    across /= np.linalg.norm(across)
    angle = 2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))
    return np.asarray(np.cos(t * angle) * a + np.sin(t * angle) * across)


def _around_circles(a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    start, end = (np.arctan2(z[1::CIRCLE], z[::CIRCLE]) for z in (a, b))
    angles = start + t * _wrapped(end - start)  # (steps, k)
    return np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(t), -1)


def _through_ball(a: NDArray[np.float64], b: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    towards = _moebius_sum(-a[None], b[None])  # (1, d): b as seen from a
    length = float(np.linalg.norm(towards))
    if length < TINY:
        return np.repeat(a[None], len(t), axis=0)
    reach = np.tanh(t * np.arctanh(min(length, 1 - TINY)))
    return _moebius_sum(a[None], reach * towards / length)


def _moebius_sum(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum x (+) y in the ball of curvature -1, row by row."""
    dot, xx, yy = ((p * q).sum(axis=1, keepdims=True) for p, q in ((x, y), (x, x), (y, y)))
    return np.asarray(((1 + 2 * dot + yy) * x + (1 - xx) * y) / (1 + 2 * dot + xx * yy))


def _wrapped(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Differences of angles, radians, brought into [-pi, pi)."""
    return (angles + np.pi) % (2 * np.pi) - np.pi


def class_circle_of(centres: Z) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The middle of class centres and the plane in which one can go around it.

    Args:
        centres: finite, shape (c, d).

    Returns:
        The middle (d,) and two orthonormal directions (2, d): the latent's own where d = 2, whatever the centres; else
        None unless three or more centres lie on a circle, all within 2 % as far from the middle.
    """
    middle = centres.mean(axis=0, dtype=np.float64)
    if centres.shape[1] == CIRCLE:
        return middle, np.eye(CIRCLE)
    if len(centres) <= CIRCLE or centres.shape[1] < CIRCLE:
        return None
    apart = centres - middle
    plane = np.linalg.svd(apart, full_matrices=False)[2][:CIRCLE]
    radii, beside = np.linalg.norm(apart, axis=1), np.linalg.norm(apart - apart @ plane.T @ plane, axis=1)
    usual = radii.mean()
    is_round = usual > TINY and np.abs(radii - usual).max() < ROUND * usual and beside.max() < ROUND * usual
    return (middle, plane) if is_round else None


def around(a: Z, b: Z, middle: Z, plane: Z, steps: int) -> NDArray[np.float64]:
    """The path around a middle, the shorter way: radius and angle change evenly, what lies beside the plane too.

    m + r(t) (cos w(t) e1 + sin w(t) e2) + beside(t), each a straight line of t.

    Args:
        a, b: latents, shape (d,).
        middle: shape (d,).
        plane: two orthonormal directions, shape (2, d).
        steps: how many points, both ends among them, at least 2.

    Returns:
        Shape (steps, d); the first is a, the last b.
    """
    t = np.linspace(0, 1, steps)
    ends = np.stack([a, b]).astype(np.float64)
    x, y = ((ends - middle) @ plane.T).T
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    if radius.min() < TINY:  # at the middle every angle is as good: take the other end's
        angle[:] = angle[radius.argmax()]
    turned = angle[0] + t * _wrapped(angle[1] - angle[0])
    far = (radius[0] + t * (radius[1] - radius[0]))[:, None]
    beside = ends - middle - np.stack([x, y], axis=1) @ plane
    path = middle + far * np.stack([np.cos(turned), np.sin(turned)], axis=1) @ plane
    path += beside[0] + t[:, None] * (beside[1] - beside[0])
    path[0], path[-1] = ends
    return np.asarray(path)


def resampled(corners: Z, steps: int) -> NDArray[np.float64]:
    """Points at even steps along straight lines from corner to corner.

    Args:
        corners: shape (m, d), m at least 1.
        steps: how many points, both ends among them, at least 2.

    Returns:
        Shape (steps, d): point i lies at i / (steps - 1) of the whole length.
    """
    corners = corners.astype(np.float64)
    far = np.concatenate([[0.0], np.linalg.norm(np.diff(corners, axis=0), axis=1).cumsum()])
    at = np.linspace(0, far[-1], steps)
    path = np.stack([np.interp(at, far, column) for column in corners.T], axis=1)
    path[0], path[-1] = corners[0], corners[-1]
    return path
