"""Curves as Plotly figures: precision over confidence, MAP along a setting, error over labels."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from explorer.figures import UNKNOWN
from explorer.figures.plots import HEIGHT, curves, look, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_TICKS = 5
NARROW = 1.2  # a smaller ratio of the ends of a logarithmic axis is widened to more
DECADE = 10.0
ROOM = 0.04  # share of the axis that is left free at both ends
SLACK = 1e-9
TICKED = 2  # every such stop has a tick
Point = tuple[float | None, float | None, float | None]
"""A value with the lower and the upper end of its interval; None where there is none."""


def reliability(lines: Sequence[tuple[str, Sequence[float], Sequence[float | None], Sequence[int]]]) -> "Figure":
    """Precision over confidence beside the diagonal of a calibrated classifier; a marker's area says how many items.

    Args:
        lines: of each classifier: name, mean confidence, precision and items of each bin.
    """
    figure = curves([line[:3] for line in lines], x="confidence", y="precision")
    most = max((max(count, default=1) for *_, count in lines), default=1)
    for trace, (*_, count) in zip(figure.data, lines, strict=True):
        trace.update(
            customdata=list(count),
            hovertemplate="confidence %{x:.3f}, precision %{y:.3f}, %{customdata:,} items",
            marker_size=[6 + 16 * (n / most) ** 0.5 for n in count],
        )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], name="calibrated", mode="lines", line={"color": UNKNOWN, "dash": "dot"}, hoverinfo="skip"
    )
    figure.update_layout(showlegend=True)
    return figure


def map_along(
    name: str,
    lines: Sequence[tuple[str, Sequence[float], Sequence[Point]]],
    *,
    here: float | None = None,
    height: int = HEIGHT,
) -> "Figure":
    """MAP along a setting, its intervals shaded.

    Args:
        name: of the setting.
        lines: of each relevance: its name, the stops of the setting, ascending, and MAP at each.
        here: where the setting stands, which is marked; None where it stands nowhere.
        height: pixels.
    """
    # Numbers of levels double from stop to stop.
    doubles = bool(lines) and lines[0][1][0] > 1
    drawn = [(one, np.log2(stops).tolist() if doubles else list(stops), points) for one, stops, points in lines]
    figure = curves(
        [(one, x, [value for value, *_ in points]) for one, x, points in drawn], x=name, y="MAP", height=height
    )
    for number, (trace, (_, stops, points)) in enumerate(zip(tuple(figure.data), lines, strict=True)):
        trace.update(
            customdata=[(stop, low, high) for stop, (_, low, high) in zip(stops, points, strict=True)],
            hovertemplate=f"{short(name, 60)} %{{customdata[0]:g}}: MAP %{{y:.3f}}, "
            "95 %: %{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
        )
        _add_band(figure, trace.x, points, look(number)["line"]["color"])
    if here is not None:
        at = float(np.log2(here)) if doubles else here
        figure.add_vline(x=at, line={"color": UNKNOWN, "width": 2, "dash": "dot"})
        figure.add_annotation(x=at, y=0, yref="paper", text="here", showarrow=False, xanchor="left", yanchor="bottom")
    for _, x, _points in drawn[:1]:
        ticked = lines[0][1][::TICKED]
        figure.update_xaxes(tickvals=x[::TICKED], ticktext=[f"{stop:g}" for stop in ticked], range=None, autorange=True)
    figure.update_yaxes(range=None, autorange=True)
    return figure


def errors_over_labels(
    lines: Sequence[tuple[str, Sequence[int], Sequence[tuple[float, float, float]]]],
    *,
    beside: str = "",
    height: int = HEIGHT,
) -> "Figure":
    """Errors over numbers of labels, their intervals shaded; a logarithmic scale of errors where none is 0.

    Args:
        lines: of each: its name, numbers of labels, ascending, and the error after each, 0 to 1.
        beside: the name of the one that is there to compare with.
        height: pixels.
    """
    drawn = [
        (
            name,
            counts,
            [(round(100 * value, 3), round(100 * low, 3), round(100 * high, 3)) for value, low, high in points],
        )
        for name, counts, points in lines
    ]
    figure = curves(
        [(name, counts, [value for value, *_ in points]) for name, counts, points in drawn],
        x="labels",
        y="error, %",
        unit_square=False,
        height=height,
    )
    for trace, (name, counts, points) in zip(tuple(figure.data), drawn, strict=True):
        if name == beside:
            trace.update(line={"color": UNKNOWN, "dash": "dot"}, marker={"color": UNKNOWN, "size": 4})
        trace.update(
            customdata=[(low, high) for _, low, high in points],
            hovertemplate="%{x:,} labels: %{y:.1f} %, %{customdata[0]:.1f} to %{customdata[1]:.1f} %",
        )
        _add_band(figure, counts, points, trace.line.color)
    _mark_labels(figure, [count for _, counts, _ in drawn for count in counts])
    _mark_errors(figure, [end for _, _, points in drawn for one in points for end in one])
    return figure


def _mark_labels(figure: "Figure", counts: Sequence[int]) -> None:
    """Whole numbers along the axis."""
    first, last = min(counts), max(counts)
    if first < last / 2:  # else the lines would be squeezed into a corner
        first = 0
        figure.update_xaxes(rangemode="tozero")
    ticks = stepped(first, last, least=1)
    figure.update_xaxes(tickvals=ticks, ticktext=[f"{tick:,.0f}" for tick in ticks])


def _mark_errors(figure: "Figure", errors: Sequence[float]) -> None:
    low, high = min(errors), max(errors)
    if low <= 0:
        figure.update_yaxes(rangemode="tozero", nticks=MOST_TICKS)
        return
    if high < NARROW * low:  # one number alone, or nearly so
        low, high = low / NARROW**0.5, high * NARROW**0.5
    ticks, ends = error_ticks(low, high), np.log10([low, high])
    room = ROOM * (ends[1] - ends[0])
    figure.update_yaxes(
        type="log",
        range=[float(ends[0] - room), float(ends[1] + room)],
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
    )


def error_ticks(low: float, high: float) -> list[float]:
    """2 to 5 round numbers of a logarithmic axis, none too near another.

    Args:
        low, high: ends of what is drawn, low above 0 and high at least 1.1 low.
    """
    if high < DECADE * low:
        return stepped(low, high)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for firsts in ((1, 2, 5), (1, 3), (1,)):
        found = [first * 10.0**power for power in decades for first in firsts]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) <= MOST_TICKS:
            return found
    return found[:: math.ceil(len(found) / MOST_TICKS)]


def stepped(low: float, high: float, *, least: float = 0.0) -> list[float]:
    """At most 5 multiples of a step, the smallest 1, 2 or 5 times a power of 10 that gives so few.

    Args:
        low, high: ends of what is drawn.
        least: the smallest step.
    """
    power = math.floor(math.log10(max(high - low, least, 1e-9) / MOST_TICKS))
    for step in (first * 10.0**more for more in range(power, power + 3) for first in (1, 2, 5)):
        first, last = math.ceil(low / step - SLACK), math.floor(high / step + SLACK)
        if step >= least and last - first < MOST_TICKS:
            return [round(at * step, 9) for at in range(first, last + 1)]
    raise AssertionError  # ten times the range has one multiple in it at most


def _add_band(figure: "Figure", x: Sequence[float], points: Sequence[Point], colour: str) -> None:
    """Shade what lies between the ends of the intervals."""
    there = [
        (at, low, high) for at, (_, low, high) in zip(x, points, strict=True) if low is not None and high is not None
    ]
    red, green, blue = bytes.fromhex(colour[1:])
    figure.add_scatter(
        x=[at for at, *_ in [*there, *reversed(there)]],
        y=[*(high for *_, high in there), *(low for _, low, _ in reversed(there))],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.25)",
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )
