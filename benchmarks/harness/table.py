"""The report of a benchmark: what was measured and in which conditions, one line a row."""

import os
from collections.abc import Sequence
from statistics import median
from typing import Literal

WIDTHS = (46, 14, 14, 8, 16)


def header(title: str, rounds: int) -> None:
    """Say under which conditions the rows below are measured."""
    import torch

    conditions = f"{rounds} rounds, {torch.get_num_threads()} torch threads, {os.cpu_count()} CPUs"
    print(f"{title}: {conditions}, load {os.getloadavg()[0]:.2f}")
    _line(("what (medians)", "ours", "peer", "ratio", "spread"))


def row(
    what: str, ours: Sequence[float], peer: Sequence[float] = (), unit: str = "", *, best: Literal["low", "high"]
) -> None:
    """Print medians, and how many times as good ours is.

    Args:
        what: is measured.
        ours, peer: one value a round; values of one round belong together.
        unit: of the values.
        best: whether low values are good (times) or high ones (rates).
    """
    shown = [_number(values, unit) for values in (ours, peer)]
    pairs = [(a, b) for a, b in zip(ours, peer, strict=False) if a and b]
    if not pairs:
        _line((what, *shown, "-", "-"))
        return
    middle = median([a for a, _ in pairs]) / median([b for _, b in pairs])
    ratios = [a / b for a, b in pairs]
    if best == "low":
        middle, ratios = 1 / middle, [1 / ratio for ratio in ratios]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}" if len(ratios) > 1 else "one round"
    _line((what, *shown, f"{middle:.2f}", spread))


def note(text: str) -> None:
    """Print a line that explains the rows above."""
    print(f"  {text}")


def _number(values: Sequence[float], unit: str) -> str:
    if not values:
        return "-"
    value = median(values)
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _line(cells: Sequence[str]) -> None:
    first, *rest = (cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    print(cells[0].ljust(len(first)), *rest, flush=True)
