"""Maps that are made at once: by directions of the latent space or by angles, of latents or of their codes."""

from dataclasses import replace

import numpy as np

from explorer.errors import BadValueError
from explorer.latent import projection
from explorer.latent.angles import AngleMap
from explorer.latent.spaces import angle_map
from explorer.workflows.coding import MEAN, SAMPLE, is_discrete, kind_of, split_name, under
from explorer.workflows.maps import ANGLES, CONTENT, PCA, PERSPECTIVE, LatentMap, dimensions_of


def linear_map(space: LatentMap, name: str) -> LatentMap:
    """The same items on another linear map, or on that of their angles.

    Args:
        space: the run's own map.
        name: PCA, CONTENT, PERSPECTIVE or two dimensions ("z1-z3": the first across, the third up), with a code behind
            it ("pca~binary") for places of that in place of the mean, on the axes of the mean's map, so that a place
            has the same latent on each. Or ANGLES.

    Raises:
        BadValueError: dimensions that the latent does not have, twice the same, a latent that is a map already,
            a code that does not fit the run, no content apart, or angles of a latent that is not told by two.
    """
    latents, fitted, (_, code) = space.latents, _projection(space, name), split_name(name)
    if code != MEAN and kind_of(code) not in space.codes:
        raise BadValueError(_no_code(code))
    z = under(code, latents.z, latents.std)
    if is_discrete(code):  # once for each code: sums of the same numbers may differ in their last digits
        kinds, which = np.unique(z, axis=0, return_inverse=True)
        places = fitted.apply(kinds).astype(np.float32)[which]
    else:
        places = fitted.apply(z).astype(np.float32)
    return replace(space, places=places, projection=fitted, name=name, code=code)


def _no_code(code: str) -> str:
    """Why a run's items cannot be drawn under a code."""
    if code == SAMPLE:
        return "This run keeps no posteriors, so there is no sample to draw; choose a map of the latents themselves."
    return "This code is for variational autoencoders, whose latents are near the standard Gaussian; choose the mean."


def _projection(space: LatentMap, name: str) -> projection.Projection | AngleMap:
    """The axes that a name tells."""
    if name == ANGLES:
        found = angle_map(space.geometry, space.latents.z.shape[1])
        if found is None:
            raise BadValueError(
                "A map of angles is for a sphere of 3 latent dimensions or a torus of 4, and this run has neither; "
                f"choose {PCA}."
            )
        return found
    stem = split_name(name)[0]
    part = space.part_of(stem)
    if part is not None:
        return projection.of_part(space.latents.z, slice(part.start, part.stop))
    if stem in (CONTENT, PERSPECTIVE):
        raise BadValueError(f"This run does not keep content and perspective in dimensions of their own; choose {PCA}.")
    dims, there = dimensions_of(name), space.latents.z.shape[1]
    if dims is None:
        assert space.projection is not None  # noqa: S101 - a run's own map is linear
        return space.projection
    if there <= projection.MAP_DIMS:
        raise BadValueError(f"This run's latent has {there} dimensions, so it is its own map; choose {PCA}.")
    if not all(1 <= one <= there for one in dims) or dims[0] == dims[1]:
        raise BadValueError(
            f"There is no map of the dimensions z{dims[0]} and z{dims[1]}; choose two different ones of z1 to z{there}."
        )
    return projection.of_dimensions(space.latents.z, dims[0] - 1, dims[1] - 1)
