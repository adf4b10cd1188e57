"""Calibration, retrieval, reconstruction and structure of one run, from its record."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.figures import charts
from explorer.figures.curves import map_along, reliability
from explorer.figures.plots import curves
from explorer.ui import reviewing_export
from explorer.ui.gallery import facts, remark
from explorer.ui.plotting import chart
from explorer.ui.reviewing_table import WITHIN, interval, without_empty_intervals
from explorer.ui.state import OpenRun
from explorer.workflows.mistakes import confidences
from explorer.workflows.records import by_way, distance_table, distances, of_topic, score_of, score_rows, weights
from explorer.zoo.evaluation import Evaluation, Score

WAYS_AT_FIRST, MOST_WAYS = 4, 8
ERROR_BINS = 30
HEIGHT = 320  # of a table, pixels


def accuracies(opened: OpenRun, record: Evaluation) -> None:
    """Every accuracy, of majority votes among the nearest too, folded away, and the file of them."""
    found = [one for one in of_topic(record, "classification") if one.measure == "accuracy"]
    if not found:
        return
    with st.expander(f"All {len(found)} accuracies" if len(found) > 1 else "Accuracy"):
        remark("Of a majority: the class that most of the nearest training items have.")
        _scores(
            [{"classifier": one.of, **_cells({one.measure: one}, ["accuracy"])} for one in found],
            ["accuracy"],
            "classifier",
        )
        _export(opened, record, "classification")


def calibration(opened: OpenRun, record: Evaluation) -> None:
    """How far the confidence of each classifier can be believed, SVM beside softmax."""
    lines = [one for one in record.curves if one.name == "precision over confidence"]
    if not lines:
        remark("No calibration: this run has no classifier, or no labelled test items.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        remark(
            "A point on the dotted line is as often right as it is sure; below it, it is too sure. Larger: more items."
        )
        drawn = [(one.of, one.x, one.y, one.count) for one in lines]
        chart(reliability(drawn), "reliability", "Precision over confidence of each classifier")
        errors = [score_of(record, "classification", "calibration error", one.of) for one in lines]
        told = [(number(score.value), f"for {score.of}, over {score.items:,} items") for score in errors if score]
        facts([(f"Expected calibration error {value}", where) for value, where in told])
    with right:
        remark(
            "How sure each classifier is of what it gets right and of what it gets wrong; a logarithmic scale of items."
        )
        counted = {
            name: (one.edges, [("right", one.right), ("wrong", one.wrong)])
            for name, one in confidences(opened.run).items()
        }
        figure = charts.histograms(counted, x="confidence", logarithmic=True)
        chart(figure, "histograms", "Histogram of the confidence of right and wrong predictions")
    _export(opened, record, "classification")


def retrieval(opened: OpenRun, record: Evaluation) -> None:
    """Every way to rank with its intervals, precision over recall, and MAP over the semantic weight."""
    found = by_way(record)
    if not found:
        remark("No retrieval: no training item has a label, so nothing is relevant.")
        return
    remark(
        "Test items look for training items of their class; fine-grained: of their style too. Click a column to sort."
    )
    measures = list(dict.fromkeys(name for scores in found.values() for name in scores))
    _scores([{"way": way, **_cells(scores, measures)} for way, scores in found.items()], measures)
    left, right = st.columns(2, gap="medium")
    with left:
        _precision(opened.name, record)
    with right:
        _weights(record)
    _export(opened, record, "retrieval")


def _precision(run: str, record: Evaluation) -> None:
    lines = {one.of: one for one in record.curves if one.name == "precision over recall"}
    ways = st.multiselect(
        "Precision over recall of",
        list(lines),
        default=list(lines)[:WAYS_AT_FIRST],
        key=f"ways:{run}",
        max_selections=MOST_WAYS,
    )
    drawn = [(way, lines[way].x, lines[way].y) for way in ways if way in lines]
    if drawn:
        remark("Interpolated precision, mean over queries; higher is better.")
        chart(curves(drawn, x="recall", y="precision"), "precision", "Precision over recall")


def _weights(record: Evaluation) -> None:
    found = weights(record)
    if not found:
        remark("No semantic weights: style and class lie apart in runs of the method separate alone.")
        return
    lines = [
        (relevance, [weight for weight, _ in scores], [(one.value, one.low, one.high) for _, one in scores])
        for relevance, scores in found.items()
    ]
    st.markdown("MAP over the semantic weight")
    remark("At 0 style alone ranks, at 1 the class alone; shaded: 95 % intervals over queries.")
    chart(map_along("semantic weight", lines), "weights", "MAP over the semantic weight")
    for score in record.scores:
        if score.measure == "semantic weight" and score.value is not None:
            remark(f"Best over half of the queries, {score.of.partition(', ')[2] or 'same class'}: {score.value:g}.")


def reconstruction(opened: OpenRun, record: Evaluation) -> None:
    """The error of decoded test items."""
    scores = of_topic(record, "reconstruction")
    if not scores:
        remark("No reconstruction: this run has no decoder.")
        return
    is_image = len(opened.run.card.shape) > 1
    unit = "of pixels in 0 to 1" if is_image else "of features in standard deviations"
    for score in scores:
        st.metric(f"Root mean squared error {unit}", number(score.value))
        remark(f"Over {score.items:,} {score.of}; lower is better.")
    errors = opened.run.latents("test").error
    if errors.shape[1]:
        import numpy as np

        counts, edges = np.histogram(errors[:, 0], ERROR_BINS)
        figure = charts.histograms({"Error of each test item": (edges, [("items", counts)])}, x="error")
        chart(figure, "errors", "Histogram of the reconstruction error of test items")
    _export(opened, record, "reconstruction")


def structure(opened: OpenRun, record: Evaluation) -> None:
    """Distances of classes, achieved and wanted, and what each dimension carries."""
    active = score_of(record, "structure", "active dimensions", "latent")
    if active is not None and active.value is not None:
        remark(f"{active.value:.0f} of {opened.run.card.latent_dims} dimensions vary (variance over 0.01).")
    _distances(record, opened.run.card.classes)
    _divergence(record)
    _export(opened, record, "structure")


def _distances(record: Evaluation, classes: Sequence[str]) -> None:
    pairs = distances(record)
    if not pairs:
        remark("No distances: fewer than two classes have labelled test items.")
        return
    left, right = st.columns([3, 2], gap="medium")
    both = [(pair, achieved, wanted) for pair, achieved, wanted in pairs if achieved is not None and wanted is not None]
    with left:
        if both:
            remark("Each point is a pair of classes: on the dotted line their centroids are as far apart as wanted.")
            chart(charts.distances(both), "distances", "Achieved over wanted distances of class centroids")
        else:
            remark("Distances between class centroids, in latent units; this run aims at none.")
            figure = charts.matrix(distance_table(record, classes), classes, title="distance")
            chart(figure, "distances", "Distances between class centroids")
    with right:
        lines = [{"classes": pair, "achieved": achieved, "wanted": wanted} for pair, achieved, wanted in pairs]
        kept = ("classes", "achieved", *(["wanted"] if both else []))
        _scores([{name: line[name] for name in kept} for line in lines], kept[1:], first="classes")


def _divergence(record: Evaluation) -> None:
    found = [one for one in of_topic(record, "structure") if one.measure == "KL" and one.value is not None]
    if not found:
        remark("No divergences: the items of this run have no posterior.")
        return
    remark("Divergence of each dimension's posterior from the prior, in nats: one near 0 carries nothing.")
    names = [one.of.removeprefix("dimension ") for one in found]
    chart(charts.bars(names, [one.value or 0.0 for one in found], x="dimension", y="KL, nats"), "kl", "KL by dimension")


def _cells(scores: dict[str, Score], measures: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measure in measures:
        score = scores.get(measure)
        found[measure] = score.value if score else None
        found[measure + WITHIN] = interval(score.low, score.high) if score else ""
    return found


def _scores(lines: list[dict[str, Any]], measures: Sequence[str], first: str = "way") -> None:
    """A table that a click on a column sorts, its first column in words."""
    import pandas as pd

    config: dict[str, Any] = {first: st.column_config.TextColumn(first.capitalize(), pinned=True, width=250)}
    for measure in measures:
        config[measure] = st.column_config.NumberColumn(measure[:1].upper() + measure[1:], format="%.3f")
        config[measure + WITHIN] = st.column_config.TextColumn("95 %", width=102)
    st.dataframe(
        without_empty_intervals(pd.DataFrame(lines)),
        hide_index=True,
        height=min(HEIGHT, 38 + 35 * len(lines)),
        column_config=config,
        placeholder="",
        key=f"scores-{first}",
    )


def number(value: float | None) -> str:
    """Three figures, or that there is none."""
    return "none" if value is None else f"{value:.3g}"


def _export(opened: OpenRun, record: Evaluation, topic: str) -> None:
    rows = score_rows(record, topic)
    if rows:
        reviewing_export.table(rows, f"{topic.capitalize()} as CSV", f"{opened.name}-{topic}.csv")
