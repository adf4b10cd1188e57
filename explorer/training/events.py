"""What happens in a training, as values: printed by the command line, appended to events.jsonl."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import time

from pydantic import TypeAdapter

from explorer.files import write_atomically


@dataclass(frozen=True)
class Started:
    """Training begins (or goes on).

    Args:
        epoch: epochs done already; 0 for a new run.
        epochs: epochs in all.
        items: training items.
        steps: steps an epoch.
        device: where it runs.
        run: its name.
        weights: a sentence on those that it begins with, where there was a choice.
    """

    epoch: int
    epochs: int
    items: int
    steps: int
    device: str
    run: str = ""
    weights: str = ""
    time: float = field(default_factory=time)


@dataclass(frozen=True)
class Progressed:
    """A few steps are done.

    Args:
        epoch: the epoch under way, from 1.
        step: steps done in it.
        terms: mean of each loss term since the last event.
        rate: images a second since the last event.
    """

    epoch: int
    step: int
    terms: Mapping[str, float]
    rate: float
    time: float = field(default_factory=time)


@dataclass(frozen=True)
class EpochEnded:
    """An epoch is done and saved: from here the run can be resumed.

    Args:
        epoch: epochs done.
        terms: mean of each loss term over the epoch.
        rate: images a second over the epoch.
    """

    epoch: int
    terms: Mapping[str, float]
    rate: float
    time: float = field(default_factory=time)


@dataclass(frozen=True)
class Ended:
    """The run is over.

    Args:
        status: finished, interrupted or failed.
        message: why it failed; empty otherwise.
    """

    status: str
    message: str = ""
    time: float = field(default_factory=time)


Event = Started | Progressed | EpochEnded | Ended
KINDS: dict[str, TypeAdapter[Event]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Started, Progressed, EpochEnded, Ended)
}
PROGRESSED = json.dumps({"kind": Progressed.__name__})[1:-1].encode()
TAIL = 65_536  # bytes: some hundred events


def append_event(path: Path, event: Event) -> None:
    """Add one line to the events of a run; a link in its place is refused, as it may lead out of the run."""
    line = json.dumps({"kind": type(event).__name__, **asdict(event)})
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def keep_epochs(path: Path) -> None:
    """Leave out of a run's events those within epochs, which are of use while one watches."""
    kept = [line for line in path.read_bytes().splitlines(keepends=True) if PROGRESSED not in line]
    write_atomically(path, lambda file: file.writelines(kept))


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a run, oldest first; a torn last line and foreign lines are left out."""
    if path.is_file():  # a pipe in a foreign folder would be waited for
        yield from _parsed(path.read_text(encoding="utf-8", errors="replace"))


def last_epoch(path: Path) -> int:
    """Whole epochs that a training has done, read off the end of its events; 0 where that names none."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        end = file.read(TAIL).decode("utf-8", errors="replace")
    return max((event.epoch for event in _parsed(end) if isinstance(event, EpochEnded)), default=0)


def _parsed(text: str) -> Iterator[Event]:
    for line in text.splitlines():
        try:
            values = json.loads(line)
            yield KINDS[values.pop("kind")].validate_python(values)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
