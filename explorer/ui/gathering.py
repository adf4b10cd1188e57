"""The items that a run's queries come from and look in, kept while the run is open."""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import streamlit as st

from explorer.data.dataset import Dataset, Split
from explorer.ui.gallery import plain
from explorer.ui.loading import shared
from explorer.ui.state import OpenRun, settings
from explorer.workflows.others import Candidate, OtherItems, candidates, load_others
from explorer.workflows.retrieving import Collection, Information, information, others_as, split_of

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


def prepare(opened: OpenRun) -> None:
    """Make the run's items, where that has still to be done: the first time it takes seconds."""
    if opened.without_images is None and not opened.images.are_here:
        with st.spinner(f"Preparing the items of {plain(opened.run.card.data.title)}: once, a few seconds"):
            opened.items  # noqa: B018 - it loads them


def own(opened: OpenRun, split: Split) -> Collection:
    """A split of the run's own items."""
    dataset = dataset_of(opened)
    return _once(opened, ("split", split, dataset is None), lambda: split_of(opened.run, split, dataset))


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
