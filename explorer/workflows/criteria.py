"""Retrieval by criterion: what else than the class two items may have in common, and which dimensions speak of it.

Reference: Pérez Rey et al., Content-Based Image Retrieval from Weakly-Supervised Disentangled
Representations, section 4: one image of each test group is the database, three others are queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import Dataset
from explorer.evaluation.galleries import Retrieval, retrieval
from explorer.latent.dimensions import FEWEST_VALUES, select_dimensions
from explorer.latent.spaces import Geometry
from explorer.retrieval.geodesics import RANKING
from explorer.workflows.maps import content_dims_of
from explorer.workflows.runs import Items
from explorer.zoo.run import Run

QUERIES_A_GROUP = 3
MOST_VALUES = 1000  # of a criterion beside the group: more is a measurement and no kind


@dataclass(frozen=True)
class ByCriterion:
    """How well items that share a value of a criterion find each other.

    Args:
        criterion: name of the factor.
        dims: which dimensions ranked, in words.
        found: of each query.
    """

    criterion: str
    dims: str
    found: Retrieval


def criteria(dataset: Dataset) -> dict[str, NDArray[np.intp]]:
    """The factors that name kinds: for each the number of its value, shape (n,), 0 upwards."""
    found = {}
    for name, values in dataset.factors.items():
        kinds, codes = np.unique(values, return_inverse=True)
        if name == dataset.group or (values.dtype.kind in "iuU" and FEWEST_VALUES <= len(kinds) <= MOST_VALUES):
            found[name] = np.asarray(codes, np.intp)
    return found


def by_criteria(run: Run, dataset: Dataset) -> Iterator[ByCriterion]:
    """Rank the test groups of a data set by each criterion.

    By all dimensions, by those that share more information than others with the criterion (measured on the training
    items), and for a run that splits its latent by content and by perspective alone.

    Args:
        run: whose latents rank.
        dataset: it was trained on; one without groups gives nothing.
    """
    if not dataset.group:
        return
    test, train = run.latents("test"), run.latents("train")
    items = Items(dataset)
    of_test, of_train = items.rows(test.ids), items.rows(train.ids)
    gallery, queries = first_and_others(dataset.factors[dataset.group][of_test])
    if not len(queries):
        return
    for criterion, codes in criteria(dataset).items():
        if len(np.unique(codes[of_train])) < FEWEST_VALUES:  # nothing to tell apart
            continue
        asked = codes[of_test]
        for dims, chosen in _choices(run, train.z, codes[of_train]).items():
            z = test.z[:, chosen]
            distances = partial(_distances, run.card.geometry, z[queries], z[gallery])
            yield ByCriterion(criterion, dims, retrieval(distances, asked[queries], asked[gallery]))


def first_and_others(groups: NDArray[np.generic]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first member of each group, and the next three of it.

    Args:
        groups: group of each item, shape (n,).

    Returns:
        Rows of the first ones, shape (g,), and of the others, group by group, at most three of each.
    """
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.append(True, groups[order][1:] != groups[order][:-1]))
    place = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return order[starts], order[(place > 0) & (place <= QUERIES_A_GROUP)]


def _choices(run: Run, z: NDArray[np.floating], codes: NDArray[np.intp]) -> dict[str, NDArray[np.intp]]:
    """Which dimensions may rank by a criterion, by name."""
    every = np.arange(run.card.latent_dims)
    if run.card.geometry != "euclidean":  # a part of its coordinates is no place in the space
        return {"all dimensions": every}
    chosen = select_dimensions(z, codes)
    found = {"all dimensions": every, f"the {len(chosen)} that say most of it": chosen}
    content = content_dims_of(run.card)
    if content:
        found |= {"content": every[:content], "perspective": every[content:]}
    return found


def _distances(
    geometry: Geometry, queries: NDArray[np.floating], gallery: NDArray[np.floating], rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    return RANKING[geometry](queries[rows], gallery)
