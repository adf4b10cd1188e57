"""Open runs, list them, and fetch the items they were trained on."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import places
from explorer.data import DATASETS
from explorer.data.dataset import Dataset, Progress
from explorer.data.ids import Ids
from explorer.data.own import FOLDER as OWN
from explorer.errors import BadRunError, BadValueError, ExplorerError, MissingDataError, UnknownNameError
from explorer.fields import parse
from explorer.files import NAME_RULE, is_plain_name
from explorer.registry import lookup
from explorer.settings import Settings, load_settings
from explorer.training.events import Ended, read_events
from explorer.zoo.card import Card
from explorer.zoo.own_labels import with_own_labels
from explorer.zoo.run import Run
from explorer.zoo.store import CARD, EVENTS, find_run, read_card, run_folders
from explorer.zoo.trash import disk_use

FIRST_SHIPPED = "textures-petals"  # what a new user sees first
FILE = "file"  # the factor that names an item's file, where it came from one
ARRIVING = "arriving"  # an empty file in a run that a session's fine-tuning has moved here, until the log names the run


@dataclass(frozen=True)
class ShelfEntry:
    """One run on the shelf: its card, or the sentence that says why it cannot be opened.

    Args:
        name: its name.
        folder: where it lies.
        card: None for a run that cannot be opened.
        problem: why it cannot.
    """

    name: str
    folder: Path
    card: Card | None
    problem: str

    @cached_property
    def n_bytes(self) -> int:
        """On disk; every file is looked at when it is first asked for."""
        return disk_use(self.folder)

    @property
    def is_own(self) -> bool:
        """Whether it is the user's, not a shipped one."""
        return self.folder.parent != places.models()


def run_roots(settings: Settings) -> list[Path]:
    """Folders that hold runs: the user's own first, then the shipped ones."""
    return [settings.runs_root, places.models()]


def shelf(settings: Settings | None = None) -> list[ShelfEntry]:
    """Every run there is: the user's own, newest first, then the shipped ones; a broken one comes last."""
    folders = run_folders(run_roots(settings or load_settings()))
    entries = [entry_of(folder, name) for name, folder in folders.items()]
    return newest_first(entry for entry in entries if entry is not None)


def newest_first(entries: Iterable[ShelfEntry]) -> list[ShelfEntry]:
    """The shelf's order: the user's own runs, newest first, then the shipped ones; a broken one comes last."""
    return sorted(entries, key=_rank, reverse=True)


def _rank(entry: ShelfEntry) -> tuple[int, str]:
    if entry.card is None:
        return -1, ""
    return 2 * entry.is_own or int(entry.name == FIRST_SHIPPED), entry.card.created


def replaced_runs(entries: Iterable[ShelfEntry]) -> set[str]:
    """Names of runs of labeling sessions that a later fine-tuning has replaced.

    A run is replaced once another one of its session goes on from it, as the cards of both tell, and has come into use.
    """
    folders, origins = {}, {}
    for entry in entries:
        if entry.card and entry.card.origin:
            folders[entry.name], origins[entry.name] = entry.folder, entry.card.origin
    before = {
        name: origin.run
        for name, origin in origins.items()
        if origin.run in origins and origins[origin.run].session == origin.session
    }
    replaced: set[str] = set()
    for newest in before.keys() - set(before.values()):  # of a circle, which only forged cards have, none is
        name = before[newest] if (folders[newest] / ARRIVING).exists() else newest
        while name in before and before[name] not in replaced:
            name = before[name]
            replaced.add(name)
    return replaced


def unreplaced(entries: Sequence[ShelfEntry], *kept: str | None) -> list[ShelfEntry]:
    """Runs to choose from: all but those that were replaced (see `replaced_runs`), which links and searches still find.

    Args:
        entries: every run there is.
        kept: names of runs to keep all the same, as they are in use.
    """
    left_out = replaced_runs(entries) - set(kept)
    return [entry for entry in entries if entry.name not in left_out]


def entry_of(folder: Path, name: str) -> ShelfEntry | None:
    """What a shelf says of a run's folder; None when it has just been moved or removed."""
    try:
        card = read_card(folder).model_copy(update={"name": name})  # in the trash its folder is called otherwise
        return ShelfEntry(name, folder, card, "")
    except ExplorerError as error:
        return ShelfEntry(name, folder, None, str(error)) if os.path.lexists(folder / CARD) else None


def check_free(name: str, settings: Settings, advice: str = "Choose another name.") -> None:
    """Raise BadValueError for a run's name that is taken, by an own run or a shipped one, or is no plain name."""
    if not is_plain_name(name):
        raise BadValueError(f"{name[:120]!r} is no run name; {NAME_RULE}.")
    if name in run_folders(run_roots(settings)):  # a run of the user's would hide a shipped one
        raise BadValueError(f"There is a run {name!r} already. {advice}")


def open_run(name: str, settings: Settings | None = None) -> Run:
    """Open a run by name, from the user's runs or the shipped ones; never a path.

    Raises:
        UnknownNameError: no such run.
        BadRunError: its card cannot be used.
    """
    return Run(find_run(name, run_roots(settings or load_settings())))


def load(path_or_name: str | Path) -> Run:
    """Open a run by name or by its folder, for notebooks and scripts.

    Raises:
        UnknownNameError: neither a run's folder nor a name.
        BadRunError: its card cannot be used.
    """
    folder = Path(path_or_name)
    is_run = (folder / CARD).is_file()  # another folder may well bear a run's name
    return Run(folder) if is_run else open_run(str(path_or_name))


def load_dataset(
    card: Card,
    settings: Settings | None = None,
    progress: Progress | None = None,
    *,
    download: bool = True,
    folder: Path | None = None,
) -> Dataset:
    """The data set that a run was trained on, made or read again from its card.

    Args:
        card: of the run.
        settings: of the installation.
        progress: called with steps done and steps in all.
        download: whether files that are missing may be fetched from a network.
        folder: of the run, where the labels that it was trained with are wanted; without it, those of the data.

    Raises:
        UnknownNameError, BadValueError: a data set or settings that this version does not have.
        MissingDataError: items that are not on this machine.
        BadRunError: another import has taken the place of the data, or labels of the run's own that are damaged.
    """
    source = lookup(DATASETS, card.data.name, "data set")
    config = parse(source.config, card.data.settings, f"The data of {card.name}")
    root = (settings or load_settings()).data_root
    try:
        dataset = (source.prepare if download else source.load)(config, root, progress)
    except UnknownNameError:
        name = card.data.settings.get("name", "")
        raise MissingDataError(
            f"The import {name}, which {card.name} was trained on, is not on this machine. To see its items, copy the "
            f"folder {OWN}/{name} of the data root that it was imported to into {root / OWN}."
        ) from None
    if card.data.identity and dataset.identity not in ("", card.data.identity):
        raise BadRunError(
            f"The data of {card.name} were imported anew after it was trained, so its items are no longer at hand. "
            "Import them as they were under another name, and train a new run on them."
        )
    return dataset if folder is None else with_own_labels(dataset, folder, card)


def last_words(run: Run) -> str:
    """Why a run's training failed, as its events tell; empty for one that did not."""
    ends = [event for event in read_events(run.folder / EVENTS) if isinstance(event, Ended)]
    return ends[-1].message if ends else ""


@dataclass(frozen=True)
class Items:
    """Images of a run's items by id.

    Args:
        dataset: the run's data set.
    """

    dataset: Dataset

    @cached_property
    def _by_id(self) -> Ids:
        return Ids(self.dataset.ids)

    def files(self, ids: NDArray[np.int64]) -> list[str]:
        """Path of each of these items in the folder that it was imported from; none for other data.

        Raises:
            BadRunError: an id that the data set does not have.
        """
        known = self.dataset.factors.get(FILE)
        return [] if known is None else [str(path) for path in known[self.rows(ids)]]

    def factors(self, ids: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """What else is known of each of these items, by factor, the file among them; one number or text an item.

        Raises:
            BadRunError: an id that the data set does not have.
        """
        rows = self.rows(ids)
        return {name: values[rows] for name, values in self.dataset.factors.items() if values.ndim == 1}

    def images(self, ids: NDArray[np.int64]) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Items with these ids as they are stored: images (k, channels, height, width) or vectors (k, features).

        Raises:
            BadRunError: an id that the data set does not have.
        """
        return self.dataset.items[self.rows(ids)]

    def rows(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Row of each of these items in the data set.

        Raises:
            BadRunError: an id that the data set does not have.
        """
        rows = self._by_id.rows(ids)
        missing = rows < 0
        if missing.any():
            raise BadRunError(
                f"The data set {self.dataset.name} has no item {ids[missing][0]}: these latents belong to other items. "
                "Restore the run's folder or train it again."
            )
        return rows


def load_items(
    card: Card,
    settings: Settings | None = None,
    progress: Progress | None = None,
    *,
    folder: Path | None = None,
) -> Items:
    """Open the items behind a run's latents; the first time may take seconds to make them.

    Raises:
        MissingDataError: items that only a download or another machine can give.
        UnknownNameError, BadValueError, BadRunError: see `load_dataset`.
        BadDataError: damaged files.
    """
    return Items(load_dataset(card, settings, progress, download=False, folder=folder))
