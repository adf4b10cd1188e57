"""Curves as SVG that takes its colours from the page it stands in."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 320, 176
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 18, 26  # margins
SEEN = 0.05  # a class that is nowhere surer than this is not drawn
LETTERS = 18  # of a class's name
LETTER, LINE = 7, 11  # pixels that one takes
WIDEST_WORD = 70  # pixels that "off the data" takes


def confidence_svg(
    values: NDArray[np.floating],
    names: Sequence[str],
    colours: Sequence[str],
    is_off: NDArray[np.bool_],
    at: int | None,
) -> str:
    """Confidence of each class along a path; what lies off the data is shaded, one step may be marked.

    Args:
        values: 0 to 1, shape (m, c).
        names, colours: of the classes.
        is_off: steps off the data, shape (m,).
        at: the step that is marked; None for none.
    """
    x = np.linspace(LEFT, WIDTH - RIGHT, len(values))
    y = HEIGHT - BOTTOM - np.clip(values, 0, 1) * (HEIGHT - TOP - BOTTOM)  # (m, c)
    drawn = [label for label in range(len(names)) if values[:, label].max() >= SEEN]
    curves = "".join(
        f'<polyline points="{_points(x, y[:, label])}" fill="none" stroke="{colours[label]}" stroke-width="2.5" '
        f'stroke-linejoin="round"><title>{escape(names[label])}</title></polyline>'
        for label in drawn
    )
    said = "; ".join(f"{names[label]} up to {values[:, label].max():.2f}" for label in drawn)
    marker = "" if at is None else _marker(x[at])
    return (
        f'<svg class="le-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"Class confidence along the path: {said}")}">'
        f"{_shades(x, is_off)}{_axes()}{curves}{_names(x, y, values, names, drawn)}{marker}</svg>"
    )


def _points(x: NDArray[np.float64], y: NDArray[np.floating]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _shades(x: NDArray[np.float64], is_off: NDArray[np.bool_]) -> str:
    """A grey ground from half a step before the first step off the data to half a step behind the last."""
    half = (x[1] - x[0]) / 2
    parts, start = [], 0
    for off, steps in groupby(is_off.tolist()):
        end = start + len(list(steps))
        if off:
            left, right = max(LEFT, x[start] - half), min(WIDTH - RIGHT, x[end - 1] + half)
            parts.append(
                f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - TOP - BOTTOM}" '
                'fill="currentColor" opacity="0.1"></rect>'
            )
            if right - left > WIDEST_WORD:
                parts.append(
                    f'<text x="{(left + right) / 2:.1f}" y="{TOP - 5}" text-anchor="middle" class="le-note-text">'
                    "off the data</text>"
                )
        start = end
    return "".join(parts)


def _axes() -> str:
    parts = []
    for value in (0, 0.5, 1):
        y = HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="le-grid"></line>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for value in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + value * (WIDTH - LEFT - RIGHT)
        anchor = "start" if value == 0 else "end" if value == 1 else "middle"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{value:g}</text>')
    return "".join(parts)


def _names(
    x: NDArray[np.float64],
    y: NDArray[np.floating],
    values: NDArray[np.floating],
    names: Sequence[str],
    drawn: Sequence[int],
) -> str:
    """The name of each class inside the plot where it is highest, in the middle of a flat top."""
    parts: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for label in sorted(drawn, key=lambda one: -float(values[:, one].max())):
        top = np.flatnonzero(values[:, label] >= values[:, label].max() - 0.02)
        at = int(top[len(top) // 2])
        height = y[at, label] + (15 if y[at, label] < TOP + 16 else -6)
        middle = min(max(x[at], LEFT + 12), WIDTH - RIGHT - 12)
        word = names[label][:LETTERS]
        half = LETTER * len(word) / 2
        if any(abs(height - other) < LINE and abs(middle - at) < half + wide for at, other, wide in taken):
            continue  # its name still shows when the pointer rests on the curve
        taken.append((middle, height, half))
        parts.append(
            f'<text x="{middle:.1f}" y="{height:.1f}" text-anchor="middle" class="le-name">{escape(word)}</text>'
        )
    return "".join(parts)


def _marker(x: float) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="currentColor" stroke-width="1.5" '
        'stroke-dasharray="4 3"></line>'
    )
