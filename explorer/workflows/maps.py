"""A run's items on a map: the latent itself, principal components, two dimensions, neighbours; or their codes."""

import math
import re
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.data.dataset import UNLABELLED
from explorer.data.ids import Ids
from explorer.evaluation.structure import class_centroids
from explorer.latent import projection
from explorer.latent.angles import AngleMap
from explorer.latent.confidence import LinearSVM
from explorer.latent.neighbour_maps import NEIGHBOUR_MAPS
from explorer.latent.spaces import Geometry, angle_map, lift, onto
from explorer.latent.targets import ClassTargets
from explorer.workflows.coding import MEAN, drawn_codes, kind_of, split_name, under
from explorer.workflows.projecting import Places
from explorer.zoo.card import Card
from explorer.zoo.run import Run
from explorer.zoo.store import SPLITS, Latents

PCA, ANGLES = "pca", "angles"
DIMENSIONS = re.compile(r"z([0-9]{1,12})-z([0-9]{1,12})")  # "z1-z3": across and up, counted from 1
CONTENT, PERSPECTIVE = "content", "perspective"  # of a run that keeps the two in dimensions of their own
ONTO = "!"  # in the address of a map that was turned
UNLABELLED_BYTE = 255
SHUFFLE_SEED = 0


@dataclass(frozen=True)
class LatentMap:
    """A run's items in the order in which the map draws them: shuffled, so a prefix is a fair sample.

    Args:
        latents: of all items, train and test; where there is a posterior, its mean, on every map.
        is_test: shape (n,).
        places: on the map, shape (n, 2), float32.
        projection: from latents to places and back; None on a map by neighbours, which has no way back.
        targets: the run's configured centres and radii, or None.
        svm: of the run's latents, or None.
        name: PCA, CONTENT, PERSPECTIVE or two dimensions ("z1-z3"), each with a code behind it ("pca~sample") or
            without; ANGLES; or of the map in NEIGHBOUR_MAPS.
        trustworthiness: of a map by neighbours, 0 to 1; NaN where it was not measured.
        code: what the places are of (see `explorer.workflows.coding`): the latent itself is the mean.
        onto: names the map of another run that this one was turned onto; empty where it lies as it is.
        epoch: epochs done when the items lay so, in a replay; None for now. There is no decoder of then.
        geometry: of the latent space.
        codes: under which the items can be drawn, beside their mean.
        content_dims: how many of the first dimensions are content, the others perspective; 0 where a run does not say.
    """

    latents: Latents
    is_test: NDArray[np.bool_]
    places: NDArray[np.float32]
    projection: projection.Projection | AngleMap | None
    targets: ClassTargets | None
    svm: LinearSVM | None = None
    name: str = PCA
    trustworthiness: float = math.nan
    code: str = MEAN
    onto: str = ""
    epoch: int | None = None
    geometry: Geometry = "euclidean"
    codes: tuple[str, ...] = ()
    content_dims: int = 0

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def by_id(self) -> Ids:
        """Where the items are on the map."""
        return Ids(self.latents.ids)

    @property
    def is_latent(self) -> bool:
        """Whether the map is the latent itself, so that nothing is lost."""
        return self.projection is not None and self.projection.is_latent and self.code == MEAN

    @property
    def address(self) -> str:
        """Tells this map from the run's others: its name, and what it was turned onto."""
        return f"{self.name}{ONTO}{self.onto}" if self.onto else self.name

    @property
    def axes(self) -> tuple[str, str]:
        """Names of the two axes."""
        if self.onto:
            return "turned 1", "turned 2"
        if self.name in NEIGHBOUR_MAPS:
            title = NEIGHBOUR_MAPS[self.name].title
            return f"{title} 1", f"{title} 2"
        if isinstance(self.projection, AngleMap):
            return self.projection.axes
        dims = dimensions_of(self.name)
        if dims is not None:
            return f"z{dims[0]}", f"z{dims[1]}"
        part = self.part or range(self.latents.z.shape[1])
        if len(part) > projection.MAP_DIMS:
            return "PC1", "PC2"
        return f"z{part[0] + 1}", f"z{part[0] + 2}" if len(part) > 1 or self.part is None else ""

    @property
    def part(self) -> range | None:
        """The dimensions that are drawn alone, of a map of content or perspective; None on others."""
        return self.part_of(split_name(self.name)[0])

    def part_of(self, name: str) -> range | None:
        """The dimensions of CONTENT or of PERSPECTIVE; None for another name, and where a run does not say."""
        dims = {CONTENT: range(self.content_dims), PERSPECTIVE: range(self.content_dims, self.latents.z.shape[1])}
        return dims.get(name) if self.content_dims else None

    @cached_property
    def n_places(self) -> int:
        """Places that differ: fewer than items where many share a code."""
        return len(np.unique((self.places + 0.0).view(np.uint64)))  # + 0.0: -0 is 0

    def sharing(self, row: int) -> int:
        """How many other items lie exactly where an item lies."""
        return int((self.places == self.places[row]).all(axis=1).sum()) - 1

    def place(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where other latents (m, d) lie on a linear map, under its code, shape (m, 2); a sample is then the mean."""
        assert self.projection is not None  # noqa: S101 - the map is linear
        return self.projection.apply(under(self.code, z, np.empty((len(z), 0))))

    def latents_at(self, places: NDArray[np.floating]) -> NDArray[np.float64] | None:
        """The latent at each place of the map.

        Args:
            places: shape (m, 2).

        Returns:
            Shape (m, d), NaN where none lies (see `explorer.latent.spaces.lift`); None on a map by neighbours.
        """
        return None if self.projection is None else lift(self.geometry, self.projection, places)

    @cached_property
    def class_means(self) -> NDArray[np.float64]:
        """Mean of each class's training latents, brought onto the space, shape (c, d), NaN for one without any.

        Classes are counted up to the last that an item bears.
        """
        labels = self.latents.labels
        known = np.where(self.is_test, UNLABELLED, labels)
        means = class_centroids(self.latents.z, known, int(labels.max(initial=UNLABELLED)) + 1)
        there = ~np.isnan(means).any(axis=1)
        means[there] = onto(self.geometry, means[there])
        return means

    @cached_property
    def confidence(self) -> NDArray[np.float32] | None:
        """How sure the classifier, or else the SVM, is of its class, 0 to 1, shape (n,); None without either."""
        if self.latents.probabilities.shape[1]:
            return np.asarray(self.latents.probabilities.max(axis=1))
        return None if self.svm is None else self.svm.confidence(self.latents.z).max(axis=1).astype(np.float32)

    @cached_property
    def predicted(self) -> NDArray[np.intp] | None:
        """Class of each item by the classifier, or else by the SVM, shape (n,); None without either."""
        if self.latents.probabilities.shape[1]:
            return np.asarray(self.latents.probabilities.argmax(axis=1))
        return None if self.svm is None else self.svm.predict(self.latents.z)

    @property
    def predictor(self) -> str:
        """What predicts, in words for a person; empty where nothing does."""
        return "the classifier" if self.latents.probabilities.shape[1] else "" if self.svm is None else "a linear SVM"

    @property
    def circles(self) -> tuple[tuple[float, float, float], ...]:
        """(x, y, radius) of each configured class; none where the map is not the latent itself."""
        if self.targets is None or self.projection is None or not self.projection.is_latent:
            return ()
        centres = self.projection.apply(self.targets.centres)
        return tuple((float(x), float(y), float(r)) for (x, y), r in zip(centres, self.targets.radii, strict=True))

    def posterior_ellipse(self, row: int) -> tuple[float, float, float, float, float] | None:
        """One standard deviation of an item's posterior on the map: x, y, semi-axes a >= b, angle of a in radians.

        Args:
            row: of the item.

        Returns:
            Around the place of the posterior's mean, on a map of a sample too; None for a run without
            posteriors and on a map by neighbours.
        """
        if not isinstance(self.projection, projection.Projection) or not self.latents.std.shape[1]:
            return None
        x, y = self.projection.apply(self.latents.z[row])
        return float(x), float(y), *self.projection.ellipse(self.latents.std[row])

    def as_bytes(self) -> bytes:
        """What the map component draws: x, y float32; then class, confidence and split, a byte each."""
        labels = np.where(self.latents.labels < 0, UNLABELLED_BYTE, self.latents.labels)
        sure = np.ones(len(self)) if self.confidence is None else self.confidence
        columns = (labels, np.round(sure * 255), self.is_test)
        return self.places.astype("<f4").tobytes() + b"".join(column.astype(np.uint8).tobytes() for column in columns)


def latent_map(run: Run) -> LatentMap:
    """Both splits of a run on one map: the latent itself, or its two principal components.

    Raises:
        BadRunError: latents that are missing, altered or do not match the items.
    """
    parts = [run.latents(split) for split in SPLITS]
    order = _order(sum(len(part.ids) for part in parts))
    latents = Latents(
        *(np.concatenate([getattr(part, column.name) for part in parts])[order] for column in fields(Latents))
    )
    is_test = np.repeat([False, True], [len(part.ids) for part in parts])[order]
    fitted = projection.fit(latents.z)
    places = fitted.apply(latents.z).astype(np.float32)
    card = run.card
    return LatentMap(
        *(latents, is_test, places, fitted, card.class_targets, run.svm),
        geometry=card.geometry,
        codes=drawn_codes(card, latents.std),
        content_dims=content_dims_of(card),
    )


def content_dims_of(card: Card) -> int:
    """How many dimensions are content; 0 where the card does not say, or says what cannot be."""
    told = card.config.get("content_dims", 0)
    is_one = isinstance(told, int) and not isinstance(told, bool) and 0 < told < card.latent_dims
    return told if is_one and card.geometry == "euclidean" else 0


def laid_out(space: LatentMap, name: str, found: Places) -> LatentMap:
    """The same items on a map by their neighbours.

    Args:
        space: the run's own map.
        name: of the new one, in NEIGHBOUR_MAPS.
        found: its places, train then test in the run's order.
    """
    places = found.places[_order(len(space))]
    return replace(space, places=places, projection=None, name=name, trustworthiness=found.trustworthiness)


def is_linear(name: str) -> bool:
    """Whether `linear_map` makes a map of this name at once: by directions of the latent space, or by angles."""
    stem, code = split_name(name)
    is_made = stem in (PCA, CONTENT, PERSPECTIVE) or dimensions_of(name) is not None
    return name == ANGLES or (is_made and kind_of(code) != "")


def has_angles(space: LatentMap) -> bool:
    """Whether two angles tell a latent of this run, so that there is a map of them."""
    return angle_map(space.geometry, space.latents.z.shape[1]) is not None


def dimensions_of(name: str) -> tuple[int, int] | None:
    """The two dimensions that a map's name tells, counted from 1, in range or not; None for another map."""
    found = DIMENSIONS.fullmatch(split_name(name)[0])
    return None if found is None else (int(found[1]), int(found[2]))


def _order(n: int) -> NDArray[np.intp]:
    """The shuffled order of a map's n items."""
    return np.random.default_rng(SHUFFLE_SEED).permutation(n)
