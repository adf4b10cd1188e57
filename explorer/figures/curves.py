"""Curves as Plotly figures: precision over confidence, MAP along a setting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from explorer.figures import UNKNOWN
from explorer.figures.plots import HEIGHT, curves, look, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

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
