"""A byte for each item of a map, which the browser turns into its colour: values along a scale, or groups."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.figures import class_colours

NOT_KNOWN, HIGHEST = 255, 254
MOST_GROUPS = 254
MOST_NUMBERS = 20  # more distinct numbers than that are a scale, not groups
LOOKED_AT = 2000  # items that show most texts of too many kinds
RANGE = (1, 99)  # percentiles


@dataclass(frozen=True, eq=False)
class Column:
    """What one colouring says of each item of a map.

    Args:
        name: in addresses.
        title: for people, with its unit.
        codes: in the map's order, shape (n,). With groups, the number of an item's group. Without, 0 to 254 for its
            value from `low` to `high`. 255 where nothing is known.
        groups: their names.
        low, high: the values of 0 and 254, three figures.
        own_colours: of the groups, where a class's colour would say something else.
    """

    name: str
    title: str
    codes: NDArray[np.uint8]
    groups: tuple[str, ...] = ()
    low: str = "0"
    high: str = "1"
    own_colours: tuple[str, ...] = ()

    @property
    def colours(self) -> tuple[str, ...]:
        """One "#rrggbb" a group."""
        return self.own_colours or class_colours(len(self.groups))


def of_values(name: str, title: str, values: NDArray[Any], *, limits: tuple[float, float] | None = None) -> Column:
    """A column of numbers along a scale.

    byte = round(254 * (v - low) / (high - low)), clipped to 0 and 254.

    Args:
        name, title: of the column.
        values: shape (n,); what is not finite is not known.
        limits: low and high. Without them, the 1st and the 99th percentile of the finite values, so that a few
            far ones do not take the scale from the others (they are drawn as low or high); smallest and largest
            where the percentiles are equal.

    Returns:
        Bytes that never fall where values rise.
    """
    numbers = np.asarray(values, np.float64)
    known = np.isfinite(numbers)
    low, high = limits or _range(numbers[known])
    # Halves: the difference of two huge numbers would be infinite.
    span, above = high / 2 - low / 2, numbers[known] / 2 - low / 2
    share = above / span if span > 0 else np.sign(above)
    codes = np.full(len(numbers), NOT_KNOWN, np.uint8)
    codes[known] = np.round(np.clip(share, 0, 1) * HIGHEST)
    return Column(name, title, codes, low=_figures(low), high=_figures(high))


def of_groups(name: str, title: str, members: NDArray[np.integer], groups: tuple[str, ...]) -> Column:
    """A column of groups.

    Args:
        name, title: of the column.
        members: number of each item's group, shape (n,); -1 where it is not known.
        groups: their names, at most 254.
    """
    return Column(name, title, np.where(members < 0, NOT_KNOWN, members).astype(np.uint8), groups)


def of_factor(name: str, title: str, values: NDArray[Any], classes: tuple[str, ...] = ()) -> Column:
    """A column of a factor: groups for texts and for up to 20 distinct numbers, else values along a scale.

    Args:
        name, title: of the column.
        values: shape (n,): numbers, or texts of at most 254 kinds; NaN and empty texts are not known.
        classes: the run's classes. Where the groups are some of them, they are numbered, and so coloured, as these.
    """
    is_text = values.dtype.kind == "U"
    known = values != "" if is_text else np.isfinite(values)
    distinct, members = np.unique(values[known], return_inverse=True)
    if not is_text and len(distinct) > MOST_NUMBERS:
        return of_values(name, title, values)
    groups = tuple(str(value) if is_text else str(value).removesuffix(".0") for value in distinct)
    if set(groups) <= set(classes):
        members, groups = np.array([classes.index(group) for group in groups], np.intp)[members], classes
    numbers = np.full(len(values), -1)
    numbers[known] = members
    return of_groups(name, title, numbers, groups)


def tells_apart(values: NDArray[Any]) -> bool:
    """Whether a factor tells items apart: numbers that are not all the same, or texts of 2 to 254 kinds.

    Texts that are all different, such as files' names, name items and tell nothing of them.
    """
    if values.ndim != 1 or values.dtype.kind not in "biufU":
        return False
    if values.dtype.kind != "U":
        known = values[np.isfinite(values)]
        return bool(len(known) and known.min() < known.max())
    if len(set(values[:LOOKED_AT].tolist())) > MOST_GROUPS + 1:
        return False
    known = values[values != ""]
    return 1 < len(set(known.tolist())) <= min(MOST_GROUPS, len(known) - 1)


def _range(known: NDArray[np.float64]) -> tuple[float, float]:
    """Smallest and largest value but for the farthest hundredths."""
    if not len(known):
        return 0.0, 1.0
    low, high = np.percentile(known, RANGE, method="nearest")  # values that are there: none between two huge ones
    return (float(low), float(high)) if low < high else (float(known.min()), float(known.max()))


def _figures(value: float) -> str:
    """A number of three figures that a browser reads as one too: 1230, 0.0123, 1.23e+07."""
    return f"{float(f'{value:.3g}') + 0.0:g}"
