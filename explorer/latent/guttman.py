"""One step of SMACOF over items sorted by class, compiled with numba; to be imported inside the function that needs it.

Inner sums are float32 over at most `BLOCK` pairs, outer ones float64. Inner loops start at 0 over contiguous rows:
otherwise the compiler gathers instead of loading. Row ranges are independent of each other, and threads are the
caller's: numba's own end the process where two callers meet.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Block = tuple[int, int, int, int]  # first item, number of items; the other class's items: from, to
Function = TypeVar("Function", bound=Callable[..., Any])

ROWS = 8
BLOCK = 512  # ROWS * BLOCK distances stay in the first cache
TINY = np.float32(1e-30)  # a squared distance; with it, points that coincide pull with 0 and need no branch
ONE = np.float32(1)
ZERO = np.float32(0)


def _compiled(function: Function) -> Function:
    """Compile for finite numbers; kept on disk where there is a place to write."""
    try:
        made = numba.njit(fastmath=True, nogil=True, cache=True)(function)
    except RuntimeError:  # numba finds no such place
        made = numba.njit(fastmath=True, nogil=True)(function)
    return cast(Function, made)


@_compiled
def plane(
    x: NDArray[np.float32],
    first: NDArray[np.intp],
    class_distances: NDArray[np.float32],
    begin: int,
    end: int,
    pulls: NDArray[np.float64],
) -> float:
    """Pull each item of a row range by all items of other classes, in two dimensions.

    pull_i = sum over j with c_j != c_i of D_ij * (x_i - x_j) / |x_i - x_j|.

    Args:
        x: latents sorted by class, shape (2, n), finite, of the order of 1.
        first: first item of each class, and n, shape (c + 1,).
        class_distances: wanted distances D between classes, shape (c, c).
        begin, end: the row range.
        pulls: shape (2, n); its columns begin to end are overwritten.

    Returns:
        Sum of (|x_i - x_j| - D_ij)^2 over these items i and all items j of other classes.
    """
    total, own = 0.0, 0
    for i in range(begin, end):
        while i >= first[own + 1]:
            own += 1
        xi, yi = x[0, i], x[1, i]
        pulls[:, i] = 0.0
        for other in range(len(first) - 1):
            if other == own:
                continue
            wanted = class_distances[own, other]
            for at in range(first[other], first[other + 1], BLOCK):
                to = min(at + BLOCK, first[other + 1])
                xs, ys = x[0, at:to], x[1, at:to]
                pull_x, pull_y, squares = ZERO, ZERO, ZERO
                for j in range(len(xs)):
                    dx, dy = xi - xs[j], yi - ys[j]
                    squared = max(dx * dx + dy * dy, TINY)
                    inverse = ONE / np.sqrt(squared)
                    pull_x += dx * inverse
                    pull_y += dy * inverse
                    gap = squared * inverse - wanted
                    squares += gap * gap
                pulls[0, i] += wanted * pull_x
                pulls[1, i] += wanted * pull_y
                total += float(squares)
    return total


@_compiled
def space(
    x: NDArray[np.float32],
    first: NDArray[np.intp],
    class_distances: NDArray[np.float32],
    begin: int,
    end: int,
    pulls: NDArray[np.float64],
) -> float:
    """Do what `plane` does in any even number of dimensions, two of them at a time."""
    near = np.empty((ROWS, BLOCK), np.float32)
    pulls[:, begin:end] = 0.0
    total, own, i = 0.0, 0, begin
    while i < end:
        while i >= first[own + 1]:
            own += 1
        rows = min(i + ROWS, end, first[own + 1]) - i  # of one class
        for other in range(len(first) - 1):
            if other == own:
                continue
            wanted = class_distances[own, other]
            for at in range(first[other], first[other + 1], BLOCK):
                to = min(at + BLOCK, first[other + 1])
                block = (i, rows, at, to)
                near[:] = ZERO
                for k in range(0, len(x), 2):
                    _measure(near, x, k, block)
                total += _invert(near, rows, to - at, wanted)
                for k in range(0, len(x), 2):
                    _pull(near, x, k, block, wanted, pulls)
        i += rows
    return total


@_compiled
def _measure(near: NDArray[np.float32], x: NDArray[np.float32], k: int, block: Block) -> None:
    """Add what dimensions k and k + 1 contribute to the squared distances of a block."""
    i, rows, at, to = block
    xs, ys = x[k, at:to], x[k + 1, at:to]
    for row in range(rows):
        xi, yi = x[k, i + row], x[k + 1, i + row]
        squared = near[row, : to - at]
        for j in range(len(xs)):
            dx, dy = xi - xs[j], yi - ys[j]
            squared[j] += dx * dx + dy * dy


@_compiled
def _invert(near: NDArray[np.float32], rows: int, columns: int, wanted: np.float32) -> float:
    """Turn squared distances into inverse distances; sum of (distance - wanted)^2."""
    total = 0.0
    for row in range(rows):
        values, squares = near[row, :columns], ZERO
        for j in range(len(values)):
            squared = max(values[j], TINY)
            inverse = ONE / np.sqrt(squared)
            gap = squared * inverse - wanted
            values[j] = inverse
            squares += gap * gap
        total += float(squares)
    return total


@_compiled
def _pull(
    near: NDArray[np.float32],
    x: NDArray[np.float32],
    k: int,
    block: Block,
    wanted: np.float32,
    pulls: NDArray[np.float64],
) -> None:
    """Add the pulls of a block in dimensions k and k + 1, from its inverse distances."""
    i, rows, at, to = block
    xs, ys = x[k, at:to], x[k + 1, at:to]
    for row in range(rows):
        xi, yi = x[k, i + row], x[k + 1, i + row]
        inverse, pull_x, pull_y = near[row, : to - at], ZERO, ZERO
        for j in range(len(xs)):
            pull_x += (xi - xs[j]) * inverse[j]
            pull_y += (yi - ys[j]) * inverse[j]
        pulls[k, i + row] += wanted * pull_x
        pulls[k + 1, i + row] += wanted * pull_y
