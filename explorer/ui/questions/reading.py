"""What a browser reports: presses, and its tab's name. Anything malformed is dropped."""

import re
from collections.abc import Mapping
from typing import Any

from explorer.errors import BadValueError
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.ui.messages import is_int

KINDS = {kind.name.lower(): kind for kind in (Kind.LABEL, Kind.SKIP, Kind.FLAG, Kind.UNFLAG, Kind.UNDO, Kind.REDO)}
OF_NO_ITEM = (Kind.UNDO, Kind.REDO)
MOST_PRESSES = 2000  # of a report; what comes after them is reported again
MOST_CLASS = 2**31  # a class's number is below it


def presses_of(report: object, identity: str) -> list[Press]:
    """The presses of a report, the oldest first.

    Args:
        report: as a browser sent it.
        identity: of session and annotator; a report of another one holds nothing for this one.
    """
    if not isinstance(report, Mapping) or report.get("identity") != identity:
        return []
    told = report.get("presses")
    read = (_press(one) for one in told[:MOST_PRESSES]) if isinstance(told, list) else ()
    found = {press.key: press for press in read if press is not None}
    return list(found.values())


def tab_of(report: object) -> str:
    """The name of the tab that sent the report; empty where it has none."""
    name = report.get("tab") if isinstance(report, Mapping) else None
    return name if isinstance(name, str) and re.fullmatch("[0-9a-z]{8,32}", name) else ""


def number_of(report: object) -> int:
    """The number of the report, 0 for none: the browser is told which one has been heard."""
    number = report.get("seq") if isinstance(report, Mapping) else None
    return number if is_int(number) and 0 < number < 2**53 else 0


def _press(told: Any) -> Press | None:
    if not isinstance(told, Mapping):
        return None
    key, name, number = told.get("key"), told.get("kind"), told.get("number")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(key, str):
        return None
    item = None if kind in OF_NO_ITEM else _item(told.get("item"))
    if kind != Kind.LABEL:
        number = None
    elif not is_int(number) or not 0 <= number < MOST_CLASS:
        return None
    try:
        return Press(kind, key, items=() if item is None else (item,), class_number=number)
    except BadValueError:
        return None


def _item(told: object) -> int | None:
    """An item's id, which travels as text."""
    return int(told) if isinstance(told, str) and re.fullmatch("-?[0-9]{1,19}", told) else None
