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
DASHES = ("solid", "dash", "dot")  # told apart without colour
CONFIG = {"displayModeBar": False, "scrollZoom": False}


def precision_recall(curves: Mapping[str, NDArray[np.floating]]) -> "Figure":
    """Precision over recall.

    Args:
        curves: by name, the precision at recalls that are evenly spaced from 0 to 1; NaN where there is none.
    """
    figure = _empty("Recall", "Precision")
    for number, (name, precision) in enumerate(curves.items()):
        recall = np.linspace(0, 1, len(precision))
        figure.add_scatter(
            x=recall,
            y=precision,
            name=name,
            mode="lines",
            line={"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number % len(DASHES)], "width": 2},
            hovertemplate="recall %{x:.1f}, precision %{y:.3f}",
        )
    figure.update_xaxes(range=[0, 1])
    figure.update_layout(showlegend=len(curves) > 1)
    return figure


def along_slider(
    name: str,
    stops: Sequence[float],
    bands: Mapping[str, Sequence[tuple[float | None, float | None, float | None]]],
    here: float,
) -> "Figure":
    """A measure at each stop of a slider with its interval, and a line where the slider stands.

    Args:
        name: of the setting.
        stops: ascending.
        bands: by name, value, lower and upper end at each stop; None where there is none.
        here: where the slider stands.
    """
    figure = _empty(name, "MAP")
    for number, (of, band) in enumerate(bands.items()):
        colour, (value, low, high) = COLOURS[number % len(COLOURS)], zip(*band, strict=True)
        _add_band(figure, stops, low, high, colour)
        figure.add_scatter(
            x=stops,
            y=value,
            name=of,
            mode="lines+markers",
            line={"color": colour, "dash": DASHES[number % len(DASHES)], "width": 2},
            marker={"size": 5},
            customdata=list(zip(low, high, strict=True)),
            hovertemplate=f"{name} %{{x:g}}: MAP %{{y:.3f}}, 95 %: %{{customdata[0]:.3f}} to %{{customdata[1]:.3f}}",
        )
    figure.add_vline(x=here, line={"color": UNKNOWN, "width": 2, "dash": "dot"})
    figure.add_annotation(x=here, y=1, yref="paper", text="here", showarrow=False, xanchor="left", xshift=3)
    figure.update_layout(showlegend=len(bands) > 1)
    return figure


def _add_band(
    figure: "Figure", x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], colour: str
) -> None:
    """Shade what lies between the ends of the intervals."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )


def _empty(x: str, y: str) -> "Figure":
    """A small figure without anything in it, for light and dark pages."""
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
