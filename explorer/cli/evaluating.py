"""The command that measures how good runs are."""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from explorer.cli.terminal import loading
from explorer.errors import BadValueError

if TYPE_CHECKING:
    from explorer.zoo.evaluation import Evaluation, Score

COLUMNS = ("run", "topic", "measure", "of", "value", "low", "high", "items", "left out")
Row = tuple[str, ...]


def evaluate(  # noqa: PLR0913 - each is a flag
    runs: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="RUN...")],
    *,
    format: Literal["table", "csv", "md", "json"] = "table",  # noqa: A002 - the flag's name
    queries: int | None = None,
    across: tuple[str, ...] = (),
    together: tyro.conf.FlagCreatePairsOff[bool] = False,
    rmac: tyro.conf.FlagCreatePairsOff[bool] = False,
    again: tyro.conf.FlagCreatePairsOff[bool] = False,
    missing: tyro.conf.FlagCreatePairsOff[bool] = False,
) -> None:
    """Measure runs, keep what was found beside them (of shipped runs below the data root), and print it.

    Test items look for training items: by the latent itself, and by every code and similarity that fits the run.

    For example:
      latent-explorer evaluate textures-petals
      latent-explorer evaluate digits-vae mnist-ae --format md
      latent-explorer evaluate mnist-ae --across fashion-mnist
      latent-explorer evaluate --missing

    Args:
        runs: their names.
        format: table, csv, md or json.
        queries: at most so many test items of each run look for others of their class; 2,000 unless measured already.
        across: other data sets whose items look for the run's, and for each other.
        together: average runs that differ by seed alone, and show errors over the number of known labels.
        rmac: rank by R-MAC of the classifier's last feature maps too; it needs the images and encodes all of
            them: seconds for MNIST, minutes for photographs.
        again: measure runs anew that have a record.
        missing: measure every run that has no record, and print only what became of it.
    """
    from explorer.workflows.evaluating import recorded

    if missing:
        _measure_missing(runs)
        return
    if not runs:
        raise BadValueError("Say which runs to measure: latent-explorer evaluate RUN...")
    if queries is not None and queries < 1:
        raise BadValueError(f"queries = {queries}, but at least one item must look for others; give 1 or more.")

    def told(done: int, total: int) -> None:
        loading(done, total, "Measuring")

    records = {
        name: recorded(name, queries=queries, across=across, rmac=rmac, again=again, progress=told)
        for name in dict.fromkeys(runs)
    }
    if together:
        _print_together(records, format)
    elif format == "json":
        _print_json([{"run": name, **record.model_dump(mode="json")} for name, record in records.items()])
    else:
        _PRINTERS[format]([row for name, record in records.items() for row in _rows(name, record.scores)])


def _measure_missing(runs: tuple[str, ...]) -> None:
    from explorer.workflows.reviewing import measure_missing

    if runs:
        raise BadValueError("--missing measures every run without a record; leave the names out.")
    said = measure_missing(report=lambda stage, done, total: loading(done, total, stage))
    print("\n".join(f"{name}: {why or 'measured'}" for name, why in said.items()) or "Every run has a record.")


def _print_together(records: "dict[str, Evaluation]", format: str) -> None:  # noqa: A002 - the flag's name
    from explorer.workflows.runs import open_run
    from explorer.workflows.together import error_over_labels, together

    groups = together([open_run(name) for name in records], records)
    curves = error_over_labels(groups)
    if format == "json":
        values = {
            "groups": [{**asdict(group), "scores": [score.model_dump() for score in group.scores]} for group in groups],
            "curves": [curve.model_dump() for curve in curves],
        }
        _print_json(values)
        return
    rows = [row for group in groups for row in _rows(group.name, group.scores)]
    for curve in curves:
        rows += [
            (curve.of, curve.topic, curve.name, f"{count:,.0f} labels", _number(error), "", "", "", "")
            for count, error in zip(curve.x, curve.y, strict=True)
        ]
    _PRINTERS[format](rows)


def _print_json(values: object) -> None:
    sys.stdout.write(json.dumps(values, indent=1) + "\n")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _rows(name: str, scores: "list[Score]") -> list[Row]:
    return [
        (
            *(name, score.topic, score.measure, score.of),
            *(_number(score.value), _number(score.low), _number(score.high)),
            *(str(score.items), str(score.left_out)),
        )
        for score in scores
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
