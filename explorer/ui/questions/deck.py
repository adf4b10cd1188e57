"""What the browser is told: questions in their order, classes with their keys, and what became of presses."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from os.path import commonprefix
from typing import Any


@dataclass(frozen=True)
class Question:
    """An item that a person is asked about.

    Args:
        item: its id.
        image: address of its picture; empty for an item without one.
        tile: address of a small picture; it may be the same.
        title: its file's name, or its id.
        why: one sentence about why it was picked.
        guesses: up to two pairs (class number, share between the two), the likelier first.
        margin: between the scores of the two; None where nothing was guessed.
        place: on the small map, 0 to 1 from its left and from its top; None if it is not on it.
        nearest: (address of a picture, title, class number) of labelled items, the nearest first.
        values: (name, value) of each feature, where there is no picture.
        is_held_out: whether its label only measures progress.
        is_flagged: whether it is flagged already.
    """

    item: int
    image: str
    tile: str
    title: str
    why: str = ""
    guesses: tuple[tuple[int, float], ...] = ()
    margin: float | None = None
    place: tuple[float, float] | None = None
    nearest: tuple[tuple[str, str, int], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    is_held_out: bool = False
    is_flagged: bool = False


@dataclass(frozen=True)
class ClassKey:
    """A class that can be chosen: its number, name, colour "#rrggbb" and key; empty for none."""

    number: int
    name: str
    colour: str
    key: str


@dataclass(frozen=True)
class Deck:
    """What is asked now, and what became of what was pressed.

    Args:
        identity: of session and annotator: words for a person, a colon, and what tells this session from another of its
            name; presses that nobody has acknowledged are kept under it.
        questions: the best first.
        classes: with their keys.
        map_url: address of a small picture of the map, on which `place` is a dot; empty for none.
        answered: what became of presses by their keys: empty for one that is written, or why it was refused.
        problem: the sentence about why nothing could be written now: presses are kept, and sent again.
        back: an item whose label was taken back, which the browser may not know any more.
        undone: what undos took back, by their keys: the item's id, or None for many at once.
        is_choosing: whether questions are on their way, as while the first round is made.
        is_quiet: whether nothing is asked here and there is nothing to see, unless something is not saved.
    """

    identity: str
    questions: tuple[Question, ...]
    classes: tuple[ClassKey, ...]
    map_url: str = ""
    answered: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    back: Question | None = None
    undone: Mapping[str, int | None] = field(default_factory=dict)
    is_choosing: bool = False
    is_quiet: bool = False


def message(deck: Deck) -> dict[str, Any]:
    """The deck as it travels: item ids as text, since JavaScript's numbers end at 53 bits.

    Addresses come without what all of them begin and end with, a token for one, which would be half of the deck.
    """
    around = _around(deck.questions if deck.back is None else (*deck.questions, deck.back))
    return {
        "identity": deck.identity,
        "around": around,
        "questions": [_asked(question, around) for question in deck.questions],
        "classes": [asdict(one) for one in deck.classes],
        "map_url": deck.map_url,
        "answered": dict(deck.answered),
        "problem": deck.problem,
        "undone": {key: "" if item is None else str(item) for key, item in deck.undone.items()},
        "choosing": deck.is_choosing,
        "quiet": deck.is_quiet,
        "back": deck.back and _asked(deck.back, around),
    }


def _around(questions: Iterable[Question]) -> tuple[str, str]:
    """What the addresses of all pictures begin with, and what they end with after that."""
    found = {address for one in questions for address in (one.image, one.tile, *(near[0] for near in one.nearest))}
    before = commonprefix(list(found - {""}))
    return before, commonprefix([address[len(before) :][::-1] for address in found - {""}])[::-1]


def _asked(question: Question, around: tuple[str, str]) -> dict[str, Any]:
    """A question as it travels, without what is no number: JSON cannot say it."""
    before, after = map(len, around)

    def between(address: str) -> str | None:
        return address[before : len(address) - after] if address else None

    place = question.place if question.place is not None and all(map(isfinite, question.place)) else None
    return asdict(question) | {
        "item": str(question.item),
        "image": between(question.image),
        "tile": between(question.tile),
        "nearest": [(between(address), *more) for address, *more in question.nearest],
        "guesses": [guess for guess in question.guesses if isfinite(guess[1])],
        "margin": question.margin if question.margin is not None and isfinite(question.margin) else None,
        "place": place,
    }
