"""Files of labels: which kind one is, and what an import would do, in words."""

from dataclasses import dataclass
from pathlib import PurePath

from explorer.errors import BadDataError
from explorer.labeling.decoding import Given
from explorer.labeling.importing import Changes


@dataclass(frozen=True)
class FileKind:
    """One line of FILE_KINDS.

    Args:
        title: in words for a person.
        ending: of a file's name, without the dot.
        mime: its type, as browsers call it.
    """

    title: str
    ending: str
    mime: str


FILE_KINDS: dict[str, FileKind] = {
    "csv": FileKind("CSV", "csv", "text/csv"),
    "jsonl": FileKind("JSON Lines", "jsonl", "application/x-ndjson"),
    "parquet": FileKind("Parquet", "parquet", "application/vnd.apache.parquet"),
    "label-studio": FileKind("Label Studio", "json", "application/json"),
}


@dataclass(frozen=True)
class Pile:
    """The labels of an import with which one thing happens.

    Args:
        title: what they are.
        meaning: what happens with them, and why.
        rows: the labels.
    """

    title: str
    meaning: str
    rows: tuple[Given, ...]


PILES: dict[str, tuple[str, str]] = {
    "added": ("new", "nobody says otherwise. They are taken."),
    "changed": ("changed", "the same annotator said something else before. They are taken."),
    "same": ("there already", "nothing is to be done."),
    "conflicts": (
        "in conflict",
        "another annotator says otherwise. They are taken only when that is asked for; those that settle end the "
        "conflict on their item.",
    ),
    "contradictions": ("contradictory", "the file says two things of one item by one annotator. They are not taken."),
    "unknown_items": ("of unknown items", "the run has no such item to label. They are not taken."),
    "unknown_classes": (
        "of unknown classes",
        "the session has no such class. They are not taken; add the class first.",
    ),
}


def kind_of(name: str) -> str:
    """The kind of a file of labels, by the ending of its name.

    Raises:
        BadDataError: an ending that none of them has.
    """
    ending = PurePath(name).suffix.casefold().lstrip(".")
    for kind, known in FILE_KINDS.items():
        if known.ending == ending:
            return kind
    endings = ", ".join(f".{known.ending} ({known.title})" for known in FILE_KINDS.values())
    raise BadDataError(f"A file of labels ends with {endings}; this one is called {name[-40:]!r}. Rename it.")


def piles(changes: Changes) -> list[Pile]:
    """What an import would do, pile by pile, empty ones left out."""
    return [Pile(title, meaning, rows) for name, (title, meaning) in PILES.items() if (rows := getattr(changes, name))]
