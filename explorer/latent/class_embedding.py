"""One point a class: what SMACOF over the items ends at once each class has collapsed, at once for some ten classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadValueError
from explorer.latent.alignment import align_weighted
from explorer.latent.class_distances import check_class_distances

MOST_ROUNDS = 1000
TOLERANCE = 1e-10  # relative fall of stress in a round, at which a start has converged
FARTHEST = 100.0  # steps in one leap
EQUALLY_GOOD = 0.005  # relative; renaming classes changes stress by less, another kind of layout by more
EXACT = 1e-18  # of the stress with all classes at one point: all distances are met


@dataclass(frozen=True, eq=False)
class ClassEmbedding:
    """A place for each class.

    Args:
        points: shape (c, d), latent units; NaN for a class without items.
        stress: weighted raw stress, sum over class pairs of n_a * n_b * (||x_a - x_b|| - D_ab)^2, at least 0.
    """

    points: NDArray[np.float64]
    stress: float


def class_embedding(
    class_distances: ArrayLike,
    counts: ArrayLike,
    dims: int,
    *,
    starts: int,
    rng: np.random.Generator,
    start: ArrayLike | None = None,
) -> ClassEmbedding:
    """Place the classes so that their distances are as near as possible to the wanted ones.

    Minimises sum_{a<b} n_a * n_b * (||x_a - x_b|| - D_ab)^2 by SMACOF from several starts: classical scaling, the
    given start, random ones. The best is kept; of those within half a per cent of it, the one nearest to the
    given start, so that targets do not hop from epoch to epoch between layouts that differ in who is beside whom.

    Args:
        class_distances: wanted distances D, shape (c, c), latent units.
        counts: labelled items n_a of each class, shape (c,); a class without any has no influence.
        dims: latent dimensions d, at least 1.
        starts: random ones, at least 0.
        rng: draws them.
        start: where the classes are now, shape (c, d); the result is turned and shifted onto it,
            weighted by the counts.

    Returns:
        Points and stress: 0 where all distances can be met (equal ones with d >= c - 1: a regular simplex).

    Raises:
        BadValueError: distances that are no such matrix, no dimension, or no class with items.

    Differs:
        The paper runs SMACOF over the items, whose optimum has each class at one point: this is that optimum.
        One dimension has many optima and several starts may miss the best.
    """
    counts = np.asarray(counts, np.float64)
    wanted = check_class_distances(class_distances, len(counts))
    there = counts > 0
    if dims < 1 or not there.any():
        raise BadValueError(
            f"Class points need a latent dimension and a labelled item; there are {dims} dimensions "
            f"and {counts.sum():g} items."
        )
    wanted, weights = wanted[np.ix_(there, there)], counts[there]
    near = None if start is None else np.asarray(start, np.float64)[there]
    found, stress = _descend(_starts(wanted, dims, near, starts, rng), wanted, weights)
    points = np.full((len(counts), dims), np.nan)
    points[there], best = _choose(found, stress, weights, near)
    return ClassEmbedding(points, best)


def _starts(
    wanted: NDArray[np.float64],
    dims: int,
    near: NDArray[np.float64] | None,
    n_random: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """All starts, shape (s, c, d); classical scaling alone where it meets all distances."""
    classical = _classical_scaling(wanted, dims)[None]
    ones = np.ones(len(wanted))
    if _step(classical, wanted, ones)[1][0] <= EXACT * (wanted**2).sum():
        return classical
    drawn = wanted.mean() * rng.standard_normal((n_random, len(wanted), dims))
    given = [] if near is None else [near[None]]
    return np.concatenate([classical, *given, drawn])


def _classical_scaling(wanted: NDArray[np.float64], dims: int) -> NDArray[np.float64]:
    """Points by the largest eigenvalues of -1/2 J D^2 J: exact where the distances can be met, shape (c, d)."""
    squared = wanted**2
    inner = -(squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()) / 2
    values, vectors = np.linalg.eigh(inner)
    kept = vectors[:, ::-1][:, :dims] * np.sqrt(np.clip(values[::-1][:dims], 0, None))
    return np.pad(kept, ((0, 0), (0, dims - kept.shape[1])))


def _descend(
    x: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move all starts until each has converged: points (s, c, d) and stress (s,)."""
    x, stress, going = x.copy(), np.full(len(x), np.inf), np.arange(len(x))
    for _ in range(MOST_ROUNDS):
        x[going], now = _round(x[going], wanted, weights)
        falling = ~(stress[going] - now <= TOLERANCE * now)
        stress[going] = now
        going = going[falling]
        if not len(going):
            break
    return x, _step(x, wanted, weights)[1]


def _round(
    x: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two steps and a leap as far as they promise, taken where it lowers stress: points, and stress of the given.

    Steps alone shrink slow modes by a per cent each; the leap extrapolates them (Varadhan and Roland, 2008).
    """
    once, before = _step(x, wanted, weights)
    twice, after_one = _step(once, wanted, weights)
    moved, bent = once - x, twice - 2 * once + x
    length, bend = (np.sqrt((change**2).sum(axis=(1, 2))) for change in (moved, bent))
    reach = np.divide(length, bend, out=np.ones_like(length), where=bend > 0).clip(1, FARTHEST)[:, None, None]
    leapt, at_leap = _step(x + 2 * reach * moved + reach**2 * bent, wanted, weights)
    return np.where((at_leap <= after_one)[:, None, None], leapt, twice), before


def _step(
    x: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The next points of each start and the stress of the given ones.

    x'_a = (1/n) * sum_b n_b * D_ab * (x_a - x_b) / ||x_a - x_b||: with weights n_a * n_b, V is n * diag(n_a) less
    the outer product of the counts, and its generalised inverse divides row a by n * n_a.
    """
    apart = x[:, :, None] - x[:, None]  # (s, c, c, d)
    distances = np.sqrt(np.einsum("sabd,sabd->sab", apart, apart))
    pairs = np.outer(weights, weights)
    stress = np.einsum("sab,ab->s", (distances - wanted) ** 2, pairs) / 2
    ratio = np.divide(wanted * weights, distances, out=np.zeros_like(distances), where=distances > 0)
    return np.einsum("sab,sabd->sad", ratio, apart) / weights.sum(), stress


def _choose(
    found: NDArray[np.float64],
    stress: NDArray[np.float64],
    weights: NDArray[np.float64],
    near: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], float]:
    """The best points; among equally good ones those nearest to where the classes are, turned onto them."""
    if near is None:
        return found[stress.argmin()], float(stress.min())
    good = np.flatnonzero(stress <= stress.min() * (1 + EQUALLY_GOOD))
    turned = [align_weighted(found[row], near, weights) for row in good]
    off = [float(weights @ ((points - near) ** 2).sum(axis=1)) for points in turned]
    nearest = int(np.argmin(off))
    return turned[nearest], float(stress[good[nearest]])
