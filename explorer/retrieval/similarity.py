"""Similarity of latents to configured classes, and of latents to each other.

Reference: Gabdullin, Latent space configuration, section 6.1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError
from explorer.latent.targets import ClassTargets

BOUNDARY_SIMILARITY = 0.79


def class_similarity(
    z: ArrayLike, targets: ClassTargets, *, boundary_similarity: float = BOUNDARY_SIMILARITY
) -> NDArray[np.float64]:
    """Similarity of each latent to each configured class.

    v_ji = 1 - k_b*sin(d_ji/r_i) where d_ji <= r_i, else relu(b_c*(R_d - d_ji)/(R_d - r_i)),
    with d_ji = ||z_j - C_i|| and k_b = (1 - b_c)/sin(1).

    Args:
        z: latents, shape (n, d).
        targets: configured centres (c, d) and radii (c,).
        boundary_similarity: b_c, the similarity at a class's edge, 0 to 1.

    Returns:
        Shape (n, c), in [0, 1]: 1 at a centre, b_c on its circle, 0 from R_d on.

    Raises:
        BadValueError: b_c outside [0, 1], latents of another dimension, or circles so close that
            R_d <= r, where the formula has no meaning.

    Reference:
        Eq. 11 to 14. Beyond the paper, R_d is each class's distance to its nearest other centre.
    """
    z = np.asarray(z, np.float64)
    if not 0 <= boundary_similarity <= 1:
        raise BadValueError(f"boundary_similarity = {boundary_similarity}, but it must lie in 0 to 1.")
    if z.ndim != 2 or z.shape[1] != targets.centres.shape[1]:
        raise BadValueError(f"Latents have shape {z.shape}; expected (n, {targets.centres.shape[1]}) as the centres.")
    radii, reach = targets.radii, targets.neighbour_distances
    if (reach <= radii).any():
        worst = int(np.argmin(reach - radii))
        raise BadValueError(
            f"Class {worst} has radius {radii[worst]:.3g} but its nearest centre is only {reach[worst]:.3g} away; "
            "similarity needs a larger distance between centres or smaller radii."
        )
    similarity = np.zeros((len(z), len(radii)))
    k_b = (1 - boundary_similarity) / np.sin(1)
    for i, (centre, radius) in enumerate(zip(targets.centres, radii, strict=True)):  # never (n, c, d)
        distance = np.sqrt(np.square(z - centre).sum(axis=1))
        inside, between = distance <= radius, (distance > radius) & (distance < reach[i])
        similarity[inside, i] = 1 - k_b * np.sin(distance[inside] / radius)
        # A single class has no neighbour: outside its circle b_c stays, the limit R_d -> inf.
        share = (reach[i] - distance[between]) / (reach[i] - radius) if np.isfinite(reach[i]) else 1.0
        similarity[between, i] = boundary_similarity * share
    return similarity


def latent_similarity(v_query: ArrayLike, v_gallery: ArrayLike) -> NDArray[np.float64]:
    """Similarity of queries to gallery items from their class similarities.

    sim_12 = sum_i min(v_1i, v_2i) / max(sum_i v_1i, sum_i v_2i), and 0 where both sums are 0.

    Args:
        v_query: class similarities of the queries, shape (q, c), each in [0, 1].
        v_gallery: class similarities of the gallery, shape (n, c), each in [0, 1].

    Returns:
        Shape (q, n), in [0, 1], symmetric; 1 for equal rows with any positive entry.

    Raises:
        BadValueError: different numbers of classes.

    Reference:
        Eq. 15.
    """
    v_query, v_gallery = np.asarray(v_query, np.float64), np.asarray(v_gallery, np.float64)
    if v_query.ndim != 2 or v_gallery.ndim != 2 or v_query.shape[1] != v_gallery.shape[1]:
        raise BadValueError(
            f"Class similarities have shapes {v_query.shape} and {v_gallery.shape}; expected (q, c) and (n, c)."
        )
    shared = np.zeros((len(v_query), len(v_gallery)))
    sums = [np.zeros(len(v_query)), np.zeros(len(v_gallery))]
    for query, gallery in zip(v_query.T, v_gallery.T, strict=True):  # one class at a time: never (q, n, c)
        shared += np.minimum(query[:, None], gallery[None])
        # Summed in the same order as the shared part, so that no rounding makes a similarity larger than 1.
        for at, values in enumerate((query, gallery)):
            sums[at] += values
    total = np.maximum(sums[0][:, None], sums[1][None])
    return np.asarray(np.divide(shared, total, out=np.zeros_like(shared), where=total > 0))


def weighted_cosine(
    query: tuple[ArrayLike, ArrayLike], gallery: tuple[ArrayLike, ArrayLike], *, semantic_weight: float
) -> NDArray[np.float64]:
    """Cosine similarity of style and of class, weighted against each other.

    a*cos(z2_i, z2_j) + (1 - a)*cos(z1_i, z1_j)

    Args:
        query: style latents z1 (q, d1) and class latents z2 (q, d2).
        gallery: the same of the gallery, (n, d1) and (n, d2).
        semantic_weight: a, 0 (style alone) to 1 (class alone).

    Returns:
        Shape (q, n), in [-1, 1]. A zero vector has no direction: its cosine to anything is 0.

    Raises:
        BadValueError: a weight outside [0, 1], or latents whose dimensions differ.

    Reference:
        Fine-grained retrieval, eq. 5.
    """
    if not 0 <= semantic_weight <= 1:
        raise BadValueError(f"semantic_weight = {semantic_weight}, but it must lie in 0 to 1.")
    style, semantic = (cosine(one, other) for one, other in zip(query, gallery, strict=True))
    return np.asarray(semantic_weight * semantic + (1 - semantic_weight) * style)


def cosine(query: ArrayLike, gallery: ArrayLike) -> NDArray[np.float64]:
    """Cosine of the angle between latents.

    Args:
        query: shape (q, d).
        gallery: shape (n, d).

    Returns:
        Shape (q, n), in [-1, 1]; exactly 0 where one of the two is a zero vector.

    Raises:
        BadValueError: latents whose dimensions differ.
    """
    one, other = _moderate(query), _moderate(gallery)
    if one.shape[1] != other.shape[1]:
        raise BadValueError(f"Latents have {one.shape[1]} and {other.shape[1]} dimensions; cosine compares equal ones.")
    lengths = (np.sqrt(np.einsum("ij,ij->i", z, z)) for z in (one, other))
    # Not the gallery is scaled but what comes of it: with few queries that is far less.
    scales = (np.divide(1, length, out=np.zeros_like(length), where=length > 0) for length in lengths)
    found = one @ other.T
    found *= next(scales)[:, None]
    found *= next(scales)
    return np.asarray(found.clip(-1, 1, out=found))


def _moderate(z: ArrayLike) -> NDArray[np.float64]:
    """Latents in the same directions, of which no square overflows or vanishes in double precision."""
    z = np.asarray(z)
    if z.dtype in (np.float32, np.float16):
        return z.astype(np.float64)
    z = np.asarray(z, np.float64)
    largest = np.abs(z).max(axis=1, initial=0, keepdims=True)
    return np.asarray(np.divide(z, largest, out=np.zeros_like(z), where=largest > 0))
