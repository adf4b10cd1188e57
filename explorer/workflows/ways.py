"""How a gallery is ranked for a query: by which measure, of which code of the latents."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadValueError
from explorer.evaluation.galleries import Distances
from explorer.latent.dimensions import style_dims
from explorer.retrieval.codes import binarise, clip, one_hot, pack, quantise
from explorer.retrieval.distances import hamming
from explorer.retrieval.geodesics import RANKING
from explorer.retrieval.similarity import (
    BOUNDARY_SIMILARITY,
    class_similarity,
    cosine,
    latent_similarity,
    weighted_cosine,
)
from explorer.zoo.card import Card

Measure = Literal["distance", "cosine", "latent similarity", "weighted cosine", "criterion"]
Code = Literal["mean", "sample", "clipped", "binary", "quantised", "one-hot"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
CODES: tuple[Code, ...] = get_args(Code)
BITS = frozenset({"binary", "one-hot"})  # ranked by Hamming distance
LEVELS = (2, 4, 8, 16, 32)
SEMANTIC_WEIGHT = 0.5
GAUSSIAN = ("vae", "code-vae", "gvae", "gvae-nt", "adagvae", "adagvae-nt")  # latents near the standard Gaussian
SAMPLE_SEED = 0
Z = NDArray[np.floating]


@dataclass(frozen=True)
class Way:
    """One way to rank.

    Args:
        measure: "distance" is Euclid's or that of the run's own space; "criterion" the distance on some dimensions.
        code: what stands in place of the latent; its mean is the latent itself.
        levels: L of the code "quantised".
        boundary_similarity: b_c of the measure "latent similarity", 0 to 1.
        semantic_weight: a of the measure "weighted cosine", 0 (style alone) to 1 (class alone).
        criterion: what the measure "criterion" asks for, in words.
        dims: on which it measures, counted from 0.
    """

    measure: Measure = "distance"
    code: Code = "mean"
    levels: int = 8
    boundary_similarity: float = BOUNDARY_SIMILARITY
    semantic_weight: float = SEMANTIC_WEIGHT
    criterion: str = ""
    dims: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The way with those of its settings that matter, for people and as a key."""
        setting = {
            "latent similarity": f" b_c {self.boundary_similarity:g}",
            "weighted cosine": f" α {self.semantic_weight:g}",
            "criterion": f" {self.criterion}, dimensions {', '.join(str(dim + 1) for dim in self.dims)}",
        }
        code = f"quantised, {self.levels} levels" if self.code == "quantised" else self.code
        return f"{self.measure}{setting.get(self.measure, '')}" + ("" if self.code == "mean" else f" of {code}")


@dataclass(frozen=True, eq=False)
class Vectors:
    """What is compared of some items.

    Args:
        z: latents, shape (n, d).
        std: deviation of their posteriors, shape (n, d), or (n, 0) where there is none.
    """

    z: Z
    std: Z

    @classmethod
    def of(cls, z: Z) -> "Vectors":
        """Latents without posteriors."""
        return cls(z, np.empty((len(z), 0), np.float32))


def no_measure(card: Card, measure: Measure) -> str:
    """Why a run cannot be ranked by a measure, in one sentence; empty where it can.

    The criterion asks for what is known of the items too, which a card does not tell.
    """
    if measure == "latent similarity":
        if card.class_targets is None:
            return "Latent similarity needs configured class centres, which this run lacks."
        near = (card.class_targets.neighbour_distances <= card.class_targets.radii).any()
        return "Its circles lie so close that latent similarity has no meaning." if near else ""
    if measure == "weighted cosine" and card.method != "separate":
        return "Weighted cosine needs style and class apart: train the method separate."
    if measure in ("cosine", "criterion") and card.geometry != "euclidean":
        return "In a space beyond Euclid's only the distance within it says how near two latents are."
    return ""


def no_code(card: Card, code: Code, measure: Measure = "distance") -> str:
    """Why a code does not fit a run, or a measure of it, in one sentence; empty where it does."""
    is_gumbel = card.config.get("code", "mean") == "gumbel"
    if code == "mean":
        return ""
    if code == "one-hot" and not is_gumbel:
        return "One-hot codes are for runs of code-vae with code gumbel."
    if code != "one-hot" and (card.method not in GAUSSIAN or is_gumbel):
        return "These codes are for latents near the standard Gaussian, as variational autoencoders have them."
    if measure in ("latent similarity", "weighted cosine", "criterion"):
        return f"The measure {measure} compares latents themselves."
    if code in BITS and measure != "distance":
        return "Bits are compared by how many of them differ: choose the measure distance."
    return ""


def usual(card: Card) -> Way:
    """The way that a run was trained for."""
    ways = (Way("weighted cosine"), Way("latent similarity"), Way())
    return next(way for way in ways if not no_measure(card, way.measure))


def check(card: Card, way: Way) -> None:
    """Raise BadValueError for a way that does not fit a run, with the reason."""
    if why := no_measure(card, way.measure) or no_code(card, way.code, way.measure):
        raise BadValueError(why)
    if way.measure == "criterion" and not (way.dims and all(0 <= dim < card.latent_dims for dim in way.dims)):
        raise BadValueError(f"A criterion ranks by some of the dimensions 1 to {card.latent_dims}; choose it again.")


def distances(card: Card, way: Way, queries: Vectors, gallery: Vectors) -> Distances:
    """What ranks a gallery for some of the queries: smaller is nearer (see `Distances`).

    Args:
        card: of the run.
        way: how.
        queries: q of them.
        gallery: n of them.

    Raises:
        BadValueError: a way that does not fit the run.
    """
    check(card, way)
    if way.measure == "latent similarity":
        return _by_similarity(card, way, queries.z, gallery.z)
    if way.measure == "weighted cosine":
        return _by_weight(card, way, queries.z, gallery.z)
    if way.code in BITS:
        of_queries, of_gallery = (pack(_bits(card, way, part.z)) for part in (queries, gallery))
        return lambda rows: hamming(of_queries[rows], of_gallery)
    asked, found_in = _coded(way, queries, is_query=True), _coded(way, gallery, is_query=False)
    if way.measure == "criterion":
        asked, found_in = (part[:, list(way.dims)] for part in (asked, found_in))
    if way.measure == "cosine":
        return lambda rows: 1 - cosine(asked[rows], found_in)
    rank = RANKING[card.geometry]
    return lambda rows: rank(asked[rows], found_in)


def _coded(way: Way, vectors: Vectors, *, is_query: bool) -> Z:
    """The code of each latent; a sample is drawn once for each row, for queries other ones than for a gallery."""
    if way.code == "sample" and vectors.std.shape[1]:
        rng = np.random.default_rng((SAMPLE_SEED, is_query))
        return vectors.z + vectors.std * rng.standard_normal(vectors.z.shape, np.float32)
    if way.code == "clipped":
        return clip(vectors.z)
    return quantise(vectors.z, levels=way.levels) if way.code == "quantised" else vectors.z


def _bits(card: Card, way: Way, z: Z) -> NDArray[np.int8]:
    return binarise(z) if way.code == "binary" else one_hot(z, classes=int(card.config["classes"]))


def _by_similarity(card: Card, way: Way, queries: Z, gallery: Z) -> Distances:
    targets = card.class_targets
    assert targets is not None  # noqa: S101 - `check` has seen to it
    of_queries, of_gallery = (
        class_similarity(z, targets, boundary_similarity=way.boundary_similarity) for z in (queries, gallery)
    )
    return lambda rows: 1 - latent_similarity(of_queries[rows], of_gallery)


def knows_a_class(card: Card, way: Way, vectors: Vectors) -> bool:
    """Whether any of these latents has any similarity to a configured class."""
    targets = card.class_targets
    if targets is None:
        return False
    return bool(class_similarity(vectors.z, targets, boundary_similarity=way.boundary_similarity).any())


def _by_weight(card: Card, way: Way, queries: Z, gallery: Z) -> Distances:
    first = style_dims(card.latent_dims)
    parts = (gallery[:, :first], gallery[:, first:])
    return lambda rows: (
        1 - weighted_cosine((queries[rows, :first], queries[rows, first:]), parts, semantic_weight=way.semantic_weight)
    )
