"""How good a run is: one record a run, `evaluation.json`, which names the latents that it was measured on."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from explorer.errors import BadRunError
from explorer.zoo.card import Card, Text
from explorer.zoo.store import LATENTS, write_bytes

EVALUATION = "evaluation.json"
MOST_BYTES = 20_000_000
RECORDS_KEPT = 256  # in memory: a page shows those of all runs, again and again
DIGITS = 7  # that a record keeps: no interval is as narrow as the next one
Number = Annotated[float, AfterValidator(lambda value: float(f"{value:.{DIGITS}g}"))]
Count = Annotated[int, Field(ge=0, le=10**12)]
Topic = Literal["classification", "retrieval", "reconstruction", "structure"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Score(_Part):
    """One measured number.

    Args:
        topic: what it is about: "classification", "retrieval", "reconstruction" or "structure".
        measure: its name, as in "MAP".
        of: what was measured: a classifier, a code with its setting, or a class.
        value: the number; null where no item has one.
        low, high: ends of its 95 % interval over items, where there is one.
        items: how many items or queries it is over.
        left_out: queries with nothing relevant.
    """

    topic: Topic
    measure: Text
    of: Text
    value: Number | None
    low: Number | None = None
    high: Number | None = None
    items: Count
    left_out: Count = 0


class Curve(_Part):
    """A measured curve: x ascending, y at each of them, null where nothing was there to measure.

    Args:
        topic, of: as of a score.
        name: as in "precision over recall".
        x, y: numbers.
        count: items of each point, where that differs from point to point.
    """

    topic: Topic
    name: Text
    of: Text
    x: list[Number]
    y: list[Number | None]
    count: list[Count] = []

    @model_validator(mode="after")
    def _is_even(self) -> Self:
        if len(self.y) != len(self.x) or len(self.count) not in (0, len(self.x)):
            raise ValueError("should have as many y, and counts if any, as x")
        return self


class Evaluation(_Part):
    """All that was measured of a run.

    Args:
        schema_version: of this record.
        latents: SHA-256 of the latents it was measured on.
        queries, gallery: how many items looked for how many.
        across: keys of the data sets that were asked for beside the run's own.
        scores, curves: the measurements.
        confusion: test items by true class (rows) and predicted class, by classifier; without a classifier none.
    """

    schema_version: Literal[1] = 1
    latents: Text
    queries: Count
    gallery: Count
    across: list[Text] = []
    scores: list[Score]
    curves: list[Curve]
    confusion: dict[Text, list[list[Count]]] = {}

    @model_validator(mode="after")
    def _is_square(self) -> Self:
        if any(len(row) != len(table) for table in self.confusion.values() for row in table):
            raise ValueError("should count each class by each class")
        return self


def write_evaluation(folder: Path, record: Evaluation) -> None:
    """Keep a run's record; the last one is replaced.

    Raises:
        OSError: a disk that cannot be written; the last one is still there.
    """
    values = {"schema_version": record.schema_version, **record.model_dump(mode="json", exclude_defaults=True)}
    write_bytes(folder, EVALUATION, json.dumps(values, separators=(",", ":")).encode())


def read_evaluation(folder: Path, card: Card) -> Evaluation | None:
    """Read a run's record; None where there is none, or where the run was trained on since.

    Args:
        folder: that holds it.
        card: of the run.

    Raises:
        BadRunError: a record that is damaged.
    """
    path = folder / EVALUATION
    try:
        if not path.is_file():
            return None
        version = path.stat()
        record = _read(path, (version.st_ino, version.st_mtime_ns, version.st_size))
    except (OSError, ValueError, RecursionError, ValidationError):
        raise BadRunError(
            f"The evaluation of {folder.name} is damaged; measure it again: "
            f"latent-explorer evaluate {folder.name} --again"
        ) from None
    return record if record.latents == card.files.get(LATENTS) else None


@lru_cache(maxsize=RECORDS_KEPT)
def _read(path: Path, version: tuple[int, int, int]) -> Evaluation:
    """The record that the file of this inode, time and size holds."""
    if version[-1] > MOST_BYTES:
        raise ValueError("too large")
    return Evaluation.model_validate(json.loads(path.read_text("utf-8")))
