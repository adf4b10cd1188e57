"""Items of another data set as a run sees them, to be laid over its map.

Reference: Latent space configuration, Figures 7 to 9.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.data import DATASETS
from explorer.data.dataset import UNLABELLED, Progress
from explorer.data.labels import stratified
from explorer.data.own import import_names, read_record
from explorer.errors import BadDataError, BadValueError, ExplorerError
from explorer.fields import Config, parse
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import Items
from explorer.zoo.card import Card
from explorer.zoo.run import Run

MOST_ITEMS = 500
SEED = 0


@dataclass(frozen=True)
class Candidate:
    """Another data set whose items a run can encode.

    Args:
        key: names it in an address.
        title: for people.
        source: its name in DATASETS.
        config: its settings.
        identity: of an import, which another one of its name does not share.
    """

    key: str
    title: str
    source: str
    config: Config
    identity: str = ""


def candidates(card: Card, settings: Settings) -> list[Candidate]:
    """Data sets with items of the run's shape: the shifts of its own, other data sets, a person's imports.

    Args:
        card: of the run.
        settings: of the installation; imports lie below its data root.

    Returns:
        None of them is loaded, so one may still have to be made, or be missing.
    """
    found: list[Candidate] = []
    with suppress(ExplorerError):  # a data set that this version does not have has no shifts either
        own = lookup(DATASETS, card.data.name, "data set")
        config = parse(own.config, card.data.settings, f"The data of {card.name}")
        for name, shifted in own.shifts.items():
            found.append(Candidate(f"shift:{name}", name.replace("_", " "), own.name, shifted(config)))
    for source in DATASETS.values():
        if source.shape == card.shape and source.name != card.data.name:
            found.append(Candidate(source.name, source.name, source.name, source.config()))
    return [*found, *_imports(card, settings)]


def _imports(card: Card, settings: Settings) -> Iterator[Candidate]:
    """A person's imports with items of the run's shape, but for the one it was trained on."""
    for name in import_names(settings.data_root):
        with suppress(ExplorerError):  # a damaged one is told where imports are listed
            record = read_record(name, settings.data_root)
            title = f"{record.kind} {name}"
            if record.shape == card.shape and title != card.data.title:
                config = DATASETS[record.kind].config(name=name)
                yield Candidate(f"{record.kind}:{name}", title, record.kind, config, record.identity)


@dataclass(frozen=True, eq=False)
class OtherItems:
    """Items of another data set as a run sees them; kept in no file.

    Args:
        title: of the data set.
        classes: its class names; the run's own classes may be others.
        labels: classes of the items, shape (n,); -1 for unlabelled ones.
        z: their latents by the run, shape (n, d).
        std: deviations of their posteriors, shape (n, d), or (n, 0) for a run without any.
        items: the items themselves, by their ids.
        ids: of the items, shape (n,).
    """

    title: str
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    z: NDArray[np.float32]
    std: NDArray[np.float32]
    items: Items
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.z)


def load_others(run: Run, candidate: Candidate, settings: Settings, progress: Progress | None = None) -> OtherItems:
    """Encode at most 500 test items of another data set, from each class its share.

    Args:
        run: encodes them.
        candidate: of `candidates`.
        settings: of the installation.
        progress: of loading the data set, which may have to be made: called with (items done, items in all).

    Returns:
        The same items each time.

    Raises:
        BadDataError: data that are missing, without test items, of another shape, or with latents that are not finite.
        BadRunError: weights that are missing or altered.
    """
    source = lookup(DATASETS, candidate.source, "data set")
    dataset = source.load(candidate.config, settings.data_root, progress)
    rows = dataset.rows("test")
    if dataset.shape != run.card.shape or not len(rows):
        raise BadDataError(
            f"{candidate.title} has {len(rows):,} test items of shape {dataset.shape}, and {run.card.name} takes items "
            f"of shape {run.card.shape}; choose a data set with such test items."
        )
    rows = rows[_some(dataset.labels[rows])]
    z, std = run.posterior(dataset.items[rows])
    if not np.isfinite(z).all():
        raise BadDataError(f"{run.card.name} has no finite latents for items of {candidate.title}; choose other data.")
    return OtherItems(candidate.title, dataset.classes, dataset.labels[rows], z, std, Items(dataset), dataset.ids[rows])


def _some(labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """At most 500 positions, ascending: the same share of each class, unlabelled items as one of them."""
    drawn = stratified(labels - UNLABELLED, share=min(1.0, MOST_ITEMS / len(labels)), seed=SEED)
    rows = np.flatnonzero(drawn)  # rounding, and an item of each class, may give a few more
    return np.sort(np.random.default_rng(SEED).permutation(rows)[:MOST_ITEMS])


def places_of(others: OtherItems, space: LatentMap) -> NDArray[np.float64]:
    """Where other items lie on a linear map of the run, under its code, shape (n, 2).

    Raises:
        BadValueError: a map by neighbours, on which no further item has a place.
    """
    if space.projection is None:
        raise BadValueError(
            "Items of other data have no place on a map by neighbours; choose PCA or two dimensions of the latent."
        )
    return space.place(others.z)
