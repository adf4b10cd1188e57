"""The table of all runs: filtered above, sorted by a click on a column, rows to choose."""

from collections.abc import Sequence, Set
from hashlib import blake2b
from typing import Any

import streamlit as st

from explorer.ui import unknowns
from explorer.ui.address_bar import write
from explorer.workflows.records import Value
from explorer.workflows.reviewing import Column, Review, columns_of, rows

ALL, MAIN = "All", "Main"
GROUPS = {MAIN: "", **{topic.capitalize(): topic for topic in ("classification", "retrieval", "reconstruction")}}
GROUPS["Structure"] = "structure"
CHOSEN = "chosen"  # in the address: names of runs, a comma between
KEPT = "reviewing:chosen"  # in the session, for who leaves the page and comes back without the address
HEAD, ROW = 38, 35  # pixels
ROWS_SHOWN = 6
IN_USE = "in use"
REPLACED = "Fine-tuned runs of labeling sessions that a later one has replaced"
WITHIN = " 95 %"  # ends the name of a column of intervals


def choice(reviews: Sequence[Review], replaced: Set[str] = frozenset()) -> tuple[list[Review], list[Column]]:
    """The controls: which runs, and which metrics of them.

    Args:
        reviews: of all runs.
        replaced: names of runs that later ones have replaced; listed where that is asked for, or they are.
    """
    wanted = st.text_input(
        "Search", type="search", live=True, key="runs", bind="query-params", placeholder="Name, note", width=170
    )
    data = _of("Data set", "data", [one.card.data.title for one in reviews if one.card])
    method = _of("Method", "method", [one.card.method for one in reviews if one.card])
    unknowns.expect("metrics", GROUPS.__contains__)
    group = st.selectbox("Metrics", list(GROUPS), key="metrics", bind="query-params", width=150)
    left_out = replaced - _asked()
    if replaced:
        unknowns.expect("replaced", unknowns.is_switch)
        if st.toggle("Replaced runs", key="replaced", bind="query-params", help=REPLACED):
            left_out = frozenset()
    there = [one for one in reviews if one.name not in left_out]
    found = [one for one in there if _matches(one, (wanted or "").casefold(), data, method)]
    return found, columns_of(GROUPS[group])


def _of(title: str, key: str, values: Sequence[str]) -> str:
    """A control with every value that runs have; "" for all of them."""
    options = [ALL, *sorted(set(values))]
    unknowns.expect(key, options.__contains__)
    picked = st.selectbox(title, options, key=key, bind="query-params", width=160)
    return "" if picked == ALL else picked


def _matches(one: Review, wanted: str, data: str, method: str) -> bool:
    card = one.card
    if card is None:
        return not (data or method) and wanted in one.name.casefold()
    said = " ".join((one.name, card.title, card.note)).casefold()
    return (
        all(word in said for word in wanted.split()) and data in ("", card.data.title) and method in ("", card.method)
    )


def show(reviews: Sequence[Review], columns: Sequence[Column], in_use: str) -> list[str]:
    """Draw the table.

    Args:
        reviews: the runs that are listed.
        columns: their metrics.
        in_use: name of the run in use, which is marked.

    Returns:
        Names of the chosen runs, in the table's order; they stand in the address too.
    """
    import pandas as pd

    if not reviews:
        st.info("No run matches. Clear the search or choose other data and methods.", icon=":material/search_off:")
        return []
    names = [one.name for one in reviews]
    asked = _asked()
    chosen = [number for number, name in enumerate(names) if name in asked]
    lines = [_line(one, row, columns, in_use) for one, row in zip(reviews, rows(reviews, columns), strict=True)]
    event: Any = st.dataframe(
        without_empty_intervals(pd.DataFrame(lines)),
        hide_index=True,
        height=HEAD + ROW * min(len(lines), ROWS_SHOWN),
        column_config=_config(columns),
        placeholder="",
        # Rows are counted: with others, or in another order, a choice would fall on the wrong run.
        key=f"reviews-{blake2b(','.join(names).encode(), digest_size=8).hexdigest()}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": chosen}},
        alt="Runs and what was measured of them",
    )
    picked = [names[row] for row in sorted(event.selection.rows) if row < len(names)]
    _remember(picked)
    return picked


def _asked() -> set[str]:
    """Names of the runs that the address, or who comes back, has chosen."""
    return set((st.query_params.get(CHOSEN) or st.session_state.get(KEPT, "")).split(","))


def _remember(picked: Sequence[str]) -> None:
    names = st.session_state[KEPT] = ",".join(picked)
    if st.query_params.get(CHOSEN, "") != names:
        write(CHOSEN, names or None)


def _line(one: Review, row: dict[str, Value], columns: Sequence[Column], in_use: str) -> dict[str, Value]:
    """A row as it is shown: an interval is one text, beside the number that is sorted by."""
    line: dict[str, Value] = {
        "run": one.name,
        "used": IN_USE if one.name == in_use else "",
        "method": row["method"],
        "data": row["data"],
    }
    for column in columns:
        line[column.title] = row[column.title]
        line[f"{column.title}{WITHIN}"] = interval(row[f"{column.title}, low"], row[f"{column.title}, high"])
    labels = row["labels"]
    return line | {"seed": row["seed"], "labels": None if labels is None else 100 * float(labels)}


def without_empty_intervals(table: Any) -> Any:
    """A table (a pandas frame) without its columns of intervals in which there is none."""
    return table[[name for name in table if not name.endswith(WITHIN) or table[name].any()]]


def interval(low: Value, high: Value) -> str:
    """An interval in a cell; empty where there is none."""
    return "" if low is None or high is None else f"{low:.3f}–{high:.3f}"


def _config(columns: Sequence[Column]) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    found: dict[str, Any] = {
        "run": text("Run", pinned=True, width=160),
        "used": text("", help="The run in use, which the sidebar names", width=60),
        "method": text("Method", width=90),
        "data": text("Data set", width=95),
        "seed": number("Seed", format="%d", width=50),
        "labels": number("Labels", format="%.3g %%", width=65, help="Share of labels that the training knew"),
    }
    for column in columns:
        better = f"; {column.better} is better" if column.better else ""
        found[column.title] = number(column.title, format="%.3f", help=f"{column.means}{better}")
        found[column.title + WITHIN] = text("95 %", width=102, help=f"95 % interval of {column.title} over items")
    return found
