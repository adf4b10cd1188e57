"""The figure of a campaign: curves, bands, and the place where one kind of picks reaches the other's end."""

import numpy as np
import pytest

from explorer.figures.campaigns import campaign

LABELS = np.array([10, 20, 30])
ERRORS = {"random picks": np.array([[0.5, 0.4, 0.2], [0.5, 0.2, 0.2]]), "guided": np.array([[0.5, 0.2, 0.1]] * 2)}


def test_curves_are_means_and_bands_go_from_the_best_seed_to_the_worst():
    figure = campaign(LABELS, ERRORS, end=0.2, reached=20)
    by_name = {trace.name: trace for trace in figure.data if trace.name}
    assert list(by_name["random picks"].y) == pytest.approx([50, 30, 20])
    assert list(by_name["guided"].x) == [10, 20, 30]
    band = next(trace for trace in figure.data if trace.fill == "toself")
    assert list(band.y) == [50, 40, 20, 20, 20, 50]
    star = figure.data[-1]
    assert (star.x, star.y, star.text) == ((20,), (20.0,), ("20 labels",))
    assert figure.layout.shapes[0].y0 == 20


def test_what_was_not_reached_has_no_mark():
    assert len(campaign(LABELS, ERRORS, end=0.05, reached=None).data) == 4
