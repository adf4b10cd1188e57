"""Distances within each latent space: along the sphere, around the torus, through the Poincaré ball.

Latents are first brought onto the space (`explorer.latent.spaces.onto`), as half precision leaves them beside it.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from explorer.latent.spaces import CIRCLE, Geometry, onto
from explorer.retrieval.distances import squared_euclidean
from explorer.retrieval.index import euclidean_distances

Z = NDArray[np.floating]


def great_circle(queries: Z, gallery: Z) -> NDArray[np.float64]:
    """Angles between points of the unit sphere: the way along the great circle through both.

    arccos <a, b> = 2 atan2(|a - b|, |a + b|), of which the second form is exact for near points too (what
    `squared_euclidean` takes for 0 stays so).

    Args:
        queries: shape (q, d).
        gallery: shape (n, d).

    Returns:
        Shape (q, n), radians, in [0, pi]; exactly 0 for equal points.
    """
    a, b = onto("sphere", queries), onto("sphere", gallery)
    return np.asarray(2 * np.arctan2(np.sqrt(squared_euclidean(a, b)), np.sqrt(squared_euclidean(a, -b))))


def flat_torus(queries: Z, gallery: Z) -> NDArray[np.float64]:
    """Distances on the flat torus: each circle is gone around the shorter way.

    sqrt(sum_i w(alpha_i - beta_i)^2), w the difference of two angles wrapped into [-pi, pi].

    Args:
        queries: a cosine and a sine for each of k circles, side by side, shape (q, 2k).
        gallery: shape (n, 2k).

    Returns:
        Shape (q, n), radians, in [0, pi sqrt(k)]; exactly 0 for equal points.
    """
    a, b = _angles(queries), _angles(gallery)
    squared = np.zeros((len(a), len(b)))
    for i in range(a.shape[1]):  # one circle at a time: never (q, n, k)
        apart = np.abs(a[:, i, None] - b[None, :, i])  # up to 2 pi
        squared += np.square(np.minimum(apart, 2 * np.pi - apart))
    return np.sqrt(squared)


def poincare(queries: Z, gallery: Z) -> NDArray[np.float64]:
    """Hyperbolic distances in the Poincaré ball of curvature -1.

    arcosh(1 + 2x) = 2 arsinh(sqrt(x)), x = |a - b|^2 / ((1 - |a|^2)(1 - |b|^2)); the second form is exact for near
    points too (what `squared_euclidean` takes for 0 stays so).

    Args:
        queries: inside the unit ball, shape (q, d).
        gallery: shape (n, d).

    Returns:
        Shape (q, n), hyperbolic units, in [0, 20): beyond the radius 0.9999 points are drawn in to it; exactly 0 for
        equal points.

    Reference: Nickel and Kiela, Poincaré Embeddings for Learning Hierarchical Representations, eq. 1.
    """
    a, b = onto("poincare", queries), onto("poincare", gallery)
    return np.asarray(2 * np.arcsinh(np.sqrt(squared_euclidean(a, b) / (_room(a)[:, None] * _room(b)))))


RANKING: Mapping[Geometry, Callable[[Z, Z], NDArray[np.float64]]] = {
    "euclidean": squared_euclidean,
    "sphere": great_circle,
    "torus": flat_torus,
    "poincare": poincare,
}
"""Queries (q, d) and gallery (n, d) to what ranks as the space's distance does, (q, n); of Euclid's its square."""


def distances_from(geometry: Geometry, query: Z, gallery: Z) -> NDArray[np.float64]:
    """Distance of one latent to each of the gallery's within a space.

    Args:
        geometry: of the space.
        query: shape (d,).
        gallery: shape (n, d).

    Returns:
        Shape (n,): Euclid's in latent units, a sphere's and a torus's in radians, a Poincaré ball's in hyperbolic
        units; exactly 0 for equal points.
    """
    if geometry == "euclidean":
        return euclidean_distances(query, gallery)
    return np.asarray(RANKING[geometry](query[None], gallery)[0])


def _angles(z: Z) -> NDArray[np.float64]:
    """Of each circle, (n, 2k) to (n, k), radians, in [-pi, pi]."""
    pairs = np.asarray(z, np.float64).reshape(len(z), z.shape[1] // CIRCLE, CIRCLE)
    return np.asarray(np.arctan2(pairs[:, :, 1], pairs[:, :, 0]))


def _room(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - |z|^2 of each point, shape (n,), without the cancellation near the edge."""
    radius = np.linalg.norm(z, axis=1)
    return np.asarray((1 - radius) * (1 + radius))
