"""Plotly figures hold what they were given, as text, and with colours that both themes can bear."""

import json
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.figures import UNKNOWN, charts
from explorer.figures.curves import error_ticks, errors_over_labels, map_along, reliability, stepped
from explorer.figures.plots import COLOURS, DASHES, LOW, curves, look

HOSTILE = '<b>a</b><a href="http://x">%{y}</a>'
COUNTS = np.array([[3, 1], [0, 4]])
EDGES = np.linspace(0, 1, 3)


def test_curves_have_their_names_and_stand_for_their_values():
    x = np.linspace(0, 1, 11).tolist()
    figure = curves([("class", x, x[::-1]), ("style", x, [None] * 11)], x="recall", y="precision", height=LOW)
    first, second = figure.data
    assert (first.name, list(first.x), list(first.y)) == ("class", x, x[::-1])
    assert (second.name, set(second.y), second.line.dash != first.line.dash) == ("style", {None}, True)
    assert figure.layout.height == LOW


@pytest.mark.parametrize(
    ("stops", "here", "x", "at"),
    [((0.0, 0.5, 1.0), 0.25, [0.0, 0.5, 1.0], 0.25), ((2, 4, 8), 4, [1.0, 2.0, 3.0], 2.0)],
)
def test_setting_is_marked_where_it_stands(stops, here, x, at):
    figure = map_along("setting", [("class", stops, [(0.2, 0.1, 0.3), (0.4, 0.3, 0.5), (None, None, None)])], here=here)
    line, band = figure.data
    assert list(line.x) == x
    assert list(line.y) == [0.2, 0.4, None]
    assert list(band.x) == [x[0], x[1], x[1], x[0]]
    assert list(band.y) == [0.3, 0.5, 0.3, 0.1]
    assert [shape.x0 for shape in figure.layout.shapes] == [at]
    assert list(figure.layout.xaxis.ticktext) == [f"{stops[0]:g}", f"{stops[2]:g}"]


def test_intervals_that_are_cut_at_an_end_are_drawn_as_they_are():
    figure = map_along("weight", [("one", [0, 1], [(0.98, 0.9, 1.0), (0.5, 0.4, 0.6)]), ("two", [0], [(0.1, 0, 0.3)])])
    one, two, *bands = figure.data
    assert [trace.name for trace in (one, two)] == ["one", "two"]
    assert [list(band.y) for band in bands] == [[1.0, 0.6, 0.4, 0.9], [0.3, 0]]
    assert not figure.layout.shapes


def test_errors_are_percent_on_a_logarithmic_scale_unless_one_is_0():
    lines = [("tested", [10, 20], [(0.5, 0.4, 0.6), (0.2, 0.1, 0.3)]), ("random", [10, 14], [(0.6, 0.5, 0.7)] * 2)]
    figure = errors_over_labels(lines, beside="random")
    tested, random, *bands = figure.data
    assert (list(tested.x), list(tested.y)) == ([10, 20], [50, 20])
    assert list(bands[0].y) == pytest.approx([60, 30, 10, 40])
    assert random.line.color == UNKNOWN != tested.line.color
    assert figure.layout.yaxis.type == "log"
    lines[0][2][1] = (0.0, 0.0, 0.1)
    assert errors_over_labels(lines).layout.yaxis.type != "log"


@given(st.floats(0.01, 100), st.floats(1.2, 10_000))
def test_errors_have_two_to_five_ticks_none_overprinted(low, ratio):
    high = low * ratio
    ticks = error_ticks(low, high)
    assert 2 <= len(ticks) <= 5
    assert low * (1 - 1e-6) <= ticks[0] < ticks[-1] <= high * (1 + 1e-6)
    assert len({f"{tick:g}" for tick in ticks}) == len(ticks)
    gaps = np.diff(np.log10(ticks)) / np.log10(ratio)
    assert gaps.min() > 0.07  # a line of text is about a fifteenth of the axis


@given(st.integers(0, 20_000), st.integers(0, 20_000))
def test_numbers_of_labels_are_whole(first, more):
    ticks = stepped(first, first + more, least=1)
    assert 1 <= len(ticks) <= 5
    assert all(tick == int(tick) and first <= tick <= first + more for tick in ticks)
    assert len(ticks) >= min(2, more + 1)


def test_one_round_alone_has_ticks_too():
    figure = errors_over_labels([("tested", [40], [(0.07, 0.07, 0.07)])])
    assert len(figure.layout.yaxis.tickvals) >= 2
    assert list(figure.layout.xaxis.ticktext) == ["40"]


@pytest.mark.parametrize(
    "figure",
    [
        lambda: charts.confusion(COUNTS, [HOSTILE, "b"], chosen=(0, 1)),
        lambda: charts.histograms({HOSTILE: (EDGES, [("right", np.array([1, 2]))])}, x="confidence"),
        lambda: charts.distances([(HOSTILE, 1.0, 2.0)]),
        lambda: charts.matrix(np.eye(2), [HOSTILE, "b"], title="distance"),
        lambda: charts.bars([HOSTILE], [1.0], x="dimension", y="KL"),
        lambda: errors_over_labels([(HOSTILE, [5], [(0.1, 0.0, 0.2)]), ("b", [5], [(0.1, 0.0, 0.2)])], beside=HOSTILE),
        lambda: curves([(HOSTILE, [0], [1]), ("b", [0], [1])], x="recall", y="precision"),
        lambda: reliability([(HOSTILE, [0.5], [0.5], [3])]),
        lambda: map_along("weight", [(HOSTILE, [0], [(0.5, 0.4, 0.6)])]),
    ],
    ids=["confusion", "histograms", "distances", "matrix", "bars", "errors", "curves", "reliability", "along"],
)
def test_foreign_text_is_no_markup(figure):
    spec = json.dumps(json.loads(figure().to_json()), ensure_ascii=False)
    assert "&lt;b" in spec
    assert "<b>" not in spec
    assert "<a" not in spec


def test_pandas_is_imported_first_for_plotly_looks_into_it_half_imported():
    code = "import sys; from explorer.figures.plots import blank; blank(); names = list(sys.modules); "
    code += "assert 'plotly.graph_objects' in names and names.index('pandas') < names.index('plotly'), names"
    subprocess.run([sys.executable, "-c", code], check=True)


def luminance(colour: str) -> float:
    """Relative luminance, as the web's guidelines define it."""
    parts = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("colour", "ground"), list(product(COLOURS, ["#ffffff", "#0e1117"])))
def test_curves_are_seen_on_both_grounds(colour, ground):
    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_no_two_of_many_curves_look_alike():
    n = len(COLOURS) * len(DASHES)
    assert len({tuple(look(number)["line"].items()) for number in range(n)}) == n
