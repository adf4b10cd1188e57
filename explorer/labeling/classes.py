"""The classes of a session, derived from what was ever said of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from explorer.errors import BadValueError
from explorer.labeling.records import MOST_CLASSES, plain_text
from explorer.labeling.schema import Kind, events, is_of_classes

NONE = -1  # no class: as UNLABELLED in data sets


@dataclass(frozen=True)
class Classes:
    """Every class that a session ever had; its number is its place here and stays the same for ever.

    Args:
        names: as they are called now, or were when they went.
        fates: where a label of each goes: its own number, that of the class it was merged into, or -1 if deleted.
    """

    names: tuple[str, ...] = ()
    fates: tuple[int, ...] = ()

    @property
    def living(self) -> dict[int, str]:
        """Number and name of each class that can be chosen, in the order in which they were added."""
        return {number: self.names[number] for number in range(len(self.names)) if self.fates[number] == number}

    def follow(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        """The classes that these mean now, shape as given; -1 where one was deleted."""
        fates: NDArray[np.int64] = np.array([*self.fates, NONE], np.int64)
        return fates.take(numbers)

    def number(self, name: str) -> int | None:
        """The living class of this name, or None."""
        return next((number for number, known in self.living.items() if known == name), None)

    def chosen(self, number: int | None) -> int:
        """The class that a label of `number` means now.

        Raises:
            BadValueError: a class that there never was, or that was deleted.
        """
        if number is None or not 0 <= number < len(self.names):
            raise BadValueError("This session has no such class. Reload the page to see its classes.")
        if self.fates[number] == NONE:
            raise BadValueError(
                f"The class {self.names[number]} was deleted meanwhile, so the label was not kept. Choose another."
            )
        return self.fates[number]

    def after(self, kind: int, number: int | None, into: int | None, text: str) -> "Classes":
        """The classes after one more event, which `check` has let pass."""
        if kind == Kind.CLASS_ADDED:
            return Classes((*self.names, text), (*self.fates, len(self.names)))
        assert number is not None
        if kind == Kind.CLASS_RENAMED:
            return replace(self, names=(*self.names[:number], text, *self.names[number + 1 :]))
        goes = NONE if into is None else into
        return replace(self, fates=tuple(goes if fate == number else fate for fate in self.fates))

    def check(self, kind: Kind, number: int | None, into: int | None, text: str) -> str:
        """The text to keep of an event that may be recorded.

        Raises:
            BadValueError: a class that is gone, a name that is taken or none, a merge into itself, too many classes.
        """
        if kind == Kind.CLASS_ADDED:
            if len(self.names) >= MOST_CLASSES:
                raise BadValueError(f"A session can have {MOST_CLASSES} classes. Rename one that is not needed.")
            return self._free(text, None)
        for one in (number, into)[: 1 if into is None else 2]:
            if one not in self.living:
                raise BadValueError("This class was deleted or merged meanwhile. Reload the page to see the classes.")
        if kind == Kind.CLASS_RENAMED:
            return self._free(text, number)
        if number == into:
            raise BadValueError("A class cannot be merged into itself. Choose another.")
        return ""

    def _free(self, text: str, own: int | None) -> str:
        name = plain_text(text, "A class's name")
        if self.number(name) not in (None, own):
            raise BadValueError(f"There is a class called {name} already. Choose another name, or merge the two.")
        return name


def derive(log: Iterable[tuple[int, int | None, int | None, str | None]], known: Classes | None = None) -> Classes:
    """The classes after these events, each (kind, class, target, text), in order.

    Args:
        log: of the kinds in `schema.OF_CLASSES`.
        known: the classes before them.
    """
    classes = known or Classes()
    for kind, number, into, text in log:
        classes = classes.after(kind, number, into, text or "")
    return classes


def read_classes(connection: Connection, session: int, *, before: int | None = None) -> Classes:
    """The classes of a session as the database has them now, or as they were before an event."""
    c = events.c
    asked = select(c.seq, c.kind, c["class"], c.target, c.text).where(c.session == session, is_of_classes)
    if before is not None:
        asked = asked.where(c.seq < before)
    # Sorted here: asked for in order, SQLite walks the whole log instead of taking the few from their index.
    rows = sorted(connection.execute(asked), key=lambda row: int(row[0]))
    return derive((row[1], row[2], row[3], row[4]) for row in rows)
