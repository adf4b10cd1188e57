"""What small figures hold is what they were given."""

import numpy as np
import pytest

from explorer.figures.curves import along_slider, precision_recall


def test_curves_have_their_names_and_stand_for_their_precisions():
    figure = precision_recall({"class": np.linspace(1, 0, 11), "style": np.full(11, np.nan)})
    first, second = figure.data
    assert (first.name, list(first.x), list(first.y)) == (
        "class",
        np.linspace(0, 1, 11).tolist(),
        np.linspace(1, 0, 11).tolist(),
    )
    assert (second.name, np.isnan(second.y).all(), second.line.dash != first.line.dash) == ("style", True, True)


@pytest.mark.parametrize(
    ("stops", "here", "x", "at"),
    [((0.0, 0.5, 1.0), 0.25, [0.0, 0.5, 1.0], 0.25), ((2, 4, 8), 4, [1.0, 2.0, 3.0], 2.0)],
)
def test_slider_is_marked_where_it_stands(stops, here, x, at):
    figure = along_slider("setting", stops, [(0.2, 0.1, 0.3), (0.4, 0.3, 0.5), (None, None, None)], here)
    band, line = figure.data
    assert list(line.x) == x
    assert list(line.y) == [0.2, 0.4, None]
    assert list(band.y) == [0.3, 0.5, None, None, 0.3, 0.1]
    assert [shape.x0 for shape in figure.layout.shapes] == [at]
    assert list(figure.layout.xaxis.ticktext) == [f"{stops[0]:g}", f"{stops[2]:g}"]
