"""Data sets whose files come from elsewhere: fetched when somebody asks, in the background of a page."""

from pathlib import Path

from explorer.data.dataset import Dataset, DatasetSource, Progress
from explorer.errors import MissingDataError
from explorer.settings import Settings
from explorer.workflows.background import Job

FOLDER = "downloads"


def download_job(source: DatasetSource, settings: Settings) -> Job:
    """The download of a data set, at most once at a time on all processes.

    Args:
        source: one with a download.
        settings: of the installation.
    """
    title = source.download.title if source.download else source.name
    stem: Path = settings.data_root / FOLDER / source.name
    return Job(stem, f"The download of {title}")


def begin(source: DatasetSource, settings: Settings) -> None:
    """Fetch a data set in a process of its own; nothing happens while one is at it.

    Raises:
        ExplorerError: a data root that cannot be written.
    """
    download_job(source, settings).begin("data", "prepare", source.name)


def prepare(source: DatasetSource, settings: Settings, progress: Progress | None = None) -> Dataset:
    """Get a data set ready with its default settings; a download can be watched and cancelled as a job.

    Args:
        source: the data set.
        settings: of the installation.
        progress: called with steps, or bytes, done and in all.

    Raises:
        BadDataError: files that cannot be downloaded, or that are damaged.
        BadValueError: another process is downloading them.
        MissingDataError: items that no download can bring.
    """
    config, root = source.config(), settings.data_root
    try:
        return source.load(config, root, progress)
    except MissingDataError:
        if source.download is None:
            raise
    with download_job(source, settings).working() as note:

        def report(done: int, total: int) -> None:
            note("downloading", done, total)
            if progress:
                progress(done, total)

        source.download.fetch(root, report)
        note("unpacking", 0, 0)
        return source.load(config, root, progress)
