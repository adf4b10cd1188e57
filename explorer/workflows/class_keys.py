"""The key of each class of a session: given once, and never to another class."""

from collections.abc import Sequence
from itertools import pairwise
from string import ascii_lowercase

from sqlalchemy import select

from explorer.labeling.records import Session
from explorer.labeling.schema import Kind, events
from explorer.labeling.store import LabelStore

KEYS = "123456789" + ascii_lowercase  # in the order in which classes get them
OWN_KEYS = "0" + KEYS  # a class of this very name is known by it


def class_keys(store: LabelStore, session: Session) -> tuple[str, ...]:
    """The key of every class that a session ever had, by number; empty for one beyond the last key.

    It depends on the names that classes were added with: a class that is renamed, merged or deleted keeps its key, so
    no key ever stands for another class than a person knows.

    Args:
        store: where the session is.
        session: which.
    """
    c = events.c
    asked = select(c.seq, c.text).where(c.session == session.id, c.kind == int(Kind.CLASS_ADDED)).order_by(c.seq)
    with store.database.reading() as connection:
        added = [(int(row.seq), str(row.text)) for row in connection.execute(asked)]
    together: list[list[str]] = [[name for _, name in added[:1]]]  # those that it began with
    for (before, _), (seq, name) in pairwise(added):
        if len(together) == 1 and seq == before + 1:
            together[0].append(name)
        else:
            together.append([name])
    return keys_of(together)


def keys_of(together: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The key of each class, by number; empty for one beyond the last key.

    A class that is called by a single digit or letter has that key, so that 7 means "7", unless it was given before.
    The others take what is left of 1 to 9 and a to z, in their order.

    Args:
        together: names of the classes that were added at one moment, the earliest first.
    """
    given: list[str] = []
    for names in together:
        keys: list[str] = []
        for name in (one.strip().lower() for one in names):
            is_own = len(name) == 1 and name in OWN_KEYS and name not in given and name not in keys
            keys.append(name if is_own else "")
        left = iter([key for key in KEYS if key not in given and key not in keys])
        given += [key or next(left, "") for key in keys]
    return tuple(given)
