"""Fine-tuning on the Label page: begun, watched and cancelled; then the map shows how the points moved."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from explorer.errors import ExplorerError
from explorer.ui import unknowns, working
from explorer.ui.gallery import plain, problem, remark
from explorer.ui.scatter import Timeline
from explorer.ui.state import OpenRun, open_for_page, settings
from explorer.workflows.background import Status
from explorer.workflows.desk import Desk
from explorer.workflows.maps import PCA, LatentMap
from explorer.workflows.session_progress import Counts, SessionProgress, counts
from explorer.workflows.session_tuning import knows_more, last_tuning
from explorer.workflows.tuning_job import Tuning, Wish, choices, labels_since_tuning, newest_label

ALONE = "retune"  # key; not in the address, for a link must not begin a training
SINCE = "retune:since"  # by session: its newest label when the page was opened, for a reload must not either
MOVED = "moved"  # the switch's key, in the page's address too
VIEW, MAP = "show", "Map"  # key of the choice of a view, and the view that has the map
SEE = "See how the points moved"
FEWEST_CLASSES = 2


@dataclass(frozen=True)
class Moves:
    """How the points moved when the run was fine-tuned.

    Args:
        space: the run's map, turned onto that of the run before; draw this one's cloud.
        timeline: where its items lay before, and where they lie now.
    """

    space: LatentMap
    timeline: Timeline


def show(desk: Desk, opened: OpenRun, who: str, found: SessionProgress | None) -> None:
    """The button that fine-tunes, how far it is, and the switch that shows what it did.

    Args:
        desk: of the session.
        opened: the run in use.
        who: labels here.
        found: what the rounds came to, where that is measured.
    """
    state, items = desk.state(), desk.items()
    learned = items.learned(state)
    learned = learned[learned >= 0]
    n = len(learned)
    _told(opened, found)
    tuning = Tuning(desk.session, settings())
    if tuning.look() is None and len(np.unique(learned)) < FEWEST_CLASSES:
        remark("Fine-tuning: once two classes have labels, the run can be trained further with them.")
    elif tuning.look() is None and (why := _hindrance(opened)):
        remark(why)
    else:
        _begin_when_due(desk, who, tuning)
        working.bar(
            working.Work(
                key="tuning",
                name="Fine-tuning",
                job=tuning.job,
                begin=partial(tuning.begin, who, seq=state.seq),
                words=f"Train **{plain(opened.name)}** further, as a new run, in the background. Labeling goes on "
                f"meanwhile. {_learned(opened, counts(desk, who))}",
                press=f"Fine-tune with {n:,} label{'s' * (n != 1)}",
                icon=":material/model_training:",
                failed="Fine-tuning failed, and the session is as it was",
                steps=lambda done, total: f"{done:,} of {total:,} steps",
            )
        )
        _by_itself(desk, who, tuning)
    _moved(desk, opened)


def _learned(opened: OpenRun, found: Counts) -> str:
    """What the labels on the button are."""
    parts = [f"{found.known:,} known before, "] if found.known else []
    words = f"It learns from {''.join(parts)}{found.here - found.held_out:,} labelled here"
    words += f"; {found.held_out:,} held out {'is' if found.held_out == 1 else 'are'} left out." * (found.held_out > 0)
    words += "." * (not found.held_out)
    if found.known and knows_more(opened.run):
        words += " Labels that the training knew of items not kept here are learned from too."
    return words


def _told(opened: OpenRun, found: SessionProgress | None) -> None:
    """That a fine-tuned run is in use, and what it was good for."""
    tuning = None if found is None else found.tuning
    if tuning is None or tuning.run != opened.name:
        return
    words = f"{tuning.run} is in use since {tuning.at:%H:%M} UTC"
    if tuning.before is None or tuning.after is None:
        remark(f"{words}.")
        return
    errors = f"{100 * tuning.before.error:.1f} % before, {100 * tuning.after.error:.1f} % after"
    remark(f"{words}: error {errors}, with the same labels ({tuning.on}).")


def _moved(desk: Desk, opened: OpenRun) -> None:
    """The switch that lets the points move, beside the map; elsewhere a button that leads there."""
    before = _before(desk, opened)
    if not before:
        return
    if st.session_state.get(VIEW) != MAP:
        st.button(SEE, icon=":material/moving:", on_click=_to_the_map, key="see-moved")
        return
    unknowns.expect(MOVED, unknowns.is_switch, "as the points lie")
    st.toggle(
        SEE,
        key=MOVED,
        bind="query-params",
        help=f"{plain(opened.name)}, turned onto {plain(before)}, from which it was fine-tuned.",
    )


def _to_the_map() -> None:
    st.session_state[VIEW], st.session_state[MOVED] = MAP, True


def _by_itself(desk: Desk, who: str, tuning: Tuning) -> None:
    """The choice when it begins by itself, which all who label in the session share, and how far the labels are."""
    batch, wish = desk.session.plan.batch_size, tuning.wish
    options = choices(batch)
    st.session_state[ALONE] = wish.every if wish.every in options else 0
    st.selectbox(
        "Fine-tune by itself",
        options,
        format_func=partial(_every, batch),
        key=ALONE,
        on_change=_choose,
        args=(desk, who, tuning),
        help="For everybody in this session on this server, until somebody chooses otherwise. While a page of it is "
        "open, one begins once so many labels to learn from have come since the last one was begun, and when that has "
        "ended. Opening or reloading a page begins none: the next label does. Each makes a new run; the ones before "
        "are folded away.",
    )
    if wish.every:
        n = labels_since_tuning(desk, tuning)
        words = f"{n:,} of {wish.every:,} labels since the last one was begun, as {wish.who} chose for this session."
        remark(words if n < wish.every else f"{words} {_what_it_waits_for(tuning.look())}")


def _every(batch: int, labels: int) -> str:
    """A choice in words."""
    if not labels:
        return "Off"
    return (
        f"After each batch ({labels:,} label{'s' * (labels != 1)})"
        if labels == batch
        else f"After each {labels:,} labels"
    )


def _what_it_waits_for(status: Status | None) -> str:
    """Why none has begun though enough labels are there."""
    if status is None:
        return "The next label begins one."
    return "After a failure it is begun by hand." if status.problem else "It follows the one under way."


def _choose(desk: Desk, who: str, tuning: Tuning) -> None:
    """Keep the choice; who makes it wants the next one now if enough labels are there."""
    with working.attempting(tuning.job):
        tuning.wish = Wish(st.session_state[ALONE], who)
    st.session_state.setdefault(SINCE, {})[desk.session.plan.name] = 0


def _begin_when_due(desk: Desk, who: str, tuning: Tuning) -> None:
    """Begin one where that was chosen, enough labels have come, and one of them since this page was opened."""
    wish = tuning.wish
    if not wish.every:
        return
    newest = newest_label(desk)
    since = st.session_state.setdefault(SINCE, {}).setdefault(desk.session.plan.name, newest)
    if newest <= since or tuning.look() is not None:
        return
    if labels_since_tuning(desk, tuning) >= wish.every:
        with working.attempting(tuning.job):
            tuning.begin(who, seq=desk.state().seq)


def moves(desk: Desk, opened: OpenRun) -> Moves | None:
    """What the map shows in place of the run's own map while the switch is on; None while it is off."""
    asked = st.query_params.get(MOVED, "").casefold() == "true"  # by a link, before the switch is drawn
    before = _before(desk, opened) if st.session_state.get(MOVED, asked) else ""
    if not before:
        return None
    try:
        first = open_for_page(before)
        laid = opened.beside(PCA, first, first.space)
    except ExplorerError as error:  # the run before is gone, or has no items in common
        problem(str(error))
        return None
    if laid is None:
        return None
    url = opened.address("frames", on=laid.space)
    return Moves(laid.space, Timeline(url, (f"before: {before}", f"now: {opened.name}")))


def _before(desk: Desk, opened: OpenRun) -> str:
    """The run that the one in use was fine-tuned from in this session; empty for one that was not."""
    found = last_tuning(desk.store, desk.session)
    return found[0] if found is not None and found[1] == opened.name else ""


def _hindrance(opened: OpenRun) -> str:
    """Why the run cannot be fine-tuned, as far as its card tells; empty where it can."""
    card = opened.run.card
    why = "" if card.has_decoder else "has no decoder"
    why = why if card.geometry == "euclidean" else "has its latents in another space"
    return why and f"{opened.name} {why}, so it cannot be fine-tuned; its labels are used for picks all the same."
