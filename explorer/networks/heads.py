"""The polar head: two latents folded into beams around the origin, one for each class.

Reference: Gabdullin, Latent space configuration, eq. 4 to 7.
"""

import torch
from torch import Tensor, nn

from explorer.errors import BadValueError
from explorer.latent.sectors import PRINTED_PERIOD, PRINTED_WIDTH, Rule, check_sectors, period


def polar_fold(z: Tensor, *, n_classes: int, class_width: float, rotation: float, rule: Rule = "guaranteed") -> Tensor:
    """Turn the points that lie between two class sectors into one of them.

    phi' = phi + rho where (phi mod P) >= A, else phi; r' = r; P = 2*pi/c.

    Args:
        z: points, shape (n, 2).
        n_classes: number of classes c, at least 1; class sector i begins at the angle i*P.
        class_width: A, of a class sector, radians, P/2 to P; the forbidden sector after it has F = P - A.
        rotation: rho, radians, F to A: then every turned point lies in a class sector.
        rule: "guaranteed" is the above; "printed" turns points by the paper's printed condition,
            (phi mod pi/3) mod 2*pi/9 > pi/18, for six classes and whatever the class_width.

    Returns:
        Shape (n, 2), float32 or wider. With the guaranteed rule no point lies in a forbidden sector,
        up to rounding at its edges. Gradients are rotations: finite everywhere, the origin too.

    Raises:
        BadValueError: points not in two dimensions, an angle out of its range, the printed rule
            for other than six classes, or an unknown rule.

    Reference:
        Eq. 4 to 7.
    Differs:
        The printed condition turns some points into a forbidden sector (25 to 55 degrees); the
        default is the rule of the paper's text.
    """
    check_sectors(n_classes, class_width, rotation, rule)
    if z.shape[-1] != 2:
        raise BadValueError(f"Polar beams lie in 2 dimensions, but the latent has {z.shape[-1]}. Set latent_dims to 2.")
    z = z.to(torch.promote_types(z.dtype, torch.float32))  # bfloat16 cannot tell angles 0.2 degrees apart
    x, y = z.unbind(-1)
    with torch.no_grad():  # which points turn is a choice, and atan2 has no gradient at the origin
        turned = _forbidden(torch.atan2(y, x), period(n_classes), class_width, rule)
        angle = rotation * turned.to(z.dtype)  # (n,), rho or exactly 0
        cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * x - sin * y, sin * x + cos * y], dim=-1)


class PolarHead(nn.Module):
    """`polar_fold` as the last layer of an encoder with two outputs.

    Args:
        n_classes, class_width, rotation, rule: as `polar_fold` takes them.

    Raises:
        BadValueError: as `polar_fold`.
    """

    def __init__(self, *, n_classes: int, class_width: float, rotation: float, rule: Rule = "guaranteed") -> None:
        super().__init__()
        check_sectors(n_classes, class_width, rotation, rule)
        self.n_classes, self.class_width, self.rotation = n_classes, class_width, rotation
        self.rule: Rule = rule

    def forward(self, z: Tensor) -> Tensor:
        """Points (n, 2) to folded points (n, 2)."""
        return polar_fold(
            z, n_classes=self.n_classes, class_width=self.class_width, rotation=self.rotation, rule=self.rule
        )


def _forbidden(angle: Tensor, share: float, class_width: float, rule: Rule) -> Tensor:
    phase = angle.remainder(share)  # (n,), in [0, P]
    if rule == "printed":
        return phase.remainder(PRINTED_PERIOD) > PRINTED_WIDTH
    return phase >= class_width
