"""Class names out of what people write: texts, numbers, empty cells."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.errors import BadDataError

MOST_CLASSES = 254
LONGEST_CLASS_NAME = 200  # characters; longer texts lose their middle


def natural(text: str) -> tuple[Any, ...]:
    """Sort key by which "class 2" comes before "class 10".

    Args:
        text: any.

    Returns:
        A key that tells every two texts apart.
    """
    parts = re.split(r"([0-9]+)", text)
    return ([(int(part), "") if i % 2 else (-1, part.casefold()) for i, part in enumerate(parts)], text)


def printable(text: str) -> str:
    """The text for a screen or a table: control characters and bytes that are no UTF-8 as escapes.

    Args:
        text: any, for example a file name as the system gives it.

    Returns:
        At most 200 characters; a longer text keeps beginning and end.
    """
    if text.isprintable() and len(text) <= LONGEST_CLASS_NAME:
        return text
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    safe = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in safe)
    half = LONGEST_CLASS_NAME // 2
    return safe if len(safe) <= LONGEST_CLASS_NAME else f"{safe[: half - 1]}…{safe[-half:]}"


def label_name(value: Any) -> str:
    """The class that one cell names; empty for an unlabelled item.

    Args:
        value: a text, bytes or a number. None, NaN, -1 and an empty text name no class.
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = printable(str(value).strip())
    return "" if text == str(UNLABELLED) else text


def encode_labels(values: Iterable[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the classes in natural order of their names.

    Args:
        values: one an item, as for `label_name`.

    Returns:
        Label of each item, shape (n,), UNLABELLED where none is named; and the class names.

    Raises:
        BadDataError: more than 254 classes.
    """
    names = [label_name(value) for value in values]
    classes = tuple(sorted(set(names) - {""}, key=natural))
    if len(classes) > MOST_CLASSES:
        shown = ", ".join(repr(name) for name in classes[:3])
        raise BadDataError(
            f"There are {len(classes):,} different labels ({shown}, ...), but at most {MOST_CLASSES} classes; "
            "merge some, or give the class of each item in a table."
        )
    code = {name: i for i, name in enumerate(classes)} | {"": UNLABELLED}
    return np.array([code[name] for name in names], np.int64), classes
