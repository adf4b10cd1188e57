"""The items that a run's queries come from and look in, kept while the run is open."""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from explorer.data.dataset import Dataset, Split
from explorer.ui.loading import shared
from explorer.ui.state import OpenRun, settings
from explorer.workflows.others import Candidate, OtherItems, candidates, load_others
from explorer.workflows.retrieving import (
    CLASS,
    Collection,
    Information,
    by_criterion,
    criteria_of,
    information,
    others_as,
    split_of,
)

SPLITS: tuple[Split, ...] = ("train", "test")
Made = TypeVar("Made")

_kept: WeakKeyDictionary[OpenRun, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()


def _once(opened: OpenRun, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
    """What was made of a run, kept as long as the run is open."""
    kept = _kept.setdefault(opened, {})
    if key not in kept:
        kept[key] = make()
    found: Made = kept[key]
    return found


def dataset_of(opened: OpenRun) -> Dataset | None:
    """The run's data set where it is at hand; nobody waits for it."""
    return opened.items.dataset if opened.images.are_here else None


def prepare(opened: OpenRun) -> bool:
    """Make the run's items, where that has still to be done; False while they are made, which takes seconds, once."""
    if opened.images.are_here or opened.without_images is not None:
        return True
    key, words = ("items", opened.name, opened.stamp), f"Preparing the items of {opened.run.card.data.title}, once"
    return shared(key, lambda _: opened.items, words) is not None


def own(opened: OpenRun, split: Split, criterion: str = CLASS, *, of: OpenRun | None = None) -> Collection:
    """A split of the run's own items, with the values of a criterion in place of their classes if one is asked for.

    Args:
        opened: the run.
        split: which.
        criterion: of `criteria_of`.
        of: another run on the same data, whose items are at hand; None for the run itself.
    """
    dataset = dataset_of(of or opened)
    made = _once(opened, ("split", split, dataset is None), lambda: split_of(opened.run, split, dataset))
    return _once(opened, ("split", split, dataset is None, criterion), lambda: by_criterion(made, dataset, criterion))


def criteria(opened: OpenRun) -> list[str]:
    """What hits may have in common with a query; see `criteria_of`."""
    dataset = dataset_of(opened)
    return _once(opened, ("criteria", dataset is None), lambda: criteria_of(opened.run, dataset))


def shares(opened: OpenRun, criterion: str) -> Information:
    """What each dimension says of a criterion; raises as `information`."""
    dataset = dataset_of(opened)
    return _once(
        opened, ("information", criterion, dataset is None), lambda: information(opened.run, dataset, criterion)
    )


def others(opened: OpenRun, candidate: Candidate) -> tuple[Collection, OtherItems] | None:
    """Items of another data set as the run sees them; None while they are encoded, or where they cannot be had."""
    key = ("gallery", opened.name, opened.stamp, candidate.key, candidate.identity)
    found = shared(
        key, lambda progress: load_others(opened.run, candidate, settings(), progress), f"Encoding {candidate.title}"
    )
    return None if found is None else (others_as(candidate.key, found), found)


def offered(opened: OpenRun) -> dict[str, Candidate]:
    """Other data sets with items of the run's shape, by title."""
    return {candidate.title: candidate for candidate in candidates(opened.run.card, settings())}
