"""Where classes lie in the latent space, and how near to where they were configured.

Reference: Gabdullin, Latent space configuration, section 5.2 (Figures 7 to 9).
"""

import numpy as np
from numpy.typing import NDArray

from explorer.latent.spaces import Geometry
from explorer.latent.targets import ClassTargets
from explorer.retrieval.geodesics import RANKING

AT_ONCE = 128  # latents whose distances to all others are held


def class_centroids(z: NDArray[np.floating], labels: NDArray[np.integer], n_classes: int) -> NDArray[np.float64]:
    """Mean latent of each class.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,); -1 is left out.
        n_classes: c.

    Returns:
        Shape (c, d); NaN for a class without items.
    """
    centroids = np.full((n_classes, z.shape[1]), np.nan)
    for label in range(n_classes):
        if (labels == label).any():
            centroids[label] = z[labels == label].mean(axis=0, dtype=np.float64)
    return centroids


def centroid_offsets(
    z: NDArray[np.floating], labels: NDArray[np.integer], targets: ClassTargets
) -> NDArray[np.float64]:
    """Distance of each class's centroid from its configured centre.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,).
        targets: configured centres (c, d).

    Returns:
        Shape (c,), latent units; 0 for a class centred on its place.
    """
    centroids = class_centroids(z, labels, len(targets.radii))
    return np.asarray(np.linalg.norm(centroids - targets.centres, axis=1))


def share_within(
    z: NDArray[np.floating], labels: NDArray[np.integer], targets: ClassTargets, *, radii: float = 2.0
) -> float:
    """Share of labelled latents within so many radii of their own class's centre.

    Args:
        z: latents, shape (n, d).
        labels: classes, shape (n,); -1 is left out.
        targets: configured centres and radii.
        radii: how many; 2 is the paper's "circle with radius two".

    Returns:
        0 to 1; NaN without labelled items.
    """
    labelled = labels >= 0
    own = labels[labelled]
    distances = np.linalg.norm(z[labelled] - targets.centres[own], axis=1)
    return float((distances <= radii * targets.radii[own]).mean()) if labelled.any() else float("nan")


def centroid_spread(centroids: NDArray[np.float64]) -> float:
    """How far the class centroids move from one seed to another.

    Root mean square, over seeds and classes, of a centroid's distance from its mean over seeds.

    Args:
        centroids: one row of class centroids a seed, shape (seeds, c, d).

    Returns:
        Latent units, in [0, inf); 0 when every seed puts the classes at the same places.
    """
    moved = centroids - centroids.mean(axis=0)
    return float(np.sqrt(np.square(moved).sum(axis=2).mean()))


def radii_to_nearest_centre(z: NDArray[np.floating], targets: ClassTargets) -> NDArray[np.float64]:
    """How far latents lie from the configured classes, each distance counted in the class's own radii.

    min_i ||z - C_i|| / r_i

    Args:
        z: latents, shape (n, d).
        targets: configured centres and radii.

    Returns:
        Shape (n,), in [0, inf): 0 at a centre, at most 1 inside a circle.
    """
    distances = np.linalg.norm(z[:, None].astype(np.float64) - targets.centres, axis=2)  # (n, c)
    return np.asarray((distances / targets.radii).min(axis=1))


def distance_to_nearest(
    z: NDArray[np.floating], gallery: NDArray[np.floating], geometry: Geometry = "euclidean"
) -> NDArray[np.float64]:
    """Distance of each latent to the nearest one of others.

    Args:
        z: latents, shape (n, d).
        gallery: the others, shape (m, d), m at least 1.
        geometry: of the space.

    Returns:
        Shape (n,), in the space's units; 0 for a latent that is among the others.
    """
    if geometry != "euclidean":
        parts = (z[start : start + AT_ONCE] for start in range(0, len(z), AT_ONCE))
        return np.concatenate([RANKING[geometry](part, gallery).min(axis=1) for part in parts])
    from sklearn.neighbors import NearestNeighbors

    found, _ = NearestNeighbors(n_neighbors=1).fit(gallery.astype(np.float64)).kneighbors(z.astype(np.float64))
    return np.asarray(found[:, 0])
