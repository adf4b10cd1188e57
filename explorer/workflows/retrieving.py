"""What a query finds in a gallery: the nearest items, how near they are, and which of them are right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED, Dataset, Split
from explorer.latent.dimensions import FEWEST_VALUES, above_mean, mutual_information
from explorer.retrieval.index import best
from explorer.workflows.criteria import criteria
from explorer.workflows.keeping import digest_of
from explorer.workflows.others import OtherItems
from explorer.workflows.rankings import fine_labels, has_styles
from explorer.workflows.runs import Items
from explorer.workflows.ways import BITS, Vectors, Way, distances, knows_a_class
from explorer.zoo.card import Card
from explorer.zoo.run import Run

Verdict = Literal["right", "class", "wrong", ""]
SPLIT_TITLES: dict[Split, str] = {"train": "Training items", "test": "Test items"}
CLASS = "class"


@dataclass(frozen=True, eq=False)
class Collection:
    """Items as a run sees them, that look for others or are found.

    Args:
        key: "train", "test", or that of another data set (see `others.candidates`).
        title: for people.
        ids: of the items, shape (n,).
        labels: their classes, shape (n,); -1 for unlabelled ones.
        classes: names of these classes; another data set has its own.
        vectors: what the run makes of them.
        fine: how each is written within its class, shape (n,); None where the data do not say.
        criterion: what the classes are, for retrieval by another criterion its values: see `by_criterion`.
    """

    key: str
    title: str
    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    vectors: Vectors
    fine: NDArray[np.int64] | None = None
    criterion: str = CLASS

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that a ranking of them depends on."""
        names = np.frombuffer("\n".join(self.classes).encode(), np.uint8)
        fine = np.empty(0, np.int64) if self.fine is None else self.fine
        return digest_of(self.ids, self.labels, names, self.vectors.z, self.vectors.std, fine)

    def named(self, row: int) -> str:
        """Class of an item in words; empty for an unlabelled one."""
        return "" if self.labels[row] == UNLABELLED else self.classes[self.labels[row]]


def split_of(run: Run, split: Split, dataset: Dataset | None = None) -> Collection:
    """A split of the run's own data.

    Args:
        run: the run.
        split: which.
        dataset: its data set, which knows fine labels; None where it is not at hand.

    Raises:
        BadRunError: latents that are missing, altered or do not match the items.
    """
    part = run.latents(split)
    fine = fine_labels(dataset, part.ids) if dataset is not None and has_styles(dataset) else None
    vectors = Vectors(part.z, part.std)
    return Collection(split, SPLIT_TITLES[split], part.ids, part.labels, tuple(run.card.classes), vectors, fine)


def others_as(key: str, others: OtherItems) -> Collection:
    """Items of another data set, encoded by the run."""
    vectors = Vectors(others.z, others.std)
    return Collection(key, others.title, others.ids, others.labels, others.classes, vectors)


def by_criterion(collection: Collection, dataset: Dataset | None, criterion: str) -> Collection:
    """The same items with the values of a criterion in place of their classes: those are then right or wrong.

    Args:
        collection: items of the run's own data, or of another data set, which knows no criterion but the class.
        dataset: the run's own data; None where they are not at hand.
        criterion: of `criteria_of`.
    """
    if criterion == CLASS:
        return collection
    if dataset is None or collection.key not in SPLIT_TITLES:
        unknown = np.full(len(collection), UNLABELLED, np.int64)
        return replace(collection, labels=unknown, classes=(), fine=None, criterion=criterion)
    values = np.unique(dataset.factors[criterion])
    names = tuple(f"{criterion} {value}" for value in values.tolist())
    codes = np.searchsorted(values, dataset.factors[criterion][Items(dataset).rows(collection.ids)])
    return replace(collection, labels=codes.astype(np.int64), classes=names, fine=None, criterion=criterion)


@dataclass(frozen=True, eq=False)
class Asked:
    """What is looked for.

    Args:
        vectors: of the one query.
        named: its class in words; empty where it has none.
        fine: its fine label; None where it has none.
        row: of the gallery that it is, which it never retrieves; None for what is not in it.
    """

    vectors: Vectors
    named: str = ""
    fine: int | None = None
    row: int | None = None


def asked_of(collection: Collection, row: int, gallery: Collection) -> Asked:
    """An item of a collection that looks for others.

    Args:
        collection: that it is of.
        row: of the item.
        gallery: where it looks.
    """
    own = collection.vectors
    fine = None if collection.fine is None else int(collection.fine[row])
    vectors = Vectors(own.z[row : row + 1], own.std[row : row + 1])
    return Asked(vectors, collection.named(row), fine, row if collection.key == gallery.key else None)


@dataclass(frozen=True, eq=False)
class Found:
    """What a query found, best first.

    Args:
        rows: of the gallery, shape (k,).
        scores: what they were ranked by, in words of `scored`, shape (k,).
        scored: "distance", "cosine", "similarity" or "bits that differ".
        verdicts: "right", "class" (of the class, but of another fine label), "wrong"; empty where a class is not known.
        is_tied: nothing tells the gallery's items apart: they come in its order.
        is_far: the query has no similarity to any class, so that its hits are ranked by distance instead.
    """

    rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    scored: str
    verdicts: tuple[Verdict, ...]
    is_tied: bool
    is_far: bool = False


def retrieve(card: Card, way: Way, asked: Asked, gallery: Collection, k: int) -> Found:
    """Rank the whole gallery for one query.

    A query without any similarity to a class is as similar to every item (0), so its items are ranked by distance, as
    on the Map.

    Args:
        card: of the run.
        way: how.
        asked: the query.
        gallery: where it looks.
        k: how many hits.

    Raises:
        BadValueError: a way that does not fit the run.
    """
    is_far = way.measure == "latent similarity" and not knows_a_class(card, way, asked.vectors)
    way = Way() if is_far else way
    far = distances(card, way, asked.vectors, gallery.vectors)(np.array([0]))[0]
    hits = best(np.asarray(far, np.float64), k, largest=False, leave_out=asked.row)
    scored, scores = _scored(card, way, hits.scores)
    verdicts = tuple(_verdict(asked, gallery, int(row)) for row in hits.rows)
    return Found(hits.rows, scores, scored, verdicts, len(far) > 1 and bool(np.ptp(far) == 0), is_far)


def _scored(card: Card, way: Way, far: NDArray[np.float64]) -> tuple[str, NDArray[np.float64]]:
    """What ranks, in a unit for people."""
    if way.code in BITS:
        return "bits that differ", far
    if way.measure in ("distance", "criterion"):
        return "distance", np.sqrt(far) if card.geometry == "euclidean" else far
    return "similarity" if way.measure == "latent similarity" else "cosine", 1 - far


def _verdict(asked: Asked, gallery: Collection, row: int) -> Verdict:
    if asked.named not in gallery.classes or gallery.labels[row] == UNLABELLED:
        return ""
    if gallery.named(row) != asked.named:
        return "wrong"
    if asked.fine is None or gallery.fine is None:
        return "right"
    return "right" if gallery.fine[row] == asked.fine else "class"


@dataclass(frozen=True, eq=False)
class Information:
    """What a criterion asks for and which dimensions speak of it.

    Args:
        shared: mutual information of each dimension with it, nats, shape (d,).
        dims: those that share more than the mean.
    """

    shared: NDArray[np.float64]
    dims: tuple[int, ...]


def criteria_of(run: Run, dataset: Dataset | None) -> list[str]:
    """What hits may have in common with a query: the class, and what else the data say of their items.

    Of the training items at least two values of a criterion are needed: else no dimension can speak of it.
    """
    part = run.latents("train")
    known: dict[str, NDArray[np.integer]] = {CLASS: part.labels[part.labels != UNLABELLED]}
    if dataset is not None:
        rows = Items(dataset).rows(part.ids)
        known |= {name: codes[rows] for name, codes in criteria(dataset).items() if name != CLASS}
    return [name for name, values in known.items() if len(np.unique(values)) >= FEWEST_VALUES]


def information(run: Run, dataset: Dataset | None, criterion: str) -> Information:
    """How much each dimension says of a criterion, over the training items.

    Args:
        run: the run.
        dataset: its data; None where only the class is known.
        criterion: of `criteria_of`.

    Raises:
        BadDataError: a criterion without two values among the training items.
        BadRunError: items that the data set does not have.
    """
    part = run.latents("train")
    known = part.labels
    if criterion != CLASS and dataset is not None:
        known = criteria(dataset)[criterion][Items(dataset).rows(part.ids)]
    shared = mutual_information(part.z, known)
    return Information(shared, tuple(above_mean(shared).tolist()))


def rows_of(ids: NDArray[np.int64], wanted: Sequence[int] | NDArray[np.int64]) -> NDArray[np.intp]:
    """Where these ids stand among others, shape (k,); -1 for one that is not there."""
    order = np.argsort(ids, kind="stable")
    at = np.minimum(np.searchsorted(ids[order], wanted), len(ids) - 1)
    return np.where(ids[order][at] == wanted, order[at], -1)
