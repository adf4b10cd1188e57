"""Where items should lie so that their classes have the wanted distances: metric scaling of labelled latents.

Reference: Rudolph, Wandt and Rosenhahn, Structuring autoencoders, section 3; de Leeuw and Heiser, 1980, for SMACOF.
"""

import os
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.errors import BadDataError, BadValueError
from explorer.latent.alignment import align
from explorer.latent.class_distances import check_class_distances
from explorer.latent.class_embedding import ClassEmbedding, class_embedding

__all__ = ["Embedding", "check_class_distances", "class_targets", "converged_targets", "smacof", "step_targets"]

STARTS = 20
WORK_A_TASK = 2_000_000  # pairs times dimensions: half a millisecond or so


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points that SMACOF has reached.

    Args:
        points: shape (n, d), latent units, mean 0.
        stress: raw stress of the start and after each step, shape (steps + 1,); it never rises.
    """

    points: NDArray[np.float64]
    stress: NDArray[np.float64]


def smacof(
    z: ArrayLike, labels: ArrayLike, class_distances: ArrayLike, *, max_iterations: int, tolerance: float
) -> Embedding:
    """Move labelled latents step by step towards the wanted distances between their classes.

    stress = sum_{i<j} (||x_i - x_j|| - D_ij)^2,  x'_i = (1/n) * sum_{j: c_j != c_i} D_ij * (x_i - x_j) / ||x_i - x_j||,
    D_ij = 0 within a class. Starts at z less its mean.

    Args:
        z: latents, shape (n, d).
        labels: class of each, 0 to c - 1, shape (n,); leave unlabelled items out.
        class_distances: wanted distances D between classes, shape (c, c), latent units.
        max_iterations: most steps, at least 1.
        tolerance: stop after a step that lowers stress by no more than this share of it, at least 0.

    Returns:
        Points around 0 and the stress of every step. A class that is alone collapses to its mean.

    Raises:
        BadValueError: distances that are no such matrix, no step, or a negative tolerance.
        BadDataError: latents that are not finite, or labels that are no class of the matrix.

    Differs:
        No n x n matrix: pairs between classes are summed as they are met, those within a class in
        closed form. Inner sums are float32, so stress is right to about 1e-6 of itself.
    """
    z, labels, wanted = _checked(z, labels, class_distances)
    if max_iterations < 1 or not tolerance >= 0:
        raise BadValueError(
            f"SMACOF needs max_iterations of at least 1 and a tolerance of at least 0, not {max_iterations} "
            f"and {tolerance}."
        )
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], np.arange(len(wanted) + 1))
    x = np.ascontiguousarray((z - z.mean(axis=0))[order].T)  # (d, n)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        following, stress = _step(x, first, wanted, threads)
        history = [stress]
        for _ in range(max_iterations):
            x = following
            following, stress = _step(x, first, wanted, threads)
            history.append(stress)
            if history[-2] - stress <= tolerance * history[-2]:
                break
    points = np.empty_like(z)
    points[order] = x.T
    return Embedding(points, np.array(history))


def step_targets(z: ArrayLike, labels: ArrayLike, class_distances: ArrayLike, *, steps: int) -> NDArray[np.float64]:
    """Targets a few steps away from the latents: they keep the structure within classes.

    Args:
        z: labelled latents, shape (n, d).
        labels: class of each, 0 to c - 1, shape (n,).
        class_distances: wanted distances between classes, shape (c, c), latent units.
        steps: of SMACOF, 1 or more; the method's `mds_steps`.

    Returns:
        Shape (n, d): SMACOF's points turned and shifted onto z.

    Raises:
        BadValueError, BadDataError: as `smacof`.
    """
    reached = smacof(z, labels, class_distances, max_iterations=steps, tolerance=0)
    return align(reached.points, z)


def converged_targets(
    z: ArrayLike,
    labels: ArrayLike,
    class_distances: ArrayLike,
    *,
    rng: np.random.Generator,
    starts: int = STARTS,
) -> NDArray[np.float64]:
    """Targets at the best layout of the classes: one point for all items of a class.

    Args: see `class_targets`.

    Returns:
        Shape (n, d).
    """
    points = class_targets(z, labels, class_distances, rng=rng, starts=starts).points
    return np.asarray(points[np.asarray(labels, np.intp)])


def class_targets(
    z: ArrayLike,
    labels: ArrayLike,
    class_distances: ArrayLike,
    *,
    rng: np.random.Generator,
    starts: int = STARTS,
) -> ClassEmbedding:
    """Best layout of the classes, turned and shifted onto where their latents are now, weighted by their counts.

    Args:
        z: labelled latents, shape (n, d).
        labels: class of each, 0 to c - 1, shape (n,).
        class_distances: wanted distances between classes, shape (c, c), latent units.
        rng: draws the random starts.
        starts: how many of them.

    Returns:
        Class points (c, d), NaN for a class without items; their achieved `distances` where d < c - 1
        cannot meet the wanted ones.

    Raises:
        BadValueError, BadDataError: as `smacof`.
    """
    z, labels, wanted = _checked(z, labels, class_distances)
    counts = np.bincount(labels, minlength=len(wanted))
    sums = np.stack([np.bincount(labels, weights=column, minlength=len(wanted)) for column in z.T], axis=1)  # (c, d)
    means = sums / np.maximum(counts, 1)[:, None]
    return class_embedding(wanted, counts, z.shape[1], starts=starts, rng=rng, start=means)


def _checked(
    z: ArrayLike, labels: ArrayLike, class_distances: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    z, labels = np.asarray(z, np.float64), np.asarray(labels)
    wanted = check_class_distances(class_distances)
    if z.ndim != 2 or labels.shape != z.shape[:1] or not z.size:
        raise BadDataError(f"Latents have shape {z.shape} and labels {labels.shape}; expected (n, d) and (n,), n > 0.")
    if not np.isfinite(z).all():
        raise BadDataError("Latents that are not finite have no targets; lower the learning rate and train again.")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= len(wanted):
        raise BadDataError(
            f"Labels must be classes from 0 to {len(wanted) - 1}, the rows of the class distances; "
            "leave out unlabelled items."
        )
    return z, labels.astype(np.intp), wanted


def _step(
    x: NDArray[np.float64], first: NDArray[np.intp], wanted: NDArray[np.float64], threads: Executor
) -> tuple[NDArray[np.float64], float]:
    """The next points and the stress of the given ones, both (d, n) and sorted by class."""
    from explorer.latent import guttman

    dims, n = x.shape
    unit = max(float(np.abs(x).max()), float(wanted.max()), np.finfo(np.float64).tiny)
    scaled = np.zeros((dims + dims % 2, n), np.float32)
    scaled[:dims] = x / unit
    pulls = np.empty(scaled.shape)
    kernel = guttman.plane if len(scaled) == 2 else guttman.space
    work = partial(kernel, scaled, first, (wanted / unit).astype(np.float32))
    rows = max(WORK_A_TASK // scaled.size, guttman.ROWS)
    between = sum(threads.map(lambda at: work(at, min(at + rows, n), pulls), range(0, n, rows))) / 2
    return pulls[:dims] * (unit / n), between * unit**2 + _within(x, first)


def _within(x: NDArray[np.float64], first: NDArray[np.intp]) -> float:
    """Stress of the pairs within classes, whose wanted distance is 0: n_c * sum ||x - mean_c||^2."""
    bounds = [(begin, end) for begin, end in zip(first[:-1], first[1:], strict=True) if end > begin]
    return float(sum((end - begin) ** 2 * x[:, begin:end].var(axis=1).sum() for begin, end in bounds))
