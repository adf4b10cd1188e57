"""The ways to rank a gallery by a run's latents: by distance, by similarity, or by a shorter code."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from explorer.evaluation.galleries import Distances
from explorer.latent.dimensions import style_dims
from explorer.retrieval.codes import binarise, clip, one_hot, pack, quantise
from explorer.retrieval.distances import hamming
from explorer.retrieval.geodesics import RANKING
from explorer.retrieval.similarity import BOUNDARY_SIMILARITY, class_similarity, latent_similarity, weighted_cosine
from explorer.zoo.card import Card

LEVELS = (2, 4, 8, 16, 32)
WEIGHTED = "semantic weight"
PLAIN = ("latent", "latent similarity")
SEMANTIC_WEIGHTS = tuple(step / 10 for step in range(11))
GAUSSIAN = ("vae", "code-vae", "gvae", "gvae-nt", "adagvae", "adagvae-nt")  # latents near the standard Gaussian
Z = NDArray[np.floating]


@dataclass(frozen=True)
class Code:
    """One way to rank.

    Args:
        name: for people, with its setting.
        refusal: of a card: why it does not fit the run; empty where it does.
        distances: (card, queries (q, d), gallery (n, d)) to what ranks the gallery.
    """

    name: str
    refusal: Callable[[Card], str]
    distances: Callable[[Card, Z, Z], Distances]


def codes_of(card: Card) -> list[Code]:
    """The ways to rank that fit a run, the usual one first."""
    return [code for code in CODES if not code.refusal(card)]


def plain_codes_of(card: Card) -> list[Code]:
    """Those of them that rank by the latents themselves, not by a shorter code or a part."""
    return [code for code in codes_of(card) if code.name in PLAIN]


def _always(_: Card) -> str:
    return ""


def _configured(card: Card) -> str:
    if card.class_targets is None:
        return "Latent similarity needs configured class centres, which this run lacks."
    near = (card.class_targets.neighbour_distances <= card.class_targets.radii).any()
    return "Its circles lie so close that latent similarity has no meaning." if near else ""


def _gaussian(card: Card) -> str:
    if card.method not in GAUSSIAN or card.config.get("code", "mean") == "gumbel":
        return "These codes are for latents near the standard Gaussian, as variational autoencoders have them."
    return ""


def _categorical(card: Card) -> str:
    return "" if card.config.get("code") == "gumbel" else "One-hot codes are for runs of code-vae with code gumbel."


def _separate(card: Card) -> str:
    return (
        "" if card.method == "separate" else "Weighted cosine needs style and class apart: train the method separate."
    )


def _by_latent(card: Card, queries: Z, gallery: Z) -> Distances:
    ranking = RANKING[card.geometry]
    return lambda rows: ranking(queries[rows], gallery)


def _by_similarity(card: Card, queries: Z, gallery: Z) -> Distances:
    targets = card.class_targets
    if targets is None:
        raise ValueError(_configured(card))
    of_queries, of_gallery = (
        class_similarity(z, targets, boundary_similarity=BOUNDARY_SIMILARITY) for z in (queries, gallery)
    )
    return lambda rows: 1 - latent_similarity(of_queries[rows], of_gallery)


def _by_bits(code: Callable[[Card, Z], NDArray[np.int8]]) -> Callable[[Card, Z, Z], Distances]:
    def make(card: Card, queries: Z, gallery: Z) -> Distances:
        of_queries, of_gallery = (pack(code(card, z)) for z in (queries, gallery))
        return lambda rows: hamming(of_queries[rows], of_gallery)

    return make


def _by_code(code: Callable[[Z], NDArray[np.float64]]) -> Callable[[Card, Z, Z], Distances]:
    return lambda card, queries, gallery: _by_latent(card, code(queries), code(gallery))


def _by_weight(weight: float) -> Callable[[Card, Z, Z], Distances]:
    def make(card: Card, queries: Z, gallery: Z) -> Distances:
        first = style_dims(card.latent_dims)
        parts = (gallery[:, :first], gallery[:, first:])
        return lambda rows: (
            1 - weighted_cosine((queries[rows, :first], queries[rows, first:]), parts, semantic_weight=weight)
        )

    return make


def _hot(card: Card, z: Z) -> NDArray[np.int8]:
    return one_hot(z, classes=int(card.config["classes"]))


CODES: tuple[Code, ...] = (
    Code("latent", _always, _by_latent),
    Code("latent similarity", _configured, _by_similarity),
    Code("clipped", _gaussian, _by_code(clip)),
    Code("binary", _gaussian, _by_bits(lambda _, z: binarise(z))),
    *(Code(f"quantised, {n} levels", _gaussian, _by_code(partial(quantise, levels=n))) for n in LEVELS),
    Code("one-hot", _categorical, _by_bits(_hot)),
    *(Code(f"{WEIGHTED} {weight:g}", _separate, _by_weight(weight)) for weight in SEMANTIC_WEIGHTS),
)
