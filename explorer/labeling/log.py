"""A session's log in memory: columns that grow as events are added to it."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from explorer.labeling.classes import Classes, read_classes
from explorer.labeling.schema import ACTIONS, OF_CLASSES, SETTLES, Kind

# Each value of a row costs time, so three small ones travel as one; what is rare comes by itself.
CLASS_BITS, KIND_BITS = 10, 5
PACKED = f"(annotator * {1 << KIND_BITS} + kind) * {1 << CLASS_BITS} + coalesce(class, -1) + 1"
ROWS = "SELECT {packed}, {item} FROM events WHERE session = {session:d} AND seq > {after:d} ORDER BY seq"
SETTLING = -1  # in place of the target of a label that settles a conflict: such a one never has one
TARGETS = (
    f"SELECT seq, coalesce(target, {SETTLING}) FROM events WHERE session = {{session:d}} AND seq > {{after:d}} "
    f"AND (target IS NOT NULL OR kind = {Kind.LABEL:d} AND text = '{SETTLES}')"
)
# PostgreSQL's binary form of two 64-bit columns that are never null.
BINARY = np.dtype([("columns", ">i2"), ("length", ">i4"), ("a", ">i8"), ("length b", ">i4"), ("b", ">i8")])
HEADER, TRAILER = 19, 2  # bytes around the rows

Column = NDArray[np.int64]


@dataclass(frozen=True)
class Log:
    """What happened, in order: row i is the event of seq i + 1. Columns have shape (n,).

    Args:
        kinds: as `Kind`.
        annotators: their numbers.
        items: ids; 0 of what is of no item.
        classes: as pressed; -1 of what is of no class.
        targets: see `schema.events`; 0 for none, SETTLING of a label that settles a conflict.
        orders: when each action counts: its seq or that of its last redo; 0 while it is undone.
        known: the session's classes.
    """

    kinds: Column
    annotators: Column
    items: Column
    classes: Column
    targets: Column
    orders: Column
    known: Classes = Classes()

    def __len__(self) -> int:
        return len(self.kinds)


def empty_log() -> Log:
    """The log of a session in which nothing happened."""
    nothing = np.empty(0, np.int64)
    return Log(nothing, nothing, nothing, nothing, nothing, nothing)


def grown(log: Log, connection: Connection, session: int) -> Log:
    """The log with what was added to it since; the same object if nothing was."""
    packed, items = _pairs(connection, ROWS.format(packed="{packed}", item="{item}", session=session, after=len(log)))
    if not len(packed):
        return log
    targets = np.zeros(len(packed), np.int64)
    at, values = _pairs(connection, TARGETS.format(session=session, after=len(log)))
    targets[at - len(log) - 1] = values
    kinds = (packed >> CLASS_BITS) & ((1 << KIND_BITS) - 1)
    columns = [kinds, packed >> (CLASS_BITS + KIND_BITS), items, (packed & ((1 << CLASS_BITS) - 1)) - 1, targets]
    has_classes = ((kinds >= OF_CLASSES[0]) & (kinds <= OF_CLASSES[-1])).any()
    known = read_classes(connection, session) if has_classes else log.known
    before = (log.kinds, log.annotators, log.items, log.classes, log.targets)
    whole = [np.concatenate(pair) for pair in zip(before, columns, strict=True)]
    if np.isin(kinds, (Kind.UNDO, Kind.REDO)).any():
        orders = orders_of(whole[0], whole[4])
    else:
        orders = np.concatenate([log.orders, np.arange(len(log) + 1, len(whole[0]) + 1)])
    return Log(whole[0], whole[1], whole[2], whole[3], whole[4], orders, known)


def cut(log: Log, connection: Connection, session: int, before: int) -> Log:
    """The log as it was before an event of this seq."""
    kinds, annotators, items, classes, targets = (
        column[: before - 1] for column in (log.kinds, log.annotators, log.items, log.classes, log.targets)
    )
    known = read_classes(connection, session, before=before)
    return Log(kinds, annotators, items, classes, targets, orders_of(kinds, targets), known)


def orders_of(kinds: Column, targets: Column) -> Column:
    """When each action counts, shape (n,): its seq, that of its last redo, or 0 while it is undone.

    Args:
        kinds, targets: of all events of a session, in order, shape (n,).
    """
    seqs = np.arange(1, len(kinds) + 1)
    firsts = np.where((targets > 0) & np.isin(kinds, ACTIONS), targets, seqs)  # the first event of each press
    refers = np.flatnonzero(np.isin(kinds, (Kind.UNDO, Kind.REDO)))
    last = np.zeros(len(kinds) + 1, np.int64)
    np.maximum.at(last, targets[refers], refers + 1)  # the newest undo or redo of each press
    newest = last[firsts]
    is_redone = kinds[newest - 1] == Kind.REDO
    return np.where(newest == 0, seqs, np.where(is_redone, newest, 0))


def times(connection: Connection, session: int) -> Column:
    """When each event of a session was, microseconds since 1970, in order, shape (n,)."""
    return _pairs(connection, ROWS.format(packed="at", item="seq", session=session, after=0))[0]


def _pairs(connection: Connection, query: str) -> tuple[Column, Column]:
    """Two columns of whole numbers, as fast as each database gives them."""
    driver: Any = connection.connection
    if connection.dialect.name == "sqlite":
        rows = driver.cursor().execute(query.format(packed=PACKED, item="coalesce(item, 0)"))
        table = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, 2)
        return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])
    query = query.format(packed=f"({PACKED})::bigint", item="coalesce(item, 0)")
    with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        found = np.frombuffer(b"".join(copy)[HEADER:-TRAILER], BINARY)
    return found["a"].astype(np.int64), found["b"].astype(np.int64)
