"""List and prepare data sets, import a person's own under a name, and tell what came of it."""

from pathlib import Path
from typing import Literal

from explorer.data import DATASETS
from explorer.data.arrays import OPENERS, import_arrays
from explorer.data.dataset import Progress
from explorer.data.folder import import_folder
from explorer.data.own import HOW, RECORD, ImportConfig, ImportRecord, import_names, place, read_record
from explorer.data.own_writing import building, finish
from explorer.errors import BadValueError, ExplorerError
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.fetching import prepare

FIRST_REASONS = 3
MOST_CLASSES_SHOWN = 20
OF_PICTURES = ("size", "channels", "fit")  # settings of a folder alone


def run(
    action: Literal["list", "prepare", "import"],
    what: str,
    asked: ImportConfig,
    settings: Settings,
    progress: Progress | None = None,
) -> list[str]:
    """List all data sets, prepare one, or import a person's own.

    Args:
        action: which of them.
        what: the name to prepare, or the path to import.
        asked: of an import.
        settings: of the installation.
        progress: called with (items done, items in all).

    Returns:
        Lines for a person.

    Raises:
        UnknownNameError, BadValueError, BadDataError: as `import_own` and `prepare`, or no such data set.
    """
    if action == "list":
        return [f"{source.name:16} {source.title}" for source in DATASETS.values()] + _shelf(settings)
    if action == "import":
        if not what:
            raise BadValueError(f"Say what to import, a folder of pictures or a file of arrays: {HOW}")
        return report(import_own(Path(what), asked, settings, progress), settings)
    source = lookup(DATASETS, what, "data set")
    dataset = prepare(source, settings, progress)
    return [f"{source.name}: {len(dataset):,} items, {len(dataset.rows('test')):,} of them for the test."]


def import_own(path: Path, asked: ImportConfig, settings: Settings, progress: Progress | None = None) -> ImportRecord:
    """Import a folder of pictures or a file of arrays.

    Whatever ends it early, Ctrl-C too, nothing half is left and an import of that name stays as it was.

    Args:
        path: a folder, or a .npy, .npz or .parquet file; nothing is written there.
        asked: under which name, and what to make of it.
        settings: where the import goes, and how large a picture may be.
        progress: called with (items done, items in all).

    Raises:
        BadValueError: a name that is taken or no plain name, or a path that is neither.
        BadDataError: data that cannot be used, or a data root that cannot be written.
    """
    target = place(asked.name, settings.data_root)
    _check(path, asked, settings)
    with building(target, replace=asked.replace) as into:
        if path.is_dir():
            content = import_folder(path, asked, into, max_pixels=settings.max_image_pixels, progress=progress)
            return finish(into, "folder", path, asked, content)
        return finish(into, "arrays", path, asked, import_arrays(path, into, labels=asked.labels, progress=progress))


def _check(path: Path, asked: ImportConfig, settings: Settings) -> None:
    """Whether the path is something to import, and what is asked fits it."""
    kinds = ", ".join(OPENERS)
    try:
        path.stat()
    except FileNotFoundError:
        raise BadValueError(f"There is no {path}; give a folder of pictures, or a {kinds} file.") from None
    except OSError as error:
        raise BadValueError(f"{path} cannot be read ({error.strerror}); correct the path or its permissions.") from None
    if path.is_dir():
        if settings.data_root.resolve().is_relative_to(path.resolve()):
            raise BadValueError(f"{path} holds the data root {settings.data_root}; import a folder of pictures alone.")
        if asked.labels:
            raise BadValueError("--labels belongs to a file of arrays; for a folder, list files and labels in --table.")
        return
    if path.suffix.lower() not in OPENERS:
        raise BadValueError(f"{path.name} is nothing to import; give a folder of pictures, or a {kinds} file.")
    if asked.table:
        raise BadValueError("--table belongs to a folder of pictures; for a file of arrays, give --labels.")


def report(record: ImportRecord, settings: Settings) -> list[str]:
    """What came of an import, as lines for a person."""
    name = record.asked["name"]
    shape = " x ".join(map(str, record.shape))
    lines = [f"{name}: {record.items:,} items of {shape}, {record.test_items:,} of them for the test."]
    counts = list(record.classes.items())
    lines += [f"  {label:30} {count:>10,}" for label, count in counts[:MOST_CLASSES_SHOWN]]
    if len(counts) > MOST_CLASSES_SHOWN:
        lines.append(f"  and {len(counts) - MOST_CLASSES_SHOWN} classes more")
    if record.unlabelled:
        lines.append(f"  {'unlabelled':30} {record.unlabelled:>10,}")
    if record.left_out:
        lines.append(f"{record.left_out:,} files that the table does not list were left out.")
    if record.skipped:
        first = "; ".join(f"{one.file} {one.reason}" for one in record.skipped[:FIRST_REASONS])
        where = place(name, settings.data_root) / RECORD
        lines.append(f"Skipped: {len(record.skipped):,}. {first}. All of them are listed in {where}")
    if unused := _unused(record):
        lines.append(f"Without effect on arrays, as they shape the pictures of a folder: {unused}.")
    return [*lines, f"Train on it: latent-explorer train ae {record.kind} --name my-run --data.name {name}"]


def _unused(record: ImportRecord) -> str:
    """The flags that were given but mean nothing for arrays."""
    usual = ImportConfig().model_dump()
    given = [name for name in OF_PICTURES if record.asked[name] != usual[name]]
    return ", ".join(f"--{name}" for name in given) if record.kind == "arrays" else ""


def _shelf(settings: Settings) -> list[str]:
    """A line for each import there is."""
    lines = []
    for name in import_names(settings.data_root):
        try:
            record = read_record(name, settings.data_root)
        except ExplorerError as error:
            lines.append(f"{name:16} {error}")
            continue
        counts = f"{record.items:,} items, {len(record.classes)} classes, {record.test_items:,} for the test"
        lines.append(f"{name:16} {record.kind}: {counts}")
    return lines
