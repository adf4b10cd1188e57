"""The scoreboard: how good the way to rank is over the whole gallery, beside the hits; nothing in it waits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.data.dataset import Progress
from explorer.figures.curves import map_along
from explorer.figures.plots import LOW, curves, prepare
from explorer.ui.gallery import HIT_PIXELS, Picture, Row, bars, heading, remark, table
from explorer.ui.loading import is_known, leave, shared
from explorer.ui.picking import pick
from explorer.ui.plotting import chart
from explorer.ui.state import OpenRun, settings
from explorer.workflows.retrieving import CLASS, SPLIT_TITLES, Collection
from explorer.workflows.scoreboard import ESTIMATE, QUERIES, Scoreboard, left_out, relevances_of, relevant_to_any, words
from explorer.workflows.scorekeeping import Question
from explorer.workflows.sweeping import Best, Sweep, slider_of
from explorer.workflows.ways import Way
from explorer.zoo.evaluation import Score

SOON, AT_ONCE = 0.05, 0.0  # seconds that the page waits: enough to read what is kept
WORST = 6
SHOWN = "score:shown"  # in the session
WORST_KEY = "score-worst"
ESTIMATING, MEASURING, GLANCING, SWEEPING = "estimate", "score", "glance", "sweep"
Images = Callable[[NDArray[np.int64]], NDArray[np.uint8] | NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Scored:
    """What is scored, as it stands on a page.

    Args:
        opened: the run.
        way: how the gallery is ranked.
        asked, gallery: who looks for whom.
    """

    opened: OpenRun
    way: Way
    asked: Collection
    gallery: Collection

    def key(self, kind: str, ways: str) -> tuple[str, ...]:
        """Names work about it."""
        return kind, self.opened.name, self.opened.stamp, ways, self.asked.digest, self.gallery.digest

    @cached_property
    def relevances(self) -> list[str]:
        """By what a hit may be right."""
        return list(relevances_of(self.asked, self.gallery, np.empty(0, np.intp)))

    def named(self, relevance: str) -> str:
        """A relevance in words: that of the class is the criterion's, where another one ranks."""
        return self.gallery.criterion if relevance == CLASS else relevance

    @property
    def question(self) -> Question:
        """What is measured."""
        return Question(self.opened.run.card, self.way, self.asked, self.gallery, settings())


@dataclass(frozen=True, eq=False)
class Shown:
    """A board that the session has seen last, of which items it is, and of which way."""

    of: tuple[str, ...]
    way: Way
    board: Scoreboard


def show(  # noqa: PLR0913 - all but the first four are named
    opened: OpenRun,
    way: Way,
    asked: Collection,
    gallery: Collection,
    *,
    k: int,
    below: DeltaGenerator,
    images: Images | None = None,
) -> None:
    """Draw the scoreboard of a way to rank, first by an estimate, then by all queries.

    Args:
        opened: the run.
        way: how the gallery is ranked; it must fit the run.
        asked, gallery: who looks for whom.
        k: ranks of the precision at k.
        below: where there is room for what goes beyond the numbers; `picked(WORST_KEY)` tells the id of a query that
            was chosen there among the worst.
        images: of items on the asking side, by id; None takes those of the run's own data.
    """
    scored = Scored(opened, way, asked, gallery)
    if not relevant_to_any(asked, gallery):
        heading("Score", f"Nothing here has a {gallery.criterion} that is asked for, so nothing can be right or wrong.")
        leave(ESTIMATING)
        leave(MEASURING)
        return
    with st.container(key="scoreboard", gap="small"):
        top = st.container()
        board = _board(scored)
        if board is None:
            leave(MEASURING)
        shown = _kept(scored, board)
        with top:
            _numbers(scored, shown, k)
        relevance = _relevance(scored.relevances)
        _along(scored, relevance, is_there=board is not None)
    if shown is not None:
        with below:
            _details(scored, shown.board, relevance, images)


def _kept(scored: Scored, board: Scoreboard | None) -> Shown | None:
    """The board, or while it is measured the last one of the same items, so that nothing jumps when a slider moves."""
    if board is not None:
        st.session_state[SHOWN] = Shown(scored.key("", ""), scored.way, board)
    last: Shown | None = st.session_state.get(SHOWN)
    return last if last is not None and last.of == scored.key("", "") else None


def _board(scored: Scored) -> Scoreboard | None:
    """The whole score, or until it is there its estimate."""

    def first(progress: Progress) -> Scoreboard:
        prepare()
        return scored.question.first(progress)

    key = scored.key(ESTIMATING, scored.way.words)
    estimate = shared(key, first, f"Estimating by {ESTIMATE} queries", soon=SOON, replaces=True)
    if estimate is None or not estimate.is_estimate:
        return estimate
    n = min(QUERIES, estimate.asked)
    key = scored.key(MEASURING, scored.way.words)
    return shared(key, scored.question.whole, f"Measuring by {n:,} queries", soon=AT_ONCE, replaces=True) or estimate


def _numbers(scored: Scored, shown: Shown | None, k: int) -> None:
    """The four numbers with their intervals; before they are there, their places."""
    names = ["", *(scored.named(name).capitalize() for name in scored.relevances)]
    if shown is None:
        heading("Score", "How good this way to rank is for many queries.")
        dots = ["…"] * len(scored.relevances)
        table(names, [Row([name, *dots]) for name in ("NN", "MAP", "NDCG", f"P@{k}")], n_classes=0, name="Score")
        return
    board = shown.board
    if shown.way != scored.way:
        heading("Score before", f"Of {shown.way.words}; that of {scored.way.words} is not there yet.")
    else:
        heading("Estimate" if board.is_estimate else "Score", words(board, scored.asked, scored.gallery))
    columns = [board.numbers(relevance, k) for relevance in scored.relevances]
    rows = [Row([line[0].measure, *map(said, line)]) for line in zip(*columns, strict=True)]
    table(names, rows, n_classes=0, name="Score")
    without = "".join(f" {n:,} have nothing relevant ({name})." for name, n in left_out(board).items())
    remark(f"Mean and 95 % interval over queries, 0 to 1.{without}")


def said(score: Score) -> str:
    """A mean with the reach of its interval, in words."""
    if score.value is None or score.low is None or score.high is None:
        return "none"
    if score.low == score.high:  # an interval of no width would promise too much
        return f"{score.value:.3f} (all)"
    return f"{score.value:.3f} ± {max(score.value - score.low, score.high - score.value):.3f}"


def _details(scored: Scored, board: Scoreboard, relevance: str, images: Images | None) -> None:
    """The worst queries, the curve and the classes."""
    _worst(scored, board, relevance, images)
    left, right = st.columns(2, gap="medium")
    with left:
        heading("Precision over recall", "How many of the first are right, the further down one looks.")
        found = {scored.named(name): board.curve(name) for name in board.found}
        lines = [(name, np.linspace(0, 1, len(one)).tolist(), one.tolist()) for name, one in found.items()]
        chart(curves(lines, x="recall", y="precision", height=LOW), "score-curve", "Precision over recall")
    with right:
        by_class = board.by_class(relevance)
        values = [by_class[label].value if label in by_class else None for label in range(len(board.classes))]
        criterion = scored.gallery.criterion
        title = f"MAP by {criterion}" + (f" ({relevance})" if relevance != CLASS else "")
        heading(title, f"Mean over the queries of each {criterion}.")
        bars(np.array(values, np.float64), board.classes, name="MAP by class")


def _relevance(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    chosen = st.segmented_control("Relevant", names, default=names[0], key="score-by", required=True)
    return chosen or names[0]


def _worst(scored: Scored, board: Scoreboard, relevance: str, images: Images | None) -> None:
    rows = board.worst(relevance, WORST)
    if images is None and scored.asked.key in SPLIT_TITLES and not scored.opened.without_images:
        images = scored.opened.items.images
    if images is None or not len(rows):
        return
    heading(
        f"Worst queries ({scored.named(relevance)})",
        "Lowest average precision (AP), 0 to 1. Choose one to see what it finds.",
    )
    values, scale = board.found[relevance].average_precision, scored.opened.images.scale
    is_class = scored.gallery.criterion == CLASS
    items = [
        Picture(
            image,
            [_class(board, row), f"AP {values[row]:.3f}"],
            label=int(board.labels[row]) if is_class else None,
            scale=scale,
        )
        for row, image in zip(rows.tolist(), images(board.ids[rows]), strict=True)
    ]
    ids = board.ids[rows].tolist()
    pick(items, side=HIT_PIXELS, n_classes=len(board.classes), name="Worst queries", key=WORST_KEY, values=ids)


def _class(board: Scoreboard, row: int) -> str:
    label = int(board.labels[row])
    return board.classes[label] if label >= 0 else "unlabelled"


def _along(scored: Scored, relevance: str, *, is_there: bool) -> None:
    """MAP along the slider of the way, if it has one; begun once the page shows a score."""
    slider = slider_of(scored.way)
    key = scored.key(GLANCING, "" if slider is None else slider.key)
    if slider is None:
        leave(GLANCING)
        leave(SWEEPING)
    if slider is None or not (is_there or is_known(key)):
        return
    place, text = st.container(), f"Measuring along the slider {slider.name}"
    found = shared(key, scored.question.glance, text, soon=SOON, replaces=True)
    if found is not None and found.is_glance:
        key = scored.key(SWEEPING, slider.key)
        found = shared(key, scored.question.swept, text, soon=AT_ONCE, replaces=True) or found
    if found is not None:
        with place:
            _curve(found, relevance, slider.at)


def _curve(found: Sweep, relevance: str, here: float) -> None:
    heading(
        f"MAP along {found.name} ({relevance})",
        f"The same {found.queries:,} queries at each stop; shaded: 95 % interval over queries.",
    )
    points = [(one.value, one.low, one.high) for one in found.averages(relevance)]
    figure = map_along(found.name, [(relevance, found.stops, points)], here=here, height=LOW)
    chart(figure, "score-sweep", f"MAP along {found.name}")
    if advice := _advice(found.best(relevance, here)):
        remark(advice)


def _advice(best: Best | None) -> str:
    """Where the slider should stand, and what that is worth."""
    if best is None:
        return ""
    if best.stop == best.here:
        return f"Half of these queries choose the stop {best.stop:g}, the one nearest to where the slider stands."
    chosen = f"Half of these queries choose {best.stop:g}. For the other half"
    if best.gain > best.reach:
        return f"{chosen} its MAP is {best.gain:.3f} ± {best.reach:.3f} above that of {best.here:g}."
    return f"{chosen} it differs too little from {best.here:g} to tell: MAP {best.gain:+.3f} ± {best.reach:.3f}."
