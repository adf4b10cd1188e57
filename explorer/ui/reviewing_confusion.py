"""The confusion matrix of a run, and the images behind each of its cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer import places
from explorer.figures.charts import confusion
from explorer.ui.address_bar import write
from explorer.ui.gallery import Picture, Row, facts, heading, plain, remark, table
from explorer.ui.loading import shared
from explorer.ui.picking import pick
from explorer.ui.plotting import chart
from explorer.ui.reviewing_table import interval
from explorer.ui.reviewing_topics import accuracies
from explorer.ui.state import OpenRun
from explorer.workflows.mistakes import Cell, cell
from explorer.workflows.records import score_of
from explorer.zoo.evaluation import Evaluation

CELL, CHART = "cell", "confusion"
FEW = 24  # images at first, and each time more are asked for
SIDE = 64  # pixels
Place = tuple[int, int]


def show(opened: OpenRun, record: Evaluation) -> None:
    """The matrix of one classifier with what is in the chosen cell beside it, and every accuracy."""
    _confusion(opened, record)
    accuracies(opened, record)


def _confusion(opened: OpenRun, record: Evaluation) -> None:
    if not record.confusion:
        remark("No confusion matrix: this run has no classifier, as none of its labels were known.")
        return
    classes = opened.run.card.classes
    left, right = st.columns([2, 1], gap="medium")
    with left:
        line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        with line:
            name = _classifier(list(record.confusion))
        counts = np.array(record.confusion[name])
        if counts.shape != (len(classes), len(classes)) or not counts.any():
            remark("No labelled test items, so there is nothing to confuse.")
            return
        with line:
            true, predicted = _cell(counts, classes)
        _accuracy(record, name)
        _matrix(counts, classes, (true, predicted))
    with right:
        _items(opened, name, (true, predicted), int(counts[true, predicted]))


def _classifier(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    picked = st.segmented_control(
        "Classifier", names, default=names[0], required=True, key="classifier", format_func=plain
    )
    return str(picked)


def _accuracy(record: Evaluation, classifier: str) -> None:
    score = score_of(record, "classification", "accuracy", classifier)
    if score is not None and score.value is not None:
        within = f" (95 %: {interval(score.low, score.high)})" if score.low is not None else ""
        facts([(f"Accuracy of {classifier} {score.value:.3f}", f"{within} over {score.items:,} labelled test items")])


def _cell(counts: NDArray[np.integer], classes: Sequence[str]) -> Place:
    """The control that names a cell, for those who do not click; the most frequent mistake comes first."""
    found = [(int(t), int(p)) for t, p in np.argwhere(counts)]
    found.sort(key=lambda one: (one[0] == one[1], -counts[one]))
    options = [_name(one) for one in found]
    asked = st.session_state.get(CELL, st.query_params.get(CELL))
    st.session_state[CELL] = asked if asked in options else options[0]
    titles = {name: _said(one, classes, int(counts[one])) for name, one in zip(options, found, strict=True)}
    picked = st.selectbox("Cell", options, key=CELL, format_func=titles.__getitem__)
    if st.query_params.get(CELL) != picked:
        write(CELL, picked)
    return found[options.index(picked)]


def _name(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def _said(place: Place, classes: Sequence[str], count: int) -> str:
    true, predicted = (classes[label] for label in place)
    what = f"{true}, right" if place[0] == place[1] else f"{true} taken for {predicted}"
    return f"{what}: {count:,}"


def _matrix(counts: NDArray[np.integer], classes: Sequence[str], chosen: Place) -> None:
    remark(
        "Rows are true classes, columns predicted ones. Purple: right. Orange: wrong, the stronger the larger its "
        "share of the class. Click a cell to see its images."
    )
    chart(
        confusion(counts, classes, chosen=chosen),
        CHART,
        "Confusion matrix: test items by true and predicted class",
        on_select=_clicked,
        selection_mode="points",
    )


def _clicked() -> None:
    """Take the cell that was clicked, if it holds any item; `_cell` looks whether it does."""
    state: Any = st.session_state.get(CHART)
    points = state.selection.points if state else []
    if points:
        st.session_state[CELL] = _name((int(points[0]["y"]), int(points[0]["x"])))


def _items(opened: OpenRun, classifier: str, place: Place, count: int) -> None:
    """What is in a cell, the surest first; a click opens an item on the map."""
    found = cell(opened.run, classifier, *place)
    classes = opened.run.card.classes
    heading(_said(place, classes, count), f"{classifier}, the surest first. Click one to open it on the map.")
    limit = FEW * st.session_state.setdefault(_more(opened, classifier, place), 1)
    shown = Cell(found.ids[:limit], found.confidence[:limit])
    if opened.without_images is not None:
        _without_images(opened, shown, place)
    else:
        items = shared(("items", opened.name, opened.stamp), lambda _: opened.items, "Fetching the images")
        if items is None:
            return
        true, predicted = (classes[label] for label in place)
        mark, seen = ("right", []) if place[0] == place[1] else ("wrong", [f"seen as {predicted}"])
        pictures = [
            Picture(image, [true, *seen, f"confidence {sure:.3f}"], mark, place[0], opened.images.scale)
            for image, sure in zip(items.images(shown.ids), shown.confidence, strict=True)
        ]
        chosen = pick(pictures, side=SIDE, n_classes=len(classes), name="Items of the cell", key="cell-items")
        if chosen is not None:
            query = {"run": opened.name, "item": str(shown.ids[chosen])}
            st.switch_page(places.pages() / "2_Map.py", query_params=query)
    if len(found.ids) > limit:
        st.button(
            f"Show more of {len(found.ids):,}",
            key="more",
            type="tertiary",
            on_click=_show_more,
            args=(_more(opened, classifier, place),),
        )


def _more(opened: OpenRun, classifier: str, place: Place) -> str:
    return f"cell-more:{opened.name}:{classifier}:{_name(place)}"


def _show_more(key: str) -> None:
    st.session_state[key] += 1


def _without_images(opened: OpenRun, shown: Cell, place: Place) -> None:
    remark(f"No pictures: {opened.without_images}")
    rows = [
        Row([str(item), f"{sure:.3f}"], label=place[1]) for item, sure in zip(shown.ids, shown.confidence, strict=True)
    ]
    table(["Item", "Confidence"], rows, n_classes=len(opened.run.card.classes), name="Items of the cell")
