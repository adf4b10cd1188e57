"""How far a labeling session is, always in view: pace, what is done, the error beside random picks, when to stop."""

from collections.abc import Sequence
from functools import lru_cache, partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.figures.curves import errors_over_labels
from explorer.labeling.progress import Measured, RandomCurve
from explorer.labeling.rounds import FEWEST_CLASSES
from explorer.labeling.stopping import FEW_MEASURED
from explorer.ui.gallery import facts, heading, remark
from explorer.ui.loading import newest
from explorer.ui.plotting import chart
from explorer.workflows.desk import Desk
from explorer.workflows.session_progress import Counts, SessionProgress, counts, n_learned, session_progress
from explorer.workflows.session_random import random_picks, simulated_labels

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 260  # pixels
WHOLE = 10  # labels a minute from which on they are whole numbers
TESTED, HELD_OUT, RANDOM = "test items", "held out", "random picks"
ITEMS = {TESTED: "test items with known labels", HELD_OUT: "labelled items that are held out"}
Line = tuple[str, tuple[int, ...], tuple[tuple[float, float, float], ...]]


def show(desk: Desk, who: str) -> SessionProgress | None:
    """The column beside every view of a session; what takes time is measured beside the page, and given once it is."""
    _facts(counts(desk, who))
    found, trouble = _rounds(desk)
    if trouble:
        remark(f"The progress cannot be measured: {trouble}")
    most, beside = simulated_labels(desk), None
    if most:
        key = ("label-random", _of(desk), str(most), str(desk.state().classes.fates))
        beside, _ = newest(key, partial(random_picks, desk, most))
    heading("When to stop")
    if found is None:
        if not trouble:
            remark("Each round of picks is being measured.")
        return None
    if found.n_labels > n_learned(desk):
        remark("Labels were taken back since the newest round. The next one says whether to go on.")
    elif found.advice.is_settled:
        st.html(f'<div class="le-verdict">{escape(found.advice.words)}</div>')
    else:
        remark(found.advice.words)
    _errors(desk, found, beside)
    return found


def _rounds(desk: Desk) -> tuple[SessionProgress | None, str]:
    """What the rounds came to, once that is measured beside the page, and what went wrong."""
    refits = desk.store.refits(desk.session)
    seq = refits[-1].seq if refits else 0
    return newest(("label-progress", _of(desk), str(seq)), partial(session_progress, desk))


def _of(desk: Desk) -> str:
    """Tells a session from others, and from an earlier one of its name."""
    return f"{desk.session.plan.name} {desk.session.created.isoformat()}"


def _facts(found: Counts) -> None:
    heading("Progress")
    own, everybody = _rate(found.own_rate), _rate(found.rate)
    others = f"; all together {everybody}" if everybody != own else ""
    known = [(f"{found.known:,}", "known before")] if found.known else []
    aside = ((found.conflicts, "in conflict"), (found.skipped, "skipped"), (found.flagged, "flagged"))
    said = ", ".join(f"{n:,} {what}" for n, what in aside if n)
    facts(
        [
            *([(own, f"labels a minute{others}")] if found.rate else []),
            (f"{found.here:,}", f"label{'s' * (found.here != 1)} here, {found.own:,} by you"),
            *known,
            (f"{found.here + found.known:,}", f"of {found.items:,} items"),
            *([("Aside", said)] if said else []),
        ]
    )


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= WHOLE or not rate else f"{rate:.1f}"


def _errors(desk: Desk, found: SessionProgress, beside: RandomCurve | None) -> None:
    """The chart, and how to read it; what would be in it where there is none."""
    heading("Error")
    n = n_learned(desk)
    held_out = tuple(one for one in found.held_out if one.items >= FEW_MEASURED)
    # Of a round with more labels than stand now some were taken back: it says nothing of these.
    measured = {
        name: tuple(one for one in points if one.n_labels <= n)
        for name, points in ((TESTED, found.tested), (HELD_OUT, held_out))
    }
    lines = [_line(name, points) for name, points in measured.items() if points]
    if not lines:
        remark(_nothing(desk, found))
        return
    drawn = (*lines, *(() if beside is None else (_random(beside),)))
    is_alike = found.run == desk.session.plan.run
    _compare(next(points for points in measured.values() if points)[-1], beside if is_alike else None)
    chart(_figure(drawn, str(st.context.theme.type)), "label-errors", "Error over the number of labels")
    items = [f"{points[-1].items:,} {ITEMS[name]}" for name, points in measured.items() if points]
    remark(
        f"Share of wrong predictions, one point a round, on {' and '.join(items)}; shaded: 95 % intervals. "
        + _of_random_picks(desk, found, beside)
    )


def _of_random_picks(desk: Desk, found: SessionProgress, beside: RandomCurve | None) -> str:
    if beside is None:
        return "Random picks are not simulated: it takes labels that the data set has."
    began = desk.session.plan.run
    how = (
        f"Random picks: simulated on {began} with the data set's labels, mean of three draws, shaded from the lowest "
        "to the highest."
    )
    if found.run == began:
        return how
    return (
        f"{how} The newest error is that of {found.run}, whose encoder has learned from the labels too; that of the "
        "random picks has not, so no number of theirs stands beside it."
    )


def _compare(last: Measured, beside: RandomCurve | None) -> None:
    """The newest error, and that of as many random picks."""
    said = [(f"{100 * last.error:.1f} %", f"wrong after {last.n_labels:,} labels")]
    if beside is not None and len(beside.counts) and beside.counts[0] <= last.n_labels <= beside.counts[-1]:
        by_chance = float(np.interp(last.n_labels, beside.counts, beside.mean))
        said.append((f"{100 * by_chance:.1f} %", "with as many random picks"))
    facts(said)


def _line(name: str, points: Sequence[Measured]) -> Line:
    return name, tuple(one.n_labels for one in points), tuple((one.error, one.low, one.high) for one in points)


def _random(beside: RandomCurve) -> Line:
    means = zip(beside.mean.tolist(), beside.low.tolist(), beside.high.tolist(), strict=True)
    return RANDOM, tuple(beside.counts.tolist()), tuple(means)


@lru_cache(maxsize=32)
def _figure(lines: tuple[Line, ...], theme: str) -> "Figure":  # noqa: ARG001 - `chart` inks it for the theme
    """The chart, made once a round: each press draws the page anew."""
    return errors_over_labels(lines, beside=RANDOM, height=HEIGHT)


def _nothing(desk: Desk, found: SessionProgress) -> str:
    items, is_tested = desk.items(), len(desk.tested().truth) > 0
    n = int(items.held_out.sum())
    if not is_tested and n < FEW_MEASURED:
        few = f"{n:,} item{'s are' if n != 1 else ' is'} held out, too few for that" if n else "no item is held out"
        return f"No error is measured: {few}, and no test item has a known label."
    learned = items.learned(desk.state())
    if len(np.unique(learned[learned >= 0])) < FEWEST_CLASSES:
        return "The error over the number of labels comes here once items of two classes are labelled."
    if not found.is_fitted or is_tested:
        return "The error comes here with the next round."
    return f"The error comes here once {FEW_MEASURED} of the {n:,} items held out are labelled."
