"""The slim bar's part of how a gallery is ranked: measure, its slider, code, gallery and how many hits."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.retrieval.similarity import BOUNDARY_SIMILARITY
from explorer.ui import gathering, unknowns
from explorer.ui.controls import MOST, NEIGHBOURS
from explorer.ui.state import OpenRun
from explorer.workflows.retrieving import SPLIT_TITLES, Information
from explorer.workflows.ways import (
    CODES,
    LEVELS,
    MEASURES,
    SEMANTIC_WEIGHT,
    Code,
    Measure,
    Way,
    no_code,
    no_measure,
    usual,
)

TITLES: dict[Measure, str] = {
    "distance": "Euclidean",
    "cosine": "Cosine",
    "latent similarity": "Latent similarity",
    "weighted cosine": "Weighted cosine",
    "criterion": "Criterion",
}
INSIDE = "Distance within"  # a space beyond Euclid's
MOST_SAID, ALL, CONTENT, PERSPECTIVE = "those that say most of it", "all", "content", "perspective"


@dataclass(frozen=True)
class Choice:
    """How a person wants the gallery ranked.

    Args:
        way: the ranking.
        gallery: title of the gallery.
        k: how many hits.
        shared: of a criterion, what each dimension says of it.
    """

    way: Way
    gallery: str
    k: int
    shared: Information | None = None


def choice(opened: OpenRun, others: Sequence[str]) -> Choice:
    """The controls, each with what fits the run; the help says what does not, and why.

    Args:
        opened: the run.
        others: titles of other data sets that it can look in.
    """
    measure = _measure(opened)
    way, shared = _setting(opened, measure)
    galleries = [*SPLIT_TITLES.values(), *others]
    unknowns.expect("gallery", galleries.__contains__)
    gallery = st.selectbox("Gallery", galleries, key="gallery", bind="query-params", width=140, help="Where to look.")
    unknowns.expect("k", unknowns.within(1, MOST))
    k = st.number_input("Hits", 1, MOST, NEIGHBOURS, key="k", bind="query-params", width=100)
    return Choice(way, gallery, int(k), shared)


def _measure(opened: OpenRun) -> Measure:
    card = opened.run.card
    names = TITLES if card.geometry == "euclidean" else TITLES | {"distance": INSIDE}
    offered: dict[str, Measure] = {names[measure]: measure for measure in MEASURES if not no_measure(card, measure)}
    if not gathering.criteria(opened):
        offered.pop(TITLES["criterion"], None)
    first = names[usual(card).measure]
    titles = [first, *(title for title in offered if title != first)]
    unknowns.expect("rank", titles.__contains__)
    picked = st.selectbox("Rank by", titles, key="rank", bind="query-params", width=150, help=_refusals(opened))
    return offered[picked]


def _refusals(opened: OpenRun) -> str:
    """What is not offered for this run, and why."""
    card = opened.run.card
    reasons = {TITLES[measure]: no_measure(card, measure) for measure in MEASURES}
    reasons |= {f"Code {code}": no_code(card, code) for code in CODES}
    lines: dict[str, list[str]] = {}
    for what, why in reasons.items():
        if why:
            lines.setdefault(why, []).append(what)
    told = "".join(f"\n- {', '.join(what)}: {why}" for why, what in lines.items())
    return "How near two latents are." + (f"\n\nNot for this run:\n{told}" if told else "")


def _setting(opened: OpenRun, measure: Measure) -> tuple[Way, Information | None]:
    """The way with the one setting that its measure has, and its code where the run has several."""
    if measure == "latent similarity":
        return Way(measure, boundary_similarity=_slider("Boundary b_c", "b_c", BOUNDARY_SIMILARITY, 0.01, B_C)), None
    if measure == "weighted cosine":
        return Way(measure, semantic_weight=_slider("Semantic weight α", "alpha", SEMANTIC_WEIGHT, 0.05, ALPHA)), None
    if measure == "criterion":
        criterion, dims, shared = _criterion(opened)
        return Way(measure, criterion=criterion, dims=dims), shared
    return Way(measure, *_code(opened, measure)), None


B_C = "Boundary similarity: of an item at the edge of a circle to its class. The paper uses 0.79."
ALPHA = "0 ranks by style alone, 1 by class alone. The paper uses 0.2 on MNIST."


def _slider(title: str, key: str, value: float, step: float, said: str) -> float:
    unknowns.expect(key, unknowns.within(0, 1))
    return float(st.slider(title, 0.0, 1.0, value, step, key=key, bind="query-params", help=said, width=150))


def _code(opened: OpenRun, measure: Measure) -> tuple[Code, int]:
    """What stands in place of the latent; no control where there is no choice."""
    has_posteriors = opened.space.latents.std.shape[1] > 0
    fitting = [code for code in CODES if not no_code(opened.run.card, code, measure)]
    codes = [code for code in fitting if has_posteriors or code != "sample"]
    if len(codes) == 1:
        return "mean", LEVELS[0]
    unknowns.expect("code", codes.__contains__)
    said = "What stands for an item: the posterior's mean, a sample of it, or a shorter code of the mean."
    code: Code = st.selectbox("Code", codes, key="code", bind="query-params", width=120, help=said)
    if code != "quantised":
        return code, LEVELS[0]
    unknowns.expect("levels", [str(level) for level in LEVELS].__contains__)
    levels = st.selectbox("Levels", LEVELS, index=2, key="levels", bind="query-params", width=80)
    return code, int(levels)


def _criterion(opened: OpenRun) -> tuple[str, tuple[int, ...], Information]:
    """What hits shall have in common with the query, and the dimensions that are asked."""
    if opened.without_images is None and not opened.images.are_here:
        with st.spinner("Preparing what the data say of their items"):
            opened.items  # noqa: B018 - it loads them
    names = gathering.criteria(opened)
    unknowns.expect("criterion", names.__contains__)
    criterion = st.selectbox("Criterion", names, key="criterion", bind="query-params", width=120)
    shared = gathering.shares(opened, criterion)
    every = tuple(range(opened.run.card.latent_dims))
    choices = {MOST_SAID: shared.dims, ALL: every}
    content = opened.space.content_dims
    if content:
        choices |= {CONTENT: every[:content], PERSPECTIVE: every[content:]}
    unknowns.expect("dims", choices.__contains__)
    picked = st.selectbox("Dimensions", list(choices), key="dims", bind="query-params", width=130)
    return criterion, choices[picked], shared
