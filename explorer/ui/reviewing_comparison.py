"""Several runs against each other: what they were asked to do, what came of it, and what seeds and labels change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.data.dataset import Progress
from explorer.figures.plots import curves
from explorer.ui import reviewing_export
from explorer.ui.gallery import heading, plain, problem, remark
from explorer.ui.loading import shared
from explorer.ui.plotting import chart
from explorer.ui.reviewing_table import interval
from explorer.ui.state import open_for_page
from explorer.workflows.differing import Difference, config_differences, differences
from explorer.workflows.reviewing import Column, Review
from explorer.workflows.together import Group, error_over_labels, together
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Curve, Evaluation

SCORE, SETTING = "which score", "which setting"  # no run is called so: its name has no space
NAMED = 3  # runs of the heading
HEAD, ROW, ROWS_SHOWN = 38, 35, 10  # pixels, and rows before a table scrolls
Measured = list[tuple[str, Card, Evaluation]]


@dataclass(frozen=True)
class Alike:
    """What runs have in common.

    Args:
        settings: those that differ, each with the value of every run.
        groups: runs that differ by seed alone.
        curves: errors over the number of known labels.
    """

    settings: list[tuple[str, list[str]]]
    groups: list[Group]
    curves: list[Curve]


def show(reviews: Sequence[Review], columns: Sequence[Column]) -> None:
    """The first of the chosen runs against each of the others."""
    st.markdown(f"#### {plain(_listed([one.name for one in reviews]))}")
    found: Measured = []
    for one in reviews:
        if one.record is None or one.card is None:
            problem(f"{one.name} is left out: {one.why[:1].lower()}{one.why[1:]}")
        else:
            found.append((one.name, one.card, one.record))
    if len(found) < 2:
        remark("Choose two or more runs that have been measured.")
        return
    _metrics(found, columns)
    alike = _alike(found)
    if alike is not None:
        _settings([name for name, *_ in found], alike)
        _together(alike)


def _listed(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown, more = names[:NAMED], len(names) - NAMED
    return f"{', '.join(shown)} and {more} more" if more > 0 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _metrics(found: Measured, columns: Sequence[Column]) -> None:
    base, _, first = found[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**Measured, against {plain(base)}**", width="stretch")
        every = st.toggle("All scores", key="all-scores", help="Not only the metrics of the table")
    rows: dict[str, dict[str, Any]] = {}
    for name, _, record in found[1:]:
        for one in differences(first, record, () if every else columns):
            line = rows.setdefault(one.title, {SCORE: one.title, base: one.first.value})
            line |= _cells(name, one)
    if not rows:
        remark("These runs share none of these metrics.")
        return
    remark(
        "A difference counts where its 95 % interval leaves out 0, as if each run had been measured on other items; "
        "on the same items the true interval is narrower. Higher or lower alone: there is no interval to judge it by."
    )
    if len({card.data.title for _, card, _ in found}) > 1:
        remark("These runs were measured on different data: better or worse says little of the method.")
    names = list(dict.fromkeys(name for line in rows.values() for name in line))
    lines = [{name: line.get(name) for name in names} for line in rows.values()]
    _table(lines, _columns([name for name, *_ in found]), "differences")
    reviewing_export.table(lines, "Differences as CSV", "differences.csv")


def _cells(name: str, one: Difference) -> dict[str, Any]:
    sign = {"better": "▲", "worse": "▼", "not told apart": "≈"}.get(one.verdict, "")
    return {
        name: one.second.value,
        f"{name}, verdict": f"{sign} {one.verdict}".strip(),
        f"{name}, difference": one.change,
        f"{name}, reach": one.reach,
    }


def _columns(names: Sequence[str]) -> dict[str, Any]:
    number, text, several = st.column_config.NumberColumn, st.column_config.TextColumn, len(names) > 2
    config: dict[str, Any] = {SCORE: text("Measure", pinned=True, width=200)}
    for name in names:
        of = f" of {name}" if several else ""
        config[name] = number(name, format="%.3f", width=150, help=plain(name))
        config[f"{name}, verdict"] = text("Is", width=130, help=plain(f"{name} against {names[0]}"))
        config[f"{name}, difference"] = number(f"Difference{of}", format="%+.3f", width=95 if not several else 200)
        config[f"{name}, reach"] = number("± 95 %", format="%.3f", width=80, help="Half its 95 % interval")
    return config


def _table(lines: list[dict[str, Any]], config: dict[str, Any], key: str) -> None:
    import pandas as pd

    height = HEAD + ROW * min(len(lines), ROWS_SHOWN)
    table = pd.DataFrame(lines)
    st.dataframe(table, hide_index=True, height=height, column_config=config, placeholder="", key=key)


def _alike(found: Measured) -> Alike | None:
    """How the runs are alike; None until that is known: what a setting is at its default is asked of the methods."""

    def work(_: Progress) -> Alike:
        opened = [open_for_page(name).run for name, *_ in found]
        groups = together(opened, {name: record for name, _, record in found})
        return Alike(config_differences([card for _, card, _ in found]), groups, error_over_labels(groups))

    key = ("alike", *(f"{name}:{card.created}:{record.latents}:{record.queries}" for name, card, record in found))
    return shared(key, work, "Comparing the settings")


def _settings(names: Sequence[str], alike: Alike) -> None:
    st.markdown("**Settings that differ**")
    if not alike.settings:
        remark("None: they were trained alike.")
        return
    lines = [
        {SETTING: name.removeprefix("config.")} | {run: one or "none" for run, one in zip(names, values, strict=True)}
        for name, values in alike.settings
    ]
    _table(lines, {SETTING: st.column_config.TextColumn("Setting", pinned=True)}, "settings")


def _together(alike: Alike) -> None:
    """Means over seeds, and errors over the number of known labels."""
    repeated = [group for group in alike.groups if len(group.runs) > 1]
    if repeated:
        heading("Means over seeds", "95 % intervals over seeds, by Student's distribution.")
        _means(repeated)
    if alike.curves:
        heading("Errors over known labels", "Share of test items that a classifier gets wrong; lower is better.")
        lines = [(curve.of, curve.x, curve.y) for curve in alike.curves]
        figure = curves(lines, x="known labels", y="error", unit_square=False)
        figure.update_xaxes(type="log")
        chart(figure, "labels", "Error of each classifier over the number of known labels")


def _means(groups: Sequence[Group]) -> None:
    lines = [
        {
            "runs": group.name,
            "measure": f"{score.measure}, {score.of}",
            "mean": score.value,
            "95 %": interval(score.low, score.high),
        }
        for group in groups
        for score in group.scores
        if score.topic != "structure" or "seeds" in score.measure
    ]
    config = {name: st.column_config.TextColumn(name.capitalize()) for name in ("runs", "measure")}
    _table(lines, config | {"mean": st.column_config.NumberColumn("Mean", format="%.4g")}, "means")
    reviewing_export.table(lines, "Means as CSV", "means-over-seeds.csv")
