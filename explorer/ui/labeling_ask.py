"""One item after the other is asked about; what is pressed is written before it is acknowledged."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.figures import class_colours, map_thumbnail, places_on_thumbnail
from explorer.labeling.rounds import Round, SessionItems
from explorer.labeling.schema import Kind
from explorer.labeling.state import State, contains
from explorer.labeling.strategies import STRATEGIES
from explorer.ui import fetching, progress, questions
from explorer.ui.gallery import data_url, remark
from explorer.ui.progress import Standing
from explorer.ui.questions import ClassKey, Deck, Question
from explorer.ui.state import OpenRun
from explorer.workflows.class_keys import class_keys
from explorer.workflows.desk import Desk
from explorer.workflows.picks_told import Pick

KEY = "label-questions"
WAIT = 0.5  # seconds for a round that is under way
DRAWN = 3000  # points of the small map
VALUES = 8
CLASSES = "label:classes"  # as the session knew them last


@dataclass(frozen=True)
class Taken:
    """What became of what the browser reported.

    Args:
        answered: by the key of the press: empty, or why it was refused for good.
        back: an item that an undo brought back.
        undone: what each undo took back, by its key: an item, or None for many at once.
        trouble: why what is not answered could not be written; empty if all is.
    """

    answered: Mapping[str, str] = field(default_factory=dict)
    back: int | None = None
    undone: Mapping[str, int | None] = field(default_factory=dict)
    trouble: str = ""


def take(desk: Desk, who: str) -> Taken:
    """Write what was pressed; what could not be, or not yet, is not answered, so that the browser keeps it."""
    presses = questions.presses(KEY, _identity(desk, who))
    if not presses:
        return Taken()
    try:
        answers = desk.record(who, presses)
        undos = [press.key for press in presses if press.kind == Kind.UNDO]
        undone = {answer.key: desk.undone(answer) for answer in answers if answer.key in undos and not answer.refusal}
        final = {answer.key: answer.refusal for answer in answers if not answer.can_wait}
        waiting = next((answer.refusal for answer in answers if answer.can_wait), "")
        return Taken(final, desk.undone(answers[-1]), undone, waiting)
    except StoreError as error:
        return Taken(trouble=str(error))


def show(desk: Desk, opened: OpenRun, who: str, taken: Taken) -> None:
    """Show what is asked next; where the store fails, the browser goes on with what it has."""
    deck = replace(_blank(_identity(desk, who)), problem=taken.trouble)
    try:
        if not taken.trouble:
            deck = _deck(desk, opened, who, taken.back)
            st.session_state[CLASSES] = deck.classes
    except StoreError as error:
        deck = replace(deck, problem=str(error))
    deck = replace(deck, answered=taken.answered, undone=taken.undone)
    fetching.offer(opened)
    questions.ask(deck, key=KEY, who=who)
    if (fitting := desk.fitting) is not None:
        progress.quietly(f"round-{desk.session.id}-{fitting}", partial(_look, desk, fitting), key="label-fitting")
    if opened.without_images is not None:
        remark("The items cannot be shown: " + str(opened.without_images))


def keep(desk: Desk, who: str, taken: Taken) -> None:
    """On a view that asks nothing: what the browser still holds is reported, answered and, if refused, told."""
    deck = Deck(_identity(desk, who), (), (), answered=taken.answered, problem=taken.trouble, is_quiet=True)
    questions.ask(deck, key=KEY, who=who)


def hold(desk: Desk, who: str, trouble: str) -> None:
    """In place of a session whose store is away: the browser keeps what is pressed, and asks again until it is back."""
    questions.ask(replace(_blank(_identity(desk, who)), problem=trouble), key=KEY)


def _identity(desk: Desk, who: str) -> str:
    """Of what the browser keeps: a store that was restored may have another session of this name."""
    session = desk.session
    return f"{who} in {session.plan.name}:{session.id}-{session.created:%y%m%d%H%M%S%f}"


def _blank(identity: str) -> Deck:
    """A deck that asks about nothing new: the browser goes on with what it has."""
    return Deck(identity, (), st.session_state.get(CLASSES, ()))


def _deck(desk: Desk, opened: OpenRun, who: str, back: int | None) -> Deck:
    """What is asked next, and an item that an undo brought back."""
    tab = questions.tab(KEY)
    picks = desk.questions(who, tab, wait=WAIT) if tab else []
    latest, state, items = desk.latest(), desk.state(), desk.items()
    small = None if latest is None else _small_map(desk, opened, latest)
    view = View(opened, desk, items, items.labels(state), state.flagged(), small)
    asked = [_question(view, pick) for pick in picks]
    returned = None if back is None else desk.pick(back)
    return Deck(
        _identity(desk, who),
        tuple(asked),
        _classes(desk, state),
        map_url="" if small is None else small.url,
        is_choosing=latest is None,
        back=None if returned is None else _question(view, returned),
    )


def _classes(desk: Desk, state: State) -> tuple[ClassKey, ...]:
    names = state.classes.names
    colours, keys = class_colours(len(names)), _keys(desk, len(names))
    return tuple(ClassKey(number, name, colours[number], keys[number]) for number, name in state.classes.living.items())


@lru_cache(maxsize=64)
def _keys(desk: Desk, n: int) -> tuple[str, ...]:
    """The keys of the session's first n classes: more classes change none of them."""
    return class_keys(desk.store, desk.session)[:n]


def _look(desk: Desk, fitting: int) -> Standing | None:
    """How far the round is that was being made."""
    return Standing("Fitting", 0.5) if desk.fitting == fitting else None


@dataclass(frozen=True, eq=False)
class SmallMap:
    """The map as it was labelled at the newest refit, small.

    Args:
        url: of its picture.
        places: of the items of the map by their rows, 0 to 1 from the left and from the top, shape (n, 2).
    """

    url: str
    places: NDArray[np.floating]


@lru_cache(maxsize=4)
def _small_map(desk: Desk, opened: OpenRun, latest: Round) -> SmallMap:
    space, items = opened.space, desk.items(latest.run)
    state = desk.state()
    labels = np.append(items.labels(state), -1)[items.by_id.rows(space.latents.ids)]
    some = np.union1d(np.arange(min(DRAWN, len(labels))), np.flatnonzero(labels >= 0))
    order = some[np.argsort(labels[some] >= 0, kind="stable")]  # what is labelled lies on top
    drawn = space.places[order]
    picture = map_thumbnail(drawn, labels[order], len(state.classes.names))
    return SmallMap(data_url(picture), places_on_thumbnail(drawn, space.places).clip(0, 1))


@dataclass(frozen=True, eq=False)
class View:
    """What questions are made of.

    Args:
        opened: the run in use.
        desk: of the session.
        items: that it labels.
        labels: class number of each of them, -1 for none.
        flagged: ids of the flagged items, ascending.
        small: the small map; None while the first round is made.
    """

    opened: OpenRun
    desk: Desk
    items: SessionItems
    labels: NDArray[np.int64]
    flagged: NDArray[np.int64]
    small: SmallMap | None

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Rows of items on the map."""
        return self.opened.space.by_id.rows(ids)

    def place(self, row: int) -> tuple[float, float] | None:
        """Where an item lies on the small map, 0 to 1 from the left and from the top."""
        if self.small is None or row < 0:
            return None
        x, y = self.small.places[row].tolist()
        return x, y


def _question(view: View, pick: Pick) -> Question:
    """What the browser shows of an item."""
    opened, near = view.opened, list(pick.nearest)
    row = int(view.rows(np.array([pick.item]))[0])
    ids = view.items.ids[near]
    nearest = zip(view.rows(ids).tolist(), ids.tolist(), view.labels[near].tolist(), strict=True)
    likeliest = zip(pick.likeliest, pick.shares, strict=True)
    return Question(
        item=pick.item,
        image=_address(opened, row),
        tile=_address(opened, row),
        title=_title(opened, pick.item),
        why=_why(view.desk, pick),
        guesses=tuple((number, sure) for number, sure in likeliest if number >= 0),
        margin=None if math.isnan(pick.margin) else pick.margin,
        place=view.place(row),
        nearest=tuple((_address(opened, at), _title(opened, item), label) for at, item, label in nearest),
        values=_values(opened, pick.item),
        is_held_out=pick.is_held_out,
        is_flagged=bool(contains(view.flagged, np.array([pick.item]))[0]),
    )


def _address(opened: OpenRun, row: int) -> str:
    """Of an item's picture; empty where there is none."""
    return "" if opened.without_images is not None or row < 0 else opened.address("image", f"/{row}")


def _title(opened: OpenRun, item: int) -> str:
    """An item's file, or its id."""
    files = opened.items.files(np.array([item])) if opened.images.are_here else []
    return files[0] if files else f"item {item}"


def _values(opened: OpenRun, item: int) -> tuple[tuple[str, str], ...]:
    """What else is known of an item of one's own data, where it has no picture of its own."""
    if not opened.images.are_here or len(opened.run.card.shape) > 1:
        return ()
    found = list(opened.items.factors(np.array([item])).items())[:VALUES]
    return tuple((name, f"{known[0]:.4g}" if known.dtype.kind == "f" else str(known[0])) for name, known in found)


def _why(desk: Desk, pick: Pick) -> str:
    """Why this item is asked about, in a sentence."""
    if pick.is_held_out:
        return "Drawn by chance to measure progress: its label is not learned from."
    if pick.origin == "chance":
        return "Drawn by chance: the picks of this round are used up."
    if pick.origin == "before":
        return "Picked in the round before, just as a new one began."
    strategy = desk.session.plan.strategy
    if pick.is_cold and STRATEGIES[strategy].needs_scores:
        return f"Far from all that is labelled, to find the classes. Once each has a label, {strategy} takes over."
    return f"Picked by {strategy}: {STRATEGIES[strategy].meaning}."
