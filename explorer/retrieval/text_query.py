"""A query in words: class names and how much of each, brought to a place between the class centres.

Reference: Gabdullin, Latent space configuration, its text queries ("dots", "between squares and dots",
"mostly uniform, a little horizontal lines"): names are mapped to regions, there is no language model.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError

AMOUNTS = {
    "mostly": 3, "mainly": 3, "very": 3, "much": 3, "largely": 3,
    "half": 1, "partly": 1, "rather": 1,
    "a little": 0.5, "a bit": 0.5, "little": 0.5, "slightly": 0.5, "somewhat": 0.5, "some": 0.5, "hint of": 0.5,
}  # fmt: skip
"""Words and the weight they give to the name after them; a name without one has weight 1."""

SYNONYMS = {
    "plain": "uniform", "solid": "uniform", "flat": "uniform", "unicoloured": "uniform",
    "horizontal stripes": "horizontal lines", "vertical stripes": "vertical lines",
    "checks": "squares", "checked": "squares", "chequered": "squares", "squared": "squares",
    "dotted": "dots", "spots": "dots", "spotted": "dots", "polka dots": "dots",
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "airplane": "aeroplane", "plane": "aeroplane", "sailing boat": "boat", "sailboat": "boat", "ship": "boat",
    "benches": "bench", "buses": "bus", "coach": "bus", "automobile": "car", "grand piano": "piano", "desk": "table",
    "locomotive": "train", "man": "male", "woman": "female", "men": "male", "women": "female",
    "trousers": "trouser", "jumper": "pullover", "trainer": "sneaker", "boot": "ankle boot", "top": "t-shirt/top",
}  # fmt: skip
"""Other words for class names of the data sets that come with us; those that are no class of a run mean nothing."""

BETWEEN = frozenset({"between", "and", "or", "with", "of", "the", "plus", "to", "from", "but", "also", "a", "an"})
NUMBER = re.compile(r"(?P<value>\d{1,3}(?:\.\d+)?)\s*%")
LONGEST = 200


@dataclass(frozen=True)
class TextQuery:
    """What a text asks for.

    Args:
        weights: share of each class, shape (c,), 0 to 1, 1 in sum.
    """

    weights: NDArray[np.float64]

    def place(self, centres: NDArray[np.floating]) -> NDArray[np.float64]:
        """The place between the class centres (c, d) that has these shares: their weighted mean, shape (d,)."""
        return np.asarray(self.weights @ centres)


def parse_query(text: str, classes: Sequence[str], synonyms: Mapping[str, str] | None = None) -> TextQuery:
    """Read a query.

    A class name, one of its synonyms or its plural, alone or several; before each, how much of it: "mostly",
    "a little", "70 %". "between a and b" is half of each.

    Args:
        text: the query, up to 200 letters.
        classes: the c class names.
        synonyms: further words for them, to class names.

    Raises:
        BadValueError: a word that is neither a name nor an amount (it is named), no name at all, or a text that is too
            long.
    """
    if len(text) > LONGEST:
        raise BadValueError(f"The query has {len(text)} letters; say it in {LONGEST} or fewer.")
    names = _names(classes, SYNONYMS | {word.casefold(): name for word, name in (synonyms or {}).items()})
    weights, amount = np.zeros(len(classes)), 1.0
    rest = _spaced(text)
    while rest := rest.lstrip(" ,;.+&"):
        if number := NUMBER.match(rest):
            amount, rest = float(number["value"]) / 100, rest[number.end() :]
        elif (found := _longest(rest, names)) is not None:
            weights[names[found]] += amount
            amount, rest = 1.0, rest[len(found) :]
        elif (found := _longest(rest, AMOUNTS)) is not None:
            amount, rest = AMOUNTS[found], rest[len(found) :]
        else:
            word = re.split(r"[ ,;]", rest, maxsplit=1)[0]
            if word not in BETWEEN:
                known = ", ".join(classes)
                raise BadValueError(f"Nothing here is called {word!r}. Ask for one or more of: {known}.")
            rest = rest[len(word) :]
    if not weights.sum():
        raise BadValueError(f"The query names nothing. Ask for one or more of: {', '.join(classes)}.")
    return TextQuery(weights / weights.sum())


def _names(classes: Sequence[str], synonyms: Mapping[str, str]) -> dict[str, int]:
    """All words for the classes: their names first, then singular, plural and synonyms that mean nothing else."""
    row_of = {_spaced(name): row for row, name in enumerate(classes)}
    names = dict(row_of)
    for name, row in row_of.items():
        names.setdefault(name.removesuffix("s") if name.endswith("s") else f"{name}s", row)
    for word, name in synonyms.items():
        if _spaced(name) in row_of:
            names.setdefault(_spaced(word), row_of[_spaced(name)])
    return {name: row for name, row in names.items() if name}


def _spaced(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.casefold()).strip()


def _longest(text: str, words: Mapping[str, object]) -> str | None:
    """The longest of the words with which the text begins, whole."""
    found = [word for word in words if text.startswith(word) and not text[len(word) : len(word) + 1].isalnum()]
    return max(found, key=len, default=None)
