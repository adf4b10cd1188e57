"""Tables, histograms and bars of measurements as Plotly figures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.figures import BAR, UNKNOWN
from explorer.figures.plots import WRONG, blank, plain, short

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_COUNTED, MOST_NAMED = 20, 40  # classes whose counts, and names, have room
FAINTEST, STRONGEST = 0.08, 0.6  # of a cell: the theme's own text must stay readable on it


def confusion(
    counts: NDArray[np.integer], classes: Sequence[str], *, chosen: tuple[int, int] | None = None
) -> "Figure":
    """A confusion matrix, each cell with a point in its middle that can be clicked: its x is predicted, its y true.

    Args:
        counts: items by true class (rows) and predicted class, shape (c, c).
        classes: names.
        chosen: the cell that is framed: true and predicted class.
    """
    c, names = len(classes), [short(name, 40) for name in classes]
    true, predicted = np.divmod(np.arange(c * c), c)
    flat = counts.reshape(-1)
    figure = blank(height=_height(c))
    figure.add_heatmap(z=_strength(counts), zmin=-1, zmax=1, colorscale=_scale(), showscale=False, hoverinfo="skip")
    figure.add_scatter(
        x=predicted,
        y=true,
        mode="markers+text" if c <= MOST_COUNTED else "markers",
        text=[f"{n:,}" if n else "" for n in flat],
        hovertext=[
            f"{names[t]} taken for {names[p]}: {n:,}" if t != p else f"{names[t]}, right: {n:,}"
            for t, p, n in zip(true, predicted, flat, strict=True)
        ],
        hoverinfo="text",
        marker={"symbol": "square", "size": 26, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5, line={"color": BAR, "width": 3}
        )
    _name_classes(figure, [short(name) for name in classes])
    figure.update_layout(
        xaxis_title="predicted",
        yaxis_title="true",
        hovermode="closest",
        hoverdistance=60,  # so that all of a cell is its point
        clickmode="event+select",
    )
    return figure


def _height(n_classes: int) -> int:
    """Of a table of classes by classes, pixels."""
    return max(300, min(640, 110 + 38 * n_classes))


def _name_classes(figure: "Figure", names: Sequence[str]) -> None:
    """Name rows and columns of a table of classes, the first row at the top, where there is room for names."""
    c = len(names)
    ticks = {"tickmode": "array", "tickvals": list(range(c)), "ticktext": list(names), "showgrid": False}
    ticks |= {"showticklabels": c <= MOST_NAMED, "fixedrange": True, "zeroline": False}
    figure.update_xaxes(range=[-0.5, c - 0.5], **ticks).update_yaxes(range=[c - 0.5, -0.5], **ticks)


def _strength(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """How strongly a cell is drawn: 0 to 1 for right ones by their share of the class, 0 to -1 for wrong ones."""
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    wrong = shares * (1 - np.eye(len(counts)))
    # A root, for a few wrong items must be seen beside many.
    strength = -np.sqrt(wrong / wrong.max()) if wrong.max() > 0 else -wrong
    np.fill_diagonal(strength, np.diag(shares))
    return np.asarray(strength)


def _scale() -> list[tuple[float, str]]:
    """From wrong by nothing to right; nothing is no colour at all."""
    wrong, right = (",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) for colour in (WRONG, BAR))
    return [
        (0.0, f"rgba({wrong},{STRONGEST})"),
        (0.4999, f"rgba({wrong},{FAINTEST})"),
        (0.5, "rgba(0,0,0,0)"),
        (0.5001, f"rgba({right},{FAINTEST})"),
        (1.0, f"rgba({right},{STRONGEST})"),
    ]


def histograms(
    counted: Mapping[str, tuple[NDArray[np.floating], Sequence[tuple[str, NDArray[np.integer]]]]],
    *,
    x: str,
    logarithmic: bool = False,
) -> "Figure":
    """Histograms side by side on one scale of items.

    Args:
        counted: by the title of each: edges of the bins, shape (b + 1,), the same in all, and what is counted in them
            by name, shape (b,) each.
        x: title of the axis of what is counted.
        logarithmic: whether ten times as many items are one step more, so that a few are seen beside many.
    """
    titles = [short(title, 60) for title in counted]
    figure = blank().set_subplots(cols=max(1, len(counted)), shared_yaxes=True, subplot_titles=titles)
    colours = {"right": BAR, "wrong": WRONG}
    for column, (edges, kinds) in enumerate(counted.values(), 1):
        middles = (edges[:-1] + edges[1:]) / 2
        for name, counts in kinds:
            figure.add_bar(
                x=middles,
                y=[n or None for n in counts.tolist()],  # 0 has no logarithm
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                marker={"color": colours.get(name, UNKNOWN), "pattern": {"shape": "/" if name == "wrong" else ""}},
                opacity=0.85,
                hovertemplate=f"{name}, {x} about %{{x:.3g}}: %{{y:,}} items<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(title=x, range=[edges[0], edges[-1]] if counted else None)
    figure.update_yaxes(**({"type": "log", "dtick": 1} if logarithmic else {}))
    figure.update_yaxes(title="test items", col=1)
    plain(figure, top=34)
    figure.update_layout(barmode="overlay", bargap=0.1, legend={"y": -0.2, "yanchor": "top"})
    return figure


def distances(pairs: Sequence[tuple[str, float, float]]) -> "Figure":
    """Distances of class centroids, achieved over wanted; on the line they are as wanted.

    Args:
        pairs: of each pair of classes: its name, achieved and wanted.
    """
    names, achieved, wanted = zip(*pairs, strict=True)
    most = 1.08 * max(*achieved, *wanted)
    figure = blank()
    figure.add_scatter(x=[0, most], y=[0, most], mode="lines", line={"color": UNKNOWN, "dash": "dot"})
    figure.add_scatter(
        x=wanted,
        y=achieved,
        mode="markers",
        text=[short(name, 60) for name in names],
        marker={"size": 9, "color": BAR},
        hovertemplate="%{text}<br>achieved %{y:.3g}, wanted %{x:.3g}<extra></extra>",
    )
    axes = {"range": [0, most]}
    figure.update_layout(
        xaxis={"title": "wanted, latent units", **axes},
        yaxis={"title": "achieved, latent units", **axes},
        showlegend=False,
    )
    return figure


def matrix(values: NDArray[np.floating], names: Sequence[str], *, title: str) -> "Figure":
    """A symmetric table of numbers, the stronger the larger.

    Args:
        values: shape (c, c); NaN where there is none.
        names: of rows and columns.
        title: what a number is, for who rests the pointer on it.
    """
    c, most = len(names), np.nanmax(values)
    ink = ",".join(str(int(BAR[i : i + 2], 16)) for i in (1, 3, 5))
    figure = blank(height=_height(c))
    figure.add_heatmap(
        z=values,
        zmin=0,
        zmax=most,
        colorscale=[(0, f"rgba({ink},0)"), (1, f"rgba({ink},{STRONGEST})")],
        showscale=False,
        texttemplate="%{z:.2f}" if c <= MOST_COUNTED else "",
        customdata=[[f"{short(a, 40)} and {short(b, 40)}" for b in names] for a in names],
        hovertemplate=f"%{{customdata}}<br>{title} %{{z:.3g}}<extra></extra>",
        hoverongaps=False,
    )
    _name_classes(figure, [short(name) for name in names])
    return figure


def bars(names: Sequence[str], values: Sequence[float], *, x: str, y: str) -> "Figure":
    """One bar a name.

    Args:
        names: below the bars.
        values: their heights.
        x, y: titles of the axes.
    """
    figure = blank(height=300)
    figure.add_bar(
        x=[short(name, 40) for name in names],
        y=list(values),
        marker={"color": BAR},
        hovertemplate="%{x}: %{y:.3g}<extra></extra>",
    )
    figure.update_layout(xaxis={"title": x, "type": "category"}, yaxis={"title": y})
    return figure
