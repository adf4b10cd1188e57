"""Change the classes of a session, having seen how many labels it touches."""

from dataclasses import dataclass, replace
from secrets import token_hex

import numpy as np

from explorer.errors import BadValueError
from explorer.labeling.records import Press, Session
from explorer.labeling.schema import Kind
from explorer.labeling.state import State
from explorer.labeling.store import LabelStore
from explorer.registry import lookup


@dataclass(frozen=True)
class Effect:
    """What a change of the classes does to labels.

    Args:
        labels: items whose label is the class now.
        opinions: of annotators on the class, also where a later one of somebody else is the item's label.
        lost: items that have no label afterwards.
        handed: items whose label is another annotator's afterwards.
        opened: conflicts that are settled now and open afterwards.
        ended: conflicts that are open now and none afterwards.
    """

    labels: int
    opinions: int
    lost: int
    handed: int
    opened: int
    ended: int


def class_number(state: State, name: str) -> int:
    """The number of a living class.

    Raises:
        UnknownNameError: there is none of this name.
    """
    return lookup({known: number for number, known in state.classes.living.items()}, name, "class")


def press(kind: Kind, number: int | None = None, *, into: int | None = None, text: str = "") -> Press:
    """A change of the classes under a key of its own."""
    return Press(kind, f"class-{token_hex(12)}", class_number=number, into=into, text=text)


def effect(state: State, change: Press) -> Effect:
    """What a change of the classes would do to the labels as they are now.

    Raises:
        BadValueError: why it cannot be.
    """
    text = state.classes.check(change.kind, change.class_number, change.into, change.text)
    classes = state.classes.after(change.kind, change.class_number, change.into, text)
    after = replace(state, classes=classes)
    before, later = state.labels(), after.labels()
    differ, differ_later = state.in_conflict(), after.in_conflict()
    here = before.classes == change.class_number
    stays = np.isin(before.ids[here], later.ids)
    return Effect(
        labels=int(here.sum()),
        opinions=int((state.held()[1] == change.class_number).sum()),
        lost=int((~stays).sum()),
        handed=int(stays.sum()) if change.kind == Kind.CLASS_DELETED else 0,
        opened=len(np.setdiff1d(differ_later, differ, assume_unique=True)),
        ended=len(np.setdiff1d(differ, differ_later, assume_unique=True)),
    )


def told(state: State, change: Press) -> str:
    """What a change of the classes does, in words; raises as `effect`."""
    found, names = effect(state, change), state.classes.names
    if change.kind == Kind.CLASS_ADDED:
        return f"{change.text.strip()} can be given from now on; labels stay as they are."
    name = names[change.class_number or 0]
    has = f"{_items(found.labels)} {'has' if found.labels == 1 else 'have'} the label {name}"
    if change.kind == Kind.CLASS_RENAMED:
        return f"{has}; it stays, and is called {change.text.strip()} from now on."
    conflicts = f" {_conflicts(found.ended)} less." if found.ended else ""
    conflicts += f" {_conflicts(found.opened)} more, settled so far." if found.opened else ""
    if change.kind == Kind.CLASS_MERGED:
        return f"{has} and will count as {names[change.into or 0]}, as will every earlier label of {name}.{conflicts}"
    handed = f" {_items(found.handed)} will have the label that another annotator gave." if found.handed else ""
    return f"{has}. {_items(found.lost)} will have no label, and can be asked about again.{handed}{conflicts}"


def change_classes(store: LabelStore, session: Session, who: str, change: Press) -> None:
    """Record a change of the classes.

    Raises:
        BadValueError: why it cannot be: a name that is taken, a class that is gone.
        StoreError: the database cannot be written.
    """
    (answer,) = store.record(session, who, [change])
    if answer.refusal:
        raise BadValueError(answer.refusal)


def _items(n: int) -> str:
    return f"{n:,} item{'s' * (n != 1)}"


def _conflicts(n: int) -> str:
    return f"{n:,} conflict{'s' * (n != 1)}"
