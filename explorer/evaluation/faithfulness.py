"""How far the neighbours on a map, or in another latent space, are the true ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.latent.spaces import Geometry
from explorer.retrieval.geodesics import RANKING, distances_from
from explorer.retrieval.index import best, euclidean_distances

NEIGHBOURS = 10
SAMPLE = 2000
COMPARED = 500
AT_ONCE = 128  # queries whose distances to all items are held


@dataclass(frozen=True, eq=False)
class PointTrust:
    """How far the neighbours of one item on a map are its neighbours in the latent space.

    Args:
        trustworthiness: 0 to 1; 1 exactly where no neighbour on the map is false; NaN with fewer than three items.
        true: rows of its k nearest in the latent space, nearest first, shape (k,).
        shown: rows of its k nearest on the map, nearest first, shape (k,).
    """

    trustworthiness: float
    true: NDArray[np.intp]
    shown: NDArray[np.intp]

    @property
    def n_right(self) -> int:
        """How many of its k nearest on the map are among its k nearest in the latent space."""
        return int(np.isin(self.shown, self.true).sum())


def trustworthiness(z: NDArray[np.floating], places: NDArray[np.floating], geometry: Geometry = "euclidean") -> float:
    """How far neighbours on a map are neighbours in the latent space, over a sample of at most 2,000 items.

    T = 1 - 2 / (n k (2 n - 3 k - 1)) sum_i sum_(j in U_i) (r(i, j) - k), where U_i are the items that are among
    the k = 10 nearest of i on the map but not in the latent space, and r(i, j) is j's rank there.

    Args:
        z: latents, shape (n, d).
        places: on the map, shape (n, 2), in the same order.
        geometry: of the latent space, by whose distance neighbours are near.

    Returns:
        0 to 1; 1 exactly where no neighbour is false; NaN with fewer than three items.

    Reference: Venna and Kaski, Neighborhood preservation in nonlinear projection methods.
    Differs: neighbours are looked for within the sample, so that 1,000,000 items cost no more than 2,000.
    """
    from sklearn.manifold import trustworthiness as of_sample

    rows = np.random.default_rng(0).permutation(len(z))[:SAMPLE]
    k = _neighbours(len(rows))
    if k < 1:
        return float("nan")
    sample, shown = z[rows].astype(np.float64), places[rows].astype(np.float64)
    if geometry == "euclidean":
        return float(of_sample(sample, shown, n_neighbors=k))
    return float(of_sample(RANKING[geometry](sample, sample), shown, n_neighbors=k, metric="precomputed"))


def point_trustworthiness(
    z: NDArray[np.floating], places: NDArray[np.floating], row: int, geometry: Geometry = "euclidean"
) -> PointTrust:
    """How far the neighbours of one item on a map can be trusted, among all items.

    T_i = 1 - 2 / (k (2 n - 3 k - 1)) sum_(j in U_i) (r(i, j) - k), with U_i and r as for `trustworthiness`, which is
    the mean of T_i over all items. Costs one pass over the items for each neighbour.

    Args:
        z: latents, shape (n, d).
        places: on the map, shape (n, 2), in the same order.
        row: the item i.
        geometry: of the latent space.

    Returns:
        T_i, the true neighbours and the shown ones, of two equally near the one with the lower row first.

    Reference: Venna and Kaski, Neighborhood preservation in nonlinear projection methods.
    """
    n, k = len(z), _neighbours(len(z))
    if k < 1:
        return PointTrust(float("nan"), np.empty(0, np.intp), np.empty(0, np.intp))
    distances = distances_from(geometry, z[row], z)
    true = best(distances, k, largest=False, leave_out=row).rows
    shown = best(euclidean_distances(places[row], places), k, largest=False, leave_out=row).rows
    distances[row] = np.inf  # an item has no rank among its own neighbours
    false = shown[~np.isin(shown, true)]
    excess = sum(_rank(distances, int(j)) - k for j in false)
    return PointTrust(1 - 2 * excess / (k * (2 * n - 3 * k - 1)), true, shown)


def _rank(distances: NDArray[np.float64], j: int) -> int:
    """Place of row j by distance, from 1; equally near rows come in their order."""
    nearer = np.count_nonzero(distances < distances[j])
    return int(nearer + np.count_nonzero(distances[:j] == distances[j]) + 1)


def _neighbours(n: int) -> int:
    """The k that n items allow: trustworthiness needs it below half of them."""
    return min(NEIGHBOURS, (n - 1) // 2)


def neighbour_agreement(
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    geometries: tuple[Geometry, Geometry] = ("euclidean", "euclidean"),
) -> float:
    """Share of an item's 10 nearest that are the same in two latent spaces, over a sample of at most 500 items.

    mean_i |N_i and M_i| / k, with N_i and M_i the k = 10 items nearest to i of all items, in each space.

    Args:
        first: latents, shape (n, d).
        second: latents of the same items in the same order, shape (n, e); d and e may differ.
        geometries: of the two spaces.

    Returns:
        0 to 1; 1 exactly where both have the same neighbours, as a space has with itself; k / (n - 1) by chance;
        NaN with fewer than two items. Distances alone count, so no space has to be turned or scaled before.
    """
    n = len(first)
    k = min(NEIGHBOURS, n - 1)
    if k < 1:
        return float("nan")
    rows = np.sort(np.random.default_rng(0).permutation(n)[:COMPARED])
    near, other = (_nearest(z, rows, k, geometry) for z, geometry in zip((first, second), geometries, strict=True))
    return float((near[:, :, None] == other[:, None]).any(axis=2).mean())


def _nearest(z: NDArray[np.floating], rows: NDArray[np.intp], k: int, geometry: Geometry) -> NDArray[np.intp]:
    """Rows of the k items nearest to each of some items, shape (len(rows), k)."""
    if geometry != "euclidean":
        blocks = np.split(rows, range(AT_ONCE, len(rows), AT_ONCE))
        return np.array(
            [
                best(distances, k, largest=False, leave_out=int(row)).rows
                for block in blocks
                for row, distances in zip(block, RANKING[geometry](z[block], z), strict=True)
            ]
        )
    from sklearn.neighbors import NearestNeighbors

    gallery = z.astype(np.float64)
    found = NearestNeighbors(n_neighbors=k + 1).fit(gallery).kneighbors(gallery[rows], return_distance=False)
    # Its own row is to go; among more than k twins it may not have been found, and then the last one goes.
    own = found == rows[:, None]
    own[~own.any(axis=1), -1] = True
    return np.asarray(found[~own].reshape(len(rows), k))
