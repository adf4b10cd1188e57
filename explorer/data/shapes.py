"""Solids of eleven categories: each draws its lengths, counts and curves, so that no two have one shape."""

from collections.abc import Callable

import numpy as np

from explorer.data.furniture import bed, bench, chair, guitar, piano, table
from explorer.data.parts import Part
from explorer.data.vehicles import aeroplane, boat, bus, car, train

Draw = Callable[[np.random.Generator], list[Part]]

CATEGORIES: dict[str, Draw] = {
    draw.__name__: draw for draw in (aeroplane, bed, bench, boat, bus, car, chair, guitar, piano, table, train)
}
"""Parts of a new solid of each category, drawn from a random stream."""
