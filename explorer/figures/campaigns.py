"""A simulated campaign as a Plotly figure: error over labels, guided picks beside random ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.figures import UNKNOWN
from explorer.figures.curves import errors_over_labels
from explorer.figures.plots import HEIGHT, look

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def campaign(
    labels: NDArray[np.integer],
    errors: Mapping[str, NDArray[np.floating]],
    *,
    end: float,
    reached: int | None,
    height: int = HEIGHT,
) -> "Figure":
    """Mean error over labels, and shaded what lies between the best and the worst seed.

    Args:
        labels: at the end of each round, shape (r,).
        errors: by the name of the picks, a row a seed, shape (s, r) each; the first is there to compare with.
        end: the error at which the others ended, drawn as a line across.
        reached: the number of labels with which it was reached, which is marked; None where it was not.
        height: pixels.
    """
    lines = [
        (
            name,
            labels.tolist(),
            [tuple(one) for one in np.stack([rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0)], axis=1).tolist()],
        )
        for name, rows in errors.items()
    ]
    figure = errors_over_labels(lines, beside=next(iter(errors), ""), height=height)
    figure.add_hline(y=100 * end, line={"color": UNKNOWN, "width": 1, "dash": "dot"})
    if reached is not None:
        figure.add_scatter(
            x=[reached],
            y=[100 * end],
            mode="markers+text",
            marker={"symbol": "star", "size": 14, "color": look(len(errors) - 1)["line"]["color"]},
            text=[f"{reached:,} labels"],
            textposition="bottom left",
            hovertemplate="guided picks are where random ones end<extra></extra>",
            showlegend=False,
        )
    return figure
