"""What was measured of all runs, as one table of plain values."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from explorer.data.dataset import Progress
from explorer.errors import BadValueError, ExplorerError
from explorer.settings import Settings, load_settings
from explorer.workflows.background import Job, Report
from explorer.workflows.evaluating import JOBS, record_of, recorded
from explorer.workflows.failures import keep_failure, why_not
from explorer.workflows.records import Value, layout_error, score_of
from explorer.workflows.runs import ShelfEntry, shelf, unreplaced
from explorer.zoo.card import Card
from explorer.zoo.evaluation import Evaluation, Score, Topic
from explorer.zoo.store import SPLITS, check_latents, kept_items

NOT_MEASURED = "Not measured yet."
Better = Literal["higher", "lower", ""]


@dataclass(frozen=True)
class Review:
    """A run and what was measured of it.

    Args:
        name: of the run.
        card: None for a run that cannot be opened.
        record: None where there is none that can be used.
        why: the sentence that says why there is none; else empty.
        is_measurable: whether measuring it would make one.
        has_failed: its files, as they are, could not be measured; `why` says why.
    """

    name: str
    card: Card | None
    record: Evaluation | None
    why: str = ""
    is_measurable: bool = False
    has_failed: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether it has no record, and measuring it may make one."""
        return self.is_measurable and self.record is None and not self.has_failed


@dataclass(frozen=True)
class Column:
    """A metric of the table.

    Args:
        title: for people.
        topic: the group that it stands in.
        find: of a record: the score; None where the run has none.
        better: which of two is better; empty where that depends on what is wanted.
        means: what it is, in half a sentence.
    """

    title: str
    topic: Topic
    find: Callable[[Evaluation], Score | None]
    better: Better
    means: str


def review(entry: ShelfEntry, settings: Settings) -> Review:
    """A run of the shelf with its record, or with why it has none; nothing is raised."""
    card, name = entry.card, entry.name
    if card is None:
        return Review(name, None, None, entry.problem)
    try:
        check_latents(entry.folder, card)
        if not all(kept_items(card, split) for split in SPLITS):
            return Review(name, card, None, f"{name} has no latents of both splits, so there is nothing to measure.")
    except ExplorerError as error:
        return Review(name, card, None, str(error))
    why = NOT_MEASURED
    try:
        record = record_of(entry.folder, card, settings)
    except ExplorerError as error:
        record, why = None, str(error)
    if record is not None:
        return Review(name, card, record, is_measurable=True)
    failed = why_not(entry.folder, settings)
    return Review(name, card, None, failed or why, is_measurable=True, has_failed=bool(failed))


def missing_job(settings: Settings) -> Job:
    """The measuring of all runs without a record, at most once at a time on all processes."""
    return Job(settings.data_root / JOBS / "missing", "The measuring of the runs without a record")


def measure_missing(settings: Settings | None = None, report: Report = lambda *_: None) -> dict[str, str]:
    """Measure each run that can be measured and has no record; what failed before is tried when its files have changed.

    Runs that a session's fine-tuning has replaced are left out.

    Args:
        settings: of the installation.
        report: called with stage, steps done and steps in all.

    Returns:
        By the name of each such run: why it could not be measured, else "".

    Raises:
        BadValueError: another process is at it.
    """
    settings = settings or load_settings()
    with missing_job(settings).working(report) as told:
        entries = unreplaced(shelf(settings))
        reviews = [review(entry, settings) for entry in entries]
        wanted = [one.name for one in reviews if one.is_missing]
        said = {one.name: one.why for one in reviews if one.has_failed}
        folders = {entry.name: entry.folder for entry in entries}
        for number, name in enumerate(wanted, 1):
            stage = f"measuring {name}, {number} of {len(wanted)}"
            told(stage, 0, 0)
            said[name] = _why_not(name, folders[name], settings, partial(told, stage))
        return said


def _why_not(name: str, folder: Path, settings: Settings, progress: Progress) -> str:
    """Measure a run; the sentence that says why it cannot be, which is kept, else ""."""
    try:
        recorded(name, settings, again=True, progress=progress)
    except BadValueError as error:  # another process is at it
        return str(error)
    except ExplorerError as error:
        keep_failure(folder, str(error), settings)
        return str(error)
    return ""


def _score(topic: Topic, measure: str, of: str) -> Callable[[Evaluation], Score | None]:
    return lambda record: score_of(record, topic, measure, of)


COLUMNS: tuple[Column, ...] = (
    Column(
        "Accuracy, softmax",
        "classification",
        _score("classification", "accuracy", "softmax"),
        "higher",
        "share of test items that the run's own classifier gets right",
    ),
    Column(
        "Accuracy, SVM",
        "classification",
        _score("classification", "accuracy", "SVM"),
        "higher",
        "share of test items that a linear SVM on the training latents gets right",
    ),
    Column(
        "Majority of 10",
        "classification",
        _score("classification", "accuracy", "majority of 10 nearest, latent"),
        "higher",
        "share of test items whose class is that of most of their 10 nearest training items",
    ),
    Column(
        "Calibration error, softmax",
        "classification",
        _score("classification", "calibration error", "softmax"),
        "lower",
        "expected distance of confidence from precision",
    ),
    Column(
        "Calibration error, SVM",
        "classification",
        _score("classification", "calibration error", "SVM"),
        "lower",
        "expected distance of confidence from precision",
    ),
    Column(
        "MAP",
        "retrieval",
        _score("retrieval", "MAP", "latent"),
        "higher",
        "mean average precision: test items look for training items of their class by the latent",
    ),
    Column(
        "NN",
        "retrieval",
        _score("retrieval", "NN", "latent"),
        "higher",
        "share of test items whose nearest training item has their class",
    ),
    Column(
        "NDCG",
        "retrieval",
        _score("retrieval", "NDCG", "latent"),
        "higher",
        "normalised discounted cumulative gain of the whole ranking by the latent",
    ),
    Column(
        "MAP@10",
        "retrieval",
        _score("retrieval", "MAP@10", "latent"),
        "higher",
        "mean average precision of the first ten",
    ),
    Column(
        "MAP, fine-grained",
        "retrieval",
        _score("retrieval", "MAP", "latent, fine-grained"),
        "higher",
        "MAP where only items of the same class, slant and stroke count",
    ),
    Column(
        "Reconstruction error",
        "reconstruction",
        _score("reconstruction", "RMSE", "test items"),
        "lower",
        "root mean squared error of decoded test items: of pixels in 0 to 1, or of features in standard deviations",
    ),
    Column(
        "Active dimensions",
        "structure",
        _score("structure", "active dimensions", "latent"),
        "",
        "dimensions whose variance over test items is above 0.01",
    ),
    Column(
        "Layout error",
        "structure",
        layout_error,
        "lower",
        "mean distance between achieved and wanted distances of class centroids, latent units",
    ),
)
MAIN = ("Accuracy, softmax", "Accuracy, SVM", "MAP", "Reconstruction error", "Calibration error, SVM")


def columns_of(group: str) -> list[Column]:
    """The metrics of a group, which is a topic; any other name gives the main ones of all."""
    return [one for one in COLUMNS if one.topic == group] or [one for one in COLUMNS if one.title in MAIN]


def about(card: Card | None) -> dict[str, Value]:
    """What a run is, for the table: method, data set, seed and share of known labels."""
    if card is None:
        return {"method": None, "data": None, "seed": None, "labels": None}
    return {
        "method": card.method,
        "data": card.data.title,
        "seed": _number(card.training.get("seed")),
        "labels": _number(card.training.get("label_share", 1.0)),
    }


def _number(value: object) -> int | float | None:
    """A number of a foreign card; None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def rows(reviews: Sequence[Review], columns: Sequence[Column]) -> list[dict[str, Value]]:
    """The table: a row a run; of each metric its value and the ends of its 95 % interval, None where there is none."""
    return [{"run": one.name, **about(one.card), **dict(_cells(one, columns))} for one in reviews]


def _cells(one: Review, columns: Sequence[Column]) -> Iterator[tuple[str, Value]]:
    for column in columns:
        score = column.find(one.record) if one.record else None
        yield column.title, score.value if score else None
        yield f"{column.title}, low", score.low if score else None
        yield f"{column.title}, high", score.high if score else None
