"""A map of the two angles of a latent: longitude and latitude on a sphere, one angle of each circle on a torus."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class AngleMap:
    """Latents by their two angles, degrees.

    Sphere: longitude atan2(z2, z1), -180 to 180, and latitude atan2(z3, |(z1, z2)|), -90 to 90. Torus: atan2(z2, z1)
    and atan2(z4, z3), -180 to 180 each. Sides of the map on which an angle is -180 and 180 are the same latents.

    Args:
        of: "sphere" (d = 3) or "torus" (d = 4).
    """

    of: Literal["sphere", "torus"]
    is_latent = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the map."""
        return (-180, -90, 180, 90) if self.of == "sphere" else (-180, -180, 180, 180)

    @property
    def axes(self) -> tuple[str, str]:
        """Names of the two angles."""
        return ("longitude", "latitude") if self.of == "sphere" else ("angle 1", "angle 2")

    def apply(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Places on the map: (n, d) to (n, 2)."""
        z = z.astype(np.float64)
        up = np.hypot(z[..., 0], z[..., 1]) if self.of == "sphere" else z[..., 2]
        across, above = np.arctan2(z[..., 1], z[..., 0]), np.arctan2(z[..., -1], up)
        return np.asarray(np.degrees(np.stack([across, above], axis=-1)))

    def invert(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Latents of places: (n, 2) to (n, d); NaN outside the map."""
        left, bottom, right, top = self.box
        (a, b), (x, y) = np.radians(places).T, places.T
        if self.of == "sphere":
            z = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=1)
        else:
            z = np.stack([np.cos(a), np.sin(a), np.cos(b), np.sin(b)], axis=1)
        z[(x < left) | (x > right) | (y < bottom) | (y > top)] = np.nan
        return np.asarray(z)
