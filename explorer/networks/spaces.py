"""The last layer of an encoder whose latents lie on a sphere, on a torus or in the Poincaré ball, and its setting."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer.fields import hyper
from explorer.latent.spaces import CIRCLE, FARTHEST, Geometry, check_geometry
from explorer.networks.backbone import NetworkConfig

TINY = 1e-6


class SpaceConfig(NetworkConfig):
    """Settings of the network, and of the space in which its latents lie."""

    geometry: Geometry = hyper(
        "euclidean",
        help="space of the latents, each searched by its own distance: Euclid's, the unit sphere, a torus of d/2 "
        "circles (cosine and sine of each), or the Poincaré ball",
    )


def space_head(config: SpaceConfig) -> nn.Module | None:
    """What turns an encoder's outputs into points of the space; None for Euclid's, which has all of them.

    Raises:
        BadValueError: dimensions that the space cannot have.
    """
    check_geometry(config.geometry, config.latent_dims)
    return None if config.geometry == "euclidean" else SpaceHead(config.geometry)


class SpaceHead(nn.Module):
    """The way onto a space as the last layer of an encoder.

    Args:
        geometry: of the space; not Euclid's.
    """

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.geometry: Geometry = geometry

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, d) to points of the space (n, d), float32 or wider; gradients are finite everywhere."""
        return HEADS[self.geometry](z.to(torch.promote_types(z.dtype, torch.float32)))


def to_sphere(z: Tensor) -> Tensor:
    """Points of the unit sphere in the directions of vectors.

    z / |z|; below 1e-6, where a direction says nothing and its gradient has no bound, z / 2 + 1e-6 e_1 in place of z.

    Args:
        z: finite, shape (..., d), d at least 2.

    Returns:
        Shape (..., d), of length 1 up to rounding.
    """
    largest = z.detach().abs().amax(dim=-1, keepdim=True)
    first = torch.zeros_like(z)
    first[..., 0] = TINY
    z = torch.where(largest < TINY, z / 2 + first, z)
    z = z / largest.clamp(min=TINY)  # a square may overflow; the length is lost below in any case
    length: Tensor = torch.linalg.vector_norm(z, dim=-1, keepdim=True)
    return z / length


def to_torus(z: Tensor) -> Tensor:
    """Points of the torus: each pair of outputs to the cosine and sine of its direction, (n, 2k) to (n, 2k)."""
    return to_sphere(z.reshape(*z.shape[:-1], -1, CIRCLE)).flatten(-2)


def to_poincare(z: Tensor) -> Tensor:
    """The exponential map at the origin of the Poincaré ball of curvature -1, cut off at the radius 0.996.

    tanh(|z|) z / |z|, so that the distance from the origin is 2 |z|, at most 6.2.

    Args:
        z: tangent vectors at the origin, finite, shape (n, d).

    Returns:
        Shape (n, d), length at most 0.996, up to rounding: below 1 in float16 and bfloat16 too.

    Reference: Ganea, Bécigneul and Hofmann, Hyperbolic Neural Networks, lemma 2.
    Differs: cut off, so beyond |z| = 3.1 a gradient turns a point and does not draw it in.
    """
    scale = z.detach().abs().amax(dim=-1, keepdim=True).clamp(min=1)  # 1 but for vectors that are cut off or nearly so
    direction = z / scale
    length: Tensor = torch.linalg.vector_norm(direction, dim=-1, keepdim=True).clamp(min=TINY)
    radius = (scale * length).clamp(max=math.atanh(FARTHEST)).tanh()
    return direction * (radius / length)


HEADS: dict[Geometry, Callable[[Tensor], Tensor]] = {
    "sphere": to_sphere,
    "torus": to_torus,
    "poincare": to_poincare,
}
