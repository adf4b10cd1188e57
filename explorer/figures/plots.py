"""What all Plotly figures of the pages share: ground, colours, curves, labels.

Transparent, without colours of the ground, so that both themes can bear them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explorer.figures import BAR

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT, LOW = 380, 190  # pixels: of a figure that has the page's width or half of it, and of one in a narrow column
WRONG = "#D55E00"
COLOURS = (BAR, WRONG, "#00896A", "#0072B2", "#B5548F")  # at least 3 to 1 against the page, light and dark
DASHES = ("solid", "dash", "dot", "dashdot")  # told apart without colour; with the colours, each pair comes once in 20
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x", "cross")
CONFIG = {"displayModeBar": False, "scrollZoom": False}
Line = tuple[str, Sequence[float], Sequence[float | None]]
"""A curve: its name, x and y."""


def prepare() -> None:
    """Import what the figures need, which takes seconds: call it in a thread, ahead of the first one."""
    import plotly.tools  # noqa: F401 - Streamlit asks for it

    curves([("", [0.0], [0.0])], x="", y="").to_json()


def blank(*, height: int = HEIGHT, top: int = 8) -> "Figure":
    """A figure without anything in it.

    Args:
        height: pixels.
        top: pixels above it, for titles.
    """
    import pandas  # noqa: F401 - Plotly looks into it even where another thread is still at importing it
    from plotly.graph_objects import Figure  # imports slowly

    return plain(Figure(), height=height, top=top)


def plain(figure: "Figure", *, height: int = HEIGHT, top: int = 8) -> "Figure":
    """A figure with the look that all share; it cannot be dragged or zoomed by accident."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": top, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        dragmode=False,
    )
    figure.update_xaxes(fixedrange=True).update_yaxes(fixedrange=True)
    return figure


def curves(lines: Sequence[Line], *, x: str, y: str, unit_square: bool = True, height: int = HEIGHT) -> "Figure":
    """Curves beside each other, told apart by colour, dash and marker.

    Args:
        lines: what to draw; where y is None or NaN the line is broken.
        x, y: titles of the axes.
        unit_square: whether both axes go from 0 to 1.
        height: pixels.
    """
    figure = blank(height=height)
    hover = f"{x} %{{x:.3g}}, {y} %{{y:.3f}}<extra>%{{fullData.name}}</extra>"
    for number, (name, across, up) in enumerate(lines):
        figure.add_scatter(
            x=list(across),
            y=list(up),
            name=short(name, 60),
            mode="lines+markers",
            hovertemplate=hover,
            **look(number),
        )
    axes: dict[str, Any] = {"range": [-0.02, 1.02]} if unit_square else {}
    figure.update_layout(xaxis={"title": x, **axes}, yaxis={"title": y, **axes}, showlegend=len(lines) > 1)
    return figure


def look(number: int) -> dict[str, Any]:
    """Of the n-th curve: colour, dash and marker."""
    return {
        "line": {"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number % len(DASHES)], "width": 2},
        "marker": {"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 6},
    }


def short(text: str, letters: int = 16) -> str:
    """Foreign text as a label: Plotly takes tags for markup."""
    cut = text if len(text) <= letters else text[: letters - 1] + "…"
    return cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
