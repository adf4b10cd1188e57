"""Labels out of a file of which nothing is believed."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any

from explorer.data.sidecar import reading_parquet
from explorer.data.spreadsheet import without_apostrophe
from explorer.errors import BadDataError, BadValueError
from explorer.labeling.records import LIMIT, plain_text
from explorer.registry import lookup

MOST_BYTES = 200_000_000
MOST_ROWS = 2_000_000
YES = (True, "true", "True", "TRUE")  # in the column `settles`, as spreadsheets write it too
SEPARATORS = (",", ";", "\t")  # as spreadsheets write, the first one that the heads have


@dataclass(frozen=True)
class Given:
    """One row of a file.

    Args:
        item: id.
        name: of a class.
        who: an annotator's name; empty where the file does not say.
        settles: whether it settles a conflict.
    """

    item: int
    name: str
    who: str
    settles: bool = False


def decode(content: bytes, kind: str) -> tuple[Given, ...]:
    """The labels of a file, in its order; rows without a class are left out.

    Args:
        content: of the file.
        kind: a name in DECODINGS.

    Raises:
        UnknownNameError: no such kind.
        BadDataError: a file that is too large, of another kind, or with a row that says no label.
    """
    if len(content) > MOST_BYTES:
        raise BadDataError(f"The file has {len(content):,} bytes; at most {MOST_BYTES:,} are read. Split it.")
    found = []
    for at, row in enumerate(lookup(DECODINGS, kind, "kind of file")(content), 1):
        if at > MOST_ROWS:
            raise BadDataError(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        found += _given(row, at)
    return tuple(found)


def _given(row: Any, at: int) -> list[Given]:
    if not isinstance(row, dict) or "id" not in row or "class" not in row:
        raise BadDataError(f"Row {at} has no id and class. A file of labels has the columns id, class and annotator.")
    item, name, who = row["id"], row["class"], row.get("annotator")
    if name in (None, ""):
        return []
    try:
        number = int(item) if isinstance(item, int | str) and not isinstance(item, bool) else None
    except ValueError:
        number = None
    if number is None or not -LIMIT <= number < LIMIT:
        raise BadDataError(f"Row {at} has the id {str(item)[:40]!r}, which is no whole number of 64 bits. Correct it.")
    if not isinstance(name, str) or not isinstance(who, str | None):
        raise BadDataError(f"Row {at} has a class or an annotator that is no text. Correct it.")
    try:
        said_by = plain_text(who, "An annotator") if who else ""
        return [Given(number, plain_text(name, "A class"), said_by, row.get("settles") in YES)]
    except BadValueError as error:
        raise BadDataError(f"Row {at}: {error}") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDataError("The file is no text in UTF-8. Save it as such.") from None


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadDataError(f"{where} is no JSON. Export the labels again.") from None


def _from_csv(content: bytes) -> Iterator[dict[str, Any]]:
    try:
        text = _text(content)
        head = text.split("\n", 1)[0]
        separator = next((one for one in SEPARATORS if one in head), ",")
        for row in csv.DictReader(StringIO(text, newline=""), strict=True, delimiter=separator):
            yield {key: without_apostrophe(text) for key, text in row.items() if key and isinstance(text, str)}
    except csv.Error as error:
        raise BadDataError(f"The file is no CSV that can be read ({error}). Save it anew.") from None


def _from_lines(content: bytes) -> Iterator[Any]:
    for at, line in enumerate(_text(content).split("\n"), 1):
        if line.strip():
            yield _parsed(line, f"Line {at}")


def _from_parquet(content: bytes) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet

    with reading_parquet("The file"):
        file = pyarrow.parquet.ParquetFile(BytesIO(content))
        columns = [name for name in ("id", "class", "annotator", "settles") if name in file.schema_arrow.names]
        for batch in file.iter_batches(10_000, columns=columns):
            if batch.nbytes > MOST_BYTES:
                raise BadDataError("The file unpacks to far more than labels need. Export the labels again.")
            yield from batch.to_pylist()


def _from_label_studio(content: bytes) -> Iterator[dict[str, Any]]:
    tasks = _parsed(_text(content), "The file")
    try:
        for task in tasks:
            data = task["data"]
            item = data["item"] if "item" in data else data["id"]
            for said in task["annotations"]:
                if not said.get("was_cancelled"):
                    yield from _annotation(item, said)
    except (KeyError, TypeError, AttributeError):
        raise BadDataError(
            "The file is no export of Label Studio in which each task has its id as data.item. Export it as JSON."
        ) from None


def _annotation(item: Any, said: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """A row for the choice of an annotation; several choices of one item are no label here."""
    by = said.get("completed_by")
    who = (by.get("first_name") or by.get("email") or "") if isinstance(by, dict) else ""
    chosen = [one["value"]["choices"] for one in said["result"] if one.get("type") == "choices"]
    if chosen and (len(chosen) > 1 or len(chosen[0]) != 1):
        raise BadDataError(f"Item {str(item)[:40]} has several choices in one annotation; a label is one class.")
    row = {"id": item, "annotator": who, "settles": said.get("ground_truth")}
    return [row | {"class": chosen[0][0]}] if chosen else []


DECODINGS: dict[str, Callable[[bytes], Iterator[Any]]] = {
    "csv": _from_csv,
    "jsonl": _from_lines,
    "parquet": _from_parquet,
    "label-studio": _from_label_studio,
}
