"""Small Plotly figures of how good a ranking is: precision over recall, and a measure along a slider."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.figures import BAR, UNKNOWN

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 190  # pixels
COLOURS = (BAR, "#C2703D")  # at least 3 to 1 against the page, light and dark
TICKED = 2  # every such stop has a tick
DASHES = ("solid", "dash", "dot")  # told apart without colour
CONFIG = {"displayModeBar": False, "scrollZoom": False}


def prepare() -> None:
    """Import what the figures need, which takes seconds: call it in a thread, ahead of the first one."""
    import plotly.tools  # noqa: F401 - Streamlit asks for it

    precision_recall({"": np.zeros(2)}).to_json()


def precision_recall(curves: Mapping[str, NDArray[np.floating]]) -> "Figure":
    """Precision over recall.

    Args:
        curves: by name, the precision at recalls that are evenly spaced from 0 to 1; NaN where there is none.
    """
    figure = _empty("Recall", "Precision")
    for number, (name, precision) in enumerate(curves.items()):
        recall = np.linspace(0, 1, len(precision))
        figure.add_scatter(
            x=recall.tolist(),
            y=precision.tolist(),
            name=name,
            mode="lines",
            line={"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number % len(DASHES)], "width": 2},
            hovertemplate="recall %{x:.1f}, precision %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(range=[0, 1])
    figure.update_layout(showlegend=len(curves) > 1)
    return figure


def along_slider(
    name: str,
    stops: Sequence[float],
    points: Sequence[tuple[float | None, float | None, float | None]],
    here: float,
) -> "Figure":
    """MAP at each stop of a slider with its interval, and a line where the slider stands.

    Args:
        name: of the setting.
        stops: ascending.
        points: value, lower and upper end at each stop; None where there is none.
        here: where the slider stands.
    """
    figure, (value, low, high) = _empty(name, "MAP"), zip(*points, strict=True)
    # Numbers of levels double from stop to stop.
    x, at = (np.log2(stops).tolist(), float(np.log2(here))) if stops[0] > 1 else (list(stops), here)
    _add_band(figure, x, low, high, COLOURS[0])
    figure.add_scatter(
        x=x,
        y=value,
        mode="lines+markers",
        line={"color": COLOURS[0], "width": 2},
        marker={"size": 5},
        customdata=list(zip(stops, low, high, strict=True)),
        hovertemplate=f"{name} %{{customdata[0]:g}}: MAP %{{y:.3f}}, "
        "95 %: %{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
    )
    figure.add_vline(x=at, line={"color": UNKNOWN, "width": 2, "dash": "dot"})
    figure.add_annotation(x=at, y=0, yref="paper", text="here", showarrow=False, xanchor="left", yanchor="bottom")
    figure.update_xaxes(tickvals=x[::TICKED], ticktext=[f"{stop:g}" for stop in stops[::TICKED]])
    figure.update_yaxes(range=None, autorange=True)
    figure.update_layout(showlegend=False)
    return figure


def _add_band(
    figure: "Figure", x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], colour: str
) -> None:
    """Shade what lies between the ends of the intervals."""
    red, green, blue = bytes.fromhex(colour[1:])
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.3)",
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )


def _empty(x: str, y: str) -> "Figure":
    """A small figure without anything in it, for light and dark pages."""
    import pandas  # noqa: F401 - Plotly looks into it even where another thread is still at importing it
    from plotly.graph_objects import Figure  # imports slowly

    figure = Figure()
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        dragmode=False,
    )
    figure.update_xaxes(title=x, fixedrange=True)
    figure.update_yaxes(title=y, fixedrange=True, range=[0, 1.02])
    return figure
