"""The tables of labeling sessions. `events` is a log: rows are added, never changed and never removed."""

from enum import IntEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)


class Kind(IntEnum):
    """What an event says. The numbers stand in the database and never change their meaning."""

    LABEL = 1
    SKIP = 2
    FLAG = 3
    UNFLAG = 4
    UNDO = 5
    REDO = 6
    CLASS_ADDED = 7
    CLASS_RENAMED = 8
    CLASS_MERGED = 9
    CLASS_DELETED = 10
    REFIT = 11
    ARCHIVED = 12
    BROUGHT_BACK = 13


ACTIONS = (Kind.LABEL, Kind.SKIP, Kind.FLAG, Kind.UNFLAG)  # what undo takes back
SETTLES = "settles"  # the text of a label that settles a conflict
OF_CLASSES = (Kind.CLASS_ADDED, Kind.CLASS_RENAMED, Kind.CLASS_MERGED, Kind.CLASS_DELETED)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("dataset", String(100), nullable=False),
    Column("dataset_settings", JSON, nullable=False),
    Column("dataset_identity", String(200), nullable=False),
    Column("run", String(100), nullable=False),
    Column("strategy", String(100), nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("refit_every", Integer, nullable=False),
    Column("held_out", Float, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),  # microseconds since 1970, UTC, as every time here
)

annotators = Table(
    "annotators",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
)

# `seq` counts 1, 2, 3 ... within a session, so that a lost event would leave a gap that is seen.
# `target`: of undo and redo the first event of what they take back or repeat; of what one press says of
# further items, the event of its first item; of a merge the number of the class that goes on.
# `text`: the name of a class that is added or renamed, a note of a refit, SETTLES of a label that settles a conflict.
events = Table(
    "events",
    metadata,
    Column("session", ForeignKey("sessions.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("annotator", ForeignKey("annotators.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("item", BigInteger),
    Column("class", Integer),
    Column("target", BigInteger),
    Column("text", String(200)),
    Column("run", String(100), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key", String(64)),
    UniqueConstraint("session", "annotator", "key"),
    sqlite_with_rowid=False,
)
Index("ix_events_item", events.c.session, events.c.item)
Index("ix_events_annotator", events.c.session, events.c.annotator, events.c.seq)
# Written out, not bound: SQLite uses such an index only where it reads the very same words.
is_of_classes = text(f"kind BETWEEN {OF_CLASSES[0]:d} AND {OF_CLASSES[-1]:d}")
Index(
    "ix_events_of_classes",
    events.c.session,
    events.c.kind,
    sqlite_where=is_of_classes,
    postgresql_where=is_of_classes,
)

# Who has an item on the screen. No part of the log: a lease is taken, renewed, given back and runs out.
leases = Table(
    "leases",
    metadata,
    Column("session", ForeignKey("sessions.id"), primary_key=True),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("annotator", ForeignKey("annotators.id"), nullable=False),
    Column("tab", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
