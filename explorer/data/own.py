"""A person's own data: imported once under a name, then read like any other data set.

An import is the folder `own/NAME` below the data root: items.npy, table.npz, and import.json,
which says what was asked and what came of it. Nobody's card ever holds the path it came from.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from explorer.data import cache
from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.data.fitting import Channels, Fit
from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.fields import Config, hyper
from explorer.files import NAME_RULE, is_plain_name

Kind = Literal["folder", "arrays"]

FOLDER = "own"
RECORD = "import.json"
HOW = "latent-explorer data import PATH --name NAME"


class OwnConfig(Config):
    """Settings of a data set that was imported."""

    name: str = hyper("", help="Name of the import; `latent-explorer data list` shows them")


class ImportConfig(Config):
    """What to make of a person's own data."""

    name: str = hyper("", help="A plain name for the import, to train on it later")
    size: int = hyper(64, low=4, high=1024, help="Pictures of a folder become squares of this side", unit="px")
    channels: Channels = hyper("auto", help='"auto" keeps pictures grey if none of them has a colour')
    fit: Fit = hyper("crop", help='"crop" cuts to the middle, "pad" adds black, "stretch" changes the proportions')
    test_share: float = hyper(0.2, low=0.01, high=0.9, help="Share of items for the test, if folders do not say")
    seed: int = hyper(0, low=0, high=99_999_999, help="Another seed chooses other items for the test")
    table: Path | None = hyper(None, help="For a folder: CSV or Parquet with columns file, label and any factors")
    labels: Path | None = hyper(None, help="For a file of arrays: .npy or CSV with the label of each item")
    replace: bool = hyper(False, help="Let the import take the place of one of the same name")


class SkippedFile(BaseModel):
    """One line of the list of what was skipped."""

    model_config = ConfigDict(frozen=True)

    file: str
    reason: str


class ImportRecord(BaseModel):
    """What was asked of an import and what came of it; counts are of items.

    `identity` is drawn anew at each import: two of one name are told apart by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    identity: str = ""
    kind: Kind
    source: str
    asked: dict[str, Any]
    created: str
    shape: tuple[int, ...]
    items: int
    test_items: int
    unlabelled: int
    classes: dict[str, int]
    left_out: int = 0
    skipped: list[SkippedFile] = []


def own_root(data_root: Path) -> Path:
    """The folder that holds all imports."""
    return data_root / FOLDER


def place(name: str, data_root: Path) -> Path:
    """The folder of an import, there or not.

    Raises:
        BadValueError: a name that is no plain name.
    """
    if not name:
        raise BadValueError(f"Say a name for the import: {HOW}")
    if not is_plain_name(name):
        raise BadValueError(f"{name[:120]!r} is no name for an import; {NAME_RULE}.")
    return own_root(data_root) / name


def import_names(data_root: Path) -> list[str]:
    """Names of all imports, sorted."""
    try:
        entries = list(own_root(data_root).iterdir())
    except OSError:
        return []
    names = {_name(entry) for entry in entries if (entry / RECORD).is_file()}
    return sorted(filter(is_plain_name, names))


def _name(folder: Path) -> str:
    """The import that a folder holds, put aside or not; a hidden name for what is still being built."""
    if folder.name.startswith(".") and folder.name.endswith(".before"):
        return folder.name[1:].removesuffix(".before")
    return folder.name


def there(folder: Path) -> Path:
    """The folder of an import; the one put aside, if a crash stopped its replacement half-way."""
    before = aside(folder)
    return before if not folder.exists() and before.exists() else folder


def aside(folder: Path) -> Path:
    """Where an import waits while another takes its place."""
    return folder.with_name(f".{folder.name}.before")


def read_record(name: str, data_root: Path) -> ImportRecord:
    """What an import was asked for and what came of it.

    Raises:
        UnknownNameError: no such import; the message lists those there are, or how to make one.
        BadDataError: its record is damaged.
    """
    names = import_names(data_root)
    if name not in names:
        known = f"Choose one of: {', '.join(names)}; or make it" if names else "There are none yet; make one"
        what = f"There is no import {name!r}." if name else "Say which import to use, with --data.name NAME."
        raise UnknownNameError(f"{what} {known}: {HOW}")
    try:
        return ImportRecord.model_validate_json((there(place(name, data_root)) / RECORD).read_bytes())
    except (OSError, ValidationError):
        raise BadDataError(f"The import {name} is damaged; make it again with --replace: {HOW}") from None


def read_own(kind: Kind, name: str, data_root: Path) -> Dataset:
    """Read an import, its items memory-mapped.

    Args:
        kind: the data set's name in DATASETS.
        name: of the import.
        data_root: of the settings.

    Raises:
        UnknownNameError, BadValueError: no such import, or one of the other kind.
        BadDataError: it is damaged.
    """
    record = read_record(name, data_root)
    if record.kind != kind:
        raise BadValueError(f"The import {name} holds {record.kind}, not {kind}; train on `{record.kind}` instead.")
    dataset = cache.read(there(place(name, data_root)), vouched(kind), name=kind)
    if dataset is None:
        raise BadDataError(f"The import {name} is damaged; make it again with --replace: {HOW}")
    return replace(dataset, identity=record.identity)


def own_source(kind: Kind, title: str) -> DatasetSource:
    """The line of DATASETS for imports of one kind."""

    def load(config: OwnConfig, data_root: Path, _progress: Progress | None = None) -> Dataset:
        """Read the import that the settings name."""
        return read_own(kind, config.name, data_root)

    # Mirrored or turned pictures of a stranger may be wrong ones, so nothing is varied unless that is asked for.
    return DatasetSource(kind, title, OwnConfig, load, training={"augment": False}, is_made=False)


def vouched(kind: Kind) -> str:
    """What the table of an import says that it is, for the cache."""
    return f"import of {kind}, schema 1"
