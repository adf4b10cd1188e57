"""The circle of polar beams: sectors where latents lie, and between them those where none can.

Reference: Gabdullin, Latent space configuration, eq. 4 to 7.
"""

import math
from dataclasses import dataclass
from typing import Literal

from explorer.errors import BadValueError

Rule = Literal["guaranteed", "printed"]
PRINTED_CLASSES = 6
PRINTED_PERIOD, PRINTED_WIDTH = 2 * math.pi / 9, math.pi / 18  # of the printed condition: 40 and 10 degrees
ROUNDING = 1e-9


@dataclass(frozen=True)
class Sector:
    """A part of the circle around the origin.

    Args:
        start: where it begins, radians, 0 to 2 pi; it goes on counterclockwise.
        width: radians, 0 to 2 pi.
        is_forbidden: no latent can lie in it.
    """

    start: float
    width: float
    is_forbidden: bool


def period(n_classes: int) -> float:
    """A class's share of the circle, P = 2*pi/c, radians.

    Raises:
        BadValueError: no class.
    """
    if n_classes < 1:
        raise BadValueError(f"Polar beams need at least one class, not {n_classes}.")
    return 2 * math.pi / n_classes


def default_class_width(n_classes: int) -> float:
    """Width of a class sector, A = 5P/6 in radians with P = 2*pi/c: the paper's 50 degrees for six classes."""
    return 5 / 6 * period(n_classes)


def default_rotation(n_classes: int) -> float:
    """Rho = P/2, radians, with the period P = 2*pi/c: the paper's 30 degrees for six classes."""
    return period(n_classes) / 2


def check_sectors(n_classes: int, class_width: float, rotation: float, rule: str) -> None:
    """Raise where a fold would leave points between the class sectors.

    Args: see `polar_sectors`.

    Raises:
        BadValueError: an angle out of its range, the printed rule for other than six classes, or an unknown rule.
    """
    share = period(n_classes)
    if rule not in ("guaranteed", "printed"):
        raise BadValueError(f"rule = {rule!r}, but it must be guaranteed or printed.")
    if rule == "printed" and n_classes != PRINTED_CLASSES:
        raise BadValueError(f"The printed rule is for {PRINTED_CLASSES} classes, not {n_classes}; use guaranteed.")
    if not share / 2 - ROUNDING <= class_width < share:
        raise BadValueError(
            f"A class sector of {math.degrees(class_width):.4g} degrees does not fit: with {n_classes} classes "
            f"it must have {math.degrees(share / 2):.4g} or more and less than {math.degrees(share):.4g}."
        )
    if not share - class_width - ROUNDING <= rotation <= class_width + ROUNDING:
        raise BadValueError(
            f"A rotation of {math.degrees(rotation):.4g} degrees would leave points between the class sectors; "
            f"choose {math.degrees(share - class_width):.4g} to {math.degrees(class_width):.4g}."
        )


def polar_sectors(n_classes: int, *, class_width: float, rotation: float, rule: Rule = "guaranteed") -> list[Sector]:
    """Where the latents of a polar fold can lie, and where none can.

    An angle is forbidden if the rule turns what lies there, and turns nothing else onto it.

    Args:
        n_classes: number of classes c, at least 1.
        class_width: A, of a class sector, radians, P/2 to P = 2*pi/c; the printed rule has a width of its own.
        rotation: rho, radians, P - A to A.
        rule: which points turn, see `explorer.networks.heads.polar_fold`.

    Returns:
        Sectors that cover the circle, in order of their start. With the guaranteed rule, class sector i begins at i*P
        and the forbidden one after it at i*P + A. With the printed rule fewer angles are forbidden than its condition
        names, since it turns points onto some of them.

    Raises:
        BadValueError: as `check_sectors`.
    """
    check_sectors(n_classes, class_width, rotation, rule)
    share = period(n_classes)
    parts = _parts(share, class_width, rotation, rule)
    starts = [(i * share + start, is_forbidden) for i in range(n_classes) for start, is_forbidden in parts]
    ends = [start for start, _ in starts[1:]] + [starts[0][0] + 2 * math.pi]
    return [Sector(start, end - start, kind) for (start, kind), end in zip(starts, ends, strict=True)]


def _parts(share: float, class_width: float, rotation: float, rule: Rule) -> list[tuple[float, bool]]:
    """Where the sectors of one period begin, and whether each is forbidden."""
    printed = rule == "printed"
    edges = [0.0, PRINTED_WIDTH, PRINTED_PERIOD, PRINTED_PERIOD + PRINTED_WIDTH] if printed else [0.0, class_width]
    cuts = sorted({*edges, *((edge + rotation) % share for edge in edges), share})

    def is_turned(phase: float) -> bool:
        return phase % PRINTED_PERIOD > PRINTED_WIDTH if printed else phase >= class_width

    parts: list[tuple[float, bool]] = []
    for start, end in zip(cuts[:-1], cuts[1:], strict=True):
        middle = (start + end) / 2
        is_forbidden = is_turned(middle) and not is_turned((middle - rotation) % share)
        if end - start > ROUNDING and (not parts or parts[-1][1] != is_forbidden):
            parts.append((start, is_forbidden))
    # A sector may go on from the end of one period into the next.
    return parts[1:] if len(parts) > 1 and parts[0][1] == parts[-1][1] else parts
