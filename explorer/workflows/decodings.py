"""What a decoder makes of a plane, of each dimension, of chance, and of the items themselves."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Progress
from explorer.errors import BadValueError
from explorer.evaluation.structure import distance_to_nearest
from explorer.figures import Items
from explorer.latent.spaces import onto
from explorer.workflows.maps import LatentMap
from explorer.workflows.morphing import decoded_in_parts, off_data
from explorer.workflows.outside import nearest_of_own, usual
from explorer.workflows.ways import GAUSSIAN
from explorer.zoo.card import Card
from explorer.zoo.run import Run
from explorer.zoo.store import SPLITS, Latents

MIDDLE = 1, 99  # per cent of the items lie left of the two ends of a grid
SIDE = 64  # pixels that the longer side of an image has at most, among so many
MOST_DIMENSIONS = 32  # that are traversed: those that vary most
Z = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decodings:
    """Latents in rows and columns, and what the decoder makes of each.

    Args:
        z: shape (rows * columns, d), row by row from the top left.
        columns: how many a row.
        items: images or vectors, one a latent, as `explorer.workflows.morphing.decoded_in_parts` gives them.
        off: distance to the nearest training latent in units of the run's reach, shape (rows * columns,); beyond 1 it
            lies off the data.
        across, up: the value of each column, and of each row from the top; empty where these have none.
        dims: the dimension that each row walks along, or the two of a grid, counted from 0.
    """

    z: Z
    columns: int
    items: Items
    off: NDArray[np.float64]
    across: tuple[float, ...] = ()
    up: tuple[float, ...] = ()
    dims: tuple[int, ...] = ()

    @property
    def is_off(self) -> NDArray[np.bool_]:
        """Whether each lies off the data."""
        return self.off > 1


def why_no_grid(card: Card) -> str:
    """Why a run has no grid over two dimensions, and no walk along one; empty where it has."""
    if not card.has_decoder:
        return f"{card.name} has no decoder, so no place of its latent space can be drawn."
    if card.geometry != "euclidean":
        return "The dimensions of this run cannot be moved one by one: its latents would leave their space."
    return ""


def why_no_samples(card: Card) -> str:
    """Why there is no prior to sample from; empty where there is."""
    if card.method not in GAUSSIAN or card.config.get("code", "mean") == "gumbel":
        return "Samples come from the standard Gaussian prior of a variational autoencoder, which this run is not."
    return "" if card.has_decoder else why_no_grid(card)


def grid(  # noqa: PLR0913 - a run, a plane, and what it is compared with
    run: Run, space: LatentMap, dims: tuple[int, int], side: int, reach: float, progress: Progress | None = None
) -> Decodings:
    """Decode a plane: two dimensions over the middle 98 % of the items' values, the others at their mean.

    Args:
        run: with a decoder, in Euclid's space.
        space: its map.
        dims: across and up, two different ones counted from 0; the same one twice for a latent of one dimension.
        side: how many a row and a column.
        reach: distance from which a latent lies off the data.
        progress: called with latents decoded and in all.

    Raises:
        BadValueError: dimensions that the latent does not have, or no decoder.

    Reference: Designing variational autoencoders for image retrieval, Figure 3.2.
    """
    z = space.latents.z
    if not all(0 <= dim < z.shape[1] for dim in dims) or (dims[0] == dims[1] and z.shape[1] > 1):
        raise BadValueError(f"A grid needs two different dimensions of z1 to z{z.shape[1]}; choose others.")
    ends = [np.percentile(z[:, dim], MIDDLE) for dim in dims]
    across, up = (np.linspace(low, high, side) for low, high in ends)
    up = up[::-1]
    if dims[0] == dims[1]:
        up = up[:1]
    cells = np.tile(z.mean(axis=0, dtype=np.float64), (len(up) * side, 1))
    cells[:, dims[1]] = np.repeat(up, side)
    cells[:, dims[0]] = np.tile(across, len(up))
    made = _decoded(run, space, cells, reach, side, progress)
    return replace(made, across=tuple(across.tolist()), up=tuple(up.tolist()), dims=dims)


def traversal(  # noqa: PLR0913 - a run, a walk, and what it is compared with
    run: Run, space: LatentMap, around: Z, columns: int, reach: float, progress: Progress | None = None
) -> Decodings:
    """Walk along each dimension alone, two standard deviations of the data each way, the others kept.

    Args:
        run: with a decoder, in Euclid's space.
        space: its map.
        around: the latent that is walked from, shape (d,).
        columns: steps of a walk, an odd number: the middle one is the latent itself.
        reach: distance from which a latent lies off the data.
        progress: called with latents decoded and in all.

    Returns:
        A row a dimension, the one that varies most first, at most 32; `across` in standard deviations of each.

    Raises:
        BadValueError: no decoder.
    """
    deviations = space.latents.z.std(axis=0, dtype=np.float64)
    dims = np.argsort(-deviations, kind="stable")[:MOST_DIMENSIONS]
    steps = np.linspace(-2, 2, columns)
    cells = np.tile(around, (len(dims), columns, 1))
    cells[np.arange(len(dims)), :, dims] += deviations[dims, None] * steps
    flat = cells.reshape(-1, cells.shape[2])
    made = _decoded(run, space, flat, reach, columns, progress)
    return replace(made, across=tuple(steps.tolist()), dims=tuple(dims.tolist()))


def samples(  # noqa: PLR0913 - a run, how many, and what they are compared with
    run: Run, rows: int, columns: int, seed: int, reach: float, progress: Progress | None = None
) -> Decodings:
    """Decode draws from the prior, z ~ N(0, I).

    They are compared with draws from the items' posteriors: the means alone do not move along a dimension that the
    network does not use, whereas both kinds of draws do.

    Args:
        run: with such a prior, see `why_no_samples`.
        rows, columns: of the picture.
        seed: of the draws.
        reach: see `prior_reach`.
        progress: called with latents decoded and in all.

    Raises:
        BadValueError: a run without such a prior.
    """
    why_not = why_no_samples(run.card)
    if why_not:
        raise BadValueError(why_not)
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((rows * columns, run.card.latent_dims))
    far = distance_to_nearest(z, _posterior_draws(run.latents("train")))
    return Decodings(z, columns, decoded_in_parts(run, z, progress, SIDE), off_data(far, reach))


def prior_reach(run: Run) -> float:
    """The distance from the nearest draw of a training item that 99 % of the draws of the run's test items keep to.

    Of the test items at most 2,000 are looked at, as `explorer.workflows.outside.reach` does.

    Args:
        run: the run.

    Raises:
        BadDataError: a run without training or test items.
    """
    return usual(nearest_of_own(run, *(_posterior_draws(run.latents(split)) for split in SPLITS))[1])


def _posterior_draws(latents: Latents) -> Z:
    """One draw from the posterior of each item; the latents themselves of a run that keeps no posteriors."""
    noise = np.random.default_rng(0).standard_normal(latents.std.shape)
    return latents.z + latents.std * noise if latents.std.shape[1] else latents.z.astype(np.float64)


def _decoded(  # noqa: PLR0913 - as its callers
    run: Run, space: LatentMap, z: Z, reach: float, columns: int, progress: Progress | None
) -> Decodings:
    far = distance_to_nearest(z, space.latents.z[~space.is_test], space.geometry)
    return Decodings(z, columns, decoded_in_parts(run, z, progress, SIDE), off_data(far, reach))


def deformation(centres: Z, source: int, target: int) -> Z:
    """What leads from one class to another: centre_target - centre_source.

    Args:
        centres: of the classes, shape (c, d); see `explorer.workflows.ends.class_centres`.
        source, target: the two classes.

    Raises:
        BadValueError: a class without a centre.

    Reference: Structuring autoencoders, section 3.7.
    """
    vector = centres[target] - centres[source]
    if np.isnan(vector).any():
        raise BadValueError("One of the two classes has no training item, so it has no centre; choose another.")
    return np.asarray(vector)


def deformed(space: LatentMap, rows: NDArray[np.intp], vector: Z, strengths: Z) -> Z:
    """Items with a class deformation added at several strengths, the rest of each kept.

    z + s * vector, brought back onto a space beyond Euclid's.

    Args:
        space: the run's map.
        rows: items on it, shape (m,).
        vector: see `deformation`.
        strengths: s, shape (k,): 0 leaves an item as it is, 1 adds the whole way between the class centres.

    Returns:
        Shape (m, k, d).
    """
    z = space.latents.z[rows].astype(np.float64)
    moved = z[:, None] + strengths[None, :, None] * vector
    return onto(space.geometry, moved.reshape(-1, z.shape[1])).reshape(moved.shape)


def examples(space: LatentMap, label: int, n: int, seed: int = 0) -> NDArray[np.intp]:
    """Rows of some items of a class, or of any where label is negative: test items first, as the run has not seen them.

    Args:
        space: the run's map.
        label: the class.
        n: how many at most.
        seed: of the choice.
    """
    wanted = np.flatnonzero(space.latents.labels == label) if label >= 0 else np.arange(len(space))
    order = np.random.default_rng(seed).permutation(wanted)
    return order[np.argsort(~space.is_test[order], kind="stable")][:n]


def reconstructed(space: LatentMap, order: str, label: int, n: int, seed: int = 0) -> NDArray[np.intp]:
    """Rows of items whose reconstructions are to be seen.

    Args:
        space: the run's map.
        order: "worst" or "best", by the error that the run keeps of each, or "any".
        label: of which class; negative for all.
        n: how many at most.
        seed: of the choice where the order is any.

    Raises:
        BadValueError: worst or best of a run that keeps no errors.
    """
    if order == "any":
        return examples(space, label, n, seed)
    errors = space.latents.error
    if not errors.shape[1]:
        raise BadValueError("This run keeps no reconstruction errors, so there is no worst or best; choose any.")
    wanted = np.flatnonzero(space.latents.labels == label) if label >= 0 else np.arange(len(space))
    found = errors[wanted, 0]
    return wanted[np.argsort(found if order == "best" else -found, kind="stable")[:n]]
