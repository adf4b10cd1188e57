"""The command that measures how good runs are."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from explorer.cli.terminal import loading
from explorer.errors import BadValueError

if TYPE_CHECKING:
    from explorer.zoo.evaluation import Evaluation

COLUMNS = ("run", "topic", "measure", "of", "value", "low", "high", "items", "left out")
Row = tuple[str, ...]


def evaluate(
    runs: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="RUN...")],
    *,
    format: Literal["table", "csv", "md", "json"] = "table",  # noqa: A002 - the flag's name
    queries: int = 2000,
    rmac: tyro.conf.FlagCreatePairsOff[bool] = False,
    again: tyro.conf.FlagCreatePairsOff[bool] = False,
) -> None:
    """Measure runs, keep what was found beside them, and print it.

    Test items look for training items: by the latent itself, and by every code and similarity that fits the run.

    For example:
      latent-explorer evaluate textures-petals
      latent-explorer evaluate digits-vae mnist-ae --format md

    Args:
        runs: their names.
        format: table, csv, md or json.
        queries: at most so many test items of each run look for others.
        rmac: rank by R-MAC of the classifier's last feature maps too; it needs the images and encodes all of
            them: seconds for MNIST, minutes for photographs.
        again: measure runs anew that have a record.
    """
    from explorer.workflows.evaluating import recorded

    if not runs:
        raise BadValueError("Say which runs to measure: latent-explorer evaluate RUN...")
    if queries < 1:
        raise BadValueError(f"queries = {queries}, but at least one item must look for others; give 1 or more.")

    def told(done: int, total: int) -> None:
        loading(done, total, "Measuring")

    records = {name: recorded(name, queries=queries, rmac=rmac, again=again, progress=told) for name in runs}
    if format == "json":
        sys.stdout.write("[" + ",\n".join(record.model_dump_json(indent=1) for record in records.values()) + "]\n")
    else:
        _PRINTERS[format]([row for name, record in records.items() for row in _rows(name, record)])


def _rows(name: str, record: "Evaluation") -> list[Row]:
    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.4g}"

    return [
        (
            *(name, score.topic, score.measure, score.of),
            *(number(score.value), number(score.low), number(score.high)),
            *(str(score.items), str(score.left_out)),
        )
        for score in record.scores
    ]


def _as_table(rows: list[Row]) -> None:
    widths = [max(len(row[column]) for row in [COLUMNS, *rows]) for column in range(len(COLUMNS))]
    for row in [COLUMNS, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _as_csv(rows: list[Row]) -> None:
    import csv

    csv.writer(sys.stdout, lineterminator="\n").writerows([COLUMNS, *rows])


def _as_markdown(rows: list[Row]) -> None:
    for row in [COLUMNS, ("---",) * len(COLUMNS), *rows]:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")


_PRINTERS = {"table": _as_table, "csv": _as_csv, "md": _as_markdown}
