"""What goes into the store of labels and what comes out, as plain values."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from explorer.errors import BadValueError
from explorer.files import NAME_RULE, is_plain_name
from explorer.labeling.schema import ACTIONS, OF_CLASSES, SETTLES, Kind

LONGEST_TEXT = 100
LONGEST_KEY = 64
MOST_ITEMS = 1_000_000  # of one press
MOST_CLASSES = 254  # as a run's card allows
LIMIT = 2**63
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Plan:
    """What a session is made with, for good.

    Args:
        name: of the session, plain, since it stands in its link.
        dataset: name of the data set.
        dataset_settings: its settings, as in a run's card.
        dataset_identity: which import of it; empty where there is only one.
        run: whose map and scores it begins with.
        strategy: how items are picked.
        batch_size: items picked at a time, at least 1.
        refit_every: labels between two fits of the classifier, at least 1.
        held_out: share of items whose labels measure progress, 0 to below 1.
        seed: of random picks and of what is held out.
    """

    name: str
    dataset: str
    run: str
    dataset_settings: Mapping[str, Any] = field(default_factory=dict)
    dataset_identity: str = ""
    strategy: str = "margin"
    batch_size: int = 10
    refit_every: int = 10
    held_out: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not is_plain_name(self.name):
            raise BadValueError(f"A session cannot be called {self.name[:40]!r}: {NAME_RULE}.")
        for what in ("batch_size", "refit_every"):
            if not 1 <= getattr(self, what) < 2**31:
                raise BadValueError(f"{what} = {getattr(self, what)}, but it must be 1 or more.")
        if not 0 <= self.held_out < 1:
            raise BadValueError(f"held_out = {self.held_out}, but it must be at least 0 and below 1.")
        if not 0 <= self.seed < LIMIT:
            raise BadValueError(f"seed = {self.seed}, but it must be 0 or more and below 2**63.")


@dataclass(frozen=True)
class Session:
    """A session of the store.

    Args:
        id: its number in the database.
        plan: what it was made with.
        created: when.
    """

    id: int
    plan: Plan
    created: datetime


class Said:
    """What a press and the events of it have in common."""

    kind: Kind
    text: str

    @property
    def settles(self) -> bool:
        """Whether it settles a conflict."""
        return self.kind == Kind.LABEL and self.text == SETTLES


@dataclass(frozen=True)
class Press(Said):
    """One thing that an annotator did: a key, a lasso, a change of the classes.

    Args:
        kind: what it says.
        key: the client's own name for this press, 1 to 64 characters: sent twice, it counts once.
        items: ids, of a label, a skip, a flag or an unflag; several of one press are undone together.
        class_number: the class of a label, or the class that is renamed, merged or deleted.
        into: of a merge, the class that goes on.
        text: the name of a class that is added or renamed; a note of a refit; SETTLES of a label that settles the
            conflict on its one item.
    """

    kind: Kind
    key: str
    items: tuple[int, ...] = ()
    class_number: int | None = None
    into: int | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if not (0 < len(self.key) <= LONGEST_KEY and self.key.isascii() and self.key.isprintable()):
            raise BadValueError(f"The key of a press must be 1 to {LONGEST_KEY} plain characters.")
        if bool(self.items) != (self.kind in ACTIONS):
            raise BadValueError(
                f"{self.kind.name} comes with {len(self.items)} items; labels, skips and flags need some."
            )
        if len(self.items) > MOST_ITEMS:
            raise BadValueError(f"{len(self.items):,} items in one press; at most {MOST_ITEMS:,} go at a time.")
        if not all(-LIMIT <= item < LIMIT for item in self.items):
            raise BadValueError("An item's id must be a whole number of 64 bits.")
        has_class = self.kind == Kind.LABEL or self.kind in OF_CLASSES[1:]
        if has_class != (self.class_number is not None) or (self.kind == Kind.CLASS_MERGED) != (self.into is not None):
            raise BadValueError(f"{self.kind.name} needs {'a class' if has_class else 'no class'}; send it as it is.")
        if self.kind in ACTIONS and self.text and not (self.settles and len(self.items) == 1):
            raise BadValueError(f"{self.kind.name} has no text, but for one label that settles; send it as it is.")
        if len(self.text) > LONGEST_TEXT:
            raise BadValueError(f"A text of {len(self.text)} characters; at most {LONGEST_TEXT} are kept.")


@dataclass(frozen=True)
class Event(Said):
    """One line of a session's log.

    Args:
        seq: its place in the log, from 1 without gaps.
        who: the annotator's name.
        kind: what it says.
        item: id, or None for what is of no item.
        class_number: as pressed: what was merged since then stands unmerged here.
        target: see `explorer.labeling.schema.events`.
        text: as of a `Press`.
        run: in use at that time.
        at: when, UTC.
        key: the client's name for the press; empty for its further items.
    """

    seq: int
    who: str
    kind: Kind
    item: int | None
    class_number: int | None
    target: int | None
    text: str
    run: str
    at: datetime
    key: str


@dataclass(frozen=True)
class Answer:
    """What became of a press.

    Args:
        key: of the press.
        seq: its first event, now durable; None if it was refused.
        refusal: one sentence why nothing was recorded; empty if it was.
        again: whether it had been recorded before.
        can_wait: whether a refused press is to be sent again later: the session is archived, and may be brought back.
            Any other refusal is for good.
    """

    key: str
    seq: int | None
    refusal: str = ""
    again: bool = False
    can_wait: bool = False


def person(name: str) -> str:
    """The name of an annotator as it is kept.

    Raises:
        BadValueError: no name, or one that cannot be kept.
    """
    return plain_text(name, "An annotator's name")


def plain_text(text: str, what: str) -> str:
    """A name without spaces around it, in the one form in which Unicode composes it.

    Raises:
        BadValueError: an empty, too long or unprintable one.
    """
    found = unicodedata.normalize("NFC", text).strip()
    if not found or len(found) > LONGEST_TEXT or not found.isprintable():
        raise BadValueError(f"{what} must be 1 to {LONGEST_TEXT} printable characters; it is {text[:40]!r}.")
    if found.startswith("'"):  # in a CSV it stands before what a spreadsheet would take for a formula
        raise BadValueError(f"{what} must not begin with an apostrophe; it is {text[:40]!r}.")
    return found


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, UTC, as times are kept."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """The time that a kept number means."""
    return EPOCH + timedelta(microseconds=microseconds)
