"""Another run beside this one, and another data set's items over it."""

from dataclasses import dataclass

import streamlit as st

from explorer.data.dataset import Progress
from explorer.errors import ExplorerError
from explorer.latent.angles import AngleMap
from explorer.ui import unknowns
from explorer.ui.gallery import Row, facts, heading, plain, problem, remark, table
from explorer.ui.loading import shared
from explorer.ui.state import OpenRun, open_for_page, runs, settings
from explorer.workflows.beside import Beside, agreement, companions
from explorer.workflows.maps import PCA, LatentMap, is_linear
from explorer.workflows.others import Candidate, OtherItems, candidates, load_others
from explorer.workflows.outside import HowFar, Share, how_far
from explorer.workflows.runs import unreplaced

NONE = "None"


@dataclass(frozen=True)
class Over:
    """Items of another data set, and how far they fall outside."""

    items: OtherItems
    far: HowFar


@dataclass(frozen=True)
class Compared:
    """What a run is compared with; None for what is not asked, or not there yet."""

    run: OpenRun | None = None
    beside: Beside | None = None
    over: Over | None = None


def choice(opened: OpenRun, space: LatentMap) -> tuple[str, Candidate | None]:
    """The control: name of the run beside, empty for none, and the other data."""
    with st.popover("Compare", icon=":material/compare:", help="Another run beside, or other data over this map"):
        asked = st.query_params.get("beside"), st.session_state.get("beside")
        names = [NONE, *companions(opened.name, opened.run.card, unreplaced(runs(), *asked))]
        unknowns.expect("beside", names.__contains__, "no run beside")
        beside = st.selectbox("Run beside", names, key="beside", bind="query-params", help="On the same data.")
        found = {one.title: one for one in candidates(opened.run.card, settings())} if space.projection else {}
        if space.projection:
            unknowns.expect("over", [NONE, *found].__contains__, "no other data")
        over = st.selectbox(
            "Items of other data",
            [NONE, *found],
            key="over",
            bind="query-params",
            disabled=space.projection is None,
            help="Up to 500 of its test items, as this run sees them, as large marks on PCA and linear maps.",
        )
    return "" if beside == NONE else beside, found.get(over)


def invite(opened: OpenRun, space: LatentMap, found: Compared) -> None:
    """One click to the run on the same data that tells most beside this one: finished, of the same method if any is."""
    if found.run is not None or isinstance(space.projection, AngleMap):  # which cannot be turned
        return
    shelf = unreplaced(runs())
    cards = {entry.name: entry.card for entry in shelf if entry.card is not None}
    names = companions(opened.name, opened.run.card, shelf)
    if not names:
        return
    own = opened.run.card.method
    partner = min(names, key=lambda name: (cards[name].status != "finished", cards[name].method != own))
    st.button(f"Compare with {plain(partner)}", key="pair", icon=":material/compare:", on_click=_lay, args=(partner,))


def _lay(name: str) -> None:
    st.session_state["beside"] = name


def compared(opened: OpenRun, space: LatentMap, beside: str, over: Candidate | None) -> Compared:
    """What was asked for, as far as it is there; below the bar, how far the rest is or why it cannot be had."""
    other, laid = _beside(opened, space, beside) if beside else (None, None)
    return Compared(other, laid, _over(opened, over) if over else None)


def _beside(opened: OpenRun, space: LatentMap, name: str) -> tuple[OpenRun | None, Beside | None]:
    try:
        other = open_for_page(name)
        own = PCA if is_linear(space.name) or other.space.is_latent else space.name
        laid = other.beside(own, opened, space) or other.beside(PCA, opened, space)
    except ExplorerError as error:
        problem(str(error))
        return None, None
    return other, laid


def _over(opened: OpenRun, candidate: Candidate) -> Over | None:
    def work(progress: Progress) -> Over:
        items = load_others(opened.run, candidate, settings(), progress)
        return Over(items, how_far(opened.run, items))

    key = ("over", opened.name, opened.stamp, candidate.key, candidate.identity)
    found = shared(key, work, f"Encoding items of {candidate.title}")
    return found if isinstance(found, Over) else None


def show_beside(opened: OpenRun, space: LatentMap, found: Compared) -> None:
    """How far two runs agree, and how the second one was turned."""
    if found.run is None or found.beside is None:
        return
    beside, other = found.beside, found.run
    key = ("agreement", opened.name, opened.stamp, other.name, other.stamp)
    with st.container():  # keeps its place when the work is done: else the words below would stand there twice
        share = shared(key, lambda _: agreement(space, beside), "Comparing neighbours")
    lines = [(f"{opened.name} and {other.name}", f"{len(beside.common):,} items in common; the second {beside.words}")]
    if share is not None:
        lines.append((f"{share:.1%}", "of an item's 10 nearest are the same in both latent spaces"))
    facts(lines)
    alone = f"Show {plain(opened.name)} alone"
    st.button(alone, key="alone", type="tertiary", icon=":material/close:", on_click=_lay, args=(NONE,))


def show_over(found: Over) -> None:
    """How far the other items fall outside, in all and by class."""
    far = found.far
    heading(f"Items of {found.items.title}")
    groups, has_centres = (far.all, *far.by_class, far.own), far.all.within_one is not None
    heads = ["Items of", "Items", "Outside", *(["1 r", "2 r"] if has_centres else [])]
    table(heads, [Row(_cells(share)) for share in groups], n_classes=0, name="How far other items fall outside")
    radii = " 1 r, 2 r: share within one and two radii of a class centre." if has_centres else ""
    remark(
        f"Outside: share farther from the nearest training latent than {far.reach:.3g}, which 99 % of this run's own "
        f"test items keep to.{radii}"
    )


def _cells(share: Share) -> list[str]:
    parts = [part for part in (share.beyond, share.within_one, share.within_two) if part is not None]
    return [share.name, f"{share.items:,}", *(f"{part:.0%}" for part in parts)]
