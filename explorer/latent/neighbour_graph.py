"""A graph of near latents, and the cheapest path through it: a way that stays where data lie."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.latent.paths import resampled

MOST_NODES = 10_000
NEIGHBOURS = 10
AT_ONCE = 1000  # nodes whose neighbours are looked for between two calls of a progress
SEED = 0


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """Latents, each joined to its nearest ones; one piece.

    Args:
        nodes: shape (m, d), float64.
        costs: of the edges, the squares of their lengths, a sparse matrix (m, m): many short steps cost less than a
            long one, so a path makes for where latents lie close.
    """

    nodes: NDArray[np.float64]
    costs: Any

    def path(self, a: NDArray[np.floating], b: NDArray[np.floating], steps: int) -> NDArray[np.float64]:
        """The path along edges that costs least, at even steps.

        min over paths of sum |z_i - z_i+1|^2; each end is first joined to the node nearest to it.

        Args:
            a, b: latents, shape (d,).
            steps: how many points, both ends among them, at least 2.

        Returns:
            Shape (steps, d); the first is a, the last b.

        Reference: Hwang, Damelin and Hero, Shortest Path through Random Points (power-weighted lengths, p = 2).
        """
        from scipy.sparse.csgraph import dijkstra

        start, end = (int(np.linalg.norm(self.nodes - z, axis=1).argmin()) for z in (a, b))
        _, found = dijkstra(self.costs, directed=False, indices=[start], return_predecessors=True)
        before = found[0]
        way = [end]
        while way[-1] != start:
            way.append(int(before[way[-1]]))
        return resampled(np.vstack([a, self.nodes[way[::-1]], b]), steps)


def neighbour_graph(
    z: NDArray[np.floating],
    *,
    neighbours: int = NEIGHBOURS,
    most_nodes: int = MOST_NODES,
    progress: Progress | None = None,
) -> NeighbourGraph:
    """Join each latent to its nearest ones, and pieces that lie apart by the shortest edges there are.

    Args:
        z: latents, shape (n, d), n at least 1.
        neighbours: how many each is joined to.
        most_nodes: of more latents a fair sample is taken; equal ones count once.
        progress: called with nodes joined and in all.

    Returns:
        The graph; every node can be reached from every other one.
    """
    from scipy.sparse import csr_array, vstack
    from sklearn.neighbors import NearestNeighbors

    rows = np.random.default_rng(SEED).permutation(len(z))[:most_nodes]
    nodes = np.unique(z[rows].astype(np.float64), axis=0)
    k = min(neighbours, len(nodes) - 1)
    if k < 1:
        return NeighbourGraph(nodes, csr_array((1, 1)))
    told = progress or (lambda _, __: None)
    index = NearestNeighbors(n_neighbors=k + 1).fit(nodes)
    parts = []
    for start in range(0, len(nodes), AT_ONCE):
        parts.append(index.kneighbors_graph(nodes[start : start + AT_ONCE], mode="distance"))
        told(min(start + AT_ONCE, len(nodes)), len(nodes))
    graph = csr_array(vstack(parts))
    graph.setdiag(0)  # each is its own nearest one
    graph.eliminate_zeros()
    return NeighbourGraph(nodes, _joined(graph, nodes, told).power(2))


def _joined(graph: Any, nodes: NDArray[np.float64], told: Progress) -> Any:
    """The graph in one piece: each round, every piece but the largest is joined to the node nearest to it outside."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import NearestNeighbors

    while True:
        n_pieces, piece = connected_components(graph, directed=False)
        if n_pieces == 1:
            return graph
        bridges = []
        for one in np.argsort(np.bincount(piece))[:-1]:
            inside, outside = np.flatnonzero(piece == one), np.flatnonzero(piece != one)
            far, nearest = NearestNeighbors(n_neighbors=1).fit(nodes[outside]).kneighbors(nodes[inside])
            best = int(far[:, 0].argmin())
            told(len(nodes), len(nodes))  # there may be thousands of pieces
            bridges.append((inside[best], outside[nearest[best, 0]], far[best, 0]))
        a, b, length = (np.array(column) for column in zip(*bridges, strict=True))
        graph = graph.maximum(coo_array((length, (a, b)), shape=graph.shape).tocsr())
